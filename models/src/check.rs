//! What the numbers in a saved state are held against before a room takes it over: the bytes may come from anywhere.

use crate::node::Node;

/// What numbers in the state of a partition must stay below.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Border routers, which have the first numbers.
    pub gateways: u16,
    /// Own radios.
    pub own: u16,
    /// All radios, foreign ones included.
    pub radios: usize,
    /// Reset jobs of the plan.
    pub jobs: usize,
}

impl Bounds {
    /// An own radio.
    pub fn is_own(&self, node: Node) -> bool {
        node.0 < self.own
    }

    /// An own radio, nobody or everyone.
    pub fn is_own_or_none(&self, node: Node) -> bool {
        node.0 < self.own || node == Node::NONE
    }

    /// A foreign radio.
    pub fn is_foreign(&self, node: Node) -> bool {
        self.is_radio(node) && !self.is_own(node)
    }

    /// A radio, own or foreign.
    pub fn is_radio(&self, node: Node) -> bool {
        node.at() < self.radios
    }

    /// A reset job.
    pub fn is_job(&self, job: u16) -> bool {
        usize::from(job) < self.jobs
    }
}

/// Says what is wrong, if it is.
///
/// # Errors
/// It does not hold.
pub fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// As many as there are here.
///
/// # Errors
/// Another number.
pub fn same_count(what: &str, saved: usize, here: usize) -> Result<(), String> {
    ensure(saved == here, || format!("{what}: {saved} are saved, {here} are here"))
}

/// Places of a list, each at most once and within it.
///
/// # Errors
/// One that is outside, or stands twice.
pub fn distinct(what: &str, places: impl IntoIterator<Item = u32>, len: usize) -> Result<(), String> {
    let mut seen = vec![false; len];
    for place in places {
        let first = seen.get_mut(place as usize).is_some_and(|seen| !std::mem::replace(seen, true));
        ensure(first, || format!("{what}: place {place} of {len} is outside or stands twice"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_stand_once_and_within_the_list() {
        assert_eq!(distinct("free", [2, 0], 3), Ok(()));
        let wrong = |place| Err(format!("free: place {place} of 3 is outside or stands twice"));
        assert_eq!(distinct("free", [2, 2], 3), wrong(2));
        assert_eq!(distinct("free", [3], 3), wrong(3));
        assert_eq!(same_count("radios", 2, 3), Err("radios: 2 are saved, 3 are here".to_owned()));
    }
}

//! How long each radio has transmitted, in its busiest hour: what duty-cycle limits are held against.

use super::{Books, Node};
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// Hours count from the start of the run.
const HOUR: SimTime = SimTime::from_secs(3_600);

/// What one radio has transmitted, 8 bytes: an hour has fewer microseconds than 32 bits hold.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct OnAir {
    /// In this hour, us.
    hour_us: u32,
    /// In the busiest of the hours before, us.
    most_us: u32,
}

impl Books {
    /// A radio sends so many frames of that length; of radios that nobody asks about nothing is kept.
    #[inline]
    pub(super) fn transmits(&mut self, node: Node, frames: u32, airtime: SimTime) {
        if let Some(on_air) = self.on_air.0.get_mut(node.at()) {
            let whole_us = (airtime.nanos() / 1_000) as u32;
            on_air.hour_us = on_air.hour_us.saturating_add(whole_us.saturating_mul(frames));
        }
    }

    /// Begins an hour where one has ended.
    pub fn close_hour(&mut self, now: SimTime) {
        if now % HOUR == SimTime::ZERO {
            for on_air in &mut self.on_air.0 {
                *on_air = OnAir { hour_us: 0, most_us: on_air.most_us.max(on_air.hour_us) };
            }
        }
    }

    /// How long each own radio has transmitted in its busiest hour, the one that has begun included.
    pub fn busiest_hours(&self) -> impl Iterator<Item = (Node, SimTime)> {
        let most = |on_air: &OnAir| SimTime::from_micros(u64::from(on_air.most_us.max(on_air.hour_us)));
        (0u16..).map(Node).zip(self.on_air.0.iter().map(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_hour_counts_and_the_last_one_may_be_short() {
        let mut books = Books::new(1, 3, 0);
        let seconds = SimTime::from_secs;
        let most = |books: &Books| books.busiest_hours().map(|(_, most)| most.secs_f64()).collect::<Vec<_>>();
        books.transmits(Node(0), 1, seconds(5));
        books.transmits(Node(2), 1, seconds(1));
        books.close_hour(seconds(3_600));
        books.transmits(Node(0), 1, seconds(4));
        books.transmits(Node(2), 1, seconds(2));
        books.close_hour(seconds(3_660));
        books.transmits(Node(2), 1, seconds(7));
        // A radio that is only heard.
        books.transmits(Node(3), 1, seconds(9));
        assert_eq!(most(&books), [5.0, 0.0, 9.0], "a minute does not begin an hour");
    }
}

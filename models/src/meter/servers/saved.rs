//! What meters keep, written and read back: keys that were changed are sealed.

use super::{Kept, Servers};
use crate::check::{ensure, same_count};
use serde::{Deserialize, Serialize};

/// What meters keep, as it may be written: keys that were changed are sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved {
    kept: Kept,
    /// Whose, number of the key, and the key.
    sealed: Vec<(u32, u8, Vec<u8>)>,
}

impl Servers {
    /// What meters keep.
    pub fn save(&self) -> Saved {
        let (mut kept, mut sealed) = (self.kept.clone(), Vec::new());
        if let Kept::Real(rests) = &mut kept {
            let storage = self.cosem.fleet.keys.storage_key();
            for (local, rest) in (0..).zip(rests) {
                if rest.security().is_some_and(|security| security.has_keys()) {
                    let keys = rest.security_mut().take_sealed(&storage);
                    sealed.extend(keys.into_iter().map(|(which, key)| (local, which, key)));
                }
            }
        }
        Saved { kept, sealed }
    }

    /// Goes on from what meters kept.
    pub fn restore(&mut self, saved: Saved) -> Result<(), String> {
        let Saved { mut kept, sealed } = saved;
        let (there, here) = match (&kept, &self.kept) {
            (Kept::Real(there), Kept::Real(here)) => (there.len(), here.len()),
            (Kept::Sized(there), Kept::Sized(here)) => (there.len(), here.len()),
            _ => return Err("meter: payloads are real in one and sized in the other".to_owned()),
        };
        same_count("meter: DLMS servers", there, here)?;
        if let Kept::Real(rests) = &mut kept {
            let storage = self.cosem.fleet.keys.storage_key();
            for (local, which, key) in sealed {
                let rest = rests.get_mut(local as usize);
                let is_whole = rest
                    .zip(key.as_slice().try_into().ok())
                    .is_some_and(|(rest, key)| rest.security_mut().unseal(usize::from(which), key, &storage));
                ensure(is_whole, || "meter: a key that was changed is damaged, or of nobody here".to_owned())?;
            }
        }
        self.kept = kept;
        Ok(())
    }
}

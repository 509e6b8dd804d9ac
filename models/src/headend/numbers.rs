//! Numbers of the reads under way: a meter's answer carries the number of its request, and leads to the job that asked.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Reads under way, numbered across all jobs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Numbers {
    next: u32,
    jobs: BTreeMap<u32, u16>,
}

impl Numbers {
    /// A number for a read of a job.
    pub fn open(&mut self, job: u16) -> u32 {
        let read = self.next;
        self.next = self.next.wrapping_add(1);
        self.jobs.insert(read, job);
        read
    }

    /// The read is over.
    pub fn close(&mut self, read: u32) {
        self.jobs.remove(&read);
    }

    /// Whose read it is; nobody's if it is over.
    pub fn job(&self, read: u32) -> Option<u16> {
        self.jobs.get(&read).copied()
    }

    /// All under way, and whose each is.
    pub fn all(&self) -> impl Iterator<Item = (u32, u16)> {
        self.jobs.iter().map(|(&read, &job)| (read, job))
    }

    /// Ends all, in the order of their numbers.
    pub fn take(&mut self) -> BTreeMap<u32, u16> {
        std::mem::take(&mut self.jobs)
    }
}

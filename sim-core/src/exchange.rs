//! The one place where partitions of different processes meet.

use crate::partition::Message;
use crate::{EngineError, SimTime};

/// Carries messages between processes that each run a part of the partitions, at a window's edge and at the end of a run.
///
/// All processes make the same calls in the same order: each is told the same [`earliest`](Exchange::earliest), so each
/// runs the same windows.
pub trait Exchange<E>: Send {
    /// Whether this process runs the partition with this id; an engine leaves those aside that another one runs.
    fn holds(&self, _partition: u32) -> bool {
        true
    }

    /// The earliest pending event of all processes, given this one's.
    fn earliest(&mut self, local: SimTime) -> SimTime;

    /// Hands over messages for partitions that this process does not have; returns those that came for its own.
    ///
    /// # Errors
    /// A message that no process takes.
    fn swap(&mut self, outgoing: Vec<Message<E>>) -> Result<Vec<Message<E>>, EngineError>;
}

/// All partitions are in this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local;

impl<E> Exchange<E> for Local {
    fn earliest(&mut self, local: SimTime) -> SimTime {
        local
    }
    fn swap(&mut self, outgoing: Vec<Message<E>>) -> Result<Vec<Message<E>>, EngineError> {
        match outgoing.first() {
            None => Ok(Vec::new()),
            Some(message) => Err(EngineError::NoSuchPartition(message.to)),
        }
    }
}

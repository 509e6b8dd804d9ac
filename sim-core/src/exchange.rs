//! The one place where partitions of different processes meet.

use crate::partition::Message;
use crate::{EngineError, SimTime};

/// Carries messages between processes that each run a part of the partitions, at a window's edge.
pub trait Exchange<E>: Send {
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

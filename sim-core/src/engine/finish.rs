//! The end of a run: every partition says what only now is known, and then concludes with what it was told.

use super::{Engine, Shard};
use crate::event::Event;
use crate::exchange::Exchange;
use crate::partition::{FinishContext, Partition};
use crate::{EngineError, SimTime};
use rayon::prelude::*;

impl<P: Partition, X: Exchange<P::Event>> Engine<P, X> {
    /// Ends the run at the time that it has reached; afterwards there is nothing but results to collect.
    ///
    /// 1. Every partition gets [`Partition::finish`] and may send messages. They go through the exchange like all others,
    ///    but without a delay.
    /// 2. Once all have, every partition gets [`Partition::conclude`] with the messages that came for it, in the order of
    ///    their keys. All have the time that the run has reached, so they come by source and then by sequence: the
    ///    messages of one entity in the order in which they were sent, those of different entities by its global id.
    ///
    /// What is still pending, messages under way included, stays unhandled. All processes of a run must end it at the same time.
    ///
    /// # Errors
    /// A message to a partition that does not exist, or the run has ended before.
    pub fn finish(&mut self) -> Result<(), EngineError> {
        self.still_running()?;
        self.finished = true;
        let (now, route) = (self.reached, &self.route);
        let finish = |shard: &mut Shard<P>| {
            shard.keep_inbox();
            shard.finish(now);
            shard.sort_outbox(route);
        };
        if self.parallel {
            self.shards.par_iter_mut().for_each(finish);
        } else {
            self.shards.iter_mut().for_each(finish);
        }
        self.deliver()?;
        if self.parallel {
            self.shards.par_iter_mut().for_each(|shard| shard.conclude(now));
        } else {
            self.shards.iter_mut().for_each(|shard| shard.conclude(now));
        }
        Ok(())
    }

    /// An error if the run has ended.
    pub(super) fn still_running(&self) -> Result<(), EngineError> {
        if self.finished { Err(EngineError::Finished) } else { Ok(()) }
    }
}

impl<P: Partition> Shard<P> {
    /// Moves what has arrived to the queues, where the pending events are.
    fn keep_inbox(&mut self) {
        for (cell, event) in self.inbox.drain(..) {
            self.cells[cell as usize].queue.push(event);
        }
    }

    fn finish(&mut self, now: SimTime) {
        for cell in &mut self.cells {
            let mut context = FinishContext { now, sources: &mut cell.sources, outbox: &mut self.outbox };
            cell.partition.finish(&mut context);
        }
    }

    fn conclude(&mut self, now: SimTime) {
        let mut inbox = std::mem::take(&mut self.inbox);
        inbox.sort_unstable_by_key(|(cell, event)| (*cell, event.key));
        let mut inbox = inbox.into_iter().peekable();
        for (n, cell) in (0..).zip(&mut self.cells) {
            let messages: Vec<Event<P::Event>> =
                std::iter::from_fn(|| inbox.next_if(|(to, _)| *to == n)).map(|(_, event)| event).collect();
            cell.partition.conclude(now, messages);
        }
    }
}

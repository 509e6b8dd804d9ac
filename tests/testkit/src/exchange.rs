//! Several engines in one process, with channels from each to each, and a number of threads.

use amitwin_sim_core::{EngineError, Exchange, Message, SimTime};
use rayon::ThreadPoolBuilder;
use std::sync::mpsc::{Receiver, Sender, channel};

enum Parcel<E> {
    Earliest(SimTime),
    Messages(Vec<Message<E>>),
}

/// The end that one engine holds.
pub struct Line<E> {
    number: usize,
    owner: fn(u32) -> usize,
    to: Vec<Sender<Parcel<E>>>,
    from: Vec<Receiver<Parcel<E>>>,
}

/// Ends for so many engines; `owner` says which one runs a partition.
pub fn lines<E>(count: usize, owner: fn(u32) -> usize) -> Vec<Line<E>> {
    let mut ends: Vec<Line<E>> =
        (0..count).map(|number| Line { number, owner, to: Vec::new(), from: Vec::new() }).collect();
    for receiver in 0..count {
        for sender in 0..count {
            let (to, from) = channel();
            ends[sender].to.push(to);
            ends[receiver].from.push(from);
        }
    }
    ends
}

impl<E> Line<E> {
    fn all_to_all(&self, parcel: impl Fn(usize) -> Parcel<E>) -> impl Iterator<Item = Parcel<E>> {
        for (other, to) in self.to.iter().enumerate() {
            // Who is gone is noticed where its parcel is missing.
            let _ = to.send(parcel(other));
        }
        self.from.iter().map(|from| from.recv().expect("the other engine runs as long as this one"))
    }
}

impl<E: Clone + Send> Exchange<E> for Line<E> {
    fn holds(&self, partition: u32) -> bool {
        (self.owner)(partition) == self.number
    }

    fn earliest(&mut self, local: SimTime) -> SimTime {
        let times = self.all_to_all(|_| Parcel::Earliest(local)).map(|parcel| match parcel {
            Parcel::Earliest(time) => time,
            Parcel::Messages(_) => unreachable!("the engines are in step"),
        });
        times.min().expect("there is at least this engine")
    }

    fn swap(&mut self, outgoing: Vec<Message<E>>) -> Result<Vec<Message<E>>, EngineError> {
        let for_engine = |n| outgoing.iter().filter(|m| (self.owner)(m.to) == n).cloned().collect();
        let received = self.all_to_all(|other| Parcel::Messages(for_engine(other))).map(|parcel| match parcel {
            Parcel::Messages(messages) => messages,
            Parcel::Earliest(_) => unreachable!("the engines are in step"),
        });
        Ok(received.flatten().collect())
    }
}

/// Does a job on this many threads.
pub fn on_threads<R: Send>(threads: usize, job: impl FnOnce() -> R + Send) -> R {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start").install(job)
}

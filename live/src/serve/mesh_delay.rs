//! The mesh beside the sockets: each request and its answer take the simulated way of their meter, paced to the clock, and
//! the answer leaves when it would have reached the head-end, or never.

use super::ServeError;
use amitwin_models::apdu::Apdu;
use amitwin_models::backhaul::{Destination, Down, DownKind};
use amitwin_models::build::{Built, build};
use amitwin_models::cell::Part;
use amitwin_models::event::Event;
use amitwin_models::node::SiteId;
use amitwin_models::spec::{Payload, WorldSpec};
use amitwin_scenarios::served::wall;
use amitwin_sim_core::{Engine, EngineError, Exchange, SimTime};
use mio::Waker;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

/// How often the simulation is brought up to the clock.
const STEP: Duration = Duration::from_millis(5);
/// An answer that has not come by then is lost.
const LOST_AFTER: Duration = Duration::from_secs(60);
/// Longest payload that the mesh carries in one datagram, bytes.
const PAYLOAD_MAX: usize = 1_200;
/// A simulation that is this far behind the clock no longer says when answers are due.
const BEHIND: Duration = Duration::from_millis(500);

/// What waits for an answer's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// A connection of a worker, and which of those that had its place.
    Connection(usize, u64),
    /// A datagram of a worker.
    Datagram(u64),
}

/// A request that has been answered.
#[derive(Clone, Copy, Debug)]
pub struct Transit {
    /// Whose sockets it came through.
    pub worker: usize,
    /// What waits.
    pub waiting: Waiting,
    /// The meter's node.
    pub number: u32,
    /// Bytes of request and answer.
    pub bytes: (usize, usize),
}

/// What came of a transit: when the answer is there, or `None` if it is lost.
pub type Arrival = (Waiting, Option<Instant>);

/// The worker that waits for arrivals.
pub struct Subscriber {
    /// Takes them.
    pub arrivals: Sender<Arrival>,
    /// Wakes its event loop.
    pub waker: Arc<Waker>,
}

/// The mesh of a scenario.
pub struct MeshDelay<X> {
    engine: Engine<Part, X>,
    latency: SimTime,
    /// Partition of each site.
    partition: Arc<Vec<u32>>,
    open: BTreeMap<u32, (Transit, Instant)>,
    next: u32,
    /// Times that the simulation fell behind the clock.
    pub behind: u64,
}

impl<X: Exchange<Event>> MeshDelay<X> {
    /// Builds the mesh; what is said in it besides is only sized.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn new(mut spec: WorldSpec, exchange: X) -> Result<Self, ServeError> {
        spec.dlms.payload = Payload::Sized;
        let failed = |what: String| ServeError::Mesh { what };
        let Built { parts, lookahead, .. } = build(&spec).map_err(|error| failed(error.to_string()))?;
        let head_end = parts.iter().find_map(Part::head_end).expect("a world has a head-end");
        let partition = head_end.partitions();
        let engine = Engine::new(parts, lookahead, exchange).map_err(|error| failed(error.to_string()))?;
        Ok(MeshDelay { engine, latency: spec.backhaul.latency, partition, open: BTreeMap::new(), next: 0, behind: 0 })
    }

    /// Runs beside the clock until `stop` says so.
    ///
    /// # Errors
    /// The engine found a bug.
    pub fn run(
        &mut self,
        transits: &Receiver<Transit>,
        subscribers: &[Subscriber],
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), EngineError> {
        let began = Instant::now();
        while !stop() {
            let first = match transits.recv_timeout(STEP) {
                Ok(transit) => Some(transit),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            let now = sim_time(began.elapsed());
            for transit in first.into_iter().chain(transits.try_iter()) {
                self.send(transit, now)?;
            }
            self.engine.run_until(now)?;
            self.behind += u64::from(began.elapsed().saturating_sub(wall(now)) > BEHIND);
            for (waiting, arrival, worker) in self.arrivals(began) {
                let subscriber = &subscribers[worker];
                if subscriber.arrivals.send((waiting, arrival)).is_ok() {
                    let _ = subscriber.waker.wake();
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, transit: Transit, now: SimTime) -> Result<(), EngineError> {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let (request, answer) = transit.bytes;
        let apdu = Apdu { outside: true, answer_bytes: answer.min(PAYLOAD_MAX) as u16, ..Apdu::default() };
        let bytes = request.min(PAYLOAD_MAX) as u16;
        let to = Destination::Unicast(SiteId(transit.number));
        let down = Down { to, kind: DownKind::Request { read: id }, bytes, apdu };
        self.open.insert(id, (transit, Instant::now()));
        let partition = self.partition[transit.number as usize];
        self.engine.post(partition, now + self.latency, Event::Down(Box::new(down)))
    }

    /// Answers that have come, and those that are given up.
    fn arrivals(&mut self, began: Instant) -> Vec<(Waiting, Option<Instant>, usize)> {
        let mut arrivals = Vec::new();
        for part in self.engine.partitions_mut() {
            // Nobody reads what is recorded here.
            part.rows().clear();
            let Part::Mesh(cell) = part else { continue };
            for (id, at) in cell.take_answered_outside() {
                if let Some((transit, _)) = self.open.remove(&id) {
                    arrivals.push((transit.waiting, Some(began + wall(at)), transit.worker));
                }
            }
        }
        while let Some(entry) = self.open.first_entry() {
            let (transit, asked) = *entry.get();
            if asked.elapsed() < LOST_AFTER {
                break;
            }
            entry.remove();
            arrivals.push((transit.waiting, None, transit.worker));
        }
        arrivals
    }
}

impl<X> std::fmt::Debug for MeshDelay<X> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MeshDelay").field("open", &self.open.len()).finish_non_exhaustive()
    }
}

fn sim_time(wall: Duration) -> SimTime {
    SimTime::from_nanos(u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX))
}

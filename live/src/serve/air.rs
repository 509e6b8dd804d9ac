//! The mesh beside the sockets: each request and its answer take the simulated way of their meter, paced to the clock, and
//! the answer leaves when it would have reached the head-end, or never.

use super::ServeError;
use amitwin_models::apdu::Apdu;
use amitwin_models::build::{Built, build};
use amitwin_models::event::{Down, Event};
use amitwin_models::mac::packet::Kind;
use amitwin_models::part::Part;
use amitwin_models::spec::{Payload, WorldSpec};
use amitwin_sim_core::{Engine, EngineError, Local, SimTime};
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
pub struct Question {
    /// Whose sockets it came through.
    pub worker: usize,
    /// What waits.
    pub waiting: Waiting,
    /// The meter's node.
    pub number: u32,
    /// Bytes of request and answer.
    pub bytes: (usize, usize),
}

/// What came of a question: when the answer is there, or `None` if it is lost.
pub type Verdict = (Waiting, Option<Instant>);

/// Where a worker's verdicts go.
pub struct Listener {
    /// Its mail.
    pub mail: Sender<Verdict>,
    /// Its bell.
    pub waker: Arc<Waker>,
}

/// The mesh of a scenario.
pub struct Air {
    engine: Engine<Part, Local>,
    latency: SimTime,
    open: BTreeMap<u32, (Question, Instant)>,
    next: u32,
    /// Times that the simulation fell behind the clock.
    pub behind: u64,
}

impl Air {
    /// Builds the mesh; what is said in it besides is only sized.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn new(mut spec: WorldSpec) -> Result<Air, ServeError> {
        spec.dlms.payload = Payload::Sized;
        let failed = |what: String| ServeError::Mesh { what };
        let Built { parts, lookahead, .. } = build(&spec).map_err(|error| failed(error.to_string()))?;
        let engine = Engine::new(parts, lookahead, Local).map_err(|error| failed(error.to_string()))?;
        Ok(Air { engine, latency: spec.backhaul.latency, open: BTreeMap::new(), next: 0, behind: 0 })
    }

    /// Runs beside the clock until `stop` says so.
    ///
    /// # Errors
    /// The engine found a bug.
    pub fn run(
        &mut self,
        questions: &Receiver<Question>,
        listeners: &[Listener],
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<(), EngineError> {
        let began = Instant::now();
        while !stop() {
            let first = match questions.recv_timeout(STEP) {
                Ok(question) => Some(question),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            let now = sim_time(began.elapsed());
            for question in first.into_iter().chain(questions.try_iter()) {
                self.ask(question, now)?;
            }
            self.engine.run_until(now)?;
            self.behind += u64::from(began.elapsed().saturating_sub(wall(now)) > BEHIND);
            for (waiting, verdict, worker) in self.verdicts(began) {
                let listener = &listeners[worker];
                if listener.mail.send((waiting, verdict)).is_ok() {
                    let _ = listener.waker.wake();
                }
            }
        }
        Ok(())
    }

    fn ask(&mut self, question: Question, now: SimTime) -> Result<(), EngineError> {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let (request, answer) = question.bytes;
        let apdu = Apdu { outside: true, answer_bytes: answer.min(PAYLOAD_MAX) as u16, ..Apdu::default() };
        let bytes = request.min(PAYLOAD_MAX) as u16;
        let down = Down { kind: Kind::Request, node: question.number, value: id, bytes, apdu };
        self.open.insert(id, (question, Instant::now()));
        let partition = self.engine.partitions().find_map(Part::head_end).map(|h| h.partition(question.number));
        match partition {
            Some(partition) => self.engine.post(partition, now + self.latency, Event::Down(Box::new(down))),
            None => Ok(()),
        }
    }

    /// Answers that have come, and those that are given up.
    fn verdicts(&mut self, began: Instant) -> Vec<(Waiting, Option<Instant>, usize)> {
        let mut verdicts = Vec::new();
        for part in self.engine.partitions_mut() {
            // Nobody reads what is recorded here.
            part.rows().clear();
            let Part::Mesh(region) = part else { continue };
            for (id, at) in region.take_answered_outside() {
                if let Some((question, _)) = self.open.remove(&id) {
                    verdicts.push((question.waiting, Some(began + wall(at)), question.worker));
                }
            }
        }
        while let Some(entry) = self.open.first_entry() {
            let (question, asked) = *entry.get();
            if asked.elapsed() < LOST_AFTER {
                break;
            }
            entry.remove();
            verdicts.push((question.waiting, None, question.worker));
        }
        verdicts
    }
}

impl std::fmt::Debug for Air {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Air").field("open", &self.open.len()).finish_non_exhaustive()
    }
}

fn sim_time(wall: Duration) -> SimTime {
    SimTime::from_nanos(u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX))
}

fn wall(time: SimTime) -> Duration {
    Duration::from_nanos(time.nanos())
}

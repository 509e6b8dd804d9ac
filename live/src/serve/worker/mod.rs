//! The event loop of one worker: connections in turns, answers written down before they leave.

mod acceptor;
mod turns;

pub use acceptor::{Acceptor, Incoming, WorkerHandle};

use super::ServeError;
use super::connection::Connection;
use super::counters::{Counters, Refused};
use super::datagrams::Datagrams;
use super::fair_queue::FairQueue;
use super::mesh_delay::Arrival;
use super::network::ServedNetwork;
use super::push_connections::{self, PushConnections};
use super::responder::{Log, Responder};
use super::schedule::Schedule;
use amitwin_scenarios::served::wall;
use mio::{Events, Interest, Poll, Token};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

const LISTENER: Token = Token(usize::MAX - 1);
const DATAGRAMS: Token = Token(usize::MAX - 2);
/// Token of the waker.
pub const WAKER: Token = Token(usize::MAX - 3);
/// How often it is asked whether to stop.
const STOP_CHECK_EVERY: Duration = Duration::from_millis(100);
/// Owners from here on are hosts with datagrams, below connections.
pub(super) const DATAGRAMS_FROM: usize = usize::MAX / 2;

/// A worker that ends by a bug takes the others with it, instead of leaving connections that nobody serves.
struct FailOnPanic<'a>(&'a ServedNetwork);

impl Drop for FailOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail();
        }
    }
}

/// One worker.
pub struct Worker<'a> {
    responder: Responder<'a>,
    poll: Poll,
    incoming: Receiver<Incoming>,
    arrivals: Receiver<Arrival>,
    acceptor: Option<Acceptor>,
    datagrams: Option<Datagrams>,
    schedule: Option<Schedule>,
    pushes: PushConnections,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    queue: FairQueue,
    written: Vec<usize>,
    due: BinaryHeap<Reverse<(Instant, usize, u64)>>,
    /// Counts connections, so that a time set for one is not taken for that of a later one in its place.
    generations: Vec<u64>,
    opened: u64,
    input: Vec<u8>,
}

impl<'a> Worker<'a> {
    /// Worker `share.0` of `share.1`; one of them has the acceptor, one the datagrams.
    ///
    /// # Errors
    /// As the system's.
    pub fn new(
        network: &'a ServedNetwork,
        poll: Poll,
        (incoming, arrivals): (Receiver<Incoming>, Receiver<Arrival>),
        mut acceptor: Option<Acceptor>,
        mut datagrams: Option<Datagrams>,
        share: (usize, usize),
        log: Option<Log<'a>>,
    ) -> io::Result<Worker<'a>> {
        if let Some(acceptor) = &mut acceptor {
            poll.registry().register(&mut acceptor.listener, LISTENER, Interest::READABLE)?;
        }
        if let Some(datagrams) = &mut datagrams {
            poll.registry().register(&mut datagrams.registered, DATAGRAMS, Interest::READABLE)?;
        }
        let responder = Responder::new(network, share.0, log);
        let every = network.settings.section.push_every.filter(|_| network.settings.push_to.is_some());
        Ok(Worker {
            schedule: every.map(|every| Schedule::new(wall(every), share, responder.moment().unix_ms)),
            pushes: PushConnections::default(),
            responder,
            poll,
            incoming,
            arrivals,
            acceptor,
            datagrams,
            connections: Vec::new(),
            free: Vec::new(),
            queue: FairQueue::new(),
            written: Vec::new(),
            due: BinaryHeap::new(),
            generations: Vec::new(),
            opened: 0,
            input: Vec::new(),
        })
    }

    /// Works until `stop` says so, or another worker cannot go on.
    ///
    /// # Errors
    /// The state file or the capture cannot be written.
    pub fn run(mut self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Counters, ServeError> {
        let _fail_on_panic = FailOnPanic(self.responder.network);
        let mut events = Events::with_capacity(1_024);
        let mut swept = Instant::now();
        let section = &self.responder.network.settings.section;
        let sweep_every =
            (wall(section.idle.min(section.frame_time)) / 4).clamp(Duration::from_millis(20), STOP_CHECK_EVERY * 5);
        while !stop() && !self.responder.network.failed.load(Ordering::Relaxed) {
            match self.poll.poll(&mut events, Some(self.timeout(sweep_every))) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    self.responder.network.fail();
                    return Err(ServeError::System { what: "sockets cannot be waited for", cause: error });
                }
                _ => {}
            }
            self.responder.tick();
            for event in &events {
                match event.token() {
                    LISTENER => self.listener_is_ready(),
                    DATAGRAMS => {
                        if let Some(datagrams) = &mut self.datagrams {
                            datagrams.ready = true;
                        }
                    }
                    WAKER => {}
                    Token(at) if at >= push_connections::FIRST => {
                        self.pushes.turn(at - push_connections::FIRST, &mut self.responder, self.poll.registry());
                    }
                    Token(at) => {
                        if event.is_read_closed()
                            && let Some(Some(connection)) = self.connections.get_mut(at)
                        {
                            connection.ends = true;
                        }
                        if event.is_readable() || event.is_read_closed() || event.is_error() {
                            self.queue(at);
                        }
                        if event.is_writable() {
                            self.written.push(at);
                        }
                    }
                }
            }
            while let Ok(incoming) = self.incoming.try_recv() {
                self.take_in(incoming);
            }
            while let Ok((waiting, due)) = self.arrivals.try_recv() {
                self.arrived(waiting, due);
            }
            self.accept();
            if let Some(datagrams) = &mut self.datagrams {
                datagrams.take(&mut self.queue, &mut self.responder);
            }
            self.take_turns();
            self.pushes.repeat(&mut self.responder);
            if let Some(schedule) = &mut self.schedule {
                schedule.turn(&mut self.responder);
            }
            if let Err(cause) = self.responder.commit() {
                self.responder.network.fail();
                let what = "the state file cannot be written, so nothing more is answered";
                return Err(ServeError::System { what, cause });
            }
            if let Some(to) = self.responder.network.settings.push_to {
                self.pushes.connect_waiting(to, &mut self.responder, self.poll.registry());
            }
            self.send();
            if self.responder.now.duration_since(swept) >= sweep_every {
                swept = self.responder.now;
                self.sweep();
            }
        }
        self.pushes.close(&mut self.responder, self.poll.registry());
        for at in 0..self.connections.len() {
            self.close(at);
        }
        Ok(self.responder.counters)
    }

    fn timeout(&self, sweep_every: Duration) -> Duration {
        let busy = !self.queue.is_empty()
            || self.datagrams.as_ref().is_some_and(|datagrams| datagrams.ready)
            || self.schedule.as_ref().is_some_and(|schedule| schedule.is_behind() && self.responder.has_room_to_push())
            || self.acceptor.as_ref().is_some_and(|acceptor| acceptor.waiting && acceptor.pause_until.is_none());
        if busy {
            return Duration::ZERO;
        }
        let next = self.due.peek().map(|Reverse((due, ..))| *due);
        let datagram = self.datagrams.as_ref().and_then(Datagrams::next);
        let soonest = next.into_iter().chain(datagram).min();
        let until = soonest.map_or(STOP_CHECK_EVERY, |due| due.saturating_duration_since(Instant::now()));
        until.min(STOP_CHECK_EVERY).min(sweep_every)
    }

    fn queue(&mut self, at: usize) {
        if let Some(Some(connection)) = self.connections.get(at) {
            self.queue.queue(connection.share);
        }
    }

    /// Closes what is idle or slow.
    fn sweep(&mut self) {
        let (now, section) = (self.responder.now, &self.responder.network.settings.section);
        let (idle, frame_time) = (wall(section.idle), wall(section.frame_time));
        let older = |since: Option<Instant>, limit| since.is_some_and(|since| now.duration_since(since) > limit);
        for at in 0..self.connections.len() {
            let Some(connection) = &self.connections[at] else { continue };
            let reason = if older(connection.half_since, frame_time) || older(connection.full_since, frame_time) {
                Refused::Slow
            } else if older(Some(connection.last), idle) && !connection.delayed {
                Refused::Idle
            } else {
                continue;
            };
            let peer = connection.peer;
            self.responder.refuse(reason, &peer, &"closed");
            self.close(at);
        }
        if let Some(datagrams) = &mut self.datagrams {
            datagrams.sweep(&mut self.responder);
        }
        self.pushes.sweep(&mut self.responder, self.poll.registry());
        if let Some(capture) = &self.responder.network.capture
            && capture.flush().is_err()
        {
            self.responder.network.fail();
        }
    }

    fn close(&mut self, at: usize) {
        if let Some(connection) = self.end(at) {
            let Worker { responder, .. } = self;
            responder.network.admission.leave(connection.peer.ip(), connection.place, responder.worker);
        }
    }

    /// Closes a connection that has been counted out, or will be.
    fn end(&mut self, at: usize) -> Option<Connection> {
        let mut connection = self.connections.get_mut(at).and_then(Option::take)?;
        let network = self.responder.network;
        if let (Some(capture), Some(flow)) = (&network.capture, connection.flow)
            && capture.close(flow).is_err()
        {
            network.fail();
        }
        let _ = self.poll.registry().deregister(&mut connection.stream);
        let _ = connection.stream.shutdown(Shutdown::Both);
        self.queue.leave(connection.share);
        self.free.push(at);
        Some(connection)
    }
}

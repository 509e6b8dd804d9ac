//! The event loop of one worker: connections in turns, answers written down before they leave.

mod door;
mod turns;

pub use door::{Colleague, Door, Incoming};

use super::ServeError;
use super::air::Verdict;
use super::calls::{self, Calls};
use super::connection::Connection;
use super::counters::{Counters, Refused};
use super::datagrams::Datagrams;
use super::desk::{Desk, Log};
use super::schedule::Schedule;
use super::street::Street;
use mio::{Events, Interest, Poll, Token};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
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
const PULSE: Duration = Duration::from_millis(100);
/// How long requests are answered before answers leave.
const TURN: Duration = Duration::from_millis(20);

/// A worker that ends by a bug takes the others with it, instead of leaving connections that nobody serves.
struct Fuse<'a>(&'a Street);

impl Drop for Fuse<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail();
        }
    }
}

/// One worker.
pub struct Worker<'a> {
    desk: Desk<'a>,
    poll: Poll,
    mail: Receiver<Incoming>,
    verdicts: Receiver<Verdict>,
    door: Option<Door>,
    datagrams: Option<(Datagrams, bool)>,
    schedule: Option<Schedule>,
    calls: Calls,
    connections: Vec<Option<Connection>>,
    free: Vec<usize>,
    ready: VecDeque<usize>,
    written: Vec<usize>,
    due: BinaryHeap<Reverse<(Instant, usize, u64)>>,
    /// Counts connections, so that a time set for one is not taken for that of a later one in its place.
    births: Vec<u64>,
    born: u64,
    input: Vec<u8>,
}

impl<'a> Worker<'a> {
    /// Worker `share.0` of `share.1`; one of them has the door, one the datagrams.
    ///
    /// # Errors
    /// As the system's.
    pub fn new(
        street: &'a Street,
        poll: Poll,
        (mail, verdicts): (Receiver<Incoming>, Receiver<Verdict>),
        mut door: Option<Door>,
        mut datagrams: Option<Datagrams>,
        share: (usize, usize),
        log: Option<Log<'a>>,
    ) -> io::Result<Worker<'a>> {
        if let Some(door) = &mut door {
            poll.registry().register(&mut door.listener, LISTENER, Interest::READABLE)?;
        }
        if let Some(datagrams) = &mut datagrams {
            poll.registry().register(&mut datagrams.registered, DATAGRAMS, Interest::READABLE)?;
        }
        let desk = Desk::new(street, share.0, log);
        let every = street.settings.push_every.filter(|_| street.settings.push_to.is_some());
        Ok(Worker {
            schedule: every.map(|every| Schedule::new(every, share, desk.moment().unix_ms)),
            calls: Calls::default(),
            desk,
            poll,
            mail,
            verdicts,
            door,
            datagrams: datagrams.map(|datagrams| (datagrams, false)),
            connections: Vec::new(),
            free: Vec::new(),
            ready: VecDeque::new(),
            written: Vec::new(),
            due: BinaryHeap::new(),
            births: Vec::new(),
            born: 0,
            input: Vec::new(),
        })
    }

    /// Works until `stop` says so, or another worker cannot go on.
    ///
    /// # Errors
    /// The state file or the capture cannot be written.
    pub fn run(mut self, stop: &(dyn Fn() -> bool + Sync)) -> Result<Counters, ServeError> {
        let _fuse = Fuse(self.desk.street);
        let mut events = Events::with_capacity(1_024);
        let mut swept = Instant::now();
        let settings = &self.desk.street.settings;
        let sweep_every = (settings.idle.min(settings.frame_time) / 4).clamp(Duration::from_millis(20), PULSE * 5);
        while !stop() && !self.desk.street.failed.load(Ordering::Relaxed) {
            match self.poll.poll(&mut events, Some(self.timeout(sweep_every))) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    self.desk.street.fail();
                    return Err(ServeError::System { what: "sockets cannot be waited for", cause: error });
                }
                _ => {}
            }
            self.desk.tick();
            for event in &events {
                match event.token() {
                    LISTENER => self.door_opens(),
                    DATAGRAMS => {
                        if let Some((_, ready)) = &mut self.datagrams {
                            *ready = true;
                        }
                    }
                    WAKER => {}
                    Token(at) if at >= calls::FIRST => {
                        self.calls.turn(at - calls::FIRST, &mut self.desk, self.poll.registry());
                    }
                    Token(at) => {
                        if event.is_readable() || event.is_read_closed() || event.is_error() {
                            self.queue(at);
                        }
                        if event.is_writable() {
                            self.written.push(at);
                        }
                    }
                }
            }
            while let Ok(incoming) = self.mail.try_recv() {
                self.take_in(incoming);
            }
            while let Ok((waiting, due)) = self.verdicts.try_recv() {
                self.arrived(waiting, due);
            }
            self.accept();
            for _ in 0..self.ready.len() {
                let Some(at) = self.ready.pop_front() else { break };
                self.turn(at);
                // Costly answers of one client must not keep those of others from leaving.
                if self.desk.now.elapsed() > TURN {
                    break;
                }
            }
            if let Some((datagrams, ready)) = &mut self.datagrams
                && *ready
            {
                *ready = datagrams.take(&mut self.desk);
            }
            self.calls.repeat(&mut self.desk);
            if let Some(schedule) = &mut self.schedule {
                schedule.turn(&mut self.desk);
            }
            if let Err(cause) = self.desk.commit() {
                self.desk.street.fail();
                let what = "the state file cannot be written, so nothing more is answered";
                return Err(ServeError::System { what, cause });
            }
            if let Some(to) = self.desk.street.settings.push_to {
                self.calls.dial(to, &mut self.desk, self.poll.registry());
            }
            self.send();
            if self.desk.now.duration_since(swept) >= sweep_every {
                swept = self.desk.now;
                self.sweep();
            }
        }
        self.calls.close(&mut self.desk, self.poll.registry());
        for at in 0..self.connections.len() {
            self.close(at);
        }
        Ok(self.desk.counters)
    }

    fn timeout(&self, sweep_every: Duration) -> Duration {
        let busy = !self.ready.is_empty()
            || self.datagrams.as_ref().is_some_and(|(_, ready)| *ready)
            || self.schedule.as_ref().is_some_and(|schedule| schedule.is_behind() && self.desk.has_room_to_push())
            || self.door.as_ref().is_some_and(|door| door.waiting && door.pause_until.is_none());
        if busy {
            return Duration::ZERO;
        }
        let next = self.due.peek().map(|Reverse((due, ..))| *due);
        let datagram = self.datagrams.as_ref().and_then(|(datagrams, _)| datagrams.next());
        let soonest = next.into_iter().chain(datagram).min();
        let until = soonest.map_or(PULSE, |due| due.saturating_duration_since(Instant::now()));
        until.min(PULSE).min(sweep_every)
    }

    fn queue(&mut self, at: usize) {
        if let Some(Some(connection)) = self.connections.get_mut(at)
            && !connection.queued
        {
            connection.queued = true;
            self.ready.push_back(at);
        }
    }

    /// Closes what is idle or slow.
    fn sweep(&mut self) {
        let (now, settings) = (self.desk.now, &self.desk.street.settings);
        let older = |since: Option<Instant>, limit| since.is_some_and(|since| now.duration_since(since) > limit);
        for at in 0..self.connections.len() {
            let Some(connection) = &self.connections[at] else { continue };
            let reason = if older(connection.half_since, settings.frame_time)
                || older(connection.full_since, settings.frame_time)
            {
                Refused::Slow
            } else if older(Some(connection.last), settings.idle) && !connection.delayed {
                Refused::Idle
            } else {
                continue;
            };
            let peer = connection.peer;
            self.desk.refuse(reason, &peer, &"closed");
            self.close(at);
        }
        if let Some((datagrams, _)) = &mut self.datagrams {
            datagrams.sweep(&mut self.desk);
        }
        self.calls.sweep(&mut self.desk, self.poll.registry());
        if let Some(capture) = &self.desk.street.capture
            && capture.flush().is_err()
        {
            self.desk.street.fail();
        }
    }

    fn close(&mut self, at: usize) {
        let Some(mut connection) = self.connections.get_mut(at).and_then(Option::take) else { return };
        let street = self.desk.street;
        if let (Some(capture), Some(flow)) = (&street.capture, connection.flow)
            && capture.close(flow).is_err()
        {
            street.fail();
        }
        let _ = self.poll.registry().deregister(&mut connection.stream);
        let _ = connection.stream.shutdown(Shutdown::Both);
        street.leave(connection.place);
        self.free.push(at);
    }
}

//! The event loop of one worker: connections in turns, answers written down before they leave.

use super::ServeError;
use super::air::{Question, Verdict, Waiting};
use super::calls::{self, Calls};
use super::capture::From;
use super::connection::{Connection, Turn};
use super::counters::{Counters, Refused};
use super::datagrams::Datagrams;
use super::desk::{Desk, Log};
use super::schedule::Schedule;
use super::street::Street;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

const LISTENER: Token = Token(usize::MAX - 1);
const DATAGRAMS: Token = Token(usize::MAX - 2);
/// Token of the waker.
pub const WAKER: Token = Token(usize::MAX - 3);
/// Bytes that are read from a connection at once.
const READ_BYTES: usize = 16 << 10;
/// Connections that are taken before others have their turn.
const ACCEPTED_A_TURN: usize = 256;
/// How often it is asked whether to stop.
const PULSE: Duration = Duration::from_millis(100);
/// How long requests are answered before answers leave.
const TURN: Duration = Duration::from_millis(20);
/// How long nothing is taken after the system had no descriptor left.
const PAUSE: Duration = Duration::from_millis(200);

/// A connection on its way from the worker that takes them to the one that serves it.
pub struct Incoming {
    stream: TcpStream,
    peer: SocketAddr,
    local: SocketAddr,
    place: u64,
}

/// Where a worker hands connections to.
pub struct Colleague {
    /// Its mail.
    pub mail: Sender<Incoming>,
    /// Its bell.
    pub waker: Arc<Waker>,
}

/// Who takes connections for all.
pub struct Door {
    /// The socket.
    pub listener: TcpListener,
    /// All workers, this one first.
    pub colleagues: Vec<Colleague>,
    next: usize,
    waiting: bool,
    pause_until: Option<Instant>,
}

impl Door {
    /// To these workers.
    pub fn new(listener: TcpListener, colleagues: Vec<Colleague>) -> Door {
        Door { listener, colleagues, next: 0, waiting: false, pause_until: None }
    }
}

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

    fn door_opens(&mut self) {
        if let Some(door) = &mut self.door {
            door.waiting = true;
        }
    }

    /// Takes connections and hands them round.
    fn accept(&mut self) {
        let Some(door) = &mut self.door else { return };
        if door.pause_until.is_some_and(|until| self.desk.now < until) || !door.waiting {
            return;
        }
        door.pause_until = None;
        let mut own = Vec::new();
        for _ in 0..ACCEPTED_A_TURN {
            let (stream, peer) = match door.listener.accept() {
                Ok(taken) => taken,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    door.waiting = false;
                    break;
                }
                // The client has gone again.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => {
                    self.desk.refuse(Refused::System, &"TCP", &error);
                    door.pause_until = Some(self.desk.now + PAUSE);
                    break;
                }
            };
            let street = self.desk.street;
            let entered = stream.local_addr().map_err(|_| Refused::System).and_then(|local| {
                let place = street.place(local.ip(), peer.ip())?;
                let number = if place == 0 { None } else { street.numbers.at(place) };
                if number.is_some_and(|number| street.registry.meter(number).is_away(self.desk.now)) {
                    return Err(Refused::Away);
                }
                street.enter(place).map(|()| (local, place))
            });
            let (local, place) = match entered {
                Ok(entered) => entered,
                Err(reason) => {
                    self.desk.refuse(reason, &peer, &"not let in");
                    continue;
                }
            };
            let incoming = Incoming { stream, peer, local, place };
            let to = door.next;
            door.next = (to + 1) % door.colleagues.len();
            if to == 0 {
                own.push(incoming);
            } else if door.colleagues[to].mail.send(incoming).is_ok() {
                let _ = door.colleagues[to].waker.wake();
            } else {
                street.leave(place);
            }
        }
        own.into_iter().for_each(|incoming| self.take_in(incoming));
    }

    fn take_in(&mut self, incoming: Incoming) {
        let Incoming { mut stream, peer, local, place } = incoming;
        let street = self.desk.street;
        let at = self.free.pop().unwrap_or_else(|| {
            self.connections.push(None);
            self.births.push(0);
            self.connections.len() - 1
        });
        let _ = stream.set_nodelay(true);
        let interest = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.poll.registry().register(&mut stream, Token(at), interest) {
            self.desk.refuse(Refused::System, &peer, &error);
            self.free.push(at);
            return street.leave(place);
        }
        let mut connection = Connection::new(stream, peer, place, self.desk.now);
        if let Some(capture) = &street.capture {
            connection.flow = capture.open(peer, local).map_err(|_| street.fail()).ok();
        }
        self.desk.counters.sessions += 1;
        self.born += 1;
        self.births[at] = self.born;
        self.connections[at] = Some(connection);
        self.queue(at);
    }

    /// Reads once and answers what is whole.
    fn turn(&mut self, at: usize) {
        let Some(Some(connection)) = self.connections.get_mut(at) else { return };
        connection.queued = false;
        if connection.closing {
            return;
        }
        if connection.delayed {
            connection.stalled = true;
            return;
        }
        let mut input = std::mem::take(&mut self.input);
        // The buffer keeps its length, so that it is not cleared for each reading.
        let before = connection.held.len();
        if input.len() < before + READ_BYTES {
            input.resize(before + READ_BYTES, 0);
        }
        input[..before].copy_from_slice(&connection.held);
        let mut end = before;
        let (mut drained, mut gone) = (false, false);
        // What was held over may be enough for a turn.
        if before < READ_BYTES {
            let read = loop {
                match connection.stream.read(&mut input[before..before + READ_BYTES]) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            let read = match read {
                Ok(0) => {
                    gone = true;
                    0
                }
                Ok(read) => {
                    drained = read < READ_BYTES;
                    read
                }
                Err(error) => {
                    (drained, gone) = (true, error.kind() != ErrorKind::WouldBlock);
                    0
                }
            };
            end = before + read;
            self.desk.counters.bytes_in += read as u64;
            let capture = self.desk.street.capture.as_ref().zip(connection.flow.as_mut());
            if let Some((capture, flow)) = capture
                && capture.data(flow, From::Peer, &input[before..end]).is_err()
            {
                self.desk.street.fail();
            }
        }
        let turn = connection.take(&mut input[..end], &mut self.desk);
        self.input = input;
        connection.stalled = turn == Turn::Stalled;
        if gone {
            // What has been asked is answered; nothing more will be.
            connection.closing = true;
        }
        if connection.delayed {
            let birth = self.births[at];
            match (&self.desk.street.air, connection.asked.take()) {
                (Some(air), Some((number, request, answer))) => {
                    let waiting = Waiting::Connection(at, birth);
                    // A simulation that has ended ends the workers too.
                    let _ = air.send(Question { worker: self.desk.worker, waiting, number, bytes: (request, answer) });
                }
                _ => self.due.push(Reverse((self.desk.now + self.desk.street.settings.delay, at, birth))),
            }
        } else {
            self.written.push(at);
        }
        if turn == Turn::More || turn == Turn::Done && !drained && !gone {
            self.queue(at);
        }
    }

    /// The simulated way of an answer is over; one that is lost never leaves.
    fn arrived(&mut self, waiting: Waiting, due: Option<Instant>) {
        match (waiting, due) {
            (Waiting::Connection(at, birth), Some(due)) => self.due.push(Reverse((due, at, birth))),
            (Waiting::Connection(at, birth), None) => {
                if self.births.get(at) == Some(&birth)
                    && let Some(Some(connection)) = self.connections.get_mut(at)
                {
                    connection.out.truncate(connection.written);
                    self.due.push(Reverse((self.desk.now, at, birth)));
                }
                self.desk.counters.lost_on_air += 1;
            }
            (Waiting::Datagram(asked), due) => {
                self.desk.counters.lost_on_air += u64::from(due.is_none());
                if let Some((datagrams, _)) = &mut self.datagrams {
                    datagrams.arrived(asked, due);
                }
            }
        }
    }

    /// Writes what may leave.
    fn send(&mut self) {
        while let Some(Reverse((due, at, birth))) = self.due.peek().copied() {
            if due > self.desk.now {
                break;
            }
            self.due.pop();
            if self.births.get(at) == Some(&birth)
                && let Some(Some(connection)) = self.connections.get_mut(at)
            {
                connection.delayed = false;
                self.written.push(at);
            }
        }
        let mut written = std::mem::take(&mut self.written);
        for at in written.drain(..) {
            self.write(at);
        }
        self.written = written;
        if let Some((datagrams, _)) = &mut self.datagrams {
            datagrams.send(&mut self.desk);
        }
    }

    fn write(&mut self, at: usize) {
        let Some(Some(connection)) = self.connections.get_mut(at) else { return };
        if connection.delayed {
            return;
        }
        while connection.written < connection.out.len() {
            match connection.stream.write(&connection.out[connection.written..]) {
                Ok(bytes) => {
                    let part = connection.written..connection.written + bytes;
                    connection.written = part.end;
                    self.desk.counters.bytes_out += bytes as u64;
                    let capture = self.desk.street.capture.as_ref().zip(connection.flow.as_mut());
                    if let Some((capture, flow)) = capture
                        && capture.data(flow, From::Local, &connection.out[part]).is_err()
                    {
                        self.desk.street.fail();
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    connection.full_since.get_or_insert(self.desk.now);
                    return;
                }
                Err(_) => return self.close(at),
            }
        }
        connection.out.clear();
        connection.written = 0;
        connection.full_since = None;
        if connection.closing {
            return self.close(at);
        }
        if std::mem::take(&mut connection.stalled) {
            self.queue(at);
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

//! Pushes over TCP: a connection each, from the meter's own address, with a time limit and, if it fails, attempts again.

use super::capture::{Flow, From};
use super::counters::Refused;
use super::outbox::{Notification, Push, socket};
use super::responder::Responder;
use amitwin_dlms::push;
use amitwin_scenarios::served::wall;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use nix::libc;
use socket2::Type;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr};
use std::ops::Range;
use std::time::{Duration, Instant};

/// Most connections of one worker at one time.
pub const PUSH_CONNECTIONS_MAX: usize = 256;
/// Tokens of the connections: this and those after it.
pub const FIRST: usize = usize::MAX / 2;
/// Most pushes of one worker that wait for another attempt.
const AGAIN_MAX: usize = 200_000;
/// Pieces of what the head-end says, which nobody asked for, that are passed over at once.
const PASSED_OVER: usize = 4;

/// One connection to the head-end.
#[derive(Debug)]
struct PushConnection {
    stream: TcpStream,
    push: Push,
    bytes: Vec<u8>,
    written: usize,
    /// It is open.
    connected: bool,
    flow: Option<Flow>,
    until: Instant,
}

/// The connections of one worker, and what waits for another attempt.
#[derive(Debug, Default)]
pub struct PushConnections {
    open: Vec<Option<PushConnection>>,
    free: Vec<usize>,
    again: BTreeMap<(Instant, u64), Push>,
    numbered: u64,
}

impl PushConnections {
    /// Has those make another attempt whose pause is over.
    pub fn repeat(&mut self, responder: &mut Responder<'_>) {
        while let Some(entry) = self.again.first_entry()
            && entry.key().0 <= responder.now
            && responder.has_room_to_push()
        {
            let push = entry.remove();
            responder.counters.push_retries += 1;
            responder.push(push);
        }
    }

    /// Opens connections for what waits in the outbox. The state file must have been written.
    pub fn connect_waiting(&mut self, to: SocketAddr, responder: &mut Responder<'_>, registry: &Registry) {
        while self.open.len() - self.free.len() < PUSH_CONNECTIONS_MAX
            && let Some(Notification { push, bytes }) = responder.next_notification()
        {
            let at = self.free.pop().unwrap_or_else(|| {
                self.open.push(None);
                self.open.len() - 1
            });
            let connected = connect(responder.network.source(push.origin.place), to).and_then(|mut stream| {
                registry.register(&mut stream, Token(FIRST + at), Interest::READABLE | Interest::WRITABLE)?;
                Ok(stream)
            });
            match connected {
                Ok(stream) => {
                    let until = responder.now + wall(responder.network.settings.section.frame_time);
                    self.open[at] =
                        Some(PushConnection { stream, push, bytes, written: 0, connected: false, flow: None, until });
                }
                Err(error) => {
                    self.free.push(at);
                    self.failed(push, &error, responder);
                }
            }
        }
    }

    /// Goes on with a connection that something has happened to.
    pub fn turn(&mut self, at: usize, responder: &mut Responder<'_>, registry: &Registry) {
        let Some(Some(connection)) = self.open.get_mut(at) else { return };
        match connection.advance(responder) {
            Ok(false) => {}
            Ok(true) => self.end(at, Ok(()), responder, registry),
            Err(error) => self.end(at, Err(error), responder, registry),
        }
    }

    /// Ends what takes too long. Who has taken everything and only does not hang up has it.
    pub fn sweep(&mut self, responder: &mut Responder<'_>, registry: &Registry) {
        for at in 0..self.open.len() {
            let Some(connection) = self.open[at].as_ref().filter(|connection| connection.until <= responder.now) else {
                continue;
            };
            let outcome = if connection.is_written() { Ok(()) } else { Err(ErrorKind::TimedOut.into()) };
            self.end(at, outcome, responder, registry);
        }
    }

    /// Hangs up everything: what is written is sent, the rest is lost.
    pub fn close(&mut self, responder: &mut Responder<'_>, registry: &Registry) {
        for at in 0..self.open.len() {
            match &mut self.open[at] {
                Some(connection) if connection.is_written() => self.end(at, Ok(()), responder, registry),
                Some(_) => {
                    responder.counters.pushes_lost += 1;
                    self.disconnect(at, responder, registry);
                }
                None => {}
            }
        }
        responder.counters.pushes_lost += self.again.len() as u64;
        self.again.clear();
        while responder.next_notification().is_some() {
            responder.counters.pushes_lost += 1;
        }
    }

    fn end(&mut self, at: usize, outcome: io::Result<()>, responder: &mut Responder<'_>, registry: &Registry) {
        let Some(push) = self.disconnect(at, responder, registry) else { return };
        match outcome {
            Ok(()) => responder.counters.pushes += 1,
            Err(error) => self.failed(push, &error, responder),
        }
    }

    fn disconnect(&mut self, at: usize, responder: &Responder<'_>, registry: &Registry) -> Option<Push> {
        let mut connection = self.open.get_mut(at)?.take()?;
        self.free.push(at);
        let _ = registry.deregister(&mut connection.stream);
        if let (Some(capture), Some(flow)) = (&responder.network.capture, connection.flow)
            && capture.close(flow).is_err()
        {
            responder.network.fail();
        }
        Some(connection.push)
    }

    /// An attempt has failed: another one after the setup's pause, as often as it allows.
    fn failed(&mut self, push: Push, error: &io::Error, responder: &mut Responder<'_>) {
        let number = push.origin.number;
        responder.refuse(Refused::Push, &format_args!("meter {}", responder.network.meters.place(number)), error);
        let timing = responder.network.registry.look(number, |rest| push::timing(rest, push.setup));
        match timing.filter(|timing| push.failed < timing.retries && self.again.len() < AGAIN_MAX) {
            Some(timing) => {
                let due = responder.now + Duration::from_secs(timing.pause_s.into());
                self.numbered += 1;
                self.again.insert((due, self.numbered), Push { failed: push.failed + 1, ..push });
            }
            None => responder.counters.pushes_lost += 1,
        }
    }
}

impl PushConnection {
    fn is_written(&self) -> bool {
        self.written == self.bytes.len()
    }

    /// Writes and waits for the head-end to hang up; `true` when it has.
    fn advance(&mut self, responder: &mut Responder<'_>) -> io::Result<bool> {
        if let Some(error) = self.stream.take_error()? {
            return Err(error);
        }
        if !self.connected {
            let to = match self.stream.peer_addr() {
                Ok(to) => to,
                Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(false),
                Err(error) => return Err(error),
            };
            let here = self.stream.local_addr()?;
            let capture = responder.network.capture.as_ref();
            // The meter is the one that has opened it.
            self.flow = capture.and_then(|capture| capture.open(here, to).map_err(|_| responder.network.fail()).ok());
            self.connected = true;
        }
        while !self.is_written() {
            let bytes = match self.stream.write(&self.bytes[self.written..]) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            };
            let part = self.written..self.written + bytes;
            self.written = part.end;
            responder.counters.bytes_out += bytes as u64;
            self.copy(part, responder);
            if self.is_written() {
                self.stream.shutdown(Shutdown::Write)?;
            }
        }
        let mut passed_over = [0; 1_024];
        for _ in 0..PASSED_OVER {
            match self.stream.read(&mut passed_over) {
                // It hangs up: in peace, or because it was gone before it had everything.
                Ok(0) => return self.stream.take_error()?.map_or(Ok(true), Err),
                Ok(bytes) => responder.counters.bytes_in += bytes as u64,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        // Who talks on instead of hanging up has taken the push.
        Ok(true)
    }

    fn copy(&mut self, part: Range<usize>, responder: &Responder<'_>) {
        if let (Some(capture), Some(flow)) = (&responder.network.capture, &mut self.flow)
            && capture.data(flow, From::Peer, &self.bytes[part]).is_err()
        {
            responder.network.fail();
        }
    }
}

fn connect(from: IpAddr, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = socket(from, Type::STREAM)?;
    match socket.connect(&to.into()) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => return Err(error),
        _ => {}
    }
    let _ = socket.set_tcp_nodelay(true);
    Ok(TcpStream::from_std(socket.into()))
}

//! Pushes over TCP: a connection each, from the meter's own address, with a time limit and, if it fails, attempts again.

use super::capture::{Flow, From};
use super::counters::Refused;
use super::desk::Desk;
use super::outbox::{Letter, Order, socket};
use amitwin_dlms::push;
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
pub const CALLS_MAX: usize = 256;
/// Tokens of the connections: this and those after it.
pub const FIRST: usize = usize::MAX / 2;
/// Most pushes of one worker that wait for another attempt.
const AGAIN_MAX: usize = 200_000;
/// Pieces of what the head-end says, which nobody asked for, that are passed over at once.
const PASSED_OVER: usize = 4;

/// One connection to the head-end.
#[derive(Debug)]
struct Call {
    stream: TcpStream,
    order: Order,
    bytes: Vec<u8>,
    written: usize,
    /// It is open.
    connected: bool,
    flow: Option<Flow>,
    until: Instant,
}

/// The connections of one worker, and what waits for another attempt.
#[derive(Debug, Default)]
pub struct Calls {
    open: Vec<Option<Call>>,
    free: Vec<usize>,
    again: BTreeMap<(Instant, u64), Order>,
    numbered: u64,
}

impl Calls {
    /// Has those make another attempt whose pause is over.
    pub fn repeat(&mut self, desk: &mut Desk<'_>) {
        while let Some(entry) = self.again.first_entry()
            && entry.key().0 <= desk.now
            && desk.has_room_to_push()
        {
            let order = entry.remove();
            desk.counters.push_retries += 1;
            desk.push(order);
        }
    }

    /// Opens connections for what waits in the outbox. The state file must have been written.
    pub fn dial(&mut self, to: SocketAddr, desk: &mut Desk<'_>, registry: &Registry) {
        while self.open.len() - self.free.len() < CALLS_MAX
            && let Some(Letter { order, bytes }) = desk.next_letter()
        {
            let at = self.free.pop().unwrap_or_else(|| {
                self.open.push(None);
                self.open.len() - 1
            });
            let dialled = connect(desk.street.source(order.sender.place), to).and_then(|mut stream| {
                registry.register(&mut stream, Token(FIRST + at), Interest::READABLE | Interest::WRITABLE)?;
                Ok(stream)
            });
            match dialled {
                Ok(stream) => {
                    let until = desk.now + desk.street.settings.frame_time;
                    self.open[at] =
                        Some(Call { stream, order, bytes, written: 0, connected: false, flow: None, until });
                }
                Err(error) => {
                    self.free.push(at);
                    self.failed(order, &error, desk);
                }
            }
        }
    }

    /// Goes on with a connection that something has happened to.
    pub fn turn(&mut self, at: usize, desk: &mut Desk<'_>, registry: &Registry) {
        let Some(Some(call)) = self.open.get_mut(at) else { return };
        match call.advance(desk) {
            Ok(false) => {}
            Ok(true) => self.end(at, Ok(()), desk, registry),
            Err(error) => self.end(at, Err(error), desk, registry),
        }
    }

    /// Ends what takes too long. Who has taken everything and only does not hang up has it.
    pub fn sweep(&mut self, desk: &mut Desk<'_>, registry: &Registry) {
        for at in 0..self.open.len() {
            let Some(call) = self.open[at].as_ref().filter(|call| call.until <= desk.now) else { continue };
            let outcome = if call.is_written() { Ok(()) } else { Err(ErrorKind::TimedOut.into()) };
            self.end(at, outcome, desk, registry);
        }
    }

    /// Hangs up everything: what is written is sent, the rest is lost.
    pub fn close(&mut self, desk: &mut Desk<'_>, registry: &Registry) {
        for at in 0..self.open.len() {
            match &mut self.open[at] {
                Some(call) if call.is_written() => self.end(at, Ok(()), desk, registry),
                Some(_) => {
                    desk.counters.pushes_lost += 1;
                    self.hang_up(at, desk, registry);
                }
                None => {}
            }
        }
        desk.counters.pushes_lost += self.again.len() as u64;
        self.again.clear();
        while desk.next_letter().is_some() {
            desk.counters.pushes_lost += 1;
        }
    }

    fn end(&mut self, at: usize, outcome: io::Result<()>, desk: &mut Desk<'_>, registry: &Registry) {
        let Some(order) = self.hang_up(at, desk, registry) else { return };
        match outcome {
            Ok(()) => desk.counters.pushes += 1,
            Err(error) => self.failed(order, &error, desk),
        }
    }

    fn hang_up(&mut self, at: usize, desk: &Desk<'_>, registry: &Registry) -> Option<Order> {
        let mut call = self.open.get_mut(at)?.take()?;
        self.free.push(at);
        let _ = registry.deregister(&mut call.stream);
        if let (Some(capture), Some(flow)) = (&desk.street.capture, call.flow)
            && capture.close(flow).is_err()
        {
            desk.street.fail();
        }
        Some(call.order)
    }

    /// An attempt has failed: another one after the setup's pause, as often as it allows.
    fn failed(&mut self, order: Order, error: &io::Error, desk: &mut Desk<'_>) {
        let number = order.sender.number;
        desk.refuse(Refused::Push, &format_args!("meter {}", desk.street.numbers.place(number)), error);
        let habit = desk.street.registry.look(number, |rest| push::habit(rest, order.setup));
        match habit.filter(|habit| order.failed < habit.retries && self.again.len() < AGAIN_MAX) {
            Some(habit) => {
                let due = desk.now + Duration::from_secs(habit.pause_s.into());
                self.numbered += 1;
                self.again.insert((due, self.numbered), Order { failed: order.failed + 1, ..order });
            }
            None => desk.counters.pushes_lost += 1,
        }
    }
}

impl Call {
    fn is_written(&self) -> bool {
        self.written == self.bytes.len()
    }

    /// Writes and waits for the head-end to hang up; `true` when it has.
    fn advance(&mut self, desk: &mut Desk<'_>) -> io::Result<bool> {
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
            let capture = desk.street.capture.as_ref();
            // The meter is the one that has opened it.
            self.flow = capture.and_then(|capture| capture.open(here, to).map_err(|_| desk.street.fail()).ok());
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
            desk.counters.bytes_out += bytes as u64;
            self.copy(part, desk);
            if self.is_written() {
                self.stream.shutdown(Shutdown::Write)?;
            }
        }
        let mut passed_over = [0; 1_024];
        for _ in 0..PASSED_OVER {
            match self.stream.read(&mut passed_over) {
                // It hangs up: in peace, or because it was gone before it had everything.
                Ok(0) => return self.stream.take_error()?.map_or(Ok(true), Err),
                Ok(bytes) => desk.counters.bytes_in += bytes as u64,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        // Who talks on instead of hanging up has taken the push.
        Ok(true)
    }

    fn copy(&mut self, part: Range<usize>, desk: &Desk<'_>) {
        if let (Some(capture), Some(flow)) = (&desk.street.capture, &mut self.flow)
            && capture.data(flow, From::Peer, &self.bytes[part]).is_err()
        {
            desk.street.fail();
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

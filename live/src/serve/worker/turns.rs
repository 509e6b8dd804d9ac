//! A turn of a connection: what has come is answered, and what may leave is written.

use super::{DATAGRAMS_FROM, Worker};
use crate::serve::capture::From;
use crate::serve::connection::Turn;
use crate::serve::mesh_delay::{Transit, Waiting};
use nix::time::{ClockId, clock_gettime};
use std::cmp::Reverse;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

/// Bytes that are read from a connection at once.
const READ_BYTES: usize = 16 << 10;
/// How long requests are answered before answers leave.
const TURN: Duration = Duration::from_micros(500);

/// A turn that takes as long is costly: its time is read off the thread's clock, and what was answered before the next one of
/// its flow leaves first.
const LONG: Duration = Duration::from_micros(125);

/// Time that this thread worked: where the system let others work meanwhile, nobody's turn is charged with it.
struct WorkClock {
    read_ns: u64,
    /// Charged since the clock of the thread was read, ns.
    charged_ns: u64,
}

impl WorkClock {
    fn new() -> WorkClock {
        WorkClock { read_ns: thread_ns(), charged_ns: 0 }
    }

    /// Of a turn that lasted so long. The thread's clock takes a system call, so only long turns are looked at.
    fn spent_ns(&mut self, lasted: Duration) -> u64 {
        let lasted_ns = lasted.as_nanos() as u64;
        if lasted < LONG {
            self.charged_ns += lasted_ns;
            return lasted_ns;
        }
        let read_ns = thread_ns();
        let spent_ns = (read_ns - self.read_ns).saturating_sub(self.charged_ns).min(lasted_ns);
        *self = WorkClock { read_ns, charged_ns: 0 };
        spent_ns
    }
}

fn thread_ns() -> u64 {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(0, |time| Duration::from(time).as_nanos() as u64)
}

impl Worker<'_> {
    /// Serves whose turn it is until some time has passed, so that answers leave and others are heard.
    pub(super) fn take_turns(&mut self) {
        let began = Instant::now();
        let (mut now, mut clock) = (began, WorkClock::new());
        let costly_ns = LONG.as_nanos() as u64;
        while now - began < TURN
            && (now == began || self.queue.next_took_ns() < costly_ns)
            && let Some((flow, owner)) = self.queue.next()
        {
            let waits_again = match (owner.checked_sub(DATAGRAMS_FROM), &mut self.datagrams) {
                (Some(inbox), Some(datagrams)) => datagrams.answer_next(inbox, &mut self.queue, &mut self.responder),
                _ => self.turn(owner),
            };
            let ended = Instant::now();
            self.queue.served(flow, clock.spent_ns(ended - now));
            if waits_again {
                self.queue.queue(flow);
            }
            now = ended;
        }
    }

    /// Reads once and answers what is whole; whether there may be more.
    fn turn(&mut self, at: usize) -> bool {
        let Some(Some(connection)) = self.connections.get_mut(at) else { return false };
        if connection.closing {
            return false;
        }
        if connection.delayed {
            connection.stalled = true;
            return false;
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
                    // An end that came with the last bytes is told by no event of its own.
                    drained = read < READ_BYTES && !connection.ends;
                    read
                }
                Err(error) => {
                    (drained, gone) = (true, error.kind() != ErrorKind::WouldBlock);
                    0
                }
            };
            end = before + read;
            self.responder.counters.bytes_in += read as u64;
            let capture = self.responder.network.capture.as_ref().zip(connection.flow.as_mut());
            if let Some((capture, flow)) = capture
                && capture.data(flow, From::Peer, &input[before..end]).is_err()
            {
                self.responder.network.fail();
            }
        }
        let turn = connection.take(&mut input[..end], &mut self.responder);
        self.input = input;
        connection.stalled = turn == Turn::Stalled;
        if gone {
            // What has been asked is answered; nothing more will be.
            connection.closing = true;
        }
        if connection.delayed {
            let generation = self.generations[at];
            match (&self.responder.network.transits, connection.asked.take()) {
                (Some(transits), Some((number, request, answer))) => {
                    let waiting = Waiting::Connection(at, generation);
                    // A simulation that has ended ends the workers too.
                    let _ = transits.send(Transit {
                        worker: self.responder.worker,
                        waiting,
                        number,
                        bytes: (request, answer),
                    });
                }
                _ => self.due.push(Reverse((
                    self.responder.now + self.responder.network.settings.delay(),
                    at,
                    generation,
                ))),
            }
        } else {
            self.written.push(at);
        }
        turn == Turn::More || turn == Turn::Done && !drained && !gone
    }

    /// The simulated way of an answer is over; one that is lost never leaves.
    pub(super) fn arrived(&mut self, waiting: Waiting, due: Option<Instant>) {
        match (waiting, due) {
            (Waiting::Connection(at, generation), Some(due)) => self.due.push(Reverse((due, at, generation))),
            (Waiting::Connection(at, generation), None) => {
                if self.generations.get(at) == Some(&generation)
                    && let Some(Some(connection)) = self.connections.get_mut(at)
                {
                    connection.out.truncate(connection.written);
                    self.due.push(Reverse((self.responder.now, at, generation)));
                }
                self.responder.counters.lost_on_air += 1;
            }
            (Waiting::Datagram(asked), due) => {
                self.responder.counters.lost_on_air += u64::from(due.is_none());
                if let Some(datagrams) = &mut self.datagrams {
                    datagrams.arrived(asked, due);
                }
            }
        }
    }

    /// Writes what may leave.
    pub(super) fn send(&mut self) {
        while let Some(Reverse((due, at, generation))) = self.due.peek().copied() {
            if due > self.responder.now {
                break;
            }
            self.due.pop();
            if self.generations.get(at) == Some(&generation)
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
        if let Some(datagrams) = &mut self.datagrams {
            datagrams.send(&mut self.responder);
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
                    self.responder.counters.bytes_out += bytes as u64;
                    let capture = self.responder.network.capture.as_ref().zip(connection.flow.as_mut());
                    if let Some((capture, flow)) = capture
                        && capture.data(flow, From::Local, &connection.out[part]).is_err()
                    {
                        self.responder.network.fail();
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    connection.full_since.get_or_insert(self.responder.now);
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
}

//! The door: one worker takes connections and hands them round.

use super::Worker;
use crate::serve::connection::Connection;
use crate::serve::counters::Refused;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Token, Waker};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// Connections that are taken before others have their turn.
const ACCEPTED_A_TURN: usize = 256;
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
    pub(super) waiting: bool,
    pub(super) pause_until: Option<Instant>,
}

impl Door {
    /// To these workers.
    pub fn new(listener: TcpListener, colleagues: Vec<Colleague>) -> Door {
        Door { listener, colleagues, next: 0, waiting: false, pause_until: None }
    }
}

impl Worker<'_> {
    pub(super) fn door_opens(&mut self) {
        if let Some(door) = &mut self.door {
            door.waiting = true;
        }
    }

    /// Takes connections and hands them round.
    pub(super) fn accept(&mut self) {
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
                    self.desk.refuse(reason, &peer, &"a connection, closed");
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

    pub(super) fn take_in(&mut self, incoming: Incoming) {
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
}

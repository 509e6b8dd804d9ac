//! The acceptor: one worker takes connections and distributes them.

use super::Worker;
use crate::serve::admission::{Entered, GivesWay};
use crate::serve::connection::Connection;
use crate::serve::counters::Refused;
use crate::serve::fair_queue::network_of;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Token, Waker};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// Connections that are taken before others have their turn.
const ACCEPTED_A_TURN: usize = 64;
/// How long nothing is taken after the system had no descriptor left.
const PAUSE: Duration = Duration::from_millis(200);

/// A connection on its way from the worker that takes them to the one that serves it.
pub struct Incoming {
    stream: TcpStream,
    peer: SocketAddr,
    local: SocketAddr,
    place: u64,
    instead_of: Option<GivesWay>,
}

/// Where a worker hands connections to.
pub struct WorkerHandle {
    /// Takes them.
    pub connections: Sender<Incoming>,
    /// Wakes its event loop.
    pub waker: Arc<Waker>,
}

/// Who takes connections for all.
pub struct Acceptor {
    /// The socket.
    pub listener: TcpListener,
    /// All workers, this one first.
    pub workers: Vec<WorkerHandle>,
    pub(super) waiting: bool,
    pub(super) pause_until: Option<Instant>,
}

impl Acceptor {
    /// Distributes to these workers.
    pub fn new(listener: TcpListener, workers: Vec<WorkerHandle>) -> Acceptor {
        Acceptor { listener, workers, waiting: false, pause_until: None }
    }
}

impl Worker<'_> {
    pub(super) fn listener_is_ready(&mut self) {
        if let Some(acceptor) = &mut self.acceptor {
            acceptor.waiting = true;
        }
    }

    /// Takes connections and distributes them.
    pub(super) fn accept(&mut self) {
        let Some(acceptor) = &mut self.acceptor else { return };
        if acceptor.pause_until.is_some_and(|until| self.responder.now < until) || !acceptor.waiting {
            return;
        }
        acceptor.pause_until = None;
        let mut own = Vec::new();
        for _ in 0..ACCEPTED_A_TURN {
            let (stream, peer) = match acceptor.listener.accept() {
                Ok(taken) => taken,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    acceptor.waiting = false;
                    break;
                }
                // The client has gone again.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => {
                    self.responder.refuse(Refused::System, &"TCP", &error);
                    acceptor.pause_until = Some(self.responder.now + PAUSE);
                    break;
                }
            };
            let network = self.responder.network;
            let entered = stream.local_addr().map_err(|_| Refused::System).and_then(|local| {
                let place = network.place(local.ip(), peer.ip())?;
                let number = if place == 0 { None } else { network.meters.at(place) };
                if number.is_some_and(|number| network.registry.meter(number).is_away(self.responder.now)) {
                    return Err(Refused::Away);
                }
                network.admission.enter(peer.ip(), place).map(|entered| (local, place, entered))
            });
            let (local, place, Entered { worker, instead_of }) = match entered {
                Ok(entered) => entered,
                Err(reason) => {
                    self.responder.refuse(reason, &peer, &"a connection, closed");
                    continue;
                }
            };
            let incoming = Incoming { stream, peer, local, place, instead_of };
            if worker == 0 {
                own.push(incoming);
            } else if acceptor.workers[worker].connections.send(incoming).is_ok() {
                let _ = acceptor.workers[worker].waker.wake();
            } else {
                network.admission.leave(peer.ip(), place, worker);
            }
        }
        own.into_iter().for_each(|incoming| self.take_in(incoming));
    }

    pub(super) fn take_in(&mut self, incoming: Incoming) {
        let Incoming { mut stream, peer, local, place, instead_of } = incoming;
        let network = self.responder.network;
        if let Some(way) = instead_of {
            self.make_way(way);
        }
        let at = self.free.pop().unwrap_or_else(|| {
            self.connections.push(None);
            self.generations.push(0);
            self.connections.len() - 1
        });
        let _ = stream.set_nodelay(true);
        let interest = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.poll.registry().register(&mut stream, Token(at), interest) {
            self.responder.refuse(Refused::System, &peer, &error);
            self.free.push(at);
            return network.admission.leave(peer.ip(), place, self.responder.worker);
        }
        let share = self.queue.join(peer.ip(), place, at);
        let most = network.settings.section.associations as usize;
        let mut connection = Connection::new(stream, peer, place, share, most, self.responder.now);
        if let Some(capture) = &network.capture {
            connection.flow = capture.open(peer, local).map_err(|_| network.fail()).ok();
        }
        self.responder.counters.sessions += 1;
        self.opened += 1;
        self.generations[at] = self.opened;
        self.connections[at] = Some(connection);
        self.queue(at);
    }

    /// Closes the connection of a host that is idle for longest.
    fn make_way(&mut self, way: GivesWay) {
        let of_host = self.connections.iter().enumerate().filter_map(|(at, connection)| {
            let connection = connection.as_ref()?;
            let is_of_host = network_of(connection.peer.ip()) == way.host;
            (is_of_host && way.place.is_none_or(|place| place == connection.place)).then_some((connection.last, at))
        });
        let admission = &self.responder.network.admission;
        let Some((_, at)) = of_host.min() else { return admission.gave_way(way, self.responder.worker, None) };
        if let Some(connection) = self.end(at) {
            admission.gave_way(way, self.responder.worker, Some(connection.place));
            self.responder.refuse(Refused::GaveWay, &connection.peer, &"closed");
        }
    }
}

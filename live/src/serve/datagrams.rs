//! Datagrams: one wrapper frame each, all meters on one socket.

use super::addresses::Destination;
use super::associations::Associations;
use super::capture::From;
use super::counters::Refused;
use super::listen::{self, Datagram};
use super::mesh_delay::{Transit, Waiting};
use super::responder::{Outcome, Responder};
use amitwin_dlms::link::wrapper;
use amitwin_scenarios::served::wall;
use mio::net::UdpSocket;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// Datagrams that are answered before others have their turn.
const DATAGRAMS_A_TURN: usize = 64;
/// Answers that wait for their time at most.
const WAITING_MAX: usize = 10_000;

/// The socket with what belongs to it.
#[derive(Debug)]
pub struct Datagrams {
    /// Known to the event loop.
    pub registered: UdpSocket,
    socket: std::net::UdpSocket,
    port: u16,
    buffer: Vec<u8>,
    control: Vec<u8>,
    associations: BTreeMap<(SocketAddr, u64), (Instant, Associations)>,
    /// In the order in which they are due.
    replies: Vec<Reply>,
    /// Answers on their simulated way, by their number.
    under_way: BTreeMap<u64, Reply>,
    asked: u64,
}

/// An answer that may leave at a time.
#[derive(Debug)]
struct Reply {
    due: Instant,
    peer: SocketAddr,
    local: IpAddr,
    bytes: Vec<u8>,
}

impl Datagrams {
    /// Of a bound socket.
    ///
    /// # Errors
    /// As the system's.
    pub fn new(socket: std::net::UdpSocket, port: u16, apdu_max: u16) -> io::Result<Datagrams> {
        Ok(Datagrams {
            registered: UdpSocket::from_std(socket.try_clone()?),
            socket,
            port,
            buffer: vec![0; wrapper::HEADER_BYTES + usize::from(apdu_max) + 1],
            control: listen::control_buffer(),
            associations: BTreeMap::new(),
            replies: Vec::new(),
            under_way: BTreeMap::new(),
            asked: 0,
        })
    }

    /// Takes datagrams and asks their meters; `true` if there may be more.
    pub fn take(&mut self, responder: &mut Responder<'_>) -> bool {
        for _ in 0..DATAGRAMS_A_TURN {
            match listen::receive(&self.socket, &mut self.buffer, &mut self.control) {
                Ok(Some(datagram)) => self.answer(datagram, responder),
                Ok(None) => return false,
                Err(error) => {
                    responder.refuse(Refused::System, &"UDP", &error);
                    return false;
                }
            }
        }
        true
    }

    fn answer(&mut self, datagram: Datagram, responder: &mut Responder<'_>) {
        let Datagram { bytes, peer, local, cut } = datagram;
        responder.counters.datagrams += 1;
        responder.counters.bytes_in += bytes as u64;
        let here = SocketAddr::new(local, self.port);
        if let Some(capture) = &responder.network.capture
            && capture.datagram(peer, here, From::Peer, &self.buffer[..bytes]).is_err()
        {
            responder.network.fail();
        }
        let place = match responder.network.place(local, peer.ip()) {
            Ok(place) => place,
            Err(reason) => return responder.refuse(reason, &peer, &format_args!("a datagram to {local}")),
        };
        let input = &mut self.buffer[..bytes];
        let frame = match wrapper::datagram(input, responder.network.apdu_max) {
            Ok(frame) if !cut => frame,
            Ok(_) => return responder.refuse(Refused::Wrapper, &peer, &"a datagram that is too large"),
            Err(error) => return responder.refuse(Refused::Wrapper, &peer, &error),
        };
        if self.replies.len() + self.under_way.len() >= WAITING_MAX {
            return responder.refuse(Refused::System, &peer, &"too many answers wait");
        }
        let key = (peer, place);
        let mut fresh = Associations::default();
        let full = self.associations.len() >= responder.network.settings.section.connections as usize;
        let (known, associations) = match self.associations.get_mut(&key) {
            Some((last, associations)) => {
                *last = responder.now;
                (true, associations)
            }
            None => (false, &mut fresh),
        };
        let request = &mut input[wrapper::HEADER_BYTES..];
        let outcome =
            responder.ask(place, Destination::Port(frame.destination), frame.source, request, associations, &peer);
        let empty = associations.is_empty();
        match (known, empty) {
            (false, false) if full => {
                return responder.refuse(Refused::Associations, &peer, &"too many clients over UDP");
            }
            (false, false) => drop(self.associations.insert(key, (responder.now, fresh))),
            (true, true) => drop(self.associations.remove(&key)),
            _ => {}
        }
        if matches!(outcome, Outcome::Reply | Outcome::ReplyAndReset) {
            let mut bytes = Vec::with_capacity(wrapper::HEADER_BYTES + responder.reply.len());
            wrapper::put(frame.destination, frame.source, &responder.reply, &mut bytes);
            if let Some(fault) = responder.fault {
                fault.spoil_frame(&mut bytes, 0);
            }
            let due = responder.now + responder.network.settings.delay();
            let reply = Reply { due, peer, local, bytes };
            let Some(transits) = &responder.network.transits else {
                self.replies.push(reply);
                for block in &responder.more {
                    let mut bytes = Vec::with_capacity(wrapper::HEADER_BYTES + block.len());
                    wrapper::put(frame.destination, frame.source, block, &mut bytes);
                    self.replies.push(Reply { due, peer, local, bytes });
                }
                return;
            };
            let (number, request, answer) = responder.asked;
            let waiting = Waiting::Datagram(self.asked);
            let transit = Transit { worker: responder.worker, waiting, number, bytes: (request, answer) };
            if transits.send(transit).is_ok() {
                self.under_way.insert(self.asked, reply);
                self.asked += 1;
            }
        }
    }

    /// The simulated way of an answer is over.
    pub fn arrived(&mut self, asked: u64, due: Option<Instant>) {
        let (Some(mut reply), Some(due)) = (self.under_way.remove(&asked), due) else { return };
        reply.due = due;
        let at = self.replies.partition_point(|other| other.due <= due);
        self.replies.insert(at, reply);
    }

    /// Sends what is due; what the system has no room for is lost, as datagrams are.
    pub fn send(&mut self, responder: &mut Responder<'_>) {
        let now = responder.now;
        let due = self.replies.partition_point(|reply| reply.due <= now);
        for reply in self.replies.drain(..due) {
            if let Some(capture) = &responder.network.capture {
                let here = SocketAddr::new(reply.local, self.port);
                if capture.datagram(reply.peer, here, From::Local, &reply.bytes).is_err() {
                    responder.network.fail();
                }
            }
            match listen::send(&self.socket, &reply.bytes, reply.peer, reply.local) {
                Ok(()) => responder.counters.bytes_out += reply.bytes.len() as u64,
                Err(error) => responder.refuse(Refused::System, &reply.peer, &error),
            }
        }
    }

    /// When the next answer is due.
    pub fn next(&self) -> Option<Instant> {
        self.replies.first().map(|reply| reply.due)
    }

    /// Ends associations that were not used for long.
    pub fn sweep(&mut self, responder: &mut Responder<'_>) {
        let (now, idle) = (responder.now, wall(responder.network.settings.section.idle));
        let before = self.associations.len();
        self.associations.retain(|_, (last, _)| now.duration_since(*last) <= idle);
        for _ in self.associations.len()..before {
            responder.refuse(Refused::Idle, &"UDP", &"an association ends");
        }
    }
}

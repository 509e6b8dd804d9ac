//! Datagrams: one wrapper frame each, all meters on one socket.

use super::addresses::Destination;
use super::capture::From;
use super::counters::Refused;
use super::datagram_associations::DatagramAssociations;
use super::fair_queue::{FairQueue, Flow};
use super::host_share::HostShare;
use super::listen::{self, Datagram};
use super::mesh_delay::{Transit, Waiting};
use super::responder::{Outcome, Question, Responder};
use super::worker::DATAGRAMS_FROM;
use amitwin_dlms::Client;
use amitwin_dlms::link::wrapper;
use amitwin_scenarios::served::wall;
use mio::net::UdpSocket;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// Datagrams that are taken in before requests have their turn.
const TAKEN_A_TURN: usize = 256;
/// Datagrams that wait for their turn at most; one host may have as many as there is room left for others.
const WAITING_MAX: usize = 8_192;
/// Answers that wait for their time at most, shared likewise.
const ANSWERS_MAX: usize = 10_000;

/// The socket with what belongs to it.
#[derive(Debug)]
pub struct Datagrams {
    /// Known to the event loop.
    pub registered: UdpSocket,
    /// There may be more to take in.
    pub ready: bool,
    socket: std::net::UdpSocket,
    port: u16,
    buffer: Vec<u8>,
    control: Vec<u8>,
    associations: DatagramAssociations,
    /// Requests that wait for their turn, by host and meter.
    inboxes: Vec<Inbox>,
    free: Vec<usize>,
    by_sender: BTreeMap<(IpAddr, u64), usize>,
    waiting: HostShare,
    /// Answers that wait for their time, both those below.
    answers: HostShare,
    /// In the order in which they are due.
    replies: Vec<Reply>,
    /// Answers on their simulated way, by their number.
    under_way: BTreeMap<u64, Reply>,
    asked: u64,
}

/// What one host has asked one meter.
#[derive(Debug)]
struct Inbox {
    sender: (IpAddr, u64),
    flow: Flow,
    requests: VecDeque<Request>,
}

/// A datagram that waits for its turn.
#[derive(Debug)]
struct Request {
    peer: SocketAddr,
    local: IpAddr,
    bytes: Vec<u8>,
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
    /// Of a bound socket, with so many associations at most.
    ///
    /// # Errors
    /// As the system's.
    pub fn new(socket: std::net::UdpSocket, port: u16, apdu_max: u16, associations: usize) -> io::Result<Datagrams> {
        Ok(Datagrams {
            registered: UdpSocket::from_std(socket.try_clone()?),
            ready: false,
            socket,
            port,
            buffer: vec![0; wrapper::HEADER_BYTES + usize::from(apdu_max) + 1],
            control: listen::control_buffer(),
            associations: DatagramAssociations::new(associations),
            inboxes: Vec::new(),
            free: Vec::new(),
            by_sender: BTreeMap::new(),
            waiting: HostShare::new(WAITING_MAX),
            answers: HostShare::new(ANSWERS_MAX),
            replies: Vec::new(),
            under_way: BTreeMap::new(),
            asked: 0,
        })
    }

    /// Takes in datagrams, each to wait for the turn of its host and meter.
    pub fn take(&mut self, queue: &mut FairQueue, responder: &mut Responder<'_>) {
        for _ in 0..TAKEN_A_TURN {
            if !self.ready {
                return;
            }
            match listen::receive(&self.socket, &mut self.buffer, &mut self.control) {
                Ok(Some(datagram)) => self.sort(datagram, queue, responder),
                Ok(None) => self.ready = false,
                Err(error) => {
                    responder.refuse(Refused::System, &"UDP", &error);
                    self.ready = false;
                }
            }
        }
    }

    fn sort(&mut self, datagram: Datagram, queue: &mut FairQueue, responder: &mut Responder<'_>) {
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
        match wrapper::datagram(&self.buffer[..bytes], responder.network.apdu_max) {
            Ok(_) if !cut => {}
            Ok(_) => return responder.refuse(Refused::Wrapper, &peer, &"a datagram that is too large"),
            Err(error) => return responder.refuse(Refused::Wrapper, &peer, &error),
        }
        if !self.waiting.has_room(peer.ip(), 1) {
            return responder.refuse(Refused::Crowded, &peer, &"a datagram is dropped");
        }
        self.waiting.add(peer.ip(), 1);
        let sender = (peer.ip(), place);
        let at = match self.by_sender.get(&sender) {
            Some(at) => *at,
            None => self.open(sender, queue),
        };
        self.inboxes[at].requests.push_back(Request { peer, local, bytes: self.buffer[..bytes].to_vec() });
        queue.queue(self.inboxes[at].flow);
    }

    fn open(&mut self, sender: (IpAddr, u64), queue: &mut FairQueue) -> usize {
        let at = self.free.pop().unwrap_or(self.inboxes.len());
        let flow = queue.join(sender.0, sender.1, DATAGRAMS_FROM + at);
        let inbox = Inbox { sender, flow, requests: VecDeque::new() };
        match self.inboxes.get_mut(at) {
            Some(free) => *free = inbox,
            None => self.inboxes.push(inbox),
        }
        self.by_sender.insert(sender, at);
        at
    }

    /// Asks a meter what has waited longest among what its turn belongs to; whether more waits there.
    pub fn answer_next(&mut self, inbox: usize, queue: &mut FairQueue, responder: &mut Responder<'_>) -> bool {
        let Some(Inbox { sender, flow, requests }) = self.inboxes.get_mut(inbox) else { return false };
        let (sender, flow) = (*sender, *flow);
        let (request, more) = (requests.pop_front(), !requests.is_empty());
        if let Some(request) = request {
            self.waiting.remove(sender.0, 1);
            self.answer(sender.1, request, responder);
        }
        if !more {
            self.by_sender.remove(&sender);
            self.free.push(inbox);
            queue.leave(flow);
        }
        more
    }

    fn answer(&mut self, place: u64, request: Request, responder: &mut Responder<'_>) {
        let Request { peer, local, mut bytes } = request;
        // It was looked at when it came.
        let Ok(frame) = wrapper::datagram(&bytes, responder.network.apdu_max) else { return };
        if !self.answers.has_room(peer.ip(), 1) {
            return responder.refuse(Refused::Crowded, &peer, &"too many answers wait");
        }
        let request = &mut bytes[wrapper::HEADER_BYTES..];
        let (destination, client) = (Destination::Port(frame.destination), frame.source);
        let Some((number, prefix)) = responder.route(place, destination, request, &peer) else { return };
        let is_pre_established = Client::of_address(client) == Some(Client::Public);
        let question = Question { number, prefix, place, destination, client, is_pre_established, peer };
        let now = responder.now;
        let (outcome, gave_way) =
            self.associations.exchange(peer, (number, client), now, |held| responder.ask(question, request, held));
        responder.gave_way(gave_way);
        if matches!(outcome, Outcome::Reply | Outcome::ReplyAndReset) {
            let mut bytes = Vec::with_capacity(wrapper::HEADER_BYTES + responder.reply.len());
            wrapper::put(frame.destination, frame.source, &responder.reply, &mut bytes);
            if let Some(fault) = responder.fault {
                fault.spoil_frame(&mut bytes, 0);
            }
            let due = responder.now + responder.network.settings.delay();
            let reply = Reply { due, peer, local, bytes };
            let Some(transits) = &responder.network.transits else {
                self.answers.add(peer.ip(), 1);
                self.replies.push(reply);
                for block in &responder.more {
                    self.answers.add(peer.ip(), 1);
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
                self.answers.add(peer.ip(), 1);
                self.under_way.insert(self.asked, reply);
                self.asked += 1;
            }
        }
    }

    /// The simulated way of an answer is over.
    pub fn arrived(&mut self, asked: u64, due: Option<Instant>) {
        let Some(mut reply) = self.under_way.remove(&asked) else { return };
        let Some(due) = due else { return self.answers.remove(reply.peer.ip(), 1) };
        reply.due = due;
        let at = self.replies.partition_point(|other| other.due <= due);
        self.replies.insert(at, reply);
    }

    /// Sends what is due; what the system has no room for is lost, as datagrams are.
    pub fn send(&mut self, responder: &mut Responder<'_>) {
        let now = responder.now;
        let due = self.replies.partition_point(|reply| reply.due <= now);
        for reply in self.replies.drain(..due) {
            self.answers.remove(reply.peer.ip(), 1);
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
        for _ in 0..self.associations.end_idle(now, idle) {
            responder.refuse(Refused::Idle, &"UDP", &"an association ends");
        }
    }
}

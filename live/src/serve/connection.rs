//! One TCP connection: its link, its associations, what is half-read and what is not written yet.

use super::addresses::Destination;
use super::associations::{Associations, Held};
use super::capture::Flow;
use super::counters::Refused;
use super::fair_queue;
use super::responder::{Outcome, Question, Responder};
use amitwin_dlms::link::hdlc::{self, Event, Found, Station};
use amitwin_dlms::link::wrapper;
use amitwin_scenarios::served::Transport;
use mio::net::TcpStream;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// HDLC links on one connection.
const HDLC_LINKS: usize = 64;
/// How long requests of one connection are answered before others have their turn; the last of them may take longer.
const TURN: Duration = Duration::from_micros(200);
/// Bytes that wait to be written before nothing more is read.
pub const OUT_MAX: usize = 16 << 10;

/// What is spoken.
#[derive(Debug)]
enum Link {
    /// Not a byte has come.
    Unknown,
    Wrapper,
    Hdlc(Box<Station>),
}

/// One connection.
#[derive(Debug)]
pub struct Connection {
    /// The socket.
    pub stream: TcpStream,
    /// The client.
    pub peer: SocketAddr,
    /// Place of the meter, 0 for any.
    pub place: u64,
    /// Its share of the worker's time.
    pub share: fair_queue::Flow,
    /// Its copy in the capture.
    pub flow: Option<Flow>,
    /// Bytes that are no whole request yet.
    pub held: Vec<u8>,
    /// Answers.
    pub out: Vec<u8>,
    /// Bytes of them that are written.
    pub written: usize,
    /// When the last whole request came.
    pub last: Instant,
    /// Since when a request is half-read.
    pub half_since: Option<Instant>,
    /// Since when the client takes nothing.
    pub full_since: Option<Instant>,
    /// There may be more to read, but answers must go first.
    pub stalled: bool,
    /// The client has said that nothing follows: its end is read behind what is still there.
    pub ends: bool,
    /// An answer waits for its time.
    pub delayed: bool,
    /// What was answered last: node of the meter, bytes of request and answer.
    pub asked: Option<(u32, usize, usize)>,
    /// To be closed once everything is written.
    pub closing: bool,
    link: Link,
    associations: Associations<(u32, u16), Held>,
}

/// How far a turn came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Everything that was whole is answered.
    Done,
    /// Others first.
    More,
    /// Answers must go first.
    Stalled,
}

impl Connection {
    /// A connection that has just been taken.
    pub fn new(
        stream: TcpStream,
        peer: SocketAddr,
        place: u64,
        share: fair_queue::Flow,
        associations: usize,
        now: Instant,
    ) -> Connection {
        Connection {
            stream,
            peer,
            place,
            share,
            flow: None,
            held: Vec::new(),
            out: Vec::new(),
            written: 0,
            last: now,
            half_since: None,
            full_since: None,
            stalled: false,
            ends: false,
            delayed: false,
            asked: None,
            closing: false,
            link: Link::Unknown,
            associations: Associations::new(associations),
        }
    }

    /// Answers what is whole in `input`; what is not stays in `held`.
    pub fn take(&mut self, input: &mut [u8], responder: &mut Responder<'_>) -> Turn {
        if let (Link::Unknown, Some(first)) = (&self.link, input.first()) {
            let settings = &responder.network.settings;
            self.link = match *first {
                0x7E if settings.speaks(Transport::TcpHdlc) => {
                    let links = HDLC_LINKS.min(settings.section.associations as usize);
                    Link::Hdlc(Box::new(Station::new(responder.network.apdu_max, links, hdlc::INFORMATION_BYTES_MAX)))
                }
                _ if settings.speaks(Transport::TcpWrapper) => Link::Wrapper,
                first => {
                    let what = format!("a first byte {first:#04x}");
                    return self.refuse(responder, Refused::NotOffered, &what);
                }
            };
        }
        let (mut at, mut turn, mut whole) = (0, Turn::Done, false);
        let began = Instant::now();
        loop {
            if self.closing {
                break;
            }
            if self.delayed || self.out.len() - self.written > OUT_MAX {
                turn = Turn::Stalled;
                break;
            }
            if whole && began.elapsed() >= TURN {
                turn = Turn::More;
                break;
            }
            let rest = &mut input[at..];
            let used = match &self.link {
                Link::Hdlc(_) => self.take_frame(rest, responder),
                _ => self.take_wrapper(rest, responder),
            };
            match used {
                0 => break,
                used => (at, whole) = (at + used, true),
            }
        }
        let rest = if self.closing { &[] } else { &input[at..] };
        self.held.clear();
        self.held.extend_from_slice(rest);
        if rest.is_empty() {
            // A thousand quiet connections hold nothing.
            self.held = Vec::new();
        }
        // A flag alone may be the end of one frame or the beginning of another.
        let half = turn == Turn::Done && !rest.is_empty() && *rest != [0x7E];
        self.half_since = match (half, self.half_since) {
            (false, _) => None,
            (true, Some(since)) if !whole => Some(since),
            (true, _) => Some(responder.now),
        };
        turn
    }

    fn take_wrapper(&mut self, input: &mut [u8], responder: &mut Responder<'_>) -> usize {
        let frame = match wrapper::next(input, responder.network.apdu_max) {
            Ok(Some(frame)) => frame,
            Ok(None) => return 0,
            Err(error) => {
                self.refuse(responder, Refused::Wrapper, &error.to_string());
                return 0;
            }
        };
        self.last = responder.now;
        let request = &mut input[wrapper::HEADER_BYTES..frame.bytes];
        let whom = (self.place, Destination::Port(frame.destination), frame.source);
        let outcome = ask(&mut self.associations, whom, request, &self.peer, responder);
        if matches!(outcome, Outcome::Reply | Outcome::ReplyAndReset) {
            let from = self.out.len();
            wrapper::put(frame.destination, frame.source, &responder.reply, &mut self.out);
            if let Some(fault) = responder.fault {
                fault.spoil_frame(&mut self.out, from);
            }
            for block in &responder.more {
                wrapper::put(frame.destination, frame.source, block, &mut self.out);
            }
        }
        self.end(outcome, responder);
        frame.bytes
    }

    fn take_frame(&mut self, input: &[u8], responder: &mut Responder<'_>) -> usize {
        let Link::Hdlc(station) = &mut self.link else { return 0 };
        let (frame, used) = match hdlc::find(input) {
            Found::Frame(frame, used) => (frame, used),
            Found::Noise(used, wrong_sum) => {
                if wrong_sum {
                    responder.refuse(Refused::Hdlc, &self.peer, &"a wrong check sequence");
                }
                return used;
            }
            Found::Wait => return 0,
        };
        let event = station.take(&frame, &mut self.out);
        let place = self.place;
        let (ends, is_request) = match event {
            Event::Idle => return used,
            Event::Refused(error) => {
                responder.refuse(Refused::Hdlc, &self.peer, &error);
                return used;
            }
            Event::Opened(ends) | Event::Closed(ends) => (ends, false),
            Event::Request(ends) => (ends, true),
        };
        self.last = responder.now;
        let (destination, client) = (Destination::Hdlc(ends.server), u16::from(ends.client));
        if !is_request {
            // A link's beginning and end are those of what was agreed over it.
            if let Ok((number, _)) = responder.network.route(place, destination, &[]) {
                self.associations.remove((number, client));
            }
            return used;
        }
        let request = station.request(ends);
        let outcome = ask(&mut self.associations, (place, destination, client), request, &self.peer, responder);
        match outcome {
            Outcome::Reply | Outcome::ReplyAndReset => {
                let from = self.out.len();
                station.reply(ends, &responder.reply, &mut self.out);
                if let Some(fault) = responder.fault {
                    fault.spoil_frame(&mut self.out, from);
                }
            }
            Outcome::Wait => station.wait(ends, &mut self.out),
            Outcome::Silent | Outcome::Close => station.silence(ends),
        }
        self.end(outcome, responder);
        used
    }

    fn end(&mut self, outcome: Outcome, responder: &Responder<'_>) {
        // A meter that resets takes its own connection with it, not one that it shares with others.
        self.closing |= outcome == Outcome::Close || outcome == Outcome::ReplyAndReset && self.place != 0;
        let settings = &responder.network.settings;
        self.delayed |= (settings.is_by_mesh() || !settings.delay().is_zero()) && self.out.len() > self.written;
        if matches!(outcome, Outcome::Reply | Outcome::ReplyAndReset) {
            self.asked = Some(responder.asked);
        }
    }

    fn refuse(&mut self, responder: &mut Responder<'_>, reason: Refused, what: &str) -> Turn {
        responder.refuse(reason, &self.peer, &what);
        self.closing = true;
        self.held = Vec::new();
        self.half_since = None;
        Turn::Done
    }
}

/// Asks the meter at a place, of which the link names the meter and the client.
fn ask(
    associations: &mut Associations<(u32, u16), Held>,
    (place, destination, client): (u64, Destination, u16),
    request: &mut [u8],
    peer: &SocketAddr,
    responder: &mut Responder<'_>,
) -> Outcome {
    let Some((number, prefix)) = responder.route(place, destination, request, peer) else { return Outcome::Silent };
    let question = Question { number, prefix, place, destination, client, is_pre_established: false, peer: *peer };
    let now = responder.now;
    let (outcome, gave_way) =
        associations.exchange((number, client), now, |held| responder.ask(question, request, held));
    responder.gave_way(gave_way);
    outcome
}

//! Load on a served street: TCP sessions that read one register over and over, each with so many requests under way.

use crate::dlms::{GET_ENERGY, Sealer, aarq};
use dlms_cosem_rs::acse::Aare;
use dlms_cosem_rs::codec::Decode;
use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

pub(crate) const READER: u8 = 0x11;
const PUBLIC: u8 = 0x10;
/// An association request without security.
const OPEN_PUBLIC: [u8; 31] = [
    0x60, 0x1D, 0xA1, 9, 6, 7, 0x60, 0x85, 0x74, 5, 8, 1, 1, 0xBE, 0x10, 4, 0x0E, 1, 0, 0, 0, 6, 0x5F, 0x1F, 4, 0,
    0x62, 0x1E, 0x5D, 0xFF, 0xFF,
];
/// GET of the highest invocation counter that the meter has received.
const GET_COUNTER: [u8; 13] = [0xC0, 1, 0xC1, 0, 1, 0, 0, 43, 1, 0, 255, 2, 0];
/// Of so many ciphered answers one is deciphered: all of them would measure this program.
const CHECKED: u64 = 64;
const PATIENCE: Duration = Duration::from_secs(10);

/// What is asked of whom.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Meter 1; meter n is n - 1 addresses after it.
    pub first: SocketAddr,
    /// Meters, taken in turn.
    pub meters: u32,
    /// TCP connections at one time.
    pub sessions: u32,
    /// Requests under way on each.
    pub depth: u32,
    /// Threads of this program.
    pub threads: u32,
    /// Authenticated and encrypted, suite 0 and test keys.
    pub ciphered: bool,
    /// How long requests are sent.
    pub seconds: f64,
    /// How long a session pauses after an answer, ms.
    pub pause_ms: f64,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Answers with the register's value.
    pub answered: u64,
    /// Answers without.
    pub refused: u64,
    /// Connections that the other side closed, or that broke.
    pub closed: u64,
    /// Answers that did not come within ten seconds of the end.
    pub missing: u64,
    /// From the first request to the last answer, s.
    pub wall_s: f64,
    /// To open all sessions, s.
    pub open_s: f64,
    /// From a request to its answer, µs.
    pub latency_us: Histogram<u64>,
}

struct Session {
    stream: mio::net::TcpStream,
    title: [u8; 8],
    counter: u32,
    /// When the requests under way were sent, ns since the beginning.
    sent: VecDeque<u64>,
    /// When the next request may be sent, ns since the beginning.
    due_ns: u64,
    input: Vec<u8>,
    output: Vec<u8>,
    written: usize,
    broken: bool,
}

/// Runs it.
///
/// # Errors
/// A session that cannot be opened, by number and cause.
pub fn run(load: Load) -> Result<Outcome, String> {
    let began = Instant::now();
    let shares: Vec<Result<Vec<Session>, String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..load.threads).map(|n| scope.spawn(move || open_share(&load, n))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let shares = shares.into_iter().collect::<Result<Vec<_>, _>>()?;
    let open_s = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let outcomes: Vec<Result<Outcome, String>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            shares.into_iter().map(|share| scope.spawn(move || ask_on(&load, share, began))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let mut all = Outcome { open_s, wall_s: began.elapsed().as_secs_f64(), ..nothing() };
    for outcome in outcomes {
        let outcome = outcome?;
        all.answered += outcome.answered;
        all.refused += outcome.refused;
        all.closed += outcome.closed;
        all.missing += outcome.missing;
        all.latency_us.add(&outcome.latency_us).map_err(|e| e.to_string())?;
    }
    Ok(all)
}

fn nothing() -> Outcome {
    let latency_us = Histogram::new_with_bounds(1, 60_000_000, 3).expect("bounds as they should be");
    Outcome { answered: 0, refused: 0, closed: 0, missing: 0, wall_s: 0.0, open_s: 0.0, latency_us }
}

fn open_share(load: &Load, thread: u32) -> Result<Vec<Session>, String> {
    let mut sealer = Sealer::default();
    (thread..load.sessions)
        .step_by(load.threads as usize)
        .map(|n| {
            let address = nth(load.first, n % load.meters);
            open(load, address, &mut sealer).map_err(|e| format!("session {n}, {address}: {e}"))
        })
        .collect()
}

pub(crate) fn nth(first: SocketAddr, n: u32) -> SocketAddr {
    let ip: IpAddr = match first.ip() {
        IpAddr::V4(ip) => IpAddr::V4(u32::from(ip).wrapping_add(n).into()),
        IpAddr::V6(ip) => IpAddr::V6(u128::from(ip).wrapping_add(n.into()).into()),
    };
    SocketAddr::new(ip, first.port())
}

pub(crate) fn frame(client: u8, apdu: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 1, 0, client, 0, 1]);
    out.extend_from_slice(&(apdu.len() as u16).to_be_bytes());
    out.extend_from_slice(apdu);
}

pub(crate) fn ask(stream: &mut TcpStream, client: u8, apdu: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    frame(client, apdu, &mut out);
    stream.write_all(&out)?;
    let mut head = [0; 8];
    stream.read_exact(&mut head)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes([head[6], head[7]]))];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}

fn open(load: &Load, address: SocketAddr, sealer: &mut Sealer) -> Result<Session, String> {
    let told = |e: io::Error| e.to_string();
    let mut stream = TcpStream::connect(address).map_err(told)?;
    stream.set_nodelay(true).map_err(told)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    let mut counter = 0;
    if load.ciphered {
        ask(&mut stream, PUBLIC, &OPEN_PUBLIC).map_err(told)?;
        let answer = ask(&mut stream, PUBLIC, &GET_COUNTER).map_err(told)?;
        let [0xC4, 1, _, 0, 6, a, b, c, d] = answer[..] else {
            return Err(format!("no invocation counter: {answer:02X?}"));
        };
        counter = u32::from_be_bytes([a, b, c, d]) + 1;
    }
    let request = aarq(load.ciphered, &mut |plain| {
        let mut sealed = Vec::new();
        sealer.seal(counter, plain, &mut sealed);
        sealed
    });
    counter += 1;
    let answer = ask(&mut stream, READER, &request).map_err(told)?;
    let aare = Aare::from_bytes(&answer).map_err(|_| format!("no AARE: {answer:02X?}"))?;
    if aare.result != dlms_cosem_rs::acse::AssociationResult::Accepted {
        return Err(format!("the association was refused: {answer:02X?}"));
    }
    let title = aare.responding_ap_title.and_then(|title| title.try_into().ok()).unwrap_or_default();
    stream.set_nonblocking(true).map_err(told)?;
    Ok(Session {
        stream: mio::net::TcpStream::from_std(stream),
        title,
        counter,
        sent: VecDeque::with_capacity(load.depth as usize),
        due_ns: 0,
        input: Vec::with_capacity(1_024),
        output: Vec::with_capacity(64 * load.depth as usize),
        written: 0,
        broken: false,
    })
}

impl Session {
    /// Makes requests until so many are under way, and sends what the socket takes.
    fn send(&mut self, load: &Load, now_ns: u64, sealer: &mut Sealer, sealed: &mut Vec<u8>) {
        while self.sent.len() < load.depth as usize && self.due_ns <= now_ns {
            if load.ciphered {
                sealed.clear();
                sealer.seal(self.counter, &GET_ENERGY, sealed);
                self.counter += 1;
                frame(READER, sealed, &mut self.output);
            } else {
                frame(READER, &GET_ENERGY, &mut self.output);
            }
            self.sent.push_back(now_ns);
        }
        self.flush();
    }

    fn flush(&mut self) {
        while self.written < self.output.len() {
            match self.stream.write(&self.output[self.written..]) {
                Ok(n) => self.written += n,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return self.broken = true,
            }
        }
        self.output.clear();
        self.written = 0;
    }

    /// Takes what has come.
    fn take(&mut self, load: &Load, began: Instant, sealer: &mut Sealer, buffer: &mut [u8], outcome: &mut Outcome) {
        loop {
            let n = match self.stream.read(buffer) {
                Ok(0) => return self.broken = true,
                Ok(n) => n,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return self.broken = true,
            };
            self.input.extend_from_slice(&buffer[..n]);
            let mut at = 0;
            while let [_, _, _, _, _, _, high, low, rest @ ..] = &self.input[at..] {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                let Some(apdu) = rest.get(..length) else { break };
                let holds = if load.ciphered {
                    apdu.first() == Some(&0xCC)
                        && (!outcome.answered.is_multiple_of(CHECKED)
                            || sealer.open(&self.title, apdu).is_some_and(|plain| is_value(&plain)))
                } else {
                    is_value(apdu)
                };
                at += 8 + length;
                let sent = self.sent.pop_front();
                if holds && let Some(sent_ns) = sent {
                    outcome.answered += 1;
                    let now_ns = began.elapsed().as_nanos() as u64;
                    self.due_ns = now_ns + (load.pause_ms * 1e6) as u64;
                    let spent_ns = now_ns.saturating_sub(sent_ns);
                    outcome.latency_us.saturating_record((spent_ns / 1_000).max(1));
                } else {
                    outcome.refused += 1;
                }
            }
            self.input.drain(..at);
            // Shorter than what was asked for: there is no more, and the next readiness will be told.
            if n < buffer.len() {
                return;
            }
        }
    }
}

/// GET response, normal, data, a register's value.
fn is_value(apdu: &[u8]) -> bool {
    matches!(apdu, [0xC4, 1, 0xC1, 0, 6, _, _, _, _])
}

fn ask_on(load: &Load, mut sessions: Vec<Session>, began: Instant) -> Result<Outcome, String> {
    let told = |e: io::Error| e.to_string();
    let mut poll = Poll::new().map_err(told)?;
    let mut outcome = nothing();
    let (mut sealer, mut sealed, mut buffer) = (Sealer::default(), Vec::new(), vec![0; 64 << 10]);
    for (n, session) in sessions.iter_mut().enumerate() {
        let interest = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut session.stream, Token(n), interest).map_err(told)?;
        session.send(load, began.elapsed().as_nanos() as u64, &mut sealer, &mut sealed);
    }
    let mut events = Events::with_capacity(1_024);
    let end = Duration::from_secs_f64(load.seconds);
    let mut open = sessions.len();
    while open > 0 && began.elapsed() < end + PATIENCE {
        let over = began.elapsed() >= end;
        if over && sessions.iter().all(|session| session.broken || session.sent.is_empty()) {
            break;
        }
        // The event queue counts in milliseconds.
        let patience_ms = if load.pause_ms > 0.0 { 1 } else { 100 };
        poll.poll(&mut events, Some(Duration::from_millis(patience_ms))).map_err(told)?;
        for event in &events {
            let session = &mut sessions[event.token().0];
            if session.broken {
                continue;
            }
            if event.is_readable() {
                session.take(load, began, &mut sealer, &mut buffer, &mut outcome);
            }
            if !session.broken && over {
                session.flush();
            } else if !session.broken {
                session.send(load, began.elapsed().as_nanos() as u64, &mut sealer, &mut sealed);
            }
            if session.broken {
                outcome.closed += 1;
                open -= 1;
            }
        }
        if load.pause_ms > 0.0 && !over {
            let now_ns = began.elapsed().as_nanos() as u64;
            for session in sessions.iter_mut().filter(|session| !session.broken) {
                session.send(load, now_ns, &mut sealer, &mut sealed);
            }
        }
    }
    outcome.missing = sessions.iter().map(|session| session.sent.len() as u64).sum();
    Ok(outcome)
}

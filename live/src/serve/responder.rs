//! Answers requests in the name of their meters: one responder a worker, with buffers that are used again.

use super::addresses::Destination;
use super::associations::Held;
use super::codes;
use super::counters::{Counters, Refused};
use super::fault::{Fault, draw, is_ciphered};
use super::network::ServedNetwork;
use super::outbox::{Notification, Origin, Outbox, Push};
use super::registry::Change;
use super::state::Record;
use amitwin_dlms::link::{gateway_form, wrapper};
use amitwin_dlms::{Call, Denied, Effects, Moment, Reaction, Scratch, Session, answer, answer_in_blocks};
use amitwin_models::purpose::BOOT;
use amitwin_models::spec::ResetTier;
use amitwin_sim_core::rng::Stream;
use std::fmt::Display;
use std::io;
use std::net::SocketAddr;
use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tag of an association request.
const AARQ: u8 = 0x60;
/// Lines that a worker says in a second; more are counted.
const LINES: u32 = 50;

/// Takes a line of the log.
pub type Log<'a> = &'a (dyn Fn(&str) + Sync);

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer is in [`Responder::reply`].
    Reply,
    /// The answer is there, and the meter resets after it.
    ReplyAndReset,
    /// There is none.
    Silent,
    /// There is none yet: the request came in part.
    Wait,
    /// The connection ends.
    Close,
}

/// Whom a request is for and whom it is from.
#[derive(Clone, Copy)]
pub struct Question {
    /// Node of the meter.
    pub number: u32,
    /// Bytes in front of the APDU.
    pub prefix: usize,
    /// Place of the meter, 0 where one address serves all.
    pub place: u64,
    /// The meter as the link names it.
    pub destination: Destination,
    /// The client as the link names it.
    pub client: u16,
    /// The public client, with whom nothing has to be opened.
    pub is_pre_established: bool,
    /// The client.
    pub peer: SocketAddr,
}

/// Answers requests of one worker.
pub struct Responder<'a> {
    /// What is served.
    pub network: &'a ServedNetwork,
    /// Number of the worker.
    pub worker: usize,
    /// What was counted.
    pub counters: Counters,
    /// The answer to the last request, with its gateway prefix.
    pub reply: Vec<u8>,
    /// Answers that leave right behind it: further general blocks.
    pub more: Vec<Vec<u8>>,
    /// What is wrong with it on purpose; the frame around it is to be spoilt as well.
    pub fault: Option<Fault>,
    /// Node of the meter that gave it, and bytes of request and answer with their wrappers.
    pub asked: (u32, usize, usize),
    /// The clock, read once a turn.
    pub now: Instant,
    moment: Moment,
    /// Something was answered or made since the state file was written.
    spoke: bool,
    scratch: Scratch,
    apdu: Vec<u8>,
    outbox: Outbox,
    dirty: Vec<u32>,
    sync: bool,
    log: Option<Log<'a>>,
    second: (Instant, u32),
}

impl<'a> Responder<'a> {
    /// Responder of a worker, by its number; refusals are told to `log`.
    pub fn new(network: &'a ServedNetwork, worker: usize, log: Option<Log<'a>>) -> Self {
        let now = Instant::now();
        Responder {
            network,
            worker,
            counters: Counters::default(),
            reply: Vec::new(),
            more: Vec::new(),
            fault: None,
            asked: (0, 0, 0),
            now,
            moment: network.clock.now(host_ms(), now).0,
            spoke: false,
            scratch: Scratch::default(),
            apdu: Vec::new(),
            outbox: Outbox::default(),
            dirty: Vec::new(),
            sync: false,
            log,
            second: (now, 0),
        }
    }

    /// Reads the clocks.
    pub fn tick(&mut self) {
        self.now = Instant::now();
        let (moment, stepped_back_ms) = self.network.clock.now(host_ms(), self.now);
        self.moment = moment;
        if let Some(behind_ms) = stepped_back_ms {
            self.tell(format_args!(
                "the host's clock is {} s behind the meters' time, which goes at half the speed until it has caught up",
                behind_ms / 1_000
            ));
        }
    }

    /// The time of the meters, read with the clock.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// Pushes may be added that nobody has asked for at this moment.
    pub fn has_room_to_push(&self) -> bool {
        self.outbox.has_room()
    }

    /// Makes one attempt of a push, to be sent after [`Responder::commit`]. A meter that starts up makes none.
    pub fn push(&mut self, push: Push) {
        let (network, number) = (self.network, push.origin.number);
        let mut locked = network.registry.meter(number);
        if locked.is_away(self.now) {
            drop(locked);
            self.counters.pushes_lost += 1;
            return self.refuse(Refused::Away, &"a push", &format_args!("meter {}", self.network.meters.place(number)));
        }
        self.spoke = true;
        let outbox = &mut self.outbox;
        let (made, change) = locked.change(|rest| outbox.make(network, push, rest, &mut Effects::default()));
        drop(locked);
        self.counters.pushes_lost += u64::from(!made);
        self.note(number, change);
    }

    /// The next push that waits. The state file must have been written since it was made.
    pub fn next_notification(&mut self) -> Option<Notification> {
        self.outbox.next()
    }

    fn note(&mut self, number: u32, change: Option<Change>) {
        if let Some(change) = change {
            self.dirty.push(number);
            self.sync |= change == Change::Sync;
        }
    }

    /// The meter that a request is for, and the bytes in front of its APDU; a refusal is counted.
    pub fn route(&mut self, place: u64, to: Destination, request: &[u8], who: &dyn Display) -> Option<(u32, usize)> {
        self.network.route(place, to, request).map_err(|reason| self.refuse(reason, who, &to)).ok()
    }

    /// Asks a meter with what is agreed with this client. The reply must not leave before [`Responder::commit`].
    pub fn ask(&mut self, question: Question, request: &mut [u8], held: &mut Held) -> Outcome {
        let network = self.network;
        let Question { number, prefix, place, destination, client, peer, .. } = question;
        let who = &peer;
        let mut locked = network.registry.meter(number);
        if locked.is_away(self.now) {
            drop(locked);
            self.refuse(Refused::Away, who, &format_args!("meter {}", self.network.meters.place(number)));
            return Outcome::Silent;
        }
        self.counters.requests += 1;
        self.spoke = true;
        let boots = locked.boots();
        // What was agreed before a reset is gone.
        let mut session = held.session.take().filter(|_| held.boots == boots);
        let mut effects = Effects::default();
        let (head, apdu) = request.split_at_mut(prefix);
        let asked = apdu.len();
        let meter = network.meter(number);
        let (scratch, moment) = (&mut self.scratch, self.moment);
        let out = &mut self.apdu;
        let outbox = &mut self.outbox;
        let port = match destination {
            Destination::Port(port) => port,
            Destination::Hdlc(_) => 1,
        };
        // A link of HDLC has one answer under way, and so has a simulated mesh for each request.
        let by_blocks = matches!(destination, Destination::Port(_)) && !network.settings.is_by_mesh();
        let more = &mut self.more;
        more.clear();
        let ((reaction, lost), change) = locked.change(|rest| {
            let unopened = question.is_pre_established && session.is_none() && apdu.first() != Some(&AARQ);
            if unopened {
                session = Some(Session::pre_established_public(meter, rest));
            }
            let mut call = Call { meter, rest, now: moment, scratch, effects: &mut effects };
            let reaction = if by_blocks {
                answer_in_blocks(&mut call, &mut session, client, apdu, out, more)
            } else {
                answer(&mut call, &mut session, client, apdu, out)
            };
            session.take_if(|session| unopened && !session.is_in_transfer());
            let lost = outbox.add(network, Origin { number, place, port }, moment, rest, &mut effects);
            (reaction, lost)
        });
        let away = effects.reset.map(|tier| self.reset(number, boots, tier, &mut locked));
        drop(locked);
        self.note(number, change);
        self.counters.pushes_lost += lost;
        self.counters.relay_moves += u64::from(effects.relay_moved);
        held.boots = boots;
        held.session = session.filter(|_| away.is_none());
        self.charge(held, peer);
        match reaction {
            Reaction::Reply => {}
            Reaction::Wait => return Outcome::Wait,
            Reaction::Silent => {
                self.unanswered(Refused::Silent, number, effects.denied, client, who);
                return Outcome::Silent;
            }
            Reaction::Close => {
                self.unanswered(Refused::Closed, number, effects.denied, client, who);
                return Outcome::Close;
            }
        }
        self.counters.replies += 1;
        if let Some(denied) = effects.denied {
            self.denied(number, denied, who);
        }
        if effects.keys_changed {
            self.tell(format_args!("{who}: meter {}: its keys were changed", network.meters.place(number)));
        }
        self.asked = (number, wrapper::HEADER_BYTES + asked, wrapper::HEADER_BYTES + self.apdu.len());
        self.reply.clear();
        if let Some(prefix) = gateway_form::request(head) {
            gateway_form::put_response(&prefix, &mut self.reply);
            for block in &mut self.more {
                block.splice(..0, self.reply.iter().copied());
            }
        }
        self.reply.extend_from_slice(&self.apdu);
        self.spoil(number, matches!(destination, Destination::Hdlc(_)), who);
        if away.flatten().is_some() { Outcome::ReplyAndReset } else { Outcome::Reply }
    }

    /// An association had to give way to a newer one.
    pub fn gave_way(&mut self, gave_way: bool) {
        self.counters.associations_replaced += u64::from(gave_way);
    }

    /// Counts the memory of what is held; a transfer that there is no room for ends, and its next block is refused.
    fn charge(&mut self, held: &mut Held, peer: SocketAddr) {
        let bytes = held.session.as_ref().map_or(0, |session| session.transfer_bytes());
        if held.room.set(&self.network.transfers, peer.ip(), bytes) {
            return;
        }
        if let Some(session) = &mut held.session {
            session.end_transfers();
        }
        self.refuse(Refused::Crowded, &peer, &"a long answer or request is given up");
    }

    /// Spoils the answer, if its turn has come.
    fn spoil(&mut self, number: u32, hdlc: bool, who: &dyn Display) {
        self.fault = None;
        let faults = &self.network.settings.section.faults;
        if faults.are_none() {
            return;
        }
        let (seed, ciphered) = (self.network.fleet.seed, is_ciphered(&self.apdu));
        self.fault = draw(faults, seed, self.worker, self.counters.replies, ciphered, hdlc);
        let Some(fault) = self.fault else { return };
        fault.spoil_apdu(&mut self.reply);
        self.counters.spoilt += 1;
        let meter = self.network.meters.place(number);
        self.tell(format_args!("{who}: spoilt: meter {meter}: {}", fault.text()));
    }

    /// A request without an answer.
    fn unanswered(&mut self, reason: Refused, number: u32, denied: Option<Denied>, client: u16, who: &dyn Display) {
        let meter = self.network.meters.place(number);
        match denied {
            Some(Denied::Suite) => self.refuse(Refused::Suite, who, &format_args!("meter {meter}, which says nothing")),
            Some(Denied::Client) => self.refuse(reason, who, &format_args!("meter {meter}: no client {client:#04x}")),
            _ => self.refuse(reason, who, &format_args!("meter {meter}")),
        }
    }

    /// An answer that denies something.
    fn denied(&mut self, number: u32, denied: Denied, who: &dyn Display) {
        let meter = self.network.meters.place(number);
        let (reason, code, name) = match denied {
            Denied::Association(code) => (Refused::Association, code, codes::diagnostic(code)),
            Denied::Result(code) => (Refused::Denied, code, codes::result(code)),
            Denied::Exception(code) => (Refused::Exception, code, codes::service_error(code)),
            Denied::Suite => return self.refuse(Refused::Suite, who, &format_args!("meter {meter}")),
            Denied::Proof | Denied::Client => return self.refuse(Refused::Proof, who, &format_args!("meter {meter}")),
        };
        self.refuse(reason, who, &format_args!("meter {meter}: {name} ({code})"));
    }

    /// The meter resets: how long it is away, if it is.
    fn reset(
        &mut self,
        number: u32,
        boots: u32,
        tier: ResetTier,
        locked: &mut super::registry::Locked<'_>,
    ) -> Option<Duration> {
        self.counters.resets += 1;
        let (shortest, longest) = self.network.settings.boot;
        let mut stream = Stream::new(self.network.fleet.seed, u64::from(number) | u64::from(boots) << 32, BOOT);
        let away = match tier {
            ResetTier::Soft => None,
            ResetTier::Warm | ResetTier::Cold => {
                Some(shortest + longest.saturating_sub(shortest).mul_f64(stream.unit()))
            }
        };
        locked.reset(away.map(|away| self.now + away));
        away
    }

    /// Writes down what answers changed, then sends what meters send on their own as datagrams. Nothing that was answered or
    /// made since the last call may leave after an error.
    ///
    /// # Errors
    /// As the state file's.
    pub fn commit(&mut self) -> io::Result<()> {
        self.write_down()?;
        let settings = &self.network.settings;
        if let Some(to) = settings.push_to.filter(|_| !settings.pushes_by_tcp()) {
            self.outbox.send(self.network, to, &mut self.counters);
        }
        Ok(())
    }

    fn write_down(&mut self) -> io::Result<()> {
        let (sync, spoke) = (std::mem::take(&mut self.sync), std::mem::take(&mut self.spoke));
        let (clock, second) = (&self.network.clock, self.moment.unix_s());
        if self.dirty.is_empty() && !(spoke && clock.is_to_note(second)) {
            return Ok(());
        }
        self.dirty.sort_unstable();
        self.dirty.dedup();
        let Some(state) = &self.network.state else {
            let registry = &self.network.registry;
            registry.records(self.dirty.drain(..)).iter().for_each(|record| registry.is_durable(record));
            return Ok(());
        };
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let registry = &self.network.registry;
        let mut records = registry.records(self.dirty.drain(..));
        // Another worker may have noted it meanwhile.
        let notes = spoke && clock.is_to_note(second);
        if notes {
            records.push(Record::of_time(second));
        }
        state.append(&records, sync)?;
        if notes {
            clock.note(second);
        }
        drop(state);
        if sync {
            records.iter().for_each(|record| registry.is_durable(record));
        }
        Ok(())
    }

    /// Counts a refusal, and tells it if somebody listens.
    pub fn refuse(&mut self, reason: Refused, who: &dyn Display, what: &dyn Display) {
        self.counters.refused.count(reason);
        self.tell(format_args!("{who}: {}: {what}", reason.text()));
    }

    /// Says a line, if somebody listens.
    fn tell(&mut self, line: std::fmt::Arguments<'_>) {
        let Some(log) = self.log else { return };
        if self.now.duration_since(self.second.0) >= Duration::from_secs(1) {
            if self.second.1 > LINES {
                log(&format!("{} more in that second", self.second.1 - LINES));
            }
            self.second = (self.now, 0);
        }
        self.second.1 += 1;
        if self.second.1 <= LINES {
            log(&line.to_string());
        }
    }
}

/// The host's clock, ms since 1970, UTC.
pub fn host_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    i64::try_from(since).unwrap_or(i64::MAX)
}

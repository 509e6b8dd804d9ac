//! From rows to the figures of the results table.

use super::certificates;
use super::commands::Commands;
use super::devices::{Devices, Has};
use super::firmware::Updates;
use super::head_end_minutes::HeadEndMinutes;
use super::heat::Heat;
use super::joins::Joins;
use super::moves::Moves;
use super::notices::Notices;
use super::outages::Outages;
use super::ran::Ran;
use super::rates::Rates;
use super::resets::Resets;
use super::visits::Visits;
use amitwin_data::metrics::{Activity, Metric, Values};
use amitwin_data::rows::{EventKind, HeldBy, Outcome, Rows, TransactionKind, TransactionRow};
use amitwin_models::books::{Counters, Loss};
use amitwin_models::cell::Part;
use amitwin_models::event::Event;
use amitwin_models::headend::HeadEnd;
use amitwin_models::headend::talk::Talk;
use amitwin_models::plan::Plan;
use amitwin_models::spec::{Start, WorldSpec};
use amitwin_sim_core::{Engine, Exchange, SimTime};
use std::collections::BTreeMap;

/// Sums over the rows of a variant.
#[derive(Default)]
pub struct Figures {
    end_s: f64,
    resets: Resets,
    /// Partial resets, and those that left boards out of step, where boards are told apart.
    partial: Option<(u64, u64)>,
    /// With technicians.
    visits: Option<Visits>,
    pushes: u64,
    pushes_ok: u64,
    reads: u64,
    reads_ok: u64,
    /// Reads of meters that ran when they were due, and those of them that succeeded.
    reads_running: (u64, u64),
    /// When each node went down and ran again, s; the last one may not have.
    down_s: BTreeMap<u32, Vec<(f64, f64)>>,
    reads_failed: u64,
    reads_refused: u64,
    reads_skipped: u64,
    pings: u64,
    /// Time from question to answer of each ping that was answered, s.
    pings_s: Vec<f64>,
    /// Busy share of each border router and minute since the first campaign's start.
    busy: BTreeMap<u32, Vec<(f64, f32)>>,
    collisions: u64,
    missed_busy: u64,
    heat: Heat,
    /// With a campaign that waits for links.
    held: Option<HeldBack>,
    desk: Option<HeadEndMinutes>,
    forbidden: u64,
    joins: Option<Joins>,
    outages: Outages,
    updates: Updates,
    commands: Commands,
    sessions_expired: u64,
    notices: Notices,
    devices: Devices,
    moves: Option<Moves>,
    rates: Rates,
}

/// Meters that had to wait for their links.
#[derive(Default)]
struct HeldBack {
    all: u32,
    left_out: u32,
    unknown: u32,
}

impl HeldBack {
    fn add(&mut self, row: &TransactionRow) {
        let left_out = row.outcome == Outcome::LeftOut;
        self.all += u32::from(row.held_by.0.is_some());
        self.left_out += u32::from(left_out);
        self.unknown += u32::from(left_out && row.held_by.0 == Some(HeldBy::Unknown));
    }
}

impl Figures {
    /// Counts those who wait for their links.
    pub fn count_held(&mut self) {
        self.held = Some(HeldBack::default());
    }

    /// Counts what meters tell of themselves, and what goes wrong inside them.
    pub fn look_into_meters(&mut self, spec: &WorldSpec) {
        let every_s = spec.traffic.health.as_ref().map(|health| health.every.secs_f64());
        self.notices = Notices::new(every_s, spec.traffic.keep_alive.is_some());
        self.devices = Devices::new(Has::of(spec));
    }

    /// Counts meters that nobody resets because the campaign is halted.
    pub fn count_halted(&mut self) {
        self.resets.count_halted();
    }

    /// Counts resets of one board.
    pub fn count_partial(&mut self) {
        self.partial = Some((0, 0));
    }

    /// Counts visits.
    pub fn count_visits(&mut self) {
        self.visits = Some(Visits::default());
    }

    /// Follows nodes from PAN to PAN.
    pub fn follow_moves(&mut self) {
        self.moves = Some(Moves::default());
    }

    /// Nothing seen yet; `start` says whether nodes are new.
    pub fn new(plan: &Plan, duration: SimTime, (start, load_every): (Start, SimTime)) -> Self {
        Figures {
            joins: (start == Start::Cold).then(Joins::default),
            resets: Resets::new(plan),
            end_s: duration.secs_f64(),
            rates: Rates::new(duration, load_every),
            ..Figures::default()
        }
    }

    /// Adds a batch.
    pub fn update(&mut self, rows: &Rows) {
        if let Some(joins) = &mut self.joins {
            joins.update(rows);
        }
        if let Some(moves) = &mut self.moves {
            moves.update(rows);
        }
        self.rates.update(&rows.transactions, &rows.load);
        self.outages.update(&rows.events, &rows.transactions);
        self.notices.update(&rows.events, &rows.transactions);
        self.devices.update(&rows.events, &rows.load);
        for row in &rows.events {
            match row.kind {
                EventKind::PowerDown => self.down_s.entry(row.node).or_default().push((row.time_s, f64::INFINITY)),
                EventKind::Boot => {
                    if let Some(last) = self.down_s.get_mut(&row.node).and_then(|all| all.last_mut()) {
                        last.1 = last.1.min(row.time_s);
                    }
                }
                _ => {}
            }
        }
        for row in &rows.transactions {
            if let Some(held) = &mut self.held {
                held.add(row);
            }
            // A meter that was left out was never commanded or asked, nor one that a role kept from it.
            self.forbidden += u64::from(row.outcome == Outcome::Forbidden);
            if matches!(row.outcome, Outcome::LeftOut | Outcome::Forbidden) {
                continue;
            }
            self.sessions_expired += u64::from(row.outcome == Outcome::Expired);
            match row.kind {
                TransactionKind::Reset => self.resets.add(row),
                TransactionKind::Push => {
                    self.pushes += 1;
                    self.pushes_ok += u64::from(row.outcome == Outcome::Ok);
                }
                TransactionKind::Ping => {
                    self.pings += 1;
                    if let (Outcome::Ok, Some(sent), Some(answered)) = (row.outcome, row.sent_s, row.answered_s) {
                        self.pings_s.push(answered - sent);
                    }
                }
                TransactionKind::LastGasp
                | TransactionKind::PowerUp
                | TransactionKind::Health
                | TransactionKind::KeepAlive => {}
                TransactionKind::Firmware => self.updates.add(row),
                TransactionKind::Write
                | TransactionKind::Relay
                | TransactionKind::Time
                | TransactionKind::Keys
                | TransactionKind::Certificates => self.commands.add(row),
                TransactionKind::Read => {
                    self.reads += 1;
                    let is_ok = u64::from(row.outcome == Outcome::Ok);
                    self.reads_ok += is_ok;
                    if self.runs(row.node, row.planned_s) {
                        self.reads_running = (self.reads_running.0 + 1, self.reads_running.1 + is_ok);
                    }
                    self.reads_failed += u64::from(matches!(row.outcome, Outcome::Failed | Outcome::Unreachable));
                    self.reads_refused += u64::from(row.outcome == Outcome::Refused);
                    self.reads_skipped += u64::from(row.outcome == Outcome::Skipped);
                }
            }
        }
        self.heat.update(rows);
        if let Some(partial) = &mut self.partial {
            for row in rows.events.iter().filter(|row| row.kind == EventKind::PartialReset) {
                *partial = (partial.0 + 1, partial.1 + u64::from(row.value == 1));
            }
        }
        if let Some(visits) = &mut self.visits {
            rows.field_visits.iter().for_each(|row| visits.add(row));
        }
        for row in &rows.headend {
            self.desk.get_or_insert_default().add(row);
        }
        for row in &rows.airtime {
            self.collisions += u64::from(row.collisions);
            self.missed_busy += u64::from(row.missed_busy);
            // A minute that ends before the campaign starts says nothing about it.
            if row.time_s + 60.0 > self.resets.start_s().unwrap_or(0.0) {
                self.busy.entry(row.gateway).or_default().push((row.time_s, row.busy_share));
            }
        }
    }

    /// Whether a node ran at a time, as far as is known.
    fn runs(&self, node: u32, time_s: f64) -> bool {
        self.down_s.get(&node).is_none_or(|all| all.iter().all(|(from, to)| time_s < *from || time_s >= *to))
    }

    /// Mean busy share of the busiest border router from the campaign's start until the last meter is back, or to the
    /// end if some are not.
    fn busiest(&self) -> Option<f64> {
        let end = self.resets.last_back_s().unwrap_or(self.end_s);
        let mean = |rows: &Vec<(f64, f32)>| {
            let within: Vec<f64> = rows.iter().filter(|r| r.0 < end).map(|r| f64::from(r.1)).collect();
            (!within.is_empty()).then(|| within.iter().sum::<f64>() / within.len() as f64)
        };
        self.busy.values().filter_map(mean).reduce(f64::max)
    }

    /// The summary's metrics.
    pub fn values<X: Exchange<Event>>(mut self, engine: &Engine<Part, X>, plan: &Plan, now: SimTime) -> Values {
        self.end_s = now.secs_f64();
        self.resets.close();
        self.pings_s.sort_by(f64::total_cmp);
        self.updates.close();
        self.commands.close();
        let mut counters = Counters::default();
        engine.partitions().filter_map(Part::mesh).for_each(|m| counters.add(&m.books.counters));
        let flash_writes = engine.partitions().filter_map(Part::mesh).map(|mesh| mesh.flash_writes()).sum();
        let relays = engine.partitions().filter_map(Part::mesh).map(|mesh| mesh.relays());
        let relays = relays.fold((0, 0), |all, mesh| (all.0 + mesh.0, all.1 + mesh.1));
        let head_end = engine.partitions().find_map(Part::head_end);
        let meters = || engine.partitions().filter_map(Part::mesh).map(|mesh| &mesh.meters);
        let clocks = meters().filter_map(|meters| meters.clocks(now)).reduce(|mut all, more| {
            all.0.extend(more.0);
            all
        });
        let hung = meters().map(|meters| meters.hung()).sum();
        let events = engine.events();
        let ran = Ran { plan, counters, flash_writes, relays, events, head_end, now, clocks, hung };
        let written = |&metric: &Metric| Some((metric, self.written(metric, &ran)?));
        Metric::ALL.iter().filter_map(written).collect()
    }

    /// What is written for a metric: nothing where it does not apply, an empty value where it was not reached.
    fn written(&self, metric: Metric, ran: &Ran) -> Option<Option<f64>> {
        match metric.activity() {
            // They follow from the other figures (`money`), are of plans, which no frame is part of (`plan`), or known before a run.
            Activity::Money | Activity::Maintenance | Activity::Replays => return None,
            Activity::Outages => return self.outages.written(metric, &ran.counters),
            Activity::Firmware => return self.updates.written(metric, ran),
            Activity::Certificates => return certificates::written(metric, ran, self.sessions_expired),
            Activity::Commands => return self.commands.written(metric, ran),
            Activity::Health | Activity::Alive => return self.notices.written(metric, ran),
            Activity::Devices => {
                return match metric {
                    Metric::PartialResets => self.partial.map(|partial| Some(partial.0 as f64)),
                    Metric::PartialResetsOutOfStep => self.partial.map(|partial| Some(partial.1 as f64)),
                    _ => self.devices.written(metric, ran, self.end_s),
                };
            }
            Activity::Resets => return self.resets.written(metric, ran.plan, self.end_s),
            Activity::Visits => return self.visits.as_ref()?.written(metric),
            _ => {}
        }
        let always = |n: u64| Some(Some(n as f64));
        let lost = |why: Loss| always(ran.counters.lost[why as usize]);
        let head_end = |count: fn(&HeadEnd) -> u64| ran.head_end.map(|h| Some(count(h) as f64));
        let reads = |count: u64| ran.head_end.filter(|_| self.reads > 0).map(|_| Some(count as f64));
        let of_reads = |count: fn(&HeadEnd) -> u64| reads(count(ran.head_end?));
        let push_delay = |share: f64| {
            let delays = &ran.head_end?.statistics.push_delay_ms;
            (!delays.is_empty()).then(|| Some(delays.value_at_quantile(share) as f64 / 1000.0))
        };
        let read_delay = |share: f64| {
            let delays = &ran.head_end.filter(|_| self.reads > 0)?.statistics.read_delay_ms;
            Some((!delays.is_empty()).then(|| delays.value_at_quantile(share) as f64 / 1000.0))
        };
        let pings = |value: Option<f64>| (self.pings > 0).then_some(value);
        // Nearest rank.
        let ping_delay = |share: f64| {
            let rank = (share * self.pings_s.len() as f64).ceil().max(1.0) as usize;
            pings(self.pings_s.get(rank - 1).copied())
        };
        let values =
            |count: fn(&Talk) -> u64| ran.head_end.filter(|h| h.talk.values > 0).map(|h| Some(count(&h.talk) as f64));
        let joins = |of: fn(&Joins) -> Option<f64>| self.joins.as_ref().map(of);
        let moves = |of: &dyn Fn(&Moves) -> Option<f64>| self.moves.as_ref().map(of);
        let keys = |value: f64| (ran.counters.key_frames > 0).then_some(Some(value));
        match metric {
            Metric::NewNodes => joins(|joins| Some(f64::from(joins.new))),
            Metric::Joined => joins(|joins| Some(joins.joined_s.len() as f64)),
            Metric::AllJoinedS => joins(|joins| joins.at(1.0)),
            Metric::JoinP50S => joins(|joins| joins.at(0.5)),
            Metric::JoinP95S => joins(|joins| joins.at(0.95)),
            Metric::JoinP99S => joins(|joins| joins.at(0.99)),
            Metric::PanMoves => moves(&|moves| Some(f64::from(moves.count()))),
            Metric::PanMoveP50S => moves(&|moves| moves.at(0.5)),
            Metric::PanMoveP95S => moves(&|moves| moves.at(0.95)),
            Metric::KeyFrames => keys(ran.counters.key_frames as f64),
            Metric::KeyAirtimeS => keys(ran.counters.key_airtime_us as f64 * 1e-6),
            Metric::BorderRouterBusyShare => Some(self.busiest()),
            Metric::RelaySendingShare => self.rates.relay_sending_share().map(Some),
            Metric::BackhaulKbps => self.rates.backhaul_kbps().map(Some),
            Metric::HeadEndMessageRate => self.rates.head_end_message_rate().map(Some),
            Metric::Collisions => always(ran.counters.collided),
            Metric::BorderRouterCollisions => always(self.collisions),
            Metric::BorderRouterMissedBusy => always(self.missed_busy),
            Metric::Retries => always(ran.counters.retries),
            Metric::Frames => always(ran.counters.frames + ran.counters.acks),
            Metric::SweepFrames => always(ran.counters.sweep_frames),
            Metric::Dropped => always(ran.counters.dropped),
            Metric::DroppedQueueFull => lost(Loss::QueueFull),
            Metric::DroppedRetries => lost(Loss::Retries),
            Metric::DroppedReset => lost(Loss::Reset),
            Metric::DroppedNoRoute => lost(Loss::NoRoute),
            Metric::DroppedTooFar => lost(Loss::TooFar),
            Metric::DroppedReassembly => lost(Loss::Reassembly),
            Metric::DroppedBackhaul => lost(Loss::Backhaul),
            Metric::DroppedTooOld => lost(Loss::TooOld),
            Metric::FloodCopiesLost => always(ran.counters.flood_copies_lost),
            Metric::HeadEndBusyShare
            | Metric::HeadEndWaitS
            | Metric::HeadEndQueueMax
            | Metric::HeadEndRefused
            | Metric::SessionWaitMaxS
            | Metric::SessionsOpenMax
            | Metric::SessionsRefused
            | Metric::SessionsRetried
            | Metric::SessionsLost
            | Metric::MessagesLost
            | Metric::BrokerQueueMax
            | Metric::BrokerRedelivered
            | Metric::MdmsRows
            | Metric::MdmsRowsDuplicate => self.desk.as_ref()?.figure(metric).map(Some),
            Metric::Forbidden => self.desk.as_ref().map(|_| Some(self.forbidden as f64)),
            Metric::HeldBack => self.held.as_ref().map(|held| Some(f64::from(held.all))),
            Metric::LeftOut => self.held.as_ref().map(|held| Some(f64::from(held.left_out))),
            Metric::LeftOutUnknown => self.held.as_ref().map(|held| Some(f64::from(held.unknown))),
            Metric::Overheated
            | Metric::HoursAbove60c
            | Metric::HoursAbove85c
            | Metric::MetersAbove60c
            | Metric::MetersAbove85c => self.heat.figure(metric),
            Metric::Duplicates => always(ran.counters.duplicates),
            Metric::AccessFailures => always(ran.counters.access_failures),
            Metric::Transactions => {
                let others = self.updates.counts().0 + self.commands.counts().0;
                always(self.pushes + self.reads + self.pings + u64::from(self.resets.counts().0 + others))
            }
            Metric::TransactionsOk => {
                let (pings, others) = (self.pings_s.len() as u64, self.updates.counts().1 + self.commands.counts().1);
                always(self.pushes_ok + self.reads_ok + pings + u64::from(self.resets.counts().1 + others))
            }
            Metric::PushDeliveredShare => Some(share(self.pushes_ok, self.pushes)),
            Metric::PushDelayP50S => push_delay(0.5),
            Metric::PushDelayP95S => push_delay(0.95),
            Metric::PushDelayP99S => push_delay(0.99),
            Metric::DuplicateReports => head_end(|h| h.statistics.duplicates),
            Metric::Reads => reads(self.reads),
            Metric::ReadsOk => reads(self.reads_ok),
            Metric::ReadsFailed => reads(self.reads_failed),
            Metric::ReadsRefused => reads(self.reads_refused),
            Metric::ReadsSkipped => reads(self.reads_skipped),
            Metric::ReadSuccessShare => ran.head_end.and(share(self.reads_ok, self.reads)).map(Some),
            Metric::ReadSuccessRunningShare => {
                ran.head_end.and(share(self.reads_running.1, self.reads_running.0)).map(Some)
            }
            Metric::ReadDelayP50S => read_delay(0.5),
            Metric::ReadDelayP95S => read_delay(0.95),
            Metric::ReadDelayP99S => read_delay(0.99),
            Metric::ReadsLate => of_reads(|h| h.statistics.late),
            Metric::ProfileRows => of_reads(|h| h.ledger.kept),
            Metric::ProfileRowsDuplicate => of_reads(|h| h.ledger.duplicates),
            Metric::Pings => pings(Some(self.pings as f64)),
            Metric::PingAnsweredShare => pings(share(self.pings_s.len() as u64, self.pings)),
            Metric::PingDelayP50S => ping_delay(0.5),
            Metric::PingDelayP99S => ping_delay(0.99),
            Metric::ApduDuplicates => head_end(|h| h.talk.duplicates),
            Metric::ApduRejected => head_end(|h| h.talk.wrong),
            Metric::ValuesChecked => values(|t| t.values),
            Metric::ValuesWrong => values(|t| t.values_wrong),
            Metric::Events => always(ran.events),
            _ => unreachable!("{metric:?} is worked out elsewhere"),
        }
    }
}

fn share(part: u64, all: u64) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

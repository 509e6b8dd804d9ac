//! What fails, what that does, and when the head-end learns of it.

use super::{Depot, kind};
use crate::draw;
use crate::heat::{DAY_S, YEAR_S};
use crate::laws::{monitoring, normal_above};
use crate::life::NEVER;
use crate::spec::{Code, Law, PartSpec, Repair, Watch};
use amitwin_data::rows::{Added, Effect, FailureRow, Part};
use std::sync::Arc;

/// Standard deviations beyond which a regular report counts.
const REPORTED_K: f64 = 3.0;

/// The error of a measurement from which on reports show it.
fn shown_error(watch: &Watch) -> f64 {
    watch.band.map_or(REPORTED_K, |band| band.k) * watch.phase_sd
}

/// Whether a part's wear shows in a voltage.
fn has_voltage(part: Part) -> bool {
    matches!(part, Part::Battery | Part::Capacitor | Part::Supercapacitor)
}

impl Depot<'_> {
    /// Puts the next failure or sign of wear of a meter on the calendar.
    pub(super) fn schedule(&mut self, meter: u32) {
        let m = meter as usize;
        let mut next = NEVER;
        let mut bits = self.fleet.ends(meter) & !self.fleet.meters[m].failed;
        while bits != 0 {
            let slot = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            // What failed before the plan is found failed when it begins.
            next = next.min(self.fleet.fails_at(meter, slot).max(self.now));
        }
        if self.plan.policy.watch.is_some() {
            for (slot, part) in self.parts(meter).iter().enumerate() {
                if self.fleet.meters[m].seen & 1 << slot == 0 {
                    next = next.min(self.shows_at(meter, slot, part));
                }
            }
        }
        if next != self.fleet.meters[m].next {
            self.fleet.meters[m].next = next;
            self.push(next, kind::FAILS, meter);
        }
    }

    /// When a part begins to show in reports, if that is still to come, or a moment before which it does not.
    fn shows_at(&self, meter: u32, slot: usize, part: &PartSpec) -> u32 {
        let Some(watch) = &self.plan.policy.watch else { return NEVER };
        let outlives = self.fleet.ends(meter) & 1 << slot == 0;
        if watch.voltage && outlives && has_voltage(part.part) {
            // Before it is at such a share of its age at the end of the plan it does not show.
            let end_s = Some(f64::from(self.plan.end_s()));
            let earliest = self.lives.when_share(part, self.fleet.whose(meter, slot), end_s, watch.worn);
            if earliest > self.now {
                return earliest;
            }
        }
        let at = self.begins_to_show(watch, meter, slot, part);
        if at > self.now { at } else { NEVER }
    }

    /// The moment at which a part begins to show in reports.
    fn begins_to_show(&self, watch: &Watch, meter: u32, slot: usize, part: &PartSpec) -> u32 {
        match part.part {
            Part::Accuracy if watch.phase => {
                let (shown, outlives) = (shown_error(watch), self.fleet.ends(meter) & 1 << slot == 0);
                match part.law {
                    // Whose error stays within a limit does not leave a larger one.
                    Law::Drift { limit, .. } if outlives && shown >= limit => NEVER,
                    _ => self.lives.error_leaves_at(part, self.fleet.whose(meter, slot), shown),
                }
            }
            other if watch.voltage && has_voltage(other) => {
                self.lives.when_share(part, self.fleet.whose(meter, slot), self.will_fail_s(meter, slot), watch.worn)
            }
            _ => NEVER,
        }
    }

    /// When a part will fail, as its wear tells.
    pub(super) fn will_fail_s(&self, meter: u32, slot: usize) -> Option<f64> {
        self.fleet.will_fail_s(&self.lives, self.parts(meter), meter, slot)
    }

    /// Whether reports tell of a failure once it is there.
    fn is_watched(&self, part: &PartSpec) -> bool {
        self.plan.policy.watch.is_some_and(|watch| match part.effect {
            Effect::WrongClock => watch.clock,
            Effect::Wet => watch.rssi,
            Effect::NoLastGasp => watch.voltage,
            _ => false,
        })
    }

    /// When a meter reports next.
    fn next_report(&self, watch: &Watch, meter: u32) -> u32 {
        match watch.band {
            Some(band) => self.now + (band.in_a_row * watch.every_s).max(1),
            None => {
                let phase = (self.fleet.first + meter).wrapping_mul(0x9E37_79B9) % watch.every_s;
                self.now + watch.every_s - (self.now % watch.every_s + phase) % watch.every_s
            }
        }
    }

    pub(super) fn fails(&mut self, meter: u32) {
        let m = meter as usize;
        if self.fleet.meters[m].next != self.now {
            return;
        }
        let parts = self.parts(meter);
        let (mut shows, mut is_due) = (false, false);
        for (slot, part) in parts.iter().enumerate() {
            let bit = 1 << slot;
            if self.fleet.meters[m].failed & bit == 0 && self.fleet.fails_at(meter, slot) <= self.now {
                self.fail(meter, slot, part);
                is_due = true;
            } else if self.fleet.meters[m].seen & bit == 0 && self.plan.policy.watch.is_some() {
                shows |= self.has_shown(meter, slot, part);
            }
        }
        if let Some(watch) = self.plan.policy.watch.filter(|_| shows) {
            // Nothing begins at a moment before which something does not show.
            let begins = |(slot, part): (usize, &PartSpec)| self.begins_to_show(&watch, meter, slot, part) == self.now;
            if is_due || parts.iter().enumerate().any(begins) {
                self.push(self.next_report(&watch, meter), kind::REPORTS, meter);
            }
        }
        self.schedule(meter);
    }

    fn fail(&mut self, meter: u32, slot: usize, part: &PartSpec) {
        let m = meter as usize;
        self.settle(meter);
        let was_heard = !self.fleet.is_unheard(meter);
        self.fleet.meters[m].failed |= 1 << slot;
        self.ages.failed(
            self.fleet.meters[m].vintage,
            slot,
            self.fleet.whose(meter, slot).since_s,
            self.fleet.fails_at(meter, slot),
        );
        self.tally.failures += 1;
        if self.fleet.meters[m].seen & 1 << slot != 0 {
            // It was seen to come.
            self.tally.detected.0 += 1;
        }
        match part.effect {
            Effect::Dead | Effect::Silent => {
                if was_heard {
                    self.fleet.quiet.set(meter, self.now);
                    self.push(self.now + self.plan.policy.alarm_s, kind::ALARM, meter);
                }
                if let Repair::Itself(_) = part.repair {
                    self.push(self.heals_at(meter, slot, part), kind::HEALS, meter);
                }
            }
            Effect::LockedOut | Effect::Tampered | Effect::Hot => {
                self.tally.safety_events += u32::from(part.effect == Effect::Hot);
                if was_heard {
                    self.see(meter, slot, part);
                }
            }
            Effect::Drifting | Effect::WrongClock | Effect::Wet | Effect::NoLastGasp => {
                if let Some(watch) = self.plan.policy.watch.filter(|_| self.is_watched(part)) {
                    self.push(self.next_report(&watch, meter), kind::REPORTS, meter);
                }
            }
        }
    }

    /// When a failure is gone by itself.
    fn heals_at(&self, meter: u32, slot: usize, part: &PartSpec) -> u32 {
        let Repair::Itself(mean_s) = part.repair else { return NEVER };
        let began = self.fleet.fails_at(meter, slot);
        let mut stream = draw::moment(self.plan.seed, self.fleet.first + meter, draw::RECOVERY, began);
        began.saturating_add((mean_s * draw::exponential(&mut stream)) as u32 + 1)
    }

    pub(super) fn heals(&mut self, meter: u32) {
        let m = meter as usize;
        for (slot, part) in self.parts(meter).iter().enumerate() {
            // Another one may have begun since this one ended by a visit.
            if self.fleet.meters[m].failed & 1 << slot != 0 && self.heals_at(meter, slot, part) == self.now {
                self.settle(meter);
                self.renew(meter, slot);
                if let Some(slot) = self.fleet.certificate(meter).filter(|_| self.certificate_ran_out(meter)) {
                    self.fleet.fail_now(meter, slot, self.now);
                    self.ages.failed(
                        self.fleet.meters[m].vintage,
                        slot,
                        self.fleet.whose(meter, slot).since_s,
                        self.now,
                    );
                    self.fleet.meters[m].failed |= 1 << slot;
                    self.tally.failures += 1;
                }
                self.heard_again(meter);
            }
        }
        self.schedule(meter);
    }

    fn certificate_ran_out(&self, meter: u32) -> bool {
        let lasts_s = self.plan.duty.certificate_s;
        let is_over = self.fleet.quiet.get(meter).is_some_and(|quiet| self.now - quiet > lasts_s);
        lasts_s > 0 && is_over && !self.fleet.is_unheard(meter)
    }

    /// If nothing keeps it from being heard any more, what it could not say is reported next.
    pub(super) fn heard_again(&mut self, meter: u32) {
        let m = meter as usize;
        if self.fleet.is_unheard(meter) || self.fleet.quiet.get(meter).is_none() {
            return;
        }
        self.fleet.quiet.end(meter);
        let parts = self.parts(meter);
        for (slot, part) in parts.iter().enumerate() {
            let unseen = self.fleet.meters[m].failed & !self.fleet.meters[m].seen & 1 << slot != 0;
            if unseen && matches!(part.effect, Effect::LockedOut | Effect::Tampered | Effect::Hot) {
                self.see(meter, slot, part);
            }
        }
        if let Some(watch) = self.plan.policy.watch {
            self.push(self.next_report(&watch, meter), kind::REPORTS, meter);
        }
    }

    /// A meter reports, if it is heard.
    pub(super) fn reports(&mut self, meter: u32) {
        let m = meter as usize;
        if self.fleet.is_unheard(meter) {
            return;
        }
        let parts = self.parts(meter);
        for (slot, part) in parts.iter().enumerate() {
            let bit = 1 << slot;
            if self.fleet.meters[m].seen & bit != 0 {
                continue;
            }
            let is_there = self.fleet.meters[m].failed & bit != 0 && self.is_watched(part);
            if is_there || self.has_shown(meter, slot, part) {
                if let Some(watch) = self.plan.policy.watch.filter(|watch| watch.band.is_some()) {
                    self.tally.report_bytes += f64::from(watch.report_bytes);
                }
                self.see(meter, slot, part);
            }
        }
    }

    /// Whether a part shows in reports at this moment.
    fn has_shown(&self, meter: u32, slot: usize, part: &PartSpec) -> bool {
        let Some(watch) = &self.plan.policy.watch else { return false };
        let whose = self.fleet.whose(meter, slot);
        if whose.since_s > self.now {
            return false;
        }
        match part.part {
            Part::Accuracy if watch.phase => self.lives.error_leaves_at(part, whose, shown_error(watch)) <= self.now,
            other if watch.voltage && has_voltage(other) => {
                self.lives.when_share(part, whose, self.will_fail_s(meter, slot), watch.worn) <= self.now
            }
            _ => false,
        }
    }

    /// The head-end learns of a failure, or that one is near.
    pub(super) fn see(&mut self, meter: u32, slot: usize, part: &PartSpec) {
        self.note_seen(meter, slot);
        let code = if has_voltage(part.part) { Code::Voltage } else { Code::of(part.effect) };
        self.react(meter, code, part.part);
    }

    /// The utility knows of a failure.
    pub(super) fn note_seen(&mut self, meter: u32, slot: usize) {
        let (m, bit) = (meter as usize, 1 << slot);
        if self.fleet.meters[m].seen & bit != 0 {
            return;
        }
        self.fleet.meters[m].seen |= bit;
        self.fleet.seen_at.set(meter, self.now);
        if self.fleet.meters[m].failed & bit != 0 {
            self.tally.detected.0 += 1;
            let began = self.fleet.fails_at(meter, slot).max(self.plan.start_s);
            self.tally.detected.1 += f64::from(self.now.saturating_sub(began));
        }
    }

    /// The head-end is sure that a meter is silent, and restarts it.
    pub(super) fn alarm(&mut self, meter: u32) {
        let m = meter as usize;
        if self.fleet.quiet.get(meter).map(|quiet| quiet.saturating_add(self.plan.policy.alarm_s)) != Some(self.now) {
            return;
        }
        let parts = self.parts(meter);
        let unheard = self.fleet.masks(meter).unheard;
        for (slot, part) in parts.iter().enumerate() {
            if self.fleet.meters[m].failed & unheard & 1 << slot == 0 {
                continue;
            }
            self.note_seen(meter, slot);
            if !self.plan.policy.restarts {
                continue;
            }
            self.tally.remote_checks += 1.0;
            let mut stream = draw::moment(self.plan.seed, self.fleet.first + meter, draw::RECOVERY, self.now);
            let cures = self.restart_cures(meter, part);
            if cures > 0.0 && stream.unit() < cures {
                self.settle(meter);
                self.renew(meter, slot);
            }
        }
        self.heard_again(meter);
        self.schedule(meter);
        if self.fleet.is_unheard(meter) {
            self.push(self.now + self.plan.policy.patience_s, kind::DISPATCH, meter);
        }
    }

    /// A meter that is still silent gets a visit.
    pub(super) fn dispatch(&mut self, meter: u32) {
        let policy = &self.plan.policy;
        let turn = |quiet: u32| quiet.saturating_add(policy.alarm_s).saturating_add(policy.patience_s);
        if self.fleet.is_unheard(meter) && self.fleet.quiet.get(meter).map(turn) == Some(self.now) {
            let masks = self.fleet.masks(meter);
            let unheard = self.fleet.meters[meter as usize].failed & masks.unheard;
            let only = self.fleet.certificate(meter).is_some_and(|slot| unheard == 1 << slot);
            let is_wrong = only && self.fleet.has_wrong_certificate(meter);
            let (code, part) =
                if is_wrong { (Code::Certificate, Part::Certificate) } else { (Code::Radio, Part::Module) };
            self.react(meter, code, part);
        }
    }

    /// A part is new, or as good as new.
    pub(super) fn renew(&mut self, meter: u32, slot: usize) {
        self.goes(meter, slot);
        let parts = self.parts(meter);
        self.fleet.renew(&self.lives, parts, meter, slot, self.now);
    }

    /// A part is taken out, and another one comes.
    pub(super) fn goes(&mut self, meter: u32, slot: usize) {
        let vintage = self.fleet.meters[meter as usize].vintage;
        if self.fleet.meters[meter as usize].failed & 1 << slot != 0 {
            self.write_failure(meter, slot, Some(self.now));
        } else {
            self.ages.left(vintage, slot, self.fleet.whose(meter, slot).since_s, self.now);
        }
        self.ages.came_new(vintage, slot);
    }

    /// Counts what the meter's state has cost since it was counted last.
    pub(super) fn settle(&mut self, meter: u32) {
        let m = meter as usize;
        let failed = self.fleet.meters[m].failed;
        let began = std::mem::replace(&mut self.fleet.meters[m].as_it_is, self.now);
        if failed == 0 || began >= self.now {
            return;
        }
        let (masks, duty) = (self.fleet.masks(meter), &self.plan.duty);
        let span_s = f64::from(self.now - began);
        let kwh_s = duty.energy_kwh_y / YEAR_S;
        if failed & (masks.unheard | masks.unmeasured) != 0 {
            self.tally.unavailable_s += span_s;
        }
        if failed & masks.unheard != 0 {
            self.tally.unread_s += span_s;
        }
        if failed & masks.unmeasured != 0 {
            self.tally.unbilled_kwh += kwh_s * span_s;
        } else if failed & masks.unheard != 0 {
            // Intervals that the meter keeps are made up for; older ones are overwritten.
            let quiet = self.fleet.quiet.get(meter).unwrap_or(NEVER);
            let lost = |until: u32| f64::from(until.saturating_sub(quiet).saturating_sub(duty.kept_s));
            self.tally.unbilled_kwh += kwh_s * (lost(self.now) - lost(began)).max(0.0);
        }
        if failed & masks.drifting != 0 {
            let slot = (failed & masks.drifting).trailing_zeros() as usize;
            let whose = self.fleet.whose(meter, slot);
            let error = self.lives.error(&self.parts(meter)[slot], whose, began + (self.now - began) / 2);
            self.tally.drifted_kwh += error.abs() * kwh_s * span_s;
        }
    }

    /// Health reports of a year.
    pub(super) fn count_reports(&mut self) {
        let Some(watch) = &self.plan.policy.watch else { return };
        let meters_s = self.tally.meters_s;
        let number = u64::from(self.number) << 32 | u64::from(self.year() + 1);
        let mut stream = amitwin_sim_core::rng::Stream::new(self.plan.seed, number, draw::FALSE_REPORTS);
        let expected = match watch.band {
            Some(band) => {
                let a_day = f64::from(band.values) * DAY_S / f64::from(watch.every_s);
                meters_s / DAY_S * monitoring::false_reports_a_day(a_day, band.k, band.in_a_row)
            }
            None => {
                let reports = meters_s / f64::from(watch.every_s);
                self.tally.report_bytes += reports * f64::from(watch.report_bytes);
                if watch.phase { reports * 2.0 * normal_above(REPORTED_K) } else { 0.0 }
            }
        };
        let false_reports = draw::poisson(&mut stream, expected);
        self.tally.false_reports += false_reports;
        // Each is asked about again from afar, and found to be nothing.
        self.tally.remote_checks += false_reports;
        if watch.band.is_some() {
            self.tally.report_bytes += false_reports * f64::from(watch.report_bytes);
        }
    }

    pub(super) fn write_failure(&mut self, meter: u32, slot: usize, gone: Option<u32>) {
        let m = meter as usize;
        let part = &self.parts(meter)[slot];
        let whose = self.fleet.whose(meter, slot);
        let began = self.fleet.fails_at(meter, slot);
        let start = self.plan.start_s;
        let since = began.max(start);
        let after = |time: u32| f64::from(time.saturating_sub(since));
        let seen = self.fleet.meters[m].seen & 1 << slot != 0;
        let is_wrong = part.part == Part::Certificate && self.fleet.has_wrong_certificate(meter);
        let code = if is_wrong { Code::Certificate } else { Code::of(part.effect) };
        // What nobody has known of has said nothing.
        let said = seen && !matches!(code, Code::Clock | Code::Signal | Code::Voltage | Code::Hot);
        let word = if said { code.word() } else { "" };
        self.rows.failures.push(FailureRow {
            time_s: f64::from(since - start),
            meter: whose.meter,
            depot: self.number,
            vintage: self.fleet.meters[m].vintage,
            part: part.part,
            effect: part.effect,
            age_s: f64::from(began.saturating_sub(whose.since_s)),
            generation: whose.generation,
            seen_after_s: self.fleet.seen_at.get(meter).filter(|_| seen).map(after),
            gone_after_s: gone.map(after),
            code: Arc::from(word),
            vintage_name: Added(Some(self.vintage_name(meter))),
        });
    }
}

//! Meters without supply: their capacitor, their last gasps, and that they are back.
//!
//! Energy is counted in seconds of listening: what a full capacitor holds is its hold-up time, a second of sending takes several.

use super::{Event, Meters};
use crate::backhaul::Alarm;
use crate::books::{Happened, Loss, OwnReport, Says};
use crate::check::ensure;
use crate::context::Ctx;
use crate::medium::message::{Body, Message};
use crate::medium::{Medium, Supply};
use crate::node::{Node, PerNode};
use crate::purpose;
use crate::spec::LastGaspSpec;
use amitwin_dlms::push::ALARM;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use serde::{Deserialize, Serialize};

/// The least time to the next look at a capacitor, so that the clock moves on.
const LOOK_MIN: SimTime = SimTime::from_micros(100);
/// A node that sends may run for so much longer than its capacitor lasts, s.
const LATE_MAX_S: f64 = 0.1;
const MICROS: f64 = 1e-6;

/// A node's capacitor, and what it has to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Reserve {
    /// What was left of it at `since`, seconds of listening.
    left_s: f32,
    /// Outages so far.
    outages: u16,
    /// Last gasps of this one.
    gasps: u8,
    /// It runs on its capacitor.
    on: bool,
    /// It owes the head-end that it is back from this outage.
    owes: bool,
    /// It has no capacitor any more.
    lost: bool,
    since: SimTime,
    /// When its supply failed last, and when it was back.
    dark_at: SimTime,
    lit_at: SimTime,
    /// What its radio had sent by `since`, modulo 2^32 us.
    sent_us: u32,
    /// Random numbers used.
    draws: u32,
}

/// The capacitors of a partition.
#[derive(Debug)]
pub struct Reserves {
    spec: LastGaspSpec,
    of: PerNode<Reserve>,
}

impl Reserves {
    /// Full ones.
    pub fn new(spec: &LastGaspSpec, nodes: usize) -> Reserves {
        let full = Reserve { left_s: spec.hold_up.secs_f64() as f32, ..Reserve::default() };
        Reserves { spec: spec.clone(), of: PerNode::of(full, nodes) }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.of.bytes()
    }

    /// Brings what is left up to now.
    fn settle(&mut self, node: Node, now: SimTime, sent_us: u32) -> f64 {
        let spec = &self.spec;
        let reserve = &mut self.of[node];
        let passed_s = now.saturating_sub(reserve.since).secs_f64();
        let full_s = spec.hold_up.secs_f64();
        let left_s = if reserve.on {
            let sent_s = f64::from(sent_us.wrapping_sub(reserve.sent_us)) * MICROS;
            f64::from(reserve.left_s) - passed_s - (spec.sending_takes - 1.0) * sent_s
        } else {
            (f64::from(reserve.left_s) + full_s * passed_s / spec.recharge.secs_f64()).min(full_s)
        };
        (reserve.left_s, reserve.since, reserve.sent_us) = (left_s as f32, now, sent_us);
        left_s
    }

    /// When to look at a capacitor again: before it can be empty, as far as that is not all too soon.
    fn look(&self, left_s: f64) -> SimTime {
        let left_s = left_s.max(0.0);
        SimTime::from_secs_f64((left_s / self.spec.sending_takes).max(left_s.min(LATE_MAX_S))).max(LOOK_MIN)
    }

    /// A random number of a node from 0 to 1.
    fn draw(&mut self, ctx: &Ctx, node: Node) -> f64 {
        let reserve = &mut self.of[node];
        let mut stream = Stream::resume(ctx.facts.stream_key(node, purpose::LAST_GASP), u64::from(reserve.draws));
        reserve.draws += 1;
        stream.unit()
    }

    /// Whether a meter is one of those that speak.
    fn speaks(&self, ctx: &Ctx, node: Node) -> bool {
        let share = self.spec.bellwethers;
        share >= 1.0 || Stream::resume(ctx.facts.stream_key(node, purpose::BELLWETHER), 0).unit() < share
    }

    /// What changes in a run.
    pub fn save(&self) -> Kept {
        Kept(self.of.clone())
    }

    /// Goes on from what was saved.
    ///
    /// # Errors
    /// It is not of these nodes.
    pub fn restore(&mut self, kept: Kept) -> Result<(), String> {
        ensure(kept.0.len() == self.of.len(), || "meter: capacitors of other nodes".to_owned())?;
        let full_s = self.spec.hold_up.secs_f64() as f32;
        ensure(kept.0.0.iter().all(|reserve| reserve.left_s <= full_s), || {
            "meter: a capacitor holds more than it can".to_owned()
        })?;
        self.of = kept.0;
        Ok(())
    }
}

/// What changes of capacitors in a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept(PerNode<Reserve>);

impl Meters {
    /// Whatever destroys a radio takes its capacitor along.
    pub fn lose_capacitor(&mut self, node: Node) {
        if let Some(reserves) = &mut self.reserves
            && let Some(reserve) = reserves.of.0.get_mut(node.at())
        {
            reserve.lost = true;
        }
    }

    /// The supply of a node fails: with a capacitor it runs on and will say so, without it is gone.
    pub(super) fn loses_supply<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) {
        let measures = self.meters[node].measures;
        let Some(reserves) = self.reserves.as_mut().filter(|reserves| !reserves.of[node].lost) else {
            return self.goes_dark(medium, ctx, node);
        };
        let left_s = reserves.settle(node, ctx.now(), medium.sent_us(node));
        let reserve = &mut reserves.of[node];
        reserve.on = true;
        reserve.outages += 1;
        (reserve.gasps, reserve.owes, reserve.dark_at) = (0, false, ctx.now());
        let outage = reserve.outages;
        ctx.note(node, Happened::OnCapacitor { left_s });
        ctx.schedule(ctx.now() + reserves.look(left_s), node, Event::Capacitor { node, outage });
        if measures && reserves.speaks(ctx, node) {
            let within = reserves.spec.spread.secs_f64() * reserves.draw(ctx, node);
            let at = ctx.now() + reserves.spec.filter + SimTime::from_secs_f64(within);
            ctx.schedule(at, node, Event::LastGasp { node, outage });
        }
    }

    /// Whether a node runs on its capacitor.
    pub(super) fn runs_on_capacitor(&self, node: Node) -> bool {
        self.reserves.as_ref().is_some_and(|reserves| reserves.of[node].on)
    }

    /// A meter takes a sag of its supply for an outage; the number of that. None without a capacitor, whose charger is what looks at the supply.
    pub(super) fn takes_for_outage<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) -> Option<u16> {
        self.reserves.as_ref().filter(|reserves| !reserves.of[node].lost)?;
        self.loses_supply(medium, ctx, node);
        self.reserves.as_ref().map(|reserves| reserves.of[node].outages)
    }

    /// [`Event::SagOver`]: unless the supply has failed in earnest since, it is back.
    pub(super) fn sag_over<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, outage: u16) {
        let is_it = self.reserves.as_ref().is_some_and(|reserves| reserves.of[node].outages == outage);
        if is_it && !self.meters[node].dark && !self.meters[node].bricked {
            self.supply_returns(medium, ctx, node);
        }
    }

    /// The supply is back; whether the node has run all the while.
    pub(super) fn ran_on<M: Medium>(&mut self, medium: &M, ctx: &mut Ctx, node: Node) -> bool {
        let Some(reserves) = &mut self.reserves else { return false };
        reserves.settle(node, ctx.now(), medium.sent_us(node));
        let reserve = &mut reserves.of[node];
        let ran = std::mem::take(&mut reserve.on);
        // Whoever has said nothing, or could not, has nothing to take back.
        (reserve.owes, reserve.lit_at) = (reserve.gasps > 0, ctx.now());
        if ran {
            self.owes_power_up(ctx, node);
        }
        ran
    }

    /// [`Event::Capacitor`]: is it empty? Then the node is gone.
    pub(super) fn look_at_capacitor<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, outage: u16) {
        let Some(reserves) = &mut self.reserves else { return };
        if reserves.of[node].outages != outage || !reserves.of[node].on {
            return;
        }
        let left_s = reserves.settle(node, ctx.now(), medium.sent_us(node));
        if left_s > 0.0 {
            return ctx.schedule(ctx.now() + reserves.look(left_s), node, Event::Capacitor { node, outage });
        }
        let reserve = &mut reserves.of[node];
        (reserve.left_s, reserve.on) = (0.0, false);
        let (silent, planned) = (reserve.gasps == 0, reserve.dark_at);
        if silent && self.meters[node].measures && reserves.speaks(ctx, node) {
            // The head-end may learn of it when the meter is back.
            reserves.of[node].gasps = 1;
            could_not_say(ctx, (node, planned), (Alarm::LastGasp, outage), Loss::Reset);
        }
        self.goes_dark(medium, ctx, node);
    }

    /// [`Event::LastGasp`].
    pub(super) fn last_gasp<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, outage: u16) {
        let Some(reserves) = &mut self.reserves else { return };
        let reserve = &mut reserves.of[node];
        if reserve.outages != outage || !reserve.on || reserve.gasps >= reserves.spec.tries {
            return;
        }
        reserve.gasps += 1;
        ctx.books.counters.false_gasps += u64::from(!self.meters[node].dark);
        let (number, planned) = (reserve.gasps, reserve.dark_at);
        if number < reserves.spec.tries {
            let wait_s = reserves.spec.gap.secs_f64() * (0.5 + reserves.draw(ctx, node));
            ctx.schedule(ctx.now() + SimTime::from_secs_f64(wait_s), node, Event::LastGasp { node, outage });
        }
        self.alarms(medium, ctx, (node, planned), (Alarm::LastGasp, outage), number);
    }

    /// A node that is part of its mesh, with its supply: it will say that it is back, if it owes that.
    pub(super) fn owes_power_up(&mut self, ctx: &mut Ctx, node: Node) {
        let is_lit = !self.meters[node].dark;
        let Some(reserves) = self.reserves.as_mut().filter(|reserves| is_lit && reserves.of[node].owes) else { return };
        reserves.of[node].owes = false;
        let outage = reserves.of[node].outages;
        let within = reserves.spec.power_up_spread.secs_f64() * reserves.draw(ctx, node);
        ctx.schedule(ctx.now() + SimTime::from_secs_f64(within), node, Event::PowerUp { node, outage });
    }

    /// [`Event::PowerUp`].
    pub(super) fn power_up<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, outage: u16) {
        let meter = &self.meters[node];
        let Some(reserves) = &mut self.reserves else { return };
        let reserve = &mut reserves.of[node];
        if reserve.outages != outage || meter.dark {
            return;
        }
        if !meter.attached {
            // It is said when the meter has found its way again.
            reserve.owes = true;
            return;
        }
        let planned = reserve.lit_at;
        self.alarms(medium, ctx, (node, planned), (Alarm::PowerUp, outage), 1);
    }

    fn alarms<M: Medium>(
        &mut self,
        medium: &mut M,
        ctx: &mut Ctx,
        of: (Node, SimTime),
        (alarm, outage): (Alarm, u16),
        attempt: u8,
    ) {
        let (node, planned) = of;
        if self.meters[node].hung {
            return could_not_say(ctx, of, (alarm, outage), Loss::Reset);
        }
        if !self.meters[node].attached {
            ctx.books.lost(node, Loss::NoRoute);
            return could_not_say(ctx, of, (alarm, outage), Loss::NoRoute);
        }
        let (apdu, bytes) = self.notification(ctx, node, ALARM, u32::from(outage));
        let message = Message {
            attempts: attempt,
            apdu,
            bytes,
            ..Message::new(Body::Alarm { alarm, outage, sent: ctx.now() }, ctx.facts.gateway_of(node), planned)
        };
        medium.send(self, ctx, node, message);
    }

    /// Nothing keeps it running any more.
    fn goes_dark<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node) {
        let meter = &mut self.meters[node];
        meter.boots += 1;
        (meter.attached, meter.hung) = (false, false);
        let boots = meter.boots;
        ctx.note(node, Happened::PowerDown { boots });
        medium.power(self, ctx, node, Supply::Off);
    }
}

/// What a meter had to say and could not: its capacitor is empty, or it has no way.
fn could_not_say(ctx: &mut Ctx, (origin, planned): (Node, SimTime), (alarm, outage): (Alarm, u16), why: Loss) {
    let says = Says::Alarm { alarm, outage };
    let report = OwnReport { origin, says, planned, sent: None, attempts: 0, distance: 0, hops_made: 0, bytes: 0 };
    ctx.books.report_lost(ctx.facts, &report, why);
}

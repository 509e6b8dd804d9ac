//! How each stack uses the air and its queues: settings where a scenario has them, otherwise what the stack does.
//!
//! **N** is nanostack of mbed-os v15.1, `sal-stack-nanostack/source`; **W** is a radio of Silicon Labs under wisun-br-linux
//! v2.10.2, whose firmware is not open.

use crate::context::Facts;
use crate::medium::mesh::hopping::{BROADCAST_DWELL, BROADCAST_INTERVAL, UNICAST_DWELL};
use crate::medium::mesh::packet::Packet;
use crate::node::Node;
use crate::spec::{BorderStack, MacSpec, RouterStack};
use amitwin_sim_core::SimTime;

/// Rules of a link layer.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Smallest backoff exponent.
    pub min_be: u8,
    /// Largest.
    pub max_be: u8,
    /// Further looks at the channel after the first.
    pub csma_backoffs_max: u8,
    /// From the start of a backoff to the first look, at least.
    pub lead: SimTime,
    /// After a busy channel and a round of unanswered transmissions, nanostack leaves the frame alone instead of raising the exponent: the first and
    /// the last pause, each the least and the most of a uniform draw. Looks at a busy channel are counted for the frame then, not for each of its
    /// transmissions, and none while the radio receives.
    pub pauses: Option<[(SimTime, SimTime); 2]>,
    /// A radio that has had a frame for so long gives it back, and it begins anew.
    pub gives_back: SimTime,
    /// Bounds of the level at which a channel is busy, dBm, where it follows the weakest signal that a node receives.
    pub cca_dbm: Option<(i8, i8)>,
    /// The channel is looked at again after this, and has to be clear then as well; zero: once is enough.
    pub second_look: SimTime,
    /// Transmissions of a frame.
    pub attempts: u8,
    /// Of them on one channel, one after another; the next wait for another dwell time.
    pub attempts_a_channel: u8,
    /// The same of a node that is joining.
    pub attempts_joining: u8,
    /// Slots in which nodes of an even and of an odd number of hops send by turns; zero: at any time.
    pub slot: SimTime,
    /// A node that waits for its slot without knowing which is its looks whether it is there after a random time of up to this, again and again.
    pub polls_slot: SimTime,
    /// Frames that wait in front of a node's radio, or that the radio has.
    pub queue_frames_max: u16,
    /// Where they wait.
    pub queueing: Queueing,
    /// What keeps the mesh together.
    pub control: Control,
    /// How long data waits before it is dropped.
    pub age_max: SimTime,
    /// The same of messages that keep the mesh together.
    pub control_age_max: SimTime,
    /// How long a radio holds a frame for one neighbour, and one for all, if it gives them up by itself.
    pub held_max: Option<(SimTime, SimTime)>,
    /// Hop over the channel plan.
    pub hopping: bool,
}

/// Where frames wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queueing {
    /// In front of the radio, which is given one for each of some neighbours and holds it until it is done with. The oldest gives way in a full queue, and now
    /// and then before it is full.
    InFront,
    /// In the radio, all of them, which turns to the next while one waits for its repetition. What it has no room for is refused, and sweeps take a
    /// place each.
    InRadio,
    /// The same, without sweeps, and the oldest gives way (plain IEEE 802.15.4).
    Plain,
}

/// What a queue does for messages that keep the mesh together: they may grow older than data, and do not give way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Those that are marked as network control go first as well.
    First,
    /// Nothing but that.
    Spared,
    /// They are data as any other.
    Nothing,
}

/// What a node is in its PAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A meter or repeater.
    Router,
    /// A border router.
    Border,
}

/// Rules of all nodes: a border router has those of its own stack.
#[derive(Clone, Debug)]
pub struct RulesByRole {
    router: Rules,
    border: Rules,
}

impl RulesByRole {
    /// Those of two stacks at a data rate; `plain`: of plain IEEE 802.15.4.
    pub fn new(spec: &MacSpec, router: RouterStack, border: BorderStack, rate_bps: u32, plain: bool) -> Self {
        let border = match border {
            BorderStack::Nanostack => RouterStack::Nanostack,
            BorderStack::Wsbrd => RouterStack::Wsrd,
        };
        let rules = |role, stack| {
            let rules = Rules::new(spec, (role, stack), rate_bps);
            if plain { rules.plain(spec, role, rate_bps) } else { rules }
        };
        RulesByRole { router: rules(Role::Router, router), border: rules(Role::Border, border) }
    }

    /// Those of a node.
    pub fn of(&self, facts: &Facts, node: Node) -> &Rules {
        if facts.is_gateway(node) { &self.border } else { &self.router }
    }

    /// Whether who made a datagram has marked it as network control.
    pub fn marks(&self, facts: &Facts, packet: &Packet) -> bool {
        let is_marking = self.of(facts, packet.origin).control == Control::First;
        is_marking && packet.is_network_control() && !packet.is_bare_eapol()
    }
}

/// N `adaptation_interface.c`, wsbrd alike: room for a minute of a fifth of the data rate in packets of 500 bytes, between two bounds.
fn queue(rate_bps: u32, role: Role) -> u16 {
    let (least, most) = if role == Role::Router { (20, 170) } else { (170, 1_200) };
    (60 * (rate_bps / 5) / (8 * 500)).clamp(least, most) as u16
}

/// W `ws_interface.h`: frames that wsrd gives its radio at a time (WS_IF_FRAME_MAX).
const IN_RADIO: u16 = 16;

fn queue_set(spec: &MacSpec, role: Role) -> Option<u16> {
    match role {
        Role::Router => spec.queue_frames_max,
        Role::Border => spec.gateway_queue_frames_max,
    }
}

impl Rules {
    /// Those of a stack at a data rate.
    pub fn new(spec: &MacSpec, (role, stack): (Role, RouterStack), rate_bps: u32) -> Self {
        let ms = SimTime::from_millis;
        let unicast = BROADCAST_INTERVAL - BROADCAST_DWELL;
        let own = match stack {
            RouterStack::Nanostack => Rules {
                // `ws_common_defines.h`, `mac_pd_sap.c`: the least exponent, and 5 ms to the last of two looks.
                min_be: 1,
                max_be: 1,
                csma_backoffs_max: 9,
                lead: ms(3),
                pauses: Some([(ms(20), ms(40)), (ms(150), ms(300))]),
                // `mac_mcps_sap.c`: more than 10 whole seconds. `ws_common_defines.h`: CCA_LOW_LIMIT, CCA_HIGH_LIMIT.
                gives_back: SimTime::from_secs(11),
                cca_dbm: Some((-100, -60)),
                second_look: ms(2),
                attempts: 20,
                attempts_a_channel: 4,
                attempts_joining: 1,
                // `fhss_ws.c`: an even number of them fits between two broadcast slots.
                slot: match rate_bps {
                    0..100_000 => SimTime::from_nanos(unicast.nanos() / 6),
                    100_000..150_000 => SimTime::from_nanos(unicast.nanos() / 8),
                    150_000..300_000 => SimTime::from_nanos(unicast.nanos() / 14),
                    300_000.. => SimTime::from_nanos(unicast.nanos() / 28),
                },
                // `mac_pd_sap.c`: 1 to 20 ms.
                polls_slot: ms(20),
                queue_frames_max: queue(rate_bps, role),
                queueing: Queueing::InFront,
                // `adaptation_interface.c`: traffic class CS6.
                control: Control::First,
                age_max: SimTime::from_secs(30),
                control_age_max: SimTime::from_secs(60),
                held_max: None,
                hopping: spec.hopping,
            },
            RouterStack::Wsrd => Rules {
                // `HIF.md`, SET_RADIO_CSMA.
                min_be: 3,
                max_be: 5,
                csma_backoffs_max: 8,
                lead: SimTime::ZERO,
                pauses: None,
                gives_back: SimTime::MAX,
                cca_dbm: None,
                second_look: SimTime::ZERO,
                attempts: 8,
                attempts_a_channel: 1,
                attempts_joining: 1,
                slot: SimTime::ZERO,
                polls_slot: SimTime::ZERO,
                // wsrd leaves its frames to the radio; `lowpan_adaptation_interface.c` of wsbrd knows no classes.
                queue_frames_max: if role == Role::Border { queue(rate_bps, role) } else { IN_RADIO },
                queueing: if role == Role::Border { Queueing::InFront } else { Queueing::InRadio },
                control: Control::Nothing,
                age_max: SimTime::from_secs(30),
                control_age_max: SimTime::from_secs(30),
                // `HIF.md`, time-outs of status 4.
                held_max: Some((SimTime::from_secs(10), SimTime::from_secs(20))),
                hopping: spec.hopping,
            },
        };
        let min_be = spec.min_be.unwrap_or(spec.max_be.map_or(own.min_be, |max_be| own.min_be.min(max_be)));
        Rules {
            min_be,
            max_be: spec.max_be.unwrap_or(own.max_be.max(min_be)),
            csma_backoffs_max: spec.csma_backoffs_max.unwrap_or(own.csma_backoffs_max),
            attempts: spec.frame_retries_max.map_or(own.attempts, |retries| retries.saturating_add(1)),
            queue_frames_max: queue_set(spec, role).unwrap_or(own.queue_frames_max),
            ..own
        }
    }

    /// Those of plain IEEE 802.15.4, as ns-3 has it: nothing grows old in a queue, or gives way.
    fn plain(self, spec: &MacSpec, role: Role, rate_bps: u32) -> Self {
        let ages = Rules { age_max: SimTime::MAX, control_age_max: SimTime::MAX, held_max: None, ..self };
        let queue_frames_max = queue_set(spec, role).unwrap_or_else(|| queue(rate_bps, role));
        Rules { queueing: Queueing::Plain, control: Control::Spared, queue_frames_max, ..ages }
    }

    /// Whether a packet may grow older than data, and does not give way to others.
    pub fn spares(&self, packet: &Packet) -> bool {
        match self.control {
            Control::First => packet.is_network_control(),
            Control::Spared => packet.is_control(),
            Control::Nothing => false,
        }
    }

    /// When a node of so many hops may send next: now, or at the start of its next slot.
    pub fn may_send(&self, hops: u8, now: SimTime) -> SimTime {
        if self.slot == SimTime::ZERO {
            return now;
        }
        let interval = BROADCAST_INTERVAL.nanos();
        let begun = now.nanos() / interval * interval + BROADCAST_DWELL.nanos();
        let number = now.nanos().saturating_sub(begun) / self.slot.nanos();
        if number % 2 == u64::from(hops % 2) && now.nanos() >= begun {
            return now;
        }
        let mine = if now.nanos() < begun { u64::from(hops % 2) } else { number + 1 };
        let at = begun + mine * self.slot.nanos();
        // Slots begin anew behind each broadcast slot.
        let end = begun - BROADCAST_DWELL.nanos() + interval;
        SimTime::from_nanos(if at + self.slot.nanos() <= end + 1_000 {
            at
        } else {
            end + BROADCAST_DWELL.nanos() + u64::from(hops % 2) * self.slot.nanos()
        })
    }

    /// From the start of its slot on a node of so many hops waits so long before it looks at its queue, for a place between 0 and 1: of four hops in a row two begin
    /// with the slot, two with its second half. N `fhss_ws.c`.
    pub fn looks_after(&self, hops: u8, place: f64) -> SimTime {
        self.half(hops) + SimTime::from_secs_f64((0.01 + 0.19 * place) * self.slot.secs_f64())
    }

    /// From the start of a node's slot to that of its own half of it.
    fn half(&self, hops: u8) -> SimTime {
        SimTime::from_nanos(u64::from(hops / 2 % 2) * self.slot.nanos() / 2)
    }

    /// When a node of so many hops may repeat a frame that was not answered: now in its own half of its slot, otherwise as its next one begins. N `fhss_ws.c`.
    pub fn may_repeat(&self, hops: u8, now: SimTime) -> SimTime {
        let (interval, slot) = (BROADCAST_INTERVAL.nanos(), self.slot.nanos());
        if slot == 0 {
            return now;
        }
        let begun = now.nanos() / interval * interval + BROADCAST_DWELL.nanos();
        let first = begun + u64::from(hops % 2) * slot + self.half(hops).nanos();
        // Since its own half began that was the last to do so.
        let since = now.nanos().checked_sub(first).map(|since| since % (2 * slot));
        match since {
            None => SimTime::from_nanos(first),
            Some(since) if since < slot / 2 => now,
            Some(since) => {
                let next = now.nanos() - since + 2 * slot;
                let is_behind = next + 1_000 >= begun - BROADCAST_DWELL.nanos() + interval;
                SimTime::from_nanos(if is_behind { next + BROADCAST_DWELL.nanos() } else { next })
            }
        }
    }

    /// Transmissions of a frame one after another.
    pub fn in_a_row(&self, joining: bool) -> u8 {
        if joining { self.attempts_joining } else { self.attempts_a_channel }
    }

    /// Which round of transmissions ends with number `tries` of a frame, from 1, when none was answered; `None` in the midst of one.
    pub fn round(&self, tries: u8, joining: bool) -> Option<u8> {
        let in_a_row = self.in_a_row(joining);
        tries.is_multiple_of(in_a_row).then(|| tries / in_a_row)
    }

    /// Pause after number `failed`, from 1, of looks at a busy channel or of rounds that nobody answered; the place in it is between 0 and 1.
    pub fn pause(&self, failed: u8, place: f64) -> Option<SimTime> {
        let [(low, high), (last_low, last_high)] = self.pauses?;
        let times = 1u64 << failed.saturating_sub(1).min(8);
        let (low, high) = ((low * times).min(last_low), (high * times).min(last_high));
        Some(low + SimTime::from_secs_f64((high - low).secs_f64() * place))
    }

    /// Probability that the oldest data of a queue with room for `limit` frames gives way to a new frame: none up to half of it, then up to a
    /// tenth, counted from the last such drop, and certainty above. `average_256` is the average length in 1/256 frames.
    pub fn gives_way(average_256: u32, limit: u16, spared: u16) -> f64 {
        if limit < 2 {
            return 0.0;
        }
        Rules::early_drop(average_256, (limit / 2, limit), 0.1, spared)
    }

    /// Random early detection: a probability that grows from none at the first average length of a queue to `highest` at the second, counted
    /// from the last time, and certainty above.
    pub fn early_drop(average_256: u32, (least, most): (u16, u16), highest: f64, spared: u16) -> f64 {
        let (average, least, most) = (average_256 / 256, u32::from(least), u32::from(most));
        if average <= least {
            return 0.0;
        }
        if average > most {
            return 1.0;
        }
        let probability = highest * f64::from(average - least) / f64::from(most - least);
        (probability / (1.0 - f64::from(spared) * probability).max(probability)).min(1.0)
    }

    /// Average length of a queue, 1/256 frames, after a change to `len` frames, which counts an eighth.
    pub fn average_256(average_256: u32, len: u16) -> u32 {
        match average_256 {
            0 => 256 * u32::from(len),
            _ => 224 * average_256 / 256 + 32 * u32::from(len),
        }
    }

    /// Start of the dwell time that follows `now` in the hop sequence of a radio.
    pub fn next_dwell(phase_ms: u32, now: SimTime) -> SimTime {
        let phase = u64::from(phase_ms) * 1_000_000;
        let slot = (now.nanos() + phase) / UNICAST_DWELL.nanos() + 1;
        SimTime::from_nanos(slot * UNICAST_DWELL.nanos() - phase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(stack: RouterStack, rate_bps: u32) -> Rules {
        Rules::new(&MacSpec::default(), (Role::Router, stack), rate_bps)
    }

    #[test]
    fn queues_hold_a_minute_of_a_fifth_of_the_data_rate_and_the_radio_of_wsrd_sixteen_frames() {
        use RouterStack::{Nanostack, Wsrd};
        // 60 s x 10,000 b/s / 4,000 bits; 300; 900.
        for (rate_bps, node, router) in [(50_000, 150, 170), (100_000, 170, 300), (300_000, 170, 900)] {
            let of = |role, stack| Rules::new(&MacSpec::default(), (role, stack), rate_bps).queue_frames_max;
            let seen = [of(Role::Router, Nanostack), of(Role::Border, Nanostack), of(Role::Border, Wsrd)];
            assert_eq!(seen, [node, router, router], "{rate_bps} b/s");
            assert_eq!(of(Role::Router, Wsrd), 16);
        }
        let set = MacSpec { queue_frames_max: Some(7), ..MacSpec::default() };
        assert_eq!(Rules::new(&set, (Role::Router, Wsrd), 50_000).queue_frames_max, 7);
        let plain = RulesByRole::new(&MacSpec::default(), Wsrd, BorderStack::Wsbrd, 250_000, true);
        assert_eq!((plain.router.queue_frames_max, plain.router.queueing), (170, Queueing::Plain));
    }

    #[test]
    fn a_queue_that_is_half_full_drops_now_and_then() {
        let of = |average: u32, spared| Rules::gives_way(256 * average, 100, spared);
        // Half of the way from 50 to 100: 5 %, and after 10 that were spared 0.05 / (1 - 0.5); never more often than always.
        assert_eq!(
            [of(50, 0), of(75, 0), of(75, 10), of(100, 0), of(101, 0), of(75, 100)],
            [0.0, 0.05, 0.1, 0.1, 1.0, 1.0]
        );
        // An empty queue takes the first length; then 7/8 x 8 + 1/8 x 16 = 9.
        assert_eq!((Rules::average_256(0, 8), Rules::average_256(2_048, 16)), (2_048, 2_304));
        assert_eq!(Rules::gives_way(256, 0, 0), 0.0);
    }

    #[test]
    fn even_and_odd_hops_take_turns_between_two_broadcast_slots() {
        // At 50 kb/s six slots of 127.5 ms follow the broadcast slot of 255 ms.
        let rules = rules(RouterStack::Nanostack, 50_000);
        let of = |hops, ms: u64| rules.may_send(hops, SimTime::from_millis(ms)).secs_f64() * 1e3;
        // In the broadcast slot: the first of each, at 255 and 382.5 ms.
        assert_eq!((of(0, 100), of(1, 100)), (255.0, 382.5));
        // In a slot of even hops.
        assert_eq!((of(2, 300), of(3, 300)), (300.0, 382.5));
        // In the last slot, of odd hops: the next even one follows the next broadcast slot.
        assert_eq!((of(1, 1_000), of(0, 1_000)), (1_000.0, 1_275.0));
        // In the last but one, of even hops.
        assert_eq!((of(0, 800), of(1, 800)), (800.0, 892.5));
        // wsrd sends at any time.
        let any = Rules::new(&MacSpec::default(), (Role::Router, RouterStack::Wsrd), 50_000);
        assert_eq!(any.may_send(1, SimTime::from_millis(300)), SimTime::from_millis(300));
    }

    #[test]
    fn of_four_hops_in_a_row_each_repeats_in_a_half_of_its_own() {
        // At 50 kb/s slots of 127.5 ms from 255 ms on: of 0 hops the first half, of 2 the second, of 1 and 3 the same of the next slot.
        let rules = rules(RouterStack::Nanostack, 50_000);
        let of = |hops, ms: f64| rules.may_repeat(hops, SimTime::from_secs_f64(ms * 1e-3)).secs_f64() * 1e3;
        let near = |a: f64, b: f64| assert!((a - b).abs() < 0.01, "{a} {b}");
        for (hops, begins) in [(0, 255.0), (2, 318.75), (1, 382.5), (3, 446.25), (4, 255.0)] {
            near(of(hops, 256.0), if begins > 256.0 { begins } else { 256.0 });
            near(of(hops, begins + 63.0), begins + 63.0);
            // A moment behind it: two slots later.
            near(of(hops, begins + 64.0), begins + 255.0);
        }
        // Behind the last of the even slots, at 765 ms, comes the first after the next broadcast slot.
        near(of(0, 830.0), 1_020.0 + 255.0);
        let looks = |hops, place| rules.looks_after(hops, place).secs_f64() * 1e3;
        for (hops, place, ms) in [(0, 0.0, 1.275), (1, 1.0, 25.5), (2, 0.0, 65.025), (3, 1.0, 89.25)] {
            near(looks(hops, place), ms);
        }
    }

    #[test]
    fn pauses_double_up_to_the_last() {
        let rules = rules(RouterStack::Nanostack, 50_000);
        let ms = |failed, place| rules.pause(failed, place).expect("nanostack pauses").secs_f64() * 1e3;
        assert_eq!([ms(1, 0.0), ms(2, 0.0), ms(3, 0.0), ms(9, 0.0)], [20.0, 40.0, 80.0, 150.0]);
        assert_eq!([ms(1, 1.0), ms(9, 1.0)], [40.0, 300.0]);
    }

    #[test]
    fn nanostack_pauses_after_each_fourth_transmission_and_while_it_joins_after_each() {
        let nanostack = rules(RouterStack::Nanostack, 50_000);
        assert_eq!(
            [1, 3, 4, 5, 8, 20].map(|tries| nanostack.round(tries, false)),
            [None, None, Some(1), None, Some(2), Some(5)]
        );
        assert_eq!([1, 2, 20].map(|tries| nanostack.round(tries, true)), [Some(1), Some(2), Some(20)]);
    }

    #[test]
    fn a_setting_wins_over_the_stack() {
        let spec = MacSpec { frame_retries_max: Some(0), min_be: Some(6), ..MacSpec::default() };
        let rules = Rules::new(&spec, (Role::Router, RouterStack::Wsrd), 50_000);
        assert_eq!((rules.attempts, rules.min_be, rules.max_be), (1, 6, 6));
        // The least exponent is no larger than a largest that is set.
        let spec = MacSpec { max_be: Some(2), ..MacSpec::default() };
        let rules = Rules::new(&spec, (Role::Router, RouterStack::Wsrd), 50_000);
        assert_eq!((rules.min_be, rules.max_be), (2, 2));
    }
}

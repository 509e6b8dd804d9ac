//! When meters push by the clock: each at a random moment of its setup's window after every beginning of a period.
//!
//! The moment follows from seed, meter and period, so that nothing of it is kept: a worker holds eight bytes for each of its
//! meters that is still due in the period that goes on.

use super::network::ServedNetwork;
use super::outbox::{Origin, Push};
use super::responder::Responder;
use amitwin_dlms::push::{self, READINGS};
use amitwin_models::purpose::PUSH_START;
use amitwin_scenarios::served::Addressing;
use amitwin_sim_core::rng::Stream;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Meters whose moments are drawn before others have their turn.
const DRAWN_A_TURN: u32 = 4_096;
/// How long pushes are made before answers leave.
const TURN: Duration = Duration::from_millis(1);

/// The pushes of one worker's share of the meters.
#[derive(Debug)]
pub struct Schedule {
    every_ms: i64,
    /// Nothing that was due before is made up for.
    since_ms: i64,
    /// The period that goes on, counted from 1970.
    period: Option<i64>,
    /// Places drawn next, first and in steps: those of one worker.
    next: u64,
    first: u64,
    step: u64,
    /// Milliseconds into the period in the upper half, place in the lower.
    due: BinaryHeap<Reverse<u64>>,
    /// More is to be done at once.
    behind: bool,
}

impl Schedule {
    /// Of worker `n` of `workers`, for meters that push once in `every`, from a time on.
    pub fn new(every: Duration, (n, workers): (usize, usize), since_ms: i64) -> Schedule {
        Schedule {
            every_ms: i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1),
            since_ms,
            period: None,
            next: u64::MAX,
            first: n as u64 + 1,
            step: workers as u64,
            due: BinaryHeap::new(),
            behind: false,
        }
    }

    /// More is to be done at once.
    pub fn is_behind(&self) -> bool {
        self.behind
    }

    /// Has those push whose moment has come, some of them if they are many.
    pub fn turn(&mut self, responder: &mut Responder<'_>) {
        let (network, moment) = (responder.network, responder.moment());
        self.behind = self.draw(network, moment.unix_ms);
        while let Some(due) = self.due.peek().map(|Reverse(due)| *due)
            && self.begin_ms() + i64::from((due >> 32) as u32) <= moment.unix_ms
        {
            if !responder.has_room_to_push() || responder.now.elapsed() > TURN {
                self.behind = true;
                return;
            }
            self.due.pop();
            let place = u64::from(due as u32);
            let Some(number) = network.meters.at(place) else { continue };
            let origin = match network.settings.section.addressing {
                Addressing::Address => Origin { number, place, port: 1 },
                Addressing::Port => Origin { number, place: 0, port: place as u16 },
                Addressing::Gateway => Origin { number, place: 0, port: 1 },
            };
            responder.counters.pushes_due += 1;
            responder.push(Push { origin, setup: READINGS, invoke_id: network.next_invoke_id(), moment, failed: 0 });
        }
    }

    /// Draws the moments of a period that has begun; whether there are more to be drawn. While meters of the period before
    /// are still due, no other begins: who cannot get round skips one.
    fn draw(&mut self, network: &ServedNetwork, now_ms: i64) -> bool {
        let last = u64::from(network.meters.count());
        let period = now_ms.div_euclid(self.every_ms);
        if self.next > last && self.due.is_empty() && self.period.is_none_or(|before| period > before) {
            (self.period, self.next) = (Some(period), self.first);
        }
        for _ in 0..DRAWN_A_TURN {
            let Some(number) = network.meters.at(self.next) else { break };
            let spread = network.registry.look(number, |rest| push::timing(rest, READINGS));
            let spread_ms = i64::from(spread.map_or(0, |timing| timing.spread_s)) * 1_000;
            let spread_ms = u32::try_from(spread_ms.min(self.every_ms)).unwrap_or(u32::MAX);
            let after_ms = moment_ms(network.fleet.seed, number, self.period.unwrap_or(0), spread_ms);
            if self.begin_ms() + i64::from(after_ms) >= self.since_ms {
                self.due.push(Reverse(u64::from(after_ms) << 32 | self.next));
            }
            self.next += self.step;
        }
        self.next <= last
    }

    /// When the period began, ms since 1970.
    fn begin_ms(&self) -> i64 {
        self.period.unwrap_or(0).saturating_mul(self.every_ms)
    }
}

/// When a meter pushes, ms after the beginning of a period.
fn moment_ms(seed: u64, number: u32, period: i64, spread_ms: u32) -> u32 {
    Stream::new(seed, u64::from(number) | (period as u64) << 32, PUSH_START).below(spread_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_fill_the_window_and_differ_from_period_to_period() {
        let moments = |period| (0..10_000).map(move |number| moment_ms(1, number, period, 300_000));
        for period in [0, 2_000_000] {
            let mean = moments(period).map(f64::from).sum::<f64>() / 10_000.0;
            assert!((mean - 150_000.0).abs() < 4_000.0, "{mean}");
            let (least, most) = (moments(period).min().unwrap_or(0), moments(period).max().unwrap_or(0));
            assert!(least < 300 && (299_700..300_000).contains(&most), "{least} to {most}");
        }
        let same = moments(7).zip(moments(8)).filter(|(one, other)| one == other).count();
        assert!(same < 5, "{same} meters push at the same moment twice");
        assert!(moments(7).eq(moments(7)));
        assert_eq!(moment_ms(1, 5, 7, 0), 0, "no window, no delay");
    }
}

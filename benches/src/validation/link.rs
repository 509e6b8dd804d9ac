//! Figures of the link layer: one link, a star, a grid.

use super::worlds::{line, plain, star};
use super::{Effort, Figure, Group, Tolerance};
use crate::mesh::{Outcome, Workload, run as grid};
use amitwin_models::spec::*;
use amitwin_sim_core::{Local, SimTime};
use amitwin_testkit::worlds::probe;

/// All of them.
pub fn groups(effort: Effort) -> Vec<Group> {
    vec![saturated_link(), csma_star(effort), ns3(effort)]
}

/// Bytes of a frame of the saturated link.
const SATURATED_BYTES: u16 = 1_280;

fn saturated_link() -> Group {
    let seconds = 600;
    let mut spec = plain(line(1), PhyMode::M1b, SimTime::from_secs(seconds));
    spec.mac.queue_frames_max = Some(u16::MAX);
    // More than the link carries.
    let ran = probe(&spec, SimTime::from_millis(150), SATURATED_BYTES, |n| (n == 1).then_some(0));
    let arrived = ran.mesh().probes().arrived;
    let kbps = (arrived * u64::from(SATURATED_BYTES) * 8) as f64 / seconds as f64 / 1e3;
    Group {
        title: "One saturated link",
        source: "TI SWRA826: 37.5 of 50 kb/s for unicast, since a quarter of the time is the broadcast channel's",
        how: "1,280 bytes again and again from one node to another at 50 kb/s, hopping; bytes above the link layer",
        why: "Four frames of 218 ms, headers included, and their acknowledgements fit into each 1,020 ms: the last begins within the unicast time and runs on \
              into the broadcast slot, which the sender then misses. The cause is in `mac`: nanostack, for one, sends no unicast in broadcast slots.",
        figures: vec![Figure::new("unicast at 50 kb/s", 37.5, "kb/s", Tolerance::Share(0.05), kbps)],
    }
}

/// Senders of the star.
const SENDERS: u32 = 25;

fn csma_star(effort: Effort) -> Group {
    let seconds = if effort == Effort::Quick { 60 } else { 300 };
    // Counted frames a second of all senders, and the share that was received.
    let measured = [(64, 366.0, 0.31), (16, 94.7, 0.89), (8, 48.0, 0.98), (4, 23.6, 1.0)];
    let figures = measured.map(|(nominal, frames_per_s, share)| {
        let mut spec = plain(star(SENDERS), PhyMode::Oqpsk250, SimTime::from_secs(seconds));
        spec.radio = RadioSpec {
            tx_power_dbm: 5.0,
            reference_loss_db: 40.2,
            exponent: 3.0,
            noise_figure_db: 6.0,
            cca_threshold_dbm: Some(-77.0),
            hearing_floor_dbm: -100.0,
            ..spec.radio
        };
        spec.mac =
            MacSpec { hopping: false, csma_backoffs_max: Some(4), frame_retries_max: Some(0), ..MacSpec::default() };
        let period = SimTime::from_secs_f64(f64::from(SENDERS) / frames_per_s);
        // 9 bytes of header and 2 of check sequence make 100.
        let ran = probe(&spec, period, 89, |n| (n > 0).then_some(0));
        let probes = ran.mesh().probes();
        let received = probes.arrived as f64 / probes.asked as f64;
        Figure::new(
            format!("received, {nominal} frames/s asked of a sender"),
            share,
            "",
            Tolerance::Within(0.05),
            received,
        )
    });
    Group {
        title: "A star of 25 senders at 2.4 GHz",
        source: "measurements in the w-iLab.t testbed, DOI 10.5281/zenodo.228613 (CC BY): 100-byte messages to one receiver, no interferer. \
                 Its senders kept up with 366, 94.7, 48.0 and 23.6 frames/s in sum, by the frames that it counted, about a quarter of \
                 what was asked",
        how: "the plain 802.15.4 mode at those rates: CSMA/CA with 4 further tries, no retransmission, all within 50 m",
        why: "Its receiver got 107 frames/s at the most, however many were sent; ours gets 172. Data do not tell whether that is the \
              receiver (a sensor node that fetches each frame over a slow bus) or its channel access. The loads that a mesh can live with \
              hold.",
        figures: figures.into(),
    }
}

/// Nodes, period in s, delivered share in % and mean delay in ms of ns-3.
const NS3: [(u32, f64, f64, f64); 5] = [
    (100, 2.0, 100.0, 5.059),
    (100, 0.25, 97.984, 8.286),
    (1_000, 2.0, 99.993, 5.219),
    (1_000, 0.5, 99.486, 6.711),
    (5_000, 2.0, 99.980, 5.250),
];

/// Phases of the senders are drawn once, and a few decide much: means over so many draws, as on the page.
const SEEDS: u64 = 3;

fn ns3(effort: Effort) -> Group {
    let is_small = |nodes: u32| effort == Effort::Whole || nodes <= 1_000;
    let figures = NS3.into_iter().flat_map(|(nodes, period_s, share, delay_ms)| {
        let measured: Vec<Outcome> = (1..=if is_small(nodes) { SEEDS } else { 0 })
            .map(|seed| {
                let (period, sim) = (SimTime::from_secs_f64(period_s), SimTime::from_secs(60));
                grid(Workload { nodes, spacing_m: 30.0, period, sim, hop: false, seed }, Local)
            })
            .collect();
        let mean = |of: fn(&Outcome) -> f64| {
            (!measured.is_empty()).then(|| measured.iter().map(of).sum::<f64>() / measured.len() as f64)
        };
        let delivered = mean(|out| 100.0 * out.delivered as f64 / out.frames.max(1) as f64);
        let delay = mean(|out| 1e3 * out.mean_delay.secs_f64());
        let figure = |what: &str, expected, unit, tolerance, measured| Figure {
            measured,
            ..Figure::new(format!("{nodes} nodes, each {period_s} s: {what}"), expected, unit, tolerance, 0.0)
        };
        [
            figure("delivered", share, "%", Tolerance::Within(1.0), delivered),
            figure("mean delay", delay_ms, "ms", Tolerance::Share(0.15), delay),
        ]
    });
    Group {
        title: "A grid of senders, against ns-3",
        source: "ns-3.37 on the same grid, run on 2026-11-21 (benches/results/2026-11-21-peers.md); benches/peers builds and runs it again",
        how: "the scenario of benches/peers/README.md: 2.4 GHz, 100-byte frames, 30 m, three seeds of 60 s",
        why: "",
        figures: figures.collect(),
    }
}

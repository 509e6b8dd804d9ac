//! Rounds of a multicast image beside what independent losses leave.

use super::worlds::star;
use super::{Effort, Figure, Group, Tolerance};
use amitwin_models::spec::*;
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{run, world};
use rayon::prelude::*;

const METERS: u32 = 5_000;
const BLOCKS: u32 = 392;
const LOSS: f64 = 0.018;

/// All of them.
pub fn groups(effort: Effort) -> Vec<Group> {
    let seeds = if effort == Effort::Quick { 8 } else { 40 };
    let ran: Vec<(Vec<u32>, f64)> = (1..=seeds).into_par_iter().map(rounds).collect();
    let mean =
        |of: &dyn Fn(&Vec<u32>) -> f64| ran.iter().map(|(lacking, _)| of(lacking)).sum::<f64>() / ran.len() as f64;
    let lacked = |round: usize| mean(&|lacking| f64::from(lacking.get(round).copied().unwrap_or(0)));
    let tenth = Tolerance::Share(0.1);
    let mut figures = Vec::new();
    for (round, blocks) in (1..).zip([392.0, 312.0, 11.0]) {
        let what = format!("blocks that some meter lacks after round {round}");
        figures.push(Figure::new(what, blocks, "", tenth, lacked(round)));
    }
    // Two tenths of a block: chance alone moves the mean of so few seeds by more than a tenth of it.
    figures.push(Figure::new("blocks that some meter lacks after round 4", 0.2, "", Tolerance::Beside, lacked(4)));
    let repeats = mean(&|lacking| lacking.iter().skip(1).map(|&blocks| f64::from(blocks)).sum());
    figures.push(Figure::new("blocks multicast again", 716.0, "", tenth, repeats));
    figures.push(Figure::new("392 blocks at 45 s", 4.9, "h", tenth, ran[0].1));
    vec![Group {
        title: "Rounds of a firmware image",
        source: "binomial losses: of 5,000 meters each loses each block with 1.8 %, independently; 392 blocks as in Silicon Labs' multicast update",
        how: "a firmware campaign over the ideal medium with that loss, every lacking block multicast again; blocks of 16 B, whose size no loss depends on here; mean over seeds",
        why: "",
        figures,
    }]
}

/// Blocks that were lacking before each round, and the time from the first block of the first round to the last, h.
fn rounds(seed: u64) -> (Vec<u32>, f64) {
    let firmware = FirmwareSpec {
        block_bytes: Some(16),
        multicast_from: Some(1),
        rounds: Some(20),
        settle: Some(SimTime::from_secs(45)),
        waves: WavesSpec { parallel: Some(METERS), ..WavesSpec::default() },
        ..FirmwareSpec::new(SimTime::from_secs(60), BLOCKS * 16)
    };
    let mut spec = WorldSpec { seed, ..world(star(METERS), PhyMode::M1b, 16 * 3_600) };
    spec.medium = MediumKind::Ideal;
    spec.ideal.loss = LOSS;
    spec.dlms.payload = Payload::Sized;
    spec.campaigns = vec![CampaignSpec::firmware("v2", firmware)];
    let rounds = run(&spec).rows.rounds;
    // The next round begins when the blocks of the last one have gone out, one for each pace, and all have been asked.
    let asked_s =
        rounds.get(2).map_or(0.0, |third| third.time_s - rounds[1].time_s - 45.0 * f64::from(rounds[1].blocks));
    let first_s = rounds.get(1).map_or(f64::NAN, |second| second.time_s - asked_s - rounds[0].time_s - 3.0 * 45.0);
    (rounds.iter().map(|round| round.lacking).collect(), first_s / 3_600.0)
}

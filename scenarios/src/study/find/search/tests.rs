//! The search against a step whose answers are wrong at random, and against curves that are no step.

use super::*;
use crate::gate::{Gate, SharePassing};
use crate::study::find::evidence::evidence;
use crate::study::over_seeds;
use amitwin_data::metrics::Metric;
use amitwin_data::summary::{Average, SeedResult, VariantSummary};
use amitwin_sim_core::rng::Stream;

/// A gate that `frames` keeps where it is 0.
fn gate(share: SharePassing) -> Gate {
    let metric = Metric::Frames;
    let name = metric.gate().expect("gates know it");
    Gate { metric, name, min: None, max: Some(0.0), limit: "max 0".into(), variants: Vec::new(), share: Some(share) }
}

/// What one study came to, and the runs that it took. `passes` tells for a point and a seed whether the gate holds.
fn study(points: usize, seeds_max: u32, share: SharePassing, passes: impl Fn(usize, u32) -> bool) -> (Ended, u32) {
    let gates = [gate(share)];
    let mut search = Search::new(points, seeds_max, share.confidence);
    let mut has = vec![0; points];
    loop {
        match search.next() {
            Step::Ended(ended) => return (ended, has.iter().sum()),
            Step::Run { point, seeds } => {
                assert!(seeds > has[point] && seeds <= seeds_max, "{point} has {} and gets {seeds}", has[point]);
                has[point] = seeds;
                let result = |seed: u32| {
                    let metrics = [(Metric::Frames, Some(f64::from(u8::from(!passes(point, seed)))))];
                    SeedResult { seed: seed.into(), metrics: metrics.into_iter().collect(), ..SeedResult::default() }
                };
                let results = (0..seeds).map(result).collect();
                let variant = over_seeds::variant(&VariantSummary::default(), results, Average::Mean);
                search.told(point, seeds, evidence(&gates, &[variant], 2));
            }
        }
    }
}

/// Of 1,000 studies of 64 places of a step, where an answer is right with this probability: how many find it, and the runs of one.
fn of_1000(right: f64, confidence: f64) -> (usize, f64) {
    let (mut found, mut runs) = (0, 0);
    for number in 0..1_000_u64 {
        let mut draws = Stream::new(7, number, 0);
        // Gates hold at so many of the 63 points.
        let step = draws.below(64) as usize;
        let passes = |point: usize, seed: u32| {
            let wrong = Stream::new(number, (point as u64) << 32 | u64::from(seed), 1).unit() >= right;
            (point < step) != wrong
        };
        let (ended, took) = study(63, 256, SharePassing { wanted: 0.5, confidence }, passes);
        let is_right = match ended {
            Ended::Found(pass) => pass + 1 == step,
            Ended::AllPass => step == 63,
            Ended::NonePasses => step == 0,
            _ => false,
        };
        found += usize::from(is_right);
        runs += took;
    }
    (found, f64::from(runs) / 1_000.0)
}

#[test]
fn a_noisy_step_is_found_as_often_as_is_claimed_with_at_most_twice_the_runs_it_must_take() {
    // 64 places are 6 bits. An answer that is right with p tells 1 + p log2 p + (1 - p) log2 (1 - p) bits: 0.278 with 80 %, 0.119 with
    // 70 %, so that no search can do with fewer than 22 and 51 runs.
    for (right, least) in [(0.8, 22.0), (0.7, 51.0)] {
        let (found, runs) = of_1000(right, 0.9);
        println!("{right}: {found} found, {runs} runs");
        assert!(found >= 900, "{found} of 1,000 with answers that are right with {right}");
        assert!(runs <= 2.0 * least, "{runs} runs with answers that are right with {right}");
    }
}

/// Of 300 studies of 64 places, where a share of the seeds passes up to the step and a smaller one behind it: answers that are right, that
/// are wrong, and the runs of a study.
fn answers(seeds_max: u32, before: f64, behind: f64) -> (u32, u32, f64) {
    let (mut right, mut wrong, mut runs) = (0, 0, 0);
    for number in 0..300_u64 {
        let step = Stream::new(7, number, 0).below(64) as usize;
        let passes = |point: usize, seed: u32| {
            let draw = Stream::new(number, (point as u64) << 32 | u64::from(seed), 1).unit();
            draw < if point < step { before } else { behind }
        };
        let (ended, took) = study(63, seeds_max, SharePassing { wanted: 0.95, confidence: 0.9 }, passes);
        let last = match ended {
            Ended::Found(pass) => Some(pass + 1),
            Ended::AllPass => Some(63),
            Ended::NonePasses => Some(0),
            _ => None,
        };
        right += u32::from(last == Some(step));
        wrong += u32::from(last.is_some_and(|last| last != step));
        runs += took;
    }
    (right, wrong, f64::from(runs) / 300.0)
}

#[test]
fn a_share_near_what_is_wanted_is_found_or_left_undecided_and_seldom_missed() {
    // 95 % with 90 % confidence: at most a tenth of all answers may be wrong, and of 300 studies so many must have one.
    for (seeds_max, before, behind, least) in [
        (180, 0.999, 0.8, 290),
        (180, 0.98, 0.90, 80),
        (400, 0.98, 0.90, 250),
        (400, 0.97, 0.92, 100),
        (180, 0.96, 0.94, 0),
    ] {
        let (right, wrong, runs) = answers(seeds_max, before, behind);
        println!("{before} and {behind}, {seeds_max} seeds: {right} right, {wrong} wrong, {runs} runs");
        assert!(right >= least, "{right} of 300 with {before} and {behind}");
        let answered = f64::from(right + wrong);
        assert!(f64::from(wrong) <= 0.1 * answered.max(30.0), "{wrong} of {answered} with {before} and {behind}");
    }
}

#[test]
fn without_noise_it_is_a_bisection() {
    let share = SharePassing { wanted: 0.5, confidence: 0.9 };
    for step in 1..63 {
        let (ended, runs) = study(63, 64, share, |point, _| point < step);
        assert_eq!(ended, Ended::Found(step - 1));
        assert!(runs <= 30, "{runs}");
    }
}

#[test]
fn a_share_takes_its_seeds_at_the_answer_and_few_elsewhere() {
    // 95 % with 90 % confidence take 45 seeds without a failure.
    let share = SharePassing { wanted: 0.95, confidence: 0.9 };
    let (ended, runs) = study(63, 90, share, |point, _| point < 40);
    assert_eq!(ended, Ended::Found(39));
    // And some more until it is sure that the next value does not hold as well.
    assert!((45..=180).contains(&runs), "{runs}");
}

#[test]
fn what_cannot_be_answered_is_told() {
    let share = SharePassing { wanted: 0.5, confidence: 0.9 };
    assert_eq!(study(63, 64, share, |_, _| true).0, Ended::AllPass);
    assert_eq!(study(63, 64, share, |_, _| false).0, Ended::NonePasses);
    // One point, and a first step.
    assert_eq!(study(1, 64, share, |_, _| true).0, Ended::AllPass);
    assert_eq!(study(1, 64, share, |_, _| false).0, Ended::NonePasses);
    // A coin is on no side, from the point 20 on up to 30.
    let coin = |point: usize, seed: u32| point < 20 || (point < 30 && seed.is_multiple_of(2));
    let (ended, _) = study(63, 32, share, coin);
    let Ended::Undecided { pass: Some(pass), breach: Some(breach) } = ended else { panic!("{ended:?}") };
    assert_eq!((pass, breach), (19, 30));
    // Gates hold from 25 to 40 alone: the easy end is not easy.
    let island = |point: usize, _: u32| (25..40).contains(&point);
    assert!(matches!(study(63, 64, share, island).0, Ended::Found(39) | Ended::NotMonotone { .. }));
    let far = |point: usize, _: u32| point >= 45;
    assert!(matches!(study(63, 64, share, far).0, Ended::NotMonotone { easier, harder } if easier < harder));
}

#[test]
fn missing_data_ends_it() {
    let mut search = Search::new(3, 8, 0.9);
    let Step::Run { point, seeds } = search.next() else { panic!("nothing runs") };
    search.told(point, seeds, Evidence { verdict: Verdict::NoData, log_odds: 0.0, needed: 2 });
    assert_eq!(search.next(), Step::Ended(Ended::NoData(point)));
}

//! What operators' systems are known to do: how many sessions a head-end begins, and how soon a meter is back after an outage.

use super::worlds::{plain, star};
use super::{Figure, Group, Tolerance};
use amitwin_data::rows::{EventKind, Outcome, TransactionKind};
use amitwin_models::spec::*;
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{event, run, world};

/// When the supply of the one meter fails, s.
const DARK_S: u64 = 1_800;

/// All of them.
pub fn groups() -> Vec<Group> {
    vec![sessions(), restoration()]
}

fn sessions() -> Group {
    let minutes = sessions_by_minute();
    // The first ten minutes are not full yet.
    let full = &minutes[10..];
    let a_second = full.iter().sum::<f64>() / (60.0 * full.len() as f64);
    let most = full.iter().copied().fold(0.0, f64::max) / 60.0;
    let within = Tolerance::Share(0.01);
    Group {
        title: "Sessions that a head-end begins",
        source: "the published defaults of an open head-end (GXF: 30 new sessions a second for each adapter, 1,000 open, a wait of 60 s): 30 a second are 2.592 million a day",
        how: "21,600 meters read every ten minutes, 36 a second, over the ideal medium with these limits; an hour, in minutes of the table headend",
        why: "",
        figures: vec![
            Figure::new("sessions begun in a day", 2.592e6, "", within, a_second * 86_400.0),
            Figure::new("sessions begun in the fullest minute", 30.0, "/s", within, most),
        ],
    }
}

fn sessions_by_minute() -> Vec<f64> {
    let every = SimTime::from_secs(600);
    let mut spec = world(star(21_600), PhyMode::M3, 70 * 60);
    spec.medium = MediumKind::Ideal;
    spec.dlms.payload = Payload::Sized;
    spec.head_end = Some(HeadEndSpec {
        sessions_per_second: Some(30.0),
        permits: Some(PermitsSpec::default()),
        ..HeadEndSpec::default()
    });
    spec.polls = vec![PollSpec {
        name: "registers".into(),
        content: PollContent::Registers,
        every,
        at: SimTime::ZERO,
        window: Some(every),
        parallel: 10_000,
        attempts: 3,
        timeout: SimTime::from_secs(60),
        priority: PRIORITY_USUAL,
        role: None,
    }];
    run(&spec).rows.headend.iter().map(|row| f64::from(row.sessions)).collect()
}

/// How a meter came back, s.
struct Back {
    /// From its supply to its first word.
    boot_s: f64,
    /// From there to the head-end.
    told_s: f64,
}

fn restoration() -> Group {
    let boots: Vec<f64> = (1..=40).map(|seed| back(seed, MediumKind::Ideal, 3_600, None).boot_s).collect();
    let boot_s = boots.iter().sum::<f64>() / boots.len() as f64;
    let nic = Some(SimTime::from_secs(14));
    let mesh = back(1, MediumKind::Mesh, 3_600, nic);
    let momentary = back(1, MediumKind::Mesh, 45, nic);
    Group {
        title: "A meter is back after an outage",
        source: "one line of Silver Spring's log at AEP: power back 09:19:42, the module speaks 09:19:56, the head-end has it 1.2 s later",
        how: "one meter beside its border router at 150 kb/s, dark for an hour, with a boot of 14 s and its address kept; boots of 5 to 15 s, the default, over 40 seeds",
        why: "That module keeps its place in its network over an outage. A Wi-SUN router as its open implementation has it keeps its keys alone: it looks for its PAN, registers \
              and announces its route again, and says that its supply is back when it has one. A meter whose capacitor lasts keeps its place here too.",
        figures: vec![
            Figure::new("from the supply to the module's first word", 14.0, "s", Tolerance::Within(5.0), boot_s),
            Figure::new("from its first word to the head-end", 1.2, "s", Tolerance::Share(0.5), mesh.told_s),
            Figure::ours("the same after 45 s on its capacitor", "s", momentary.told_s),
        ],
    }
}

/// One meter whose supply fails for so long.
fn back(seed: u64, medium: MediumKind, lasts_s: u64, boot: Option<SimTime>) -> Back {
    let duration = SimTime::from_secs(DARK_S + lasts_s + 1_800);
    let mut spec = WorldSpec { seed, ..plain(star(1), PhyMode::M3, duration) };
    spec.medium = medium;
    spec.mesh.lease = Lease::Kept;
    if let Some(boot) = boot {
        spec.device.boot = (boot, boot);
    }
    spec.device.last_gasp = Some(LastGaspSpec { power_up_spread: SimTime::ZERO, ..LastGaspSpec::default() });
    spec.events = vec![event("dark", DARK_S, Some(lasts_s), Act::PowerOff(PowerOff {}), vec![1])];
    let rows = run(&spec).rows;
    let lit_s = (DARK_S + lasts_s) as f64;
    let spoke = rows.events.iter().find(|row| row.kind == EventKind::Boot && row.time_s > lit_s);
    let speaks_s = spoke.map_or(lit_s, |row| row.time_s);
    let told = rows.transactions.iter().find(|row| row.kind == TransactionKind::PowerUp && row.outcome == Outcome::Ok);
    let told_s = told.and_then(|row| row.answered_s).unwrap_or(f64::NAN);
    Back { boot_s: speaks_s - lit_s, told_s: told_s - speaks_s }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validation::Verdict;

    #[test]
    fn a_day_has_as_many_sessions_as_its_pace_allows() {
        let group = sessions();
        assert!(group.figures.iter().all(|figure| figure.verdict() == Verdict::Holds), "{:#?}", group.figures);
    }

    #[test]
    fn a_meter_that_was_dark_takes_longer_to_be_heard_than_one_on_its_capacitor() {
        let figures = restoration().figures;
        let [_, dark, momentary] = &figures[..] else { panic!("{} figures", figures.len()) };
        assert!(dark.measured > momentary.measured, "{figures:#?}");
        assert!(momentary.measured.is_some_and(|told_s| told_s < 1.2), "{figures:#?}");
    }
}

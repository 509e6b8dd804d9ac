//! What operators' systems are known to do: how many sessions a head-end begins, and how soon a meter is back after an outage.

use super::worlds::star;
use super::{Figure, Group, Tolerance};
use amitwin_data::rows::{EventKind, Outcome, TransactionKind};
use amitwin_models::spec::*;
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{event, run, suburb, world};

/// When the supply of a feeder fails, s.
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
        every,
        window: Some(every),
        parallel: 10_000,
        attempts: 3,
        timeout: SimTime::from_secs(60),
        ..PollSpec::once("registers".into(), PollContent::Registers)
    }];
    run(&spec).rows.headend.iter().map(|row| f64::from(row.sessions)).collect()
}

/// How meters of a feeder came back: seconds of each that did, ascending.
struct Back {
    /// From its supply to its first word.
    boots_s: Vec<f64>,
    /// From its supply until it has a route and its message leaves.
    leaves_s: Vec<f64>,
    /// From there until the head-end has it.
    power_ups_s: Vec<f64>,
    /// The same of last gasps that arrived.
    gasps_s: Vec<f64>,
}

/// Share of delays that are shorter than one that was published.
fn shorter(delays_s: &[f64], than_s: f64) -> f64 {
    delays_s.iter().filter(|delay_s| **delay_s < than_s).count() as f64 / delays_s.len().max(1) as f64
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Middle of ascending values; of none it is nothing.
fn median(values: &[f64]) -> f64 {
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn restoration() -> Group {
    let (dark, momentary) = (back(3_600), back(45));
    // One message that was published lies within what ours take, but for the quickest and the slowest twentieth.
    let within = Tolerance::Within(0.45);
    Group {
        title: "A meter is back after an outage",
        source: "one meter in Silver Spring's log at AEP: a last gasp that the head-end has 2.35 s after the time in it; power back 09:19:42, the module's time 09:19:56, \
                 the head-end has it 1.2 s later",
        how: "a suburb of 300 meters at 100 kb/s under wsrd, 100 of them dark for an hour, with boots of 5 to 15 s, three gasps within 10 s of each other, and power-ups within 30 s; what one \
              published message took, as the share of ours that were quicker",
        why: "The 1.2 s and the 2.35 s are the way of one message each, from the time that the module wrote into it to the head-end. How many hops and which backhaul it had is not known; \
              ours is 50 ms, and most of ours are quicker. The 14 s are a boot, as ours: a Wi-SUN router as its open implementation has it then looks for its PAN, registers and announces its \
              route anew, before anything it says can leave. That module keeps its place in its network, as ours do while their capacitors last (45 s here).",
        figures: vec![
            Figure::new(
                "from the supply to the module's first word",
                14.0,
                "s",
                Tolerance::Within(5.0),
                mean(&dark.boots_s),
            ),
            Figure::new("power-ups quicker than 1.2 s", 0.5, "", within, shorter(&dark.power_ups_s, 1.2)),
            Figure::new("last gasps quicker than 2.35 s", 0.5, "", within, shorter(&dark.gasps_s, 2.35)),
            Figure::ours("a power-up's way to the head-end, median", "s", median(&dark.power_ups_s)),
            Figure::ours("a last gasp's, median", "s", median(&dark.gasps_s)),
            Figure::ours("from the supply until a power-up leaves, median", "s", median(&dark.leaves_s)),
            Figure::ours("the same after 45 s on a capacitor", "s", median(&momentary.leaves_s)),
        ],
    }
}

/// A feeder's meters whose supply fails for so long.
fn back(lasts_s: u64) -> Back {
    const METERS: u32 = 300;
    let feeder: Vec<u32> = (0..100).collect();
    let lit_s = (DARK_S + lasts_s) as f64;
    let mut spec = suburb(METERS, DARK_S + lasts_s + 1_800);
    spec.radio.phy = PhyMode::M2a;
    spec.mac = MacSpec::default();
    spec.device.last_gasp = Some(LastGaspSpec::default());
    spec.events = vec![event("dark", DARK_S, Some(lasts_s), Act::PowerOff(PowerOff {}), feeder)];
    let rows = run(&spec).rows;
    let told = |kind: TransactionKind| {
        rows.transactions.iter().filter(move |row| row.kind == kind && row.outcome == Outcome::Ok)
    };
    let way = |kind| sorted(told(kind).filter_map(|row| Some(row.answered_s? - row.sent_s?)));
    let boots = rows.events.iter().filter(|row| row.kind == EventKind::Boot && row.time_s > lit_s);
    Back {
        boots_s: sorted(boots.map(|row| row.time_s - lit_s)),
        leaves_s: sorted(told(TransactionKind::PowerUp).filter_map(|row| Some(row.sent_s? - lit_s))),
        power_ups_s: way(TransactionKind::PowerUp),
        gasps_s: way(TransactionKind::LastGasp),
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    all
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
    fn a_message_takes_as_long_as_was_published_and_a_mesh_longer_to_have_its_meters_back() {
        let (dark, momentary) = (back(3_600), back(45));
        // All hundred are back and have said so; on their capacitors none has restarted but those that relay most.
        assert!(dark.boots_s.len() == 100 && momentary.boots_s.len() <= 3, "{}", momentary.boots_s.len());
        assert!(dark.power_ups_s.len() >= 90 && momentary.power_ups_s.len() >= 90, "{}", dark.power_ups_s.len());
        assert!(median(&dark.power_ups_s) < 1.2 && median(&dark.gasps_s) < 2.35);
        // After a boot of 5 s at least comes the way back into the mesh; on a capacitor nothing but the 30 s of the spread.
        assert!(dark.leaves_s[0] > 5.0 && median(&dark.leaves_s) > 40.0, "{}", median(&dark.leaves_s));
        let leaves_s = &momentary.leaves_s;
        assert!(median(leaves_s) < 30.0 && leaves_s[leaves_s.len() - 4] < 31.0, "{leaves_s:?}");
    }
}

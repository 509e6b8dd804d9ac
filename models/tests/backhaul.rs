//! What a backhaul loses: reports on their way up, reads in both directions.

use amitwin_data::rows::{Outcome, TransactionKind};
use amitwin_models::books::Loss;
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{run, sites, world};

/// Eight meters around a border router, a report a minute for ten hours.
fn star(loss: f64) -> WorldSpec {
    let meter = |n: u32| (Meter, 40.0 + 5.0 * n as f32, 10.0 * n as f32);
    let places = (0..9).map(|n| if n == 0 { (Gateway, 0.0, 0.0) } else { meter(n) });
    let mut spec = world(sites(places), PhyMode::M3, 36_000);
    spec.traffic =
        TrafficSpec { push_period: Some(SimTime::from_secs(60)), payload_bytes: Some(50), ..TrafficSpec::default() };
    spec.backhaul.loss = loss;
    spec
}

#[test]
fn a_share_of_the_reports_is_lost_and_told_so() {
    let ran = run(&star(0.1));
    let reports: Vec<_> = ran.rows.transactions.iter().filter(|row| row.kind == TransactionKind::Push).collect();
    let failed = reports.iter().filter(|row| row.outcome == Outcome::Failed).count();
    assert_eq!(reports.len(), 8 * 600);
    // A tenth of 4,800 is 480, standard deviation sqrt(4800 x 0.1 x 0.9) = 21; the mesh itself loses none.
    assert!((480 - 84..=480 + 84).contains(&failed), "{failed}");
    let lost = ran.mesh().books.counters.lost;
    assert_eq!(lost[Loss::Backhaul as usize], failed as u64);
    assert_eq!(lost.iter().sum::<u64>(), failed as u64);
    assert_eq!(run(&star(0.0)).mesh().books.counters.dropped, 0);
}

#[test]
fn a_read_needs_both_ways() {
    let mut spec = star(0.1);
    spec.traffic = TrafficSpec::default();
    let every = SimTime::from_secs(120);
    let window = Some(SimTime::from_secs(60));
    let timeout = SimTime::from_secs(10);
    let content = PollContent::Registers;
    let (name, at, parallel) = ("read".into(), SimTime::ZERO, 8);
    spec.polls = vec![PollSpec { every, at, window, parallel, attempts: 1, timeout, ..PollSpec::once(name, content) }];
    let ran = run(&spec);
    let reads: Vec<_> = ran.rows.transactions.iter().filter(|row| row.kind == TransactionKind::Read).collect();
    let ok = reads.iter().filter(|row| row.outcome == Outcome::Ok).count();
    assert_eq!(reads.len(), 8 * 300);
    // 0.9 x 0.9 of 2,400 are 1,944, standard deviation 19.
    assert!((1_944 - 77..=1_944 + 77).contains(&ok), "{ok}");
}

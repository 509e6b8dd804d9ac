//! Meters on their capacitors: what they tell, when they are gone, and what reaches the head-end.

use amitwin_data::rows::{EventKind, Outcome, TransactionKind, TransactionRow};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_sim_core::SimTime;
use amitwin_testkit::worlds::{Ran, event, run, sites, world};

fn seconds(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

/// Without chance: an outage is told after 30 s, once; a capacitor lasts for 60 s.
fn told_once() -> LastGaspSpec {
    LastGaspSpec { spread: SimTime::ZERO, tries: 1, power_up_spread: SimTime::ZERO, ..LastGaspSpec::default() }
}

/// A border router (site 0) and so many meters, over a medium that takes 0.1 s, and a backhaul of 0.05 s. Boots
/// take 14 s.
fn star(meters: usize, last_gasp: LastGaspSpec) -> WorldSpec {
    let around = (0..meters).map(|n| (Meter, 40.0 + n as f32, 0.0));
    let mut spec = world(sites([(Gateway, 0.0, 0.0)].into_iter().chain(around)), PhyMode::M3, 600);
    spec.medium = MediumKind::Ideal;
    spec.device.boot = (seconds(14), seconds(14));
    spec.device.last_gasp = Some(last_gasp);
    spec
}

fn dark(at: u64, lasts: u64, nodes: Vec<u32>) -> EventSpec {
    event(&format!("dark at {at}"), at, Some(lasts), Act::PowerOff(PowerOff {}), nodes)
}

/// When something happened to a node, s.
fn times(ran: &Ran, node: u32, kind: EventKind) -> Vec<f64> {
    ran.rows.events.iter().filter(|row| row.node == node && row.kind == kind).map(|row| row.time_s).collect()
}

/// Of a message: meter, outcome, when its cause was, when it was sent, and when the head-end had it.
type Told = (u32, Outcome, f64, Option<f64>, Option<f64>);

fn told(ran: &Ran, kind: TransactionKind) -> Vec<Told> {
    ran.of(kind).map(|row| (row.node, row.outcome, row.planned_s, row.sent_s, row.answered_s)).collect()
}

fn close(is: f64, expected: f64) {
    assert!((is - expected).abs() < 1e-6, "{is} instead of {expected}");
}

/// A node went dark once, at that time, within a millisecond.
fn gone(ran: &Ran, node: u32, at_s: f64) {
    let down = times(ran, node, EventKind::PowerDown);
    assert!(down.len() == 1 && (down[0] - at_s).abs() < 1e-3, "{down:?} instead of {at_s}");
}

#[test]
fn a_meter_tells_that_its_supply_has_failed_and_that_it_is_back() {
    let mut spec = star(2, told_once());
    spec.events = vec![dark(60, 100, vec![1])];
    let ran = run(&spec);
    // 30 s after the failure; 0.1 s of the medium and 0.05 s of the backhaul later it is known.
    let gasps = told(&ran, TransactionKind::LastGasp);
    assert_eq!((gasps.len(), gasps[0].0, gasps[0].1, gasps[0].2, gasps[0].3), (1, 1, Outcome::Ok, 60.0, Some(90.0)));
    close(gasps[0].4.expect("told"), 90.15);
    // The capacitor lasts from 60 to 120 s; the supply is back at 160 s, 14 s later the meter runs.
    assert_eq!(times(&ran, 1, EventKind::OnCapacitor), [60.0]);
    gone(&ran, 1, 120.0);
    assert_eq!((times(&ran, 1, EventKind::PowerUp), times(&ran, 1, EventKind::Boot)), (vec![160.0], vec![174.0]));
    // It registers, there and back, and says so.
    let back = told(&ran, TransactionKind::PowerUp);
    assert_eq!((back.len(), back[0].0, back[0].1, back[0].2), (1, 1, Outcome::Ok, 160.0));
    let attached_s = back[0].3.expect("sent");
    assert!((174.0..174.5).contains(&attached_s), "{attached_s}");
    close(back[0].4.expect("told") - attached_s, 0.15);
    assert!(times(&ran, 2, EventKind::OnCapacitor).is_empty());
}

#[test]
fn a_momentary_outage_is_told_to_nobody_and_restarts_nobody() {
    let mut spec = star(1, told_once());
    spec.events = vec![dark(60, 29, vec![1])];
    let ran = run(&spec);
    assert_eq!((ran.of(TransactionKind::LastGasp).count(), ran.of(TransactionKind::PowerUp).count()), (0, 0));
    assert!(times(&ran, 1, EventKind::PowerDown).is_empty() && times(&ran, 1, EventKind::Boot).is_empty());
    assert_eq!(times(&ran, 1, EventKind::PowerUp), [89.0]);
    // One that has been told and ends before the capacitor is empty: taken back at once, and nobody restarts.
    spec.events = vec![dark(60, 40, vec![1])];
    let ran = run(&spec);
    assert!(ran.of(TransactionKind::LastGasp).count() == 1 && times(&ran, 1, EventKind::Boot).is_empty());
    close(told(&ran, TransactionKind::PowerUp)[0].4.expect("told"), 100.15);
}

#[test]
fn a_capacitor_that_is_not_full_again_lasts_shorter() {
    let mut spec = star(1, told_once());
    spec.events = vec![dark(60, 40, vec![1]), dark(150, 200, vec![1])];
    let ran = run(&spec);
    // 60 - 40 s are left at 100 s; 50 s of 300 bring 10 s back: 30 s from 150 s on, when the last gasp is due as well.
    gone(&ran, 1, 180.0);
}

#[test]
fn what_could_not_be_said_counts_as_an_outage_that_was_not_told() {
    let mut spec = star(1, LastGaspSpec { hold_up: seconds(20), ..told_once() });
    spec.events = vec![dark(60, 100, vec![1])];
    let ran = run(&spec);
    let gasps = told(&ran, TransactionKind::LastGasp);
    assert_eq!(gasps, [(1, Outcome::Failed, 60.0, None, None)]);
    gone(&ran, 1, 80.0);
    assert_eq!(told(&ran, TransactionKind::PowerUp)[0].1, Outcome::Ok, "it is told that it is back");
}

#[test]
fn bellwethers_are_a_share_of_the_meters_and_the_others_are_silent() {
    let meters: Vec<u32> = (1..=200).collect();
    let mut spec = star(200, LastGaspSpec { bellwethers: 0.2, ..told_once() });
    spec.events = vec![dark(60, 100, meters)];
    let ran = run(&spec);
    let tell = told(&ran, TransactionKind::LastGasp);
    // 40 of 200 with a standard deviation of 5.7: within four of them.
    assert!((18..=62).contains(&tell.len()), "{}", tell.len());
    let who = |rows: &[Told]| rows.iter().map(|row| row.0).collect::<Vec<_>>();
    spec.device.last_gasp = Some(LastGaspSpec { bellwethers: 0.1, ..told_once() });
    let fewer = told(&run(&spec), TransactionKind::LastGasp);
    assert!(fewer.len() < tell.len() && who(&fewer).iter().all(|meter| who(&tell).contains(meter)), "the same ones");
}

#[test]
fn a_relay_is_dark_earlier_by_what_it_sends() {
    // A border router, a relay 100 m away and a meter 200 m away that has its supply and reports every 2 s over the relay.
    let mut spec = world(sites([(Gateway, 0.0, 0.0), (Meter, 100.0, 0.0), (Meter, 200.0, 0.0)]), PhyMode::M1b, 200);
    spec.traffic.push_period = Some(seconds(2));
    spec.record.load_every = seconds(200);
    spec.device.last_gasp = Some(LastGaspSpec { filter: seconds(180), ..told_once() });
    spec.events = vec![dark(0, 199, vec![1])];
    let ran = run(&spec);
    let down = times(&ran, 1, EventKind::PowerDown);
    let sent_s = f64::from(ran.rows.load.iter().find(|row| row.node == 1).expect("its load").tx_s);
    // A second of sending takes as much as 8 of listening: 60 s are over when the time passed and 7 times what was sent make 60 s.
    assert!(sent_s > 0.5, "{sent_s} s");
    assert!((-0.001..0.11).contains(&(down[0] + 7.0 * sent_s - 60.0)), "down at {} s, {sent_s} s sent", down[0]);
    // Then nobody relays any more.
    let reports: Vec<_> = ran.of(TransactionKind::Push).filter(|row| row.node == 2).collect();
    let arrived = |row: &&&TransactionRow| row.outcome == Outcome::Ok;
    let before = reports.iter().filter(|row| row.planned_s < down[0] - 1.0);
    assert_eq!(before.clone().filter(arrived).count(), before.count());
    assert_eq!(reports.iter().filter(|row| row.planned_s > down[0]).filter(arrived).count(), 0);
}

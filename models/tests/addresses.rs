//! Addresses: how long they are good, when nodes ask for more time, and when they ask as if they were new.

use amitwin_data::rows::{EventKind, FrameKind};
use amitwin_models::spec::*;
use amitwin_models::terrain::SiteKind::{Gateway, Meter};
use amitwin_testkit::worlds::{Ran, event, run, sites, world};

/// A border router and two meters 70 m from each other, at 150 kb/s on one channel, for so many hours.
fn two(stack: RouterStack, border: BorderStack, hours: u64) -> WorldSpec {
    let places = [(Gateway, 0.0, 0.0), (Meter, 70.0, 0.0), (Meter, 70.0, 10.0)];
    let mut spec = world(sites(places), PhyMode::M3, hours * 3_600);
    (spec.mesh.stack, spec.mesh.border_stack) = (stack, Some(border));
    (spec.mesh.profile, spec.record.frames_every) = (Some(SizeProfile::Small), 1);
    spec
}

/// When a meter asked for an address or for more time.
fn asked(ran: &Ran, meter: u32) -> Vec<f64> {
    let solicits = ran.rows.frames.iter().filter(|f| f.src == meter && f.kind == FrameKind::DhcpSolicit);
    solicits.map(|f| f.time_s).collect()
}

#[test]
fn an_address_of_nanostack_is_renewed_and_one_of_wsbrd_is_good_for_ever() {
    // Two hours in the small profile. Nanostack renews after a quarter of it, wsrd within a minute after half.
    let gaps = |stack, hours| {
        let at = asked(&run(&two(stack, BorderStack::Nanostack, hours)), 1);
        at.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<f64>>()
    };
    let nanostack = gaps(RouterStack::Nanostack, 24);
    // 48 in a day, of which the first comes within half an hour. An answer takes a tenth of a second.
    assert!((46..=48).contains(&nanostack.len()), "{}", nanostack.len());
    assert!(nanostack.iter().all(|gap| (1_800.0..1_801.0).contains(gap)), "{nanostack:?}");
    let wsrd = gaps(RouterStack::Wsrd, 24);
    assert!((22..=23).contains(&wsrd.len()) && wsrd.iter().all(|gap| (3_600.0..3_661.0).contains(gap)), "{wsrd:?}");
    assert!(asked(&run(&two(RouterStack::Wsrd, BorderStack::Wsbrd, 72)), 1).is_empty());
}

#[test]
fn who_looks_for_its_pan_anew_asks_for_an_address() {
    // Nanostack's border router restarts and all rejoin; meters that keep their lease have still an address.
    let asks = |lease| {
        let mut spec = two(RouterStack::Nanostack, BorderStack::Nanostack, 2);
        spec.mesh.lease = lease;
        spec.events = vec![event("off", 3_000, Some(60), Act::PowerOff(PowerOff {}), vec![0])];
        let ran = run(&spec);
        let of = |kind, value| {
            let found = ran
                .rows
                .events
                .iter()
                .find(|e| e.node == 1 && e.kind == kind && e.value == value && e.time_s > 3_000.0);
            found.expect("it rejoins").time_s
        };
        let (routing_s, back_s) = (of(EventKind::ParentChange, 0), of(EventKind::Operational, 0));
        asked(&ran, 1).iter().filter(|at_s| (routing_s..back_s).contains(*at_s)).count()
    };
    assert_eq!((asks(Lease::Asked), asks(Lease::Kept)), (1, 0));
}

#[test]
fn a_kept_lease_that_has_run_out_is_asked_for_anew() {
    // Without supply for three hours, or for a quarter of one.
    let asks = |off_s| {
        let mut spec = two(RouterStack::Nanostack, BorderStack::Nanostack, 6);
        spec.mesh.lease = Lease::Kept;
        spec.events = vec![event("off", 3_600, Some(off_s), Act::PowerOff(PowerOff {}), vec![1])];
        let ran = run(&spec);
        let back_s = |kind| {
            let found = ran.rows.events.iter().find(|e| e.node == 1 && e.kind == kind && e.time_s > 3_700.0);
            found.expect("it is back").time_s
        };
        let (boot_s, back_s) = (back_s(EventKind::Boot), back_s(EventKind::Operational));
        let first_s = asked(&ran, 1).into_iter().find(|&at_s| at_s > boot_s).expect("it renews");
        (first_s < back_s, first_s - back_s)
    };
    assert!(asks(3 * 3_600).0);
    // It goes on with what it had, and renews in time.
    let (before, after_s) = asks(900);
    assert!(!before && after_s < 1_800.0, "{after_s} s after it was back");
}

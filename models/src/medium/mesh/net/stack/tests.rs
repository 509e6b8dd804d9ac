//! The tables, by sums that can be done by hand.

use super::profile::*;
use super::*;
use crate::spec::SizeProfile;

#[test]
fn wsbrd_adapts_its_intervals_to_the_nodes_of_the_pan() {
    // 2^(n/200) times 15 and 60 s, at most 60 and 1,920 s.
    for (nodes, imin_s, imax_s) in [(0, 15, 60), (199, 15, 60), (200, 30, 120), (400, 60, 240), (1_000, 60, 1_920)] {
        assert_eq!(wsbrd_discovery(SizeProfile::Auto, nodes), Params::seconds(imin_s, imax_s), "{nodes} nodes");
    }
    assert_eq!(wsbrd_discovery(SizeProfile::Large, 1_000), Params::seconds(120, 1_536));
    // Of floods it has a number for each size; those of AUTO are those of small networks.
    let flood = wsbrd_flooding(SizeProfile::Auto);
    assert_eq!((flood.imin.secs_f64(), flood.imax.secs_f64(), flood.k, flood.rounds), (1.0, 10.0, 8, 2));
    assert_eq!(wsbrd_flooding(SizeProfile::Small), flood);
}

#[test]
fn a_border_router_of_nanostack_repeats_floods_more_often_than_its_routers() {
    let of = |profile| {
        let (router, border) = (flooding(profile), border_flooding(profile));
        (router.rounds, router.imax.secs_f64(), border.rounds, border.imax.secs_f64())
    };
    assert_eq!(of(SizeProfile::Small), (1, 10.0, 2, 10.0));
    assert_eq!(of(SizeProfile::Medium), (1, 32.0, 2, 32.0));
    assert_eq!(of(SizeProfile::XLarge), (2, 80.0, 2, 40.0));
}

#[test]
fn wsrd_waits_for_a_sweep_of_frames_of_130_bytes() {
    // With check sequence, header, preamble and start: 130 + 4 + 2 + 8 + 2 = 146 bytes in mode 1b, 23.36 ms and so 24 x 129 = 3,096 ms; 150 in mode 3, where preambles have
    // 12 bytes: 8 x 64 = 512 ms.
    assert_eq!([sweep_s(PhyMode::M1b, 129), sweep_s(PhyMode::M3, 64)], [4.0, 1.0]);
}

#[test]
fn a_node_that_restarts_alone_takes_as_long_as_its_waits() {
    let near = |is: f64, expected: f64| assert!((is - expected).abs() < 0.5, "{is} s instead of {expected} s");
    let small = nanostack(
        SizeProfile::Small,
        discovery(SizeProfile::Small),
        dio(SizeProfile::Small),
        flooding(SizeProfile::Small),
    );
    // 50.6 + 24.0 + 64.6 + 9.0, where 64.6 is 24.6 until the DIO and 1.25 x 32 whole seconds; without an address 2.5 less.
    near(small.alone_s(Lease::Asked), 148.2);
    near(small.alone_s(Lease::Kept), 145.7);
    // 11.25 + 3.5 + 5 + 30 + 3, and with the intervals of the medium profile 45 instead of 11.25.
    let wsrd = |profile| wsrd(profile, 1.0, discovery(profile), wsbrd_dio(profile), flooding(profile));
    near(wsrd(SizeProfile::Small).alone_s(Lease::Asked), 52.75);
    near(wsrd(SizeProfile::Medium).alone_s(Lease::Asked), 86.5);
}

#[test]
fn a_neighbour_table_has_room_for_so_many_children() {
    assert_eq!([32, 64, 128, 255].map(children_of_table), [22, 49, 103, 230]);
}

#[test]
fn waits_double_and_end_as_each_stack_ends_them() {
    let small = discovery(SizeProfile::Small);
    let flood = flooding(SizeProfile::Small);
    let waits = |repeats: Repeats| [1, 2, 3].map(|tries| repeats.wait_s(tries));
    // Announcements at 0, 3 and 9 s, over after 12; solicits at 0, 60 and 180 s.
    let wsrd = wsrd(SizeProfile::Small, 1.0, small, dio(SizeProfile::Small), flood);
    assert_eq!(waits(wsrd.announce), [3.0, 6.0, 3.0]);
    assert_eq!(waits(wsrd.address), [60.0, 120.0, 60.0]);
    assert!(wsrd.announce.is_over(3) && !wsrd.announce.is_over(2));
    // Within 10 %, but for the last.
    assert_eq!([1, 2, 3].map(|tries| wsrd.announce.spread(tries)), [(0.9, 1.1), (0.9, 1.1), (1.0, 1.0)]);
    assert_eq!(wsrd.register.spread(3), (0.5, 1.5));
    // Nanostack waits 40 s or the smallest interval of DIOs, whichever is longer: 32.8 s in the small profile, 131 s in
    // the medium one; the waits double up to 540 s.
    let of = |profile| nanostack(profile, small, dio(profile), flood).announce;
    assert_eq!(waits(of(SizeProfile::Small)), [40.0, 80.0, 160.0]);
    assert_eq!(waits(of(SizeProfile::Medium)), [131.072, 262.144, 524.288]);
    assert_eq!(waits(of(SizeProfile::Large)), [262.144, 524.288, 540.0]);
}

#[test]
fn requests_for_keys_are_repeated_as_each_stack_repeats_them() {
    let small = discovery(SizeProfile::Small);
    let flood = flooding(SizeProfile::Small);
    // wsrd: at 0, 300 and 900 s within 10 %, given up 300 s after the last.
    let wsrd = wsrd(SizeProfile::Small, 1.0, small, dio(SizeProfile::Small), flood).authentication.requests;
    assert_eq!([1, 2, 3].map(|n| wsrd.wait_s(n)), [(270.0, 330.0), (540.0, 660.0), (300.0, 300.0)]);
    assert_eq!(wsrd.most, 3);
    // Nanostack: two or four after the first; the upper end alone doubles, up to 420, 720, 900 and 1,200 s; 2 to 4 min after the last.
    let of = |profile| nanostack(profile, small, dio(profile), flood).authentication.requests;
    let waits = |profile| (1..=of(profile).most).map(|n| of(profile).wait_s(n)).collect::<Vec<_>>();
    assert_eq!(waits(SizeProfile::Small), [(180.0, 420.0), (180.0, 420.0), (120.0, 240.0)]);
    let medium = [(180.0, 420.0), (180.0, 720.0), (180.0, 720.0), (180.0, 720.0), (120.0, 240.0)];
    assert_eq!(waits(SizeProfile::Medium), medium);
    assert_eq!(waits(SizeProfile::Large)[..2], [(300.0, 600.0), (300.0, 900.0)]);
    assert_eq!(waits(SizeProfile::XLarge)[2], (300.0, 1_200.0));
}

#[test]
fn a_border_router_says_how_long_routes_are_good() {
    use SizeProfile::{Auto, Large, Medium, Small, XLarge};
    let of = |border| [Auto, Small, Medium, Large, XLarge].map(|profile| route_lifetime_h(border, profile));
    assert_eq!(of(BorderStack::Wsbrd), [2; 5]);
    assert_eq!(of(BorderStack::Nanostack), [2, 2, 4, 8, 12]);
}

#[test]
fn a_computed_window_allows_for_a_hop_more_under_wsrd_where_there_are_nodes_enough() {
    let small = SizeProfile::Small;
    let wsrd = wsrd(small, 1.0, discovery(small), wsbrd_dio(small), flooding(small));
    // None beside it, 25 of 50, 50, and a thousand.
    assert_eq!([1, 26, 51, 1_000].map(|nodes| wsrd.deeper_hops(nodes)), [0.0, 0.5, 1.0, 1.0]);
    assert_eq!(nanostack(small, discovery(small), dio(small), flooding(small)).deeper_hops(1_000), 0.0);
}

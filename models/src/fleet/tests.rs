//! Faults put on and taken off, in any order, and a census.

use super::*;
use crate::spec::{Act, BackhaulDown, BackhaulSlow, ExtraLoss as Extra, PowerOff, RouterFails};
use amitwin_sim_core::SimTime;
use proptest::prelude::*;

fn fleet() -> Fleet {
    Fleet::new([Kind::Gateway, Kind::Meter, Kind::Repeater, Kind::Meter].into_iter(), SimTime::ZERO)
}

fn extra(loss_db: f64) -> Act {
    Act::ExtraLoss(Extra { loss_db, links: Vec::new() })
}

fn off() -> Act {
    Act::PowerOff(PowerOff {})
}

/// Losses alone, since a tick tells all of a node that was touched.
fn losses(changes: &[Change]) -> Vec<(Node, f32)> {
    let loss = |c: &Change| if let Change::NodeLoss { node, loss_db } = *c { Some((node, loss_db)) } else { None };
    changes.iter().filter_map(loss).collect()
}

#[test]
fn losses_add_up_while_they_overlap_and_are_gone_with_the_last() {
    let mut fleet = fleet();
    let nodes = [Node(3), Node(1)];
    fleet.put(0, &extra(6.0), &nodes, &[]);
    assert_eq!(losses(&fleet.tick()), [(Node(1), 6.0), (Node(3), 6.0)], "by node");
    fleet.put(1, &extra(4.0), &[Node(3)], &[]);
    assert_eq!(losses(&fleet.tick()), [(Node(3), 10.0)]);
    fleet.take(0, &nodes, &[]);
    assert_eq!(losses(&fleet.tick()), [(Node(1), 0.0), (Node(3), 4.0)]);
    fleet.take(1, &[Node(3)], &[]);
    assert_eq!(losses(&fleet.tick()), [(Node(3), 0.0)]);
    assert_eq!(fleet.tick(), [], "nothing was touched");
}

#[test]
fn an_edge_is_an_entity_while_it_carries_a_fault() {
    let mut fleet = fleet();
    let edge = (Node(1), Node(3));
    let entities = |fleet: &mut Fleet| {
        fleet.world.query::<&Member>().iter(&fleet.world).filter(|m| matches!(m, Member::Edge(..))).count()
    };
    assert_eq!(entities(&mut fleet), 0);
    fleet.put(7, &extra(12.5), &[], &[edge]);
    assert_eq!(fleet.tick(), [Change::EdgeLoss { edge, loss_db: 12.5 }]);
    assert_eq!(entities(&mut fleet), 1);
    fleet.take(7, &[], &[edge]);
    assert_eq!(fleet.tick(), [Change::EdgeLoss { edge, loss_db: 0.0 }]);
    assert_eq!(entities(&mut fleet), 0);
}

#[test]
fn a_backhaul_is_down_while_any_event_says_so_and_slow_by_their_sum() {
    let mut fleet = fleet();
    let slow = |ms| Act::BackhaulSlow(BackhaulSlow { delay: SimTime::from_millis(ms) });
    let down = Act::BackhaulDown(BackhaulDown {});
    let gateway = Node(0);
    let now = |fleet: &mut Fleet| {
        let of = |c: Change| if let Change::Backhaul { backhaul, .. } = c { Some(backhaul) } else { None };
        fleet.tick().into_iter().find_map(of).expect("a border router")
    };
    fleet.put(0, &slow(200), &[gateway], &[]);
    fleet.put(1, &slow(50), &[gateway], &[]);
    assert_eq!(now(&mut fleet), Backhaul { down: false, delay: SimTime::from_millis(250) });
    fleet.put(2, &down, &[gateway], &[]);
    fleet.take(0, &[gateway], &[]);
    assert_eq!(now(&mut fleet), Backhaul { down: true, delay: SimTime::from_millis(50) });
    fleet.take(2, &[gateway], &[]);
    fleet.take(1, &[gateway], &[]);
    assert_eq!(now(&mut fleet), Backhaul::default());
}

#[test]
fn a_router_fails_alone_among_those_that_are_named() {
    let mut fleet = fleet();
    let fails = Act::RouterFails(RouterFails {});
    let everybody = [Node(0), Node(1), Node(2), Node(3)];
    let unpowered = |fleet: &mut Fleet| -> Vec<Node> {
        fleet.tick();
        fleet.census().into_iter().filter(|row| !row.powered).map(|row| row.node).collect()
    };
    fleet.put(0, &fails, &everybody, &[]);
    assert_eq!(unpowered(&mut fleet), [Node(0)]);
    fleet.take(0, &everybody, &[]);
    assert_eq!(unpowered(&mut fleet), []);
}

#[test]
fn a_census_counts_supply_and_faults_by_node() {
    let mut fleet = fleet();
    fleet.put(0, &off(), &[Node(3)], &[]);
    fleet.put(1, &extra(3.0), &[Node(3), Node(2)], &[]);
    fleet.tick();
    let row = |node, kind, powered, faults| Counted { node: Node(node), kind, powered, faults };
    let expected = [
        row(0, Kind::Gateway, true, 0),
        row(1, Kind::Meter, true, 0),
        row(2, Kind::Repeater, true, 1),
        row(3, Kind::Meter, false, 2),
    ];
    assert_eq!(fleet.census(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    /// However faults came and went, what a tick and a census say is in the order of nodes.
    #[test]
    fn order_is_that_of_nodes(steps in proptest::collection::vec((0u16..3, 0u16..40, any::<bool>()), 1..60)) {
        let mut fleet = Fleet::new((0..40).map(|_| Kind::Meter), SimTime::ZERO);
        let act = |event: u16| if event == 0 { off() } else { extra(f64::from(event)) };
        for (event, node, on) in steps {
            let nodes = [Node(node), Node((node * 7 + 3) % 40)];
            // An event is put on a node once.
            fleet.take(event, &nodes, &[]);
            if on {
                fleet.put(event, &act(event), &nodes[..1], &[]);
            }
            prop_assert!(fleet.tick().is_sorted_by_key(Change::place));
        }
        let census = fleet.census();
        prop_assert!(census.iter().map(|row| row.node).eq((0..40).map(Node)));
    }
}

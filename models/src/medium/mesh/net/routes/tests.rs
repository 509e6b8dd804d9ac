//! Routes of a handful of radios: the way down, what ends, what is not taken.

use super::*;

/// Border router 0; 1 and 2 below it, 3 below 1; 4 below 3, and 2 as its second parent.
fn routes() -> Routes {
    let parents = [Node::NONE, Node(0), Node(0), Node(1), Node(3)];
    let seconds = [Node::NONE, Node::NONE, Node::NONE, Node::NONE, Node(2)];
    Routes::announced(parents.into_iter().zip(seconds).map(|parents| (parents.into(), Node(0))), 0, 1)
}

fn to_4() -> Packet {
    Packet::new(Content::DaoAck { sequence: 0 }, Node(0), Node(4), Node(4))
}

/// The way down as it is written: the destination first.
fn way(packet: &Packet) -> &[Node] {
    &packet.route[..=usize::from(packet.route_len)]
}

#[test]
fn wsbrd_goes_by_first_parents_and_by_the_second_where_the_first_is_deleted() {
    let (mut routes, mut packet) = (routes(), to_4());
    let write = |routes: &Routes, packet: &mut Packet| routes.write(100, Node(0), (Node(4), Node::NONE), packet);
    assert!(write(&routes, &mut packet));
    assert_eq!((way(&packet), packet.hop_to), (&[Node(4), Node(3), Node(1)][..], Node(1)));
    routes.of[Node(4)].parents = [Node(2), Node::NONE];
    assert!(write(&routes, &mut packet));
    assert_eq!(way(&packet), [Node(4), Node(2)]);
    routes.of[Node(4)].parents = [Node::NONE; 2];
    assert!(!write(&routes, &mut packet));
    // A loop has no end.
    routes.of[Node(4)].parents = [Node(3), Node::NONE];
    routes.of[Node(3)].parents = [Node(4), Node::NONE];
    assert!(!write(&routes, &mut packet));
    assert!(!routes.write_cheapest(100, Node(0), (Node(4), Node::NONE), &mut packet, |_| 0));
}

#[test]
fn nanostack_goes_by_the_parents_whose_ways_cost_least() {
    let (mut routes, mut packet) = (routes(), to_4());
    let write = |routes: &Routes, packet: &mut Packet, bad: Node| {
        let first_link = |child| if child == bad { COST_OF_BAD_LINK } else { 0 };
        assert!(routes.write_cheapest(100, Node(0), (Node(4), Node::NONE), packet, first_link));
    };
    // 1 for each first parent, 2 for a second: 1 + 1 + 1 by 3 and 1, and 2 + 1 by 2: of two that cost the same that of fewer hops.
    write(&routes, &mut packet, Node::NONE);
    assert_eq!((way(&packet), packet.hop_to), (&[Node(4), Node(2)][..], Node(2)));
    // A bad link to 2 adds 8, as much as two errors there.
    write(&routes, &mut packet, Node(2));
    assert_eq!(way(&packet), [Node(4), Node(3), Node(1)]);
    routes.of[Node(4)].costs[1] += COST_OF_ERROR;
    write(&routes, &mut packet, Node::NONE);
    assert_eq!(way(&packet), [Node(4), Node(3), Node(1)]);
    // By a relay that is given, whatever the node has announced.
    assert!(routes.write_cheapest(100, Node(0), (Node(4), Node(1)), &mut packet, |_| 0));
    assert_eq!(way(&packet), [Node(4), Node(1)]);
}

#[test]
fn a_route_that_is_not_announced_again_ends() {
    let (mut routes, mut packet) = (routes(), to_4());
    routes.is_good_until(Node(3), 7_200);
    for (now_s, is_known) in [(7_199, true), (7_200, false)] {
        assert_eq!(routes.write(now_s, Node(0), (Node(4), Node::NONE), &mut packet), is_known);
    }
    // By the second parent of 4 another way is left.
    assert!(routes.write_cheapest(7_200, Node(0), (Node(4), Node::NONE), &mut packet, |_| 0));
    assert_eq!(way(&packet), [Node(4), Node(2)]);
}

const LATE_S: u32 = 7_200;

/// Routes of nodes 1, 2 and 3 in a line behind border router 0, which end after two hours, and of 4, which has none.
fn line() -> Routes {
    let parents = [Node::NONE, Node(0), Node(1), Node(2), Node::NONE];
    let mut routes = Routes::announced(parents.into_iter().map(|parent| ([parent, Node::NONE], Node(0))), 0, 1);
    (1..=3).for_each(|node| routes.is_good_until(Node(node), LATE_S));
    routes
}

fn by(parent: u16, until_s: u32) -> Announced {
    Announced { until_s, parents: [Node(parent), Node::NONE], by: Node(0), costs: COSTS, sequence: 1 }
}

#[test]
fn a_route_ends_with_its_lifetime_and_with_those_on_its_way() {
    let mut routes = line();
    let leads = |routes: &Routes, now_s| [1, 2, 3].map(|node| routes.leads(Node(0), Node(node), now_s));
    assert_eq!((leads(&routes, LATE_S - 1), leads(&routes, LATE_S)), ([true; 3], [false; 3]));
    // 2 announces itself anew, 1 does not.
    assert!(routes.takes(Node(2), by(1, LATE_S + 600), BorderStack::Wsbrd, 600));
    assert_eq!(leads(&routes, LATE_S), [false; 3]);
    assert!(routes.takes(Node(1), by(0, LATE_S + 700), BorderStack::Wsbrd, 700));
    assert_eq!(leads(&routes, LATE_S), [true, true, false]);
    assert_eq!(routes.known(Node(0)), 3);
    routes.expire(Node(0), LATE_S);
    assert_eq!(routes.known(Node(0)), 2);
}

#[test]
fn wsbrd_takes_no_announcement_that_leads_nowhere_where_it_knows_a_way() {
    // 1 says that it is a child of 3, which is behind it: a loop. Nanostack takes what it is told.
    for (border, is_taken) in [(BorderStack::Wsbrd, false), (BorderStack::Nanostack, true)] {
        let mut routes = line();
        assert_eq!(routes.takes(Node(1), by(3, LATE_S), border, 0), is_taken, "{border:?}");
        assert_eq!(routes.leads(Node(0), Node(1), 0), !is_taken, "{border:?}");
        assert_eq!(routes.known(Node(0)), 3);
    }
    // 3 says that it is a child of 4, which has no route.
    let mut routes = line();
    assert!(!routes.takes(Node(3), by(4, LATE_S), BorderStack::Wsbrd, 0));
    // Where it knows no way it takes it: when 4 has announced itself as well it is one.
    routes.forget(Node(3));
    assert!(routes.takes(Node(3), by(4, LATE_S), BorderStack::Wsbrd, 0));
    assert!(!routes.leads(Node(0), Node(3), 0));
    assert!(routes.takes(Node(4), by(0, LATE_S), BorderStack::Wsbrd, 0));
    assert!(routes.leads(Node(0), Node(3), 0));
}

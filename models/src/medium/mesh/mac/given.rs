//! What a radio has been given of a queue, and what waits in front of it.

use crate::medium::mesh::packet::{Fifo, NIL, Packet, Packets};
use crate::node::Node;

/// Unicast frames that a radio is given at a time, one for each neighbour, and frames for all. N and W `adaptation_interface.c`.
pub(super) const GIVEN: usize = 10;

pub(super) const GIVEN_TO_ALL: usize = 1;

/// What a radio has been given of a queue: of each of ten neighbours the first frame, with all pieces of its datagram. It stays there until it
/// is acknowledged or given up; the others wait in front of the radio.
pub(super) struct Given {
    to: [Node; GIVEN],
    tags: [Option<u16>; GIVEN],
    pub(super) len: usize,
    pub(super) most: usize,
}

/// Where a frame of a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The radio has it and may send it.
    Radio,
    /// The radio has it, but another piece of the datagram goes first.
    Behind,
    /// In front of the radio.
    Waits,
}

impl Given {
    /// Of a queue that is looked through from its head.
    pub(super) fn of(most: usize) -> Self {
        Given { to: [Node::NONE; GIVEN], tags: [None; GIVEN], len: 0, most: most.min(GIVEN) }
    }

    pub(super) fn place(&mut self, packet: &Packet) -> Place {
        let tag = (packet.fragments > 0).then_some(packet.tag);
        match self.to[..self.len].iter().position(|&to| to == packet.hop_to) {
            Some(at) if tag.is_some() && self.tags[at] == tag => Place::Behind,
            None if self.len < self.most => {
                (self.to[self.len], self.tags[self.len]) = (packet.hop_to, tag);
                self.len += 1;
                Place::Radio
            }
            _ => Place::Waits,
        }
    }
}

/// Place of the first frame that the radio has not been given and that is no network control: what comes before it.
pub(super) fn behind_control(packets: &Packets, fifo: &Fifo, given_max: usize) -> u32 {
    let mut given = Given::of(given_max);
    let (mut at, mut behind) = (fifo.head(), NIL);
    while at != NIL {
        let other = packets.get(at);
        if given.place(other) == Place::Waits && !other.is_network_control() {
            break;
        }
        (behind, at) = (at, other.next);
    }
    behind
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medium::mesh::mac::rules::{Role, Rules};
    use crate::medium::mesh::packet::Content;
    use crate::medium::message::{Body, Message};
    use crate::spec::{MacSpec, RouterStack};
    use amitwin_sim_core::SimTime;

    const DATA: fn(u16) -> Packet = |to| {
        let message = Message::new(Body::Push { number: 1 }, Node(0), SimTime::ZERO);
        Packet::new(Content::Message(message), Node(9), Node(0), Node(to))
    };

    fn queue(frames: Vec<Packet>) -> (Packets, Fifo) {
        let (mut packets, mut fifo) = (Packets::default(), Fifo::default());
        for frame in frames {
            let at = packets.add(frame);
            packets.push(&mut fifo, at);
        }
        (packets, fifo)
    }

    fn places(frames: Vec<Packet>, most: usize) -> Vec<Place> {
        let mut given = Given::of(most);
        frames.iter().map(|frame| given.place(frame)).collect()
    }

    #[test]
    fn a_radio_is_given_one_frame_for_each_of_ten_neighbours() {
        use Place::{Behind, Radio, Waits};
        assert_eq!(places([1, 2, 1, 3, 2].map(DATA).into(), 10), [Radio, Radio, Waits, Radio, Waits]);
        // Eleven neighbours: the last waits.
        assert_eq!(places((1..=11).map(DATA).collect(), 10).iter().filter(|&&place| place == Radio).count(), 10);
        // A datagram in pieces is given as a whole; another one for the same neighbour waits.
        let piece = |tag, fragment| Packet { tag, fragment, fragments: 2, ..DATA(1) };
        assert_eq!(
            places(vec![piece(7, 0), piece(7, 1), DATA(2), piece(8, 0), piece(8, 1)], 10),
            [Radio, Behind, Radio, Waits, Waits]
        );
        // In plain IEEE 802.15.4 nothing is.
        assert_eq!(places([1, 2].map(DATA).into(), 0), [Waits, Waits]);
    }

    #[test]
    fn network_control_goes_before_the_data_that_waits() {
        let dao = |to| Packet::new(Content::DaoAck { sequence: 240 }, Node(0), Node(9), Node(to));
        let behind = |frames: Vec<Packet>| {
            let (packets, fifo) = queue(frames);
            behind_control(&packets, &fifo, 10)
        };
        // The radio has the first for 1 and for 2, at places 0 and 2; the data for 1 at place 1 waits.
        assert_eq!(behind([1, 1, 2, 1].map(DATA).into()), 0);
        // Behind other network control: of the acknowledgements at places 1 and 2 both go first.
        assert_eq!(behind(vec![DATA(1), dao(1), dao(1), DATA(1)]), 2);
        // Nothing waits.
        assert_eq!([behind([1, 2].map(DATA).into()), behind(Vec::new())], [1, NIL]);
    }

    #[test]
    fn what_is_put_into_a_queue_or_taken_out_leaves_the_others_in_order() {
        let (mut packets, mut fifo) = queue([1, 2, 3].map(DATA).into());
        // The last to the head; a new one behind it, and one behind the last.
        let last = packets.take_behind(&mut fifo, 1).expect("a third");
        packets.insert(&mut fifo, NIL, last);
        let new = packets.add(DATA(4));
        packets.insert(&mut fifo, last, new);
        let end = packets.add(DATA(5));
        let tail = fifo.tail();
        packets.insert(&mut fifo, tail, end);
        let mut order = Vec::new();
        while let Some(at) = packets.pop(&mut fifo) {
            order.push(packets.get(at).hop_to.0);
        }
        assert_eq!(order, [3, 4, 1, 2, 5]);
        assert!(fifo.is_empty() && packets.take_behind(&mut fifo, NIL).is_none());
    }

    #[test]
    fn each_stack_spares_other_messages() {
        let rules = |role, stack| Rules::new(&MacSpec::default(), (role, stack), 50_000);
        let dao = Packet::new(Content::DaoAck { sequence: 240 }, Node(0), Node(9), Node(1));
        let dio = Packet::new(Content::Dio { rank: 128, hops: 0, version: 0 }, Node(0), Node(0), Node::EVERYONE);
        let of = |rules: Rules| [&dao, &dio, &DATA(1)].map(|packet| rules.spares(packet));
        assert_eq!(of(rules(Role::Border, RouterStack::Nanostack)), [true, false, false]);
        assert_eq!(of(rules(Role::Router, RouterStack::Nanostack)), [true, false, false]);
        assert_eq!(of(rules(Role::Router, RouterStack::Wsrd)), [false, false, false]);
        assert_eq!(of(rules(Role::Border, RouterStack::Wsrd)), [false, false, false]);
    }
}

//! Queues: what a node holds, whole or in fragments, and which of it may go next.

use super::given::{GIVEN, GIVEN_TO_ALL, Given, Place, behind_control};
use super::rules::{Control, Queueing};
use super::{Above, Done, Job, LinkLayer, Rules, next_job};
use crate::books::Loss;
use crate::context::{Ctx, Facts};
use crate::medium::mesh::packet::{Fifo, NIL, Packet};
use crate::node::Node;
use amitwin_sim_core::SimTime;

/// Puts a packet into the queue of `node`, cut into fragments if no frame has room for it. In a full queue the oldest data gives way;
/// where there is none, the packet is refused. What the radio takes at once has room.
pub fn enqueue<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node, mut packet: Packet) {
    let limit = link.rules.of(ctx.facts, node).queue_frames_max;
    let broadcast = packet.hop_to == Node::EVERYONE && link.hopping();
    let (mut extent, room) = (link.lengths.extent(&packet), link.frame_room(&packet));
    // Its class is a byte of the compressed header.
    extent.headers += u16::from(link.rules.marks(ctx.facts, &packet));
    let frames = if extent.whole() <= room { 1 } else { extent.fragments(room) };
    packet.queued = ctx.now();
    let is_in_radio = link.rules.of(ctx.facts, node).queueing == Queueing::InRadio;
    if is_in_radio && (frames > limit || link.in_radio(node) >= limit) {
        return overflow(link, above, ctx, node, &packet);
    }
    let is_given = is_in_radio || limit > 0 && link.is_given_at_once(ctx.facts, node, packet.hop_to, broadcast);
    packet.turn.given = is_given.then_some(packet.queued);
    if !is_given
        && link.gives_way_early(ctx, node, limit)
        && let Some(oldest) = link.take_oldest_data(ctx.facts, node, false)
    {
        overflow(link, above, ctx, node, &oldest);
    }
    let is_too_long = frames > limit;
    while is_too_long || !is_given && link.waits_in(ctx.facts, node, broadcast).saturating_add(frames) > limit {
        let oldest = if is_too_long { None } else { link.take_oldest_data(ctx.facts, node, broadcast) };
        let is_refused = oldest.is_none();
        overflow(link, above, ctx, node, oldest.as_ref().unwrap_or(&packet));
        if is_refused {
            return;
        }
    }
    let behind = link.place_for(ctx.facts, node, &packet, broadcast);
    let mac = &mut link.macs[node];
    let fifo = if broadcast { &mut mac.broadcasts } else { &mut mac.queue };
    if frames == 1 {
        packet.bytes = extent.whole();
        let at = link.packets.add(packet);
        link.packets.insert(fifo, behind, at);
    } else {
        link.newest_tag = link.newest_tag.wrapping_add(1);
        (packet.tag, packet.fragments) = (link.newest_tag, frames as u8);
        ctx.books.counters.cut += 1;
        let mut behind = behind;
        for index in 0..frames {
            let bytes = extent.fragment(room, index).unwrap_or(0);
            let at = link.packets.add(Packet { fragment: index as u8, bytes, ..packet.clone() });
            link.packets.insert(fifo, behind, at);
            behind = at;
        }
    }
    let (waiting, len) = (matches!(mac.job, Job::WaitSlot | Job::WaitSweep), fifo.len());
    if waiting {
        mac.epoch = mac.epoch.wrapping_add(1);
        mac.job = Job::Idle;
    }
    let idle = mac.job == Job::Idle;
    link.note_length(ctx.facts, node);
    ctx.books.queues(node, u32::from(len));
    if idle {
        next_job(link, ctx, node);
    }
}

/// There is no room for a packet, or it gives way to another.
fn overflow<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node, lost: &Packet) {
    if !lost.delivered {
        link.drop_rest(node, lost);
        above.lost(ctx, node, lost, Loss::QueueFull);
    }
    if let Some(load) = ctx.books.load(node) {
        load.dropped += 1;
    }
}

/// Drops a packet that leads its queue and has been there for too long.
pub(super) fn drop_old<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node, at: u32) {
    link.finish_job(node);
    let packet = link.take_current(ctx.facts, node, at);
    if !packet.delivered {
        link.drop_rest(node, &packet);
        above.lost(ctx, node, &packet, Loss::TooOld);
    }
    if let Some(load) = ctx.books.load(node) {
        load.dropped += 1;
    }
    // W `ws_interface.c`: what a radio has given up counts as sent once more.
    let is_given_up = link.rules.of(ctx.facts, node).held_max.is_some() && packet.turn.given.is_some();
    if packet.hop_to != Node::EVERYONE && (packet.airings > 0 || is_given_up) {
        let tries = packet.tries.saturating_add(u8::from(is_given_up));
        let done = Done { to: packet.hop_to, kind: packet.kind(), ok: false, tries, sent: 0 };
        above.link_result(link, ctx, node, done);
    } else {
        above.has_room(link, ctx, node);
    }
    next_job(link, ctx, node);
}

/// Drops everything a node holds: it is being reset or switched off.
pub fn clear<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx, node: Node) {
    link.break_train(above, ctx, node);
    link.finish_job(node);
    let mac = &mut link.macs[node];
    (mac.acknowledging, mac.sweeps, mac.sweep_step) = (false, 0, 0);
    while let Some(packet) = link.take_any(node) {
        if !packet.delivered {
            link.drop_rest(node, &packet);
            above.lost(ctx, node, &packet, Loss::Reset);
        }
    }
}

impl LinkLayer {
    /// Frames in both queues of a node.
    pub fn queued(&self, node: Node) -> u16 {
        let mac = &self.macs[node];
        mac.queue.len() + mac.broadcasts.len()
    }

    /// Datagrams and sweeps that a radio has which has the whole queue; one in pieces counts as one.
    pub fn in_radio(&self, node: Node) -> u16 {
        let mac = &self.macs[node];
        let (mut count, mut tag) = (mac.sweeps.count_ones() as u16, None);
        for fifo in [&mac.queue, &mac.broadcasts] {
            let mut at = fifo.head();
            while at != NIL {
                let packet = self.packets.get(at);
                let of = (packet.fragments > 0).then_some(packet.tag);
                count += u16::from(of.is_none() || of != tag);
                (tag, at) = (of, packet.next);
            }
        }
        count
    }

    /// Whether a node's radio takes what its host says: W `wsrd.c` leaves the last place to what is passed on.
    pub fn reads_host(&self, facts: &Facts, node: Node) -> bool {
        let rules = self.rules.of(facts, node);
        rules.queueing != Queueing::InRadio || self.in_radio(node) < rules.queue_frames_max.saturating_sub(1).max(1)
    }

    /// Whether a sweep has no room in a node's radio.
    pub(super) fn has_no_room(&self, facts: &Facts, node: Node) -> bool {
        let rules = self.rules.of(facts, node);
        rules.queueing == Queueing::InRadio && self.in_radio(node) >= rules.queue_frames_max
    }

    /// Of them those that wait in front of the radio, where it is given frames.
    pub fn waiting(&self, node: Node) -> u16 {
        self.waiting_in(node, false, GIVEN) + self.waiting_in(node, true, GIVEN_TO_ALL)
    }

    fn waits_in(&self, facts: &Facts, node: Node, broadcast: bool) -> u16 {
        self.waiting_in(node, broadcast, self.given_max(facts, node, broadcast))
    }

    fn waiting_in(&self, node: Node, broadcast: bool, given_max: usize) -> u16 {
        let mut given = Given::of(given_max);
        let mut at = self.fifo(node, broadcast).head();
        let mut waiting = 0;
        while at != NIL {
            let packet = self.packets.get(at);
            waiting += u16::from(given.place(packet) == Place::Waits);
            at = packet.next;
        }
        waiting
    }

    /// Frames of a queue that the radio takes, each for another neighbour.
    fn given_max(&self, facts: &Facts, node: Node, broadcast: bool) -> usize {
        match self.rules.of(facts, node).queueing {
            Queueing::InFront if broadcast => GIVEN_TO_ALL,
            Queueing::InFront => GIVEN,
            Queueing::InRadio | Queueing::Plain => 0,
        }
    }

    /// Whether the radio takes a frame at once.
    fn is_given_at_once(&self, facts: &Facts, node: Node, to: Node, broadcast: bool) -> bool {
        let mut given = Given::of(self.given_max(facts, node, broadcast));
        let mut at = self.fifo(node, broadcast).head();
        while at != NIL && given.len < given.most {
            let packet = self.packets.get(at);
            if packet.hop_to == to {
                return false;
            }
            given.place(packet);
            at = packet.next;
        }
        given.len < given.most
    }

    /// Behind which frame a packet takes its place: the last, or, where network control goes first, what goes before the first other that waits.
    fn place_for(&self, facts: &Facts, node: Node, packet: &Packet, broadcast: bool) -> u32 {
        let is_ahead = self.rules.of(facts, node).control == Control::First && packet.is_network_control();
        let fifo = self.fifo(node, broadcast);
        if is_ahead { behind_control(&self.packets, fifo, self.given_max(facts, node, broadcast)) } else { fifo.tail() }
    }

    /// Average length of what waits in front of a node's radio, and what the radio has, 1/256 frames.
    pub fn average_queue(&self, node: Node) -> u32 {
        let given = self.queued(node) - self.waiting(node);
        self.macs[node].average_256 + 256 * u32::from(given)
    }

    fn fifo(&self, node: Node, broadcast: bool) -> &Fifo {
        let mac = &self.macs[node];
        if broadcast { &mac.broadcasts } else { &mac.queue }
    }

    /// The queue of a node is longer or shorter than it was.
    fn note_length(&mut self, facts: &Facts, node: Node) {
        if self.rules.of(facts, node).queueing == Queueing::InFront {
            let waiting = self.waiting(node);
            let mac = &mut self.macs[node];
            mac.average_256 = Rules::average_256(mac.average_256, waiting);
        }
    }

    /// Whether the oldest data gives way to a new frame before the queue is full (random early detection).
    fn gives_way_early(&mut self, ctx: &Ctx, node: Node, limit: u16) -> bool {
        if self.rules.of(ctx.facts, node).queueing != Queueing::InFront {
            return false;
        }
        let mac = &mut self.macs[node];
        let probability = Rules::gives_way(mac.average_256, limit, mac.spared);
        if probability == 0.0 {
            mac.spared = 0;
            return false;
        }
        let drops = self.place(ctx.facts, node) < probability;
        let mac = &mut self.macs[node];
        mac.spared = if drops { 0 } else { mac.spared.saturating_add(1) };
        drops
    }

    /// Whether a packet has waited for too long, or the radio has had it for too long.
    pub(super) fn is_too_old(&self, facts: &Facts, node: Node, at: u32, now: SimTime) -> bool {
        let (packet, rules) = (self.packets.get(at), self.rules.of(facts, node));
        if let (Some((to_one, to_all)), Some(since)) = (rules.held_max, packet.turn.given) {
            return now.saturating_sub(since) > if packet.hop_to == Node::EVERYONE { to_all } else { to_one };
        }
        let most = if rules.spares(packet) { rules.control_age_max } else { rules.age_max };
        now.saturating_sub(packet.queued) > most
    }

    /// Takes the packet out of a queue that came first of those that may give way and that the radio has not been given.
    fn take_oldest_data(&mut self, facts: &Facts, node: Node, broadcast: bool) -> Option<Packet> {
        let rules = self.rules.of(facts, node);
        let mac = &self.macs[node];
        let in_hand = mac.job == Job::Busy;
        let fifo = self.fifo(node, broadcast);
        let tag_in_hand = (in_hand && !fifo.is_empty())
            .then(|| self.packets.get(fifo.head()))
            .filter(|p| p.fragments > 0)
            .map(|p| p.tag);
        let mut given = Given::of(self.given_max(facts, node, broadcast));
        let (mut at, mut behind) = (fifo.head(), NIL);
        let mut oldest = None;
        while at != NIL {
            let packet = self.packets.get(at);
            let waits = given.place(packet) == Place::Waits;
            let is_in_hand = in_hand && behind == NIL || packet.fragments > 0 && tag_in_hand == Some(packet.tag);
            if waits && !is_in_hand && !rules.spares(packet) && oldest.is_none_or(|(since, _)| packet.queued < since) {
                oldest = Some((packet.queued, behind));
            }
            (behind, at) = (at, packet.next);
        }
        let (_, behind) = oldest?;
        let mac = &mut self.macs[node];
        let fifo = if broadcast { &mut mac.broadcasts } else { &mut mac.queue };
        let at = self.packets.take_behind(fifo, behind)?;
        let packet = self.packets.get(at).clone();
        self.packets.release(at);
        Some(packet)
    }

    /// Takes a packet out of a node's queues, unicast first.
    pub fn take_any(&mut self, node: Node) -> Option<Packet> {
        let mac = &mut self.macs[node];
        let at = self.packets.pop(&mut mac.queue).or_else(|| self.packets.pop(&mut mac.broadcasts))?;
        let packet = self.packets.get(at).clone();
        self.packets.release(at);
        Some(packet)
    }

    /// Takes a packet off the head of the queue that it leads.
    pub(super) fn take_current(&mut self, facts: &Facts, node: Node, at: u32) -> Packet {
        let mac = &mut self.macs[node];
        let fifo = if mac.broadcasts.head() == at { &mut mac.broadcasts } else { &mut mac.queue };
        assert_eq!(fifo.head(), at, "the frame in hand leads its queue");
        self.packets.pop(fifo);
        let packet = self.packets.get(at).clone();
        self.packets.release(at);
        self.note_length(facts, node);
        packet
    }

    /// Drops the other fragments of a datagram of which one has failed.
    pub(super) fn drop_rest(&mut self, node: Node, failed: &Packet) {
        if failed.fragments == 0 {
            return;
        }
        let mac = &mut self.macs[node];
        for fifo in [&mut mac.queue, &mut mac.broadcasts] {
            for _ in 0..fifo.len() {
                let Some(at) = self.packets.pop(fifo) else { break };
                let packet = self.packets.get(at);
                if packet.fragments > 0 && packet.tag == failed.tag {
                    self.packets.release(at);
                } else {
                    self.packets.push(fifo, at);
                }
            }
        }
    }

    /// Brings a packet that may be sent now to the head of the queue, so that a frame that waits for its repetition does not hold up those for others;
    /// returns when the head may be sent.
    pub(super) fn first_ready(&mut self, facts: &Facts, node: Node, now: SimTime) -> SimTime {
        let given_max = self.given_max(facts, node, false);
        let mac = &mut self.macs[node];
        let (to, until, packets) = (mac.blocked_to, mac.blocked_until, &mut self.packets);
        let ready = |packet: &Packet| {
            let at = if packet.hop_to == to { packet.turn.not_before.max(until) } else { packet.turn.not_before };
            at.max(now)
        };
        if given_max == 0 {
            // What waits goes to the end.
            let mut earliest = SimTime::MAX;
            for _ in 0..mac.queue.len() {
                let at = ready(packets.get(mac.queue.head()));
                if at == now {
                    return now;
                }
                earliest = earliest.min(at);
                packets.rotate(&mut mac.queue);
            }
            while ready(packets.get(mac.queue.head())) > earliest {
                packets.rotate(&mut mac.queue);
            }
            return earliest;
        }
        let mut given = Given::of(given_max);
        let (mut at, mut behind) = (mac.queue.head(), NIL);
        let mut earliest = (SimTime::MAX, NIL);
        while at != NIL && given.len < given.most && earliest.0 > now {
            let packet = packets.get(at);
            if given.place(packet) == Place::Radio && ready(packet) < earliest.0 {
                earliest = (ready(packet), behind);
            }
            (behind, at) = (at, packet.next);
        }
        if let Some(first) = packets.take_behind(&mut mac.queue, earliest.1) {
            packets.insert(&mut mac.queue, NIL, first);
        }
        earliest.0
    }
}

//! Hours of the table `load`: when they end, and where each node stands in the tree then.

use super::{Event, INFINITE_RANK, Net};
use crate::backhaul::{HEAD_END, Health, LinkState};
use crate::books::{Books, ParentLink, Standing};
use crate::context::{Ctx, Facts};
use crate::medium::mesh::mac::LinkLayer;
use crate::node::{Node, PerNode};
use amitwin_sim_core::SimTime;

/// [`Event::Load`].
pub(super) fn due(net: &Net, link: &LinkLayer, ctx: &mut Ctx) {
    let now = ctx.now();
    let standing = net.standing(link, ctx.facts, now);
    if let Some(latency) = net.tells_health {
        let of = |node: Node| {
            let (at, (sent, unanswered)) = (&standing[node], ctx.books.tries(node));
            let levels = at.link.filter(|_| at.hops.is_some()).map(|link| (link.rssi_dbm, link.snr_db));
            LinkState { meter: ctx.facts.sites[node], levels, sent, unanswered }
        };
        let links = ctx.facts.members().map(of).collect();
        ctx.send(HEAD_END, now + latency, Node(0), Box::new(Health { links }));
    }
    net.close(ctx.facts, ctx.books, now, &standing);
    ctx.schedule(now + net.load_every, Node(0), Event::Load);
}

impl Net {
    /// Schedules the end of the first hour, if any are recorded.
    pub fn start_loads(&self, ctx: &mut Ctx) {
        if ctx.books.counts_loads() {
            ctx.schedule(self.load_every, Node(0), Event::Load);
        }
    }

    /// Writes the hour that ends at `now`, or the part of one at the end of the run.
    pub fn close_loads(&self, link: &LinkLayer, facts: &Facts, books: &mut Books, now: SimTime) {
        if books.counts_loads() {
            self.close(facts, books, now, &self.standing(link, facts, now));
        }
    }

    fn close(&self, facts: &Facts, books: &mut Books, now: SimTime, standing: &PerNode<Standing>) {
        let into = now % self.load_every;
        let length = if into == SimTime::ZERO { self.load_every } else { into };
        books.close_loads(facts, (now.saturating_sub(length), now), standing);
    }

    /// Where each node stands in the tree now.
    fn standing(&self, link: &LinkLayer, facts: &Facts, now: SimTime) -> PerNode<Standing> {
        let mut standing = PerNode::of(Standing::default(), usize::from(facts.own));
        let on_its_way =
            |node: Node| std::iter::successors(Some(node), |&at| Some(self.nodes[at].parent).filter(|p| p.is_some()));
        let boards = link.air.boards(now);
        for node in facts.nodes() {
            let joining = &self.nodes[node];
            standing[node].board_c = link.air.board_c(boards.as_ref(), node);
            standing[node].hops = (joining.rank != INFINITE_RANK).then_some(joining.hops);
            if !joining.parent.is_some() {
                continue;
            }
            standing[joining.parent].children += 1;
            let measured = link.air.measured_dbm(boards.as_ref(), node, joining.parent, now);
            standing[node].link = measured.map(|(up, down)| ParentLink {
                rssi_dbm: up.0.min(down.0),
                snr_db: (up.0 - up.1).min(down.0 - down.1),
            });
            // Parents may form a loop for a while: a way that is longer than any is none.
            let hops = on_its_way(node).take(usize::from(u8::MAX)).position(|at| facts.is_gateway(at));
            for above in on_its_way(node).skip(1).take(hops.unwrap_or(0)) {
                standing[above].descendants += 1;
            }
        }
        standing
    }
}

//! Rows of the `links` table: each node's edge to its parent as it is now.

use super::{ETX_ONE, Event, Net};
use crate::books::Books;
use crate::context::Ctx;
use crate::context::Facts;
use crate::medium::mesh::mac::LinkLayer;
use crate::medium::mesh::radio::neighbours::code_db;
use crate::node::Node;
use amitwin_data::rows::{Added, LinkRow};
use amitwin_sim_core::SimTime;

/// [`Event::Snapshot`].
pub(super) fn due(net: &Net, link: &LinkLayer, ctx: &mut Ctx) {
    net.snapshot(link, ctx.facts, ctx.books, ctx.now());
    ctx.schedule(ctx.now() + net.links_every, Node(0), Event::Snapshot);
}

impl Net {
    /// Schedules the first snapshot, if there are any between start and end.
    pub fn start_snapshots(&self, ctx: &mut Ctx) {
        if self.links_every > SimTime::ZERO {
            ctx.schedule(self.links_every, Node(0), Event::Snapshot);
        }
    }

    /// Writes the rows of this moment.
    pub fn snapshot(&self, link: &LinkLayer, facts: &Facts, books: &mut Books, now: SimTime) {
        let boards = link.air.boards(now);
        for node in facts.members() {
            let joining = &self.nodes[node];
            let parent = joining.parent;
            if parent == Node::NONE {
                continue;
            }
            let etx = self.candidate(node, parent).and_then(|c| c.etx.value());
            let path_loss_db = code_db(link.air.neighbours.code(node, parent).unwrap_or(u8::MAX));
            let extra_loss_db = link.air.extra_loss_db(node, parent);
            let heard_dbm = |from, at| link.air.link_dbm(from, at).unwrap_or(f32::NEG_INFINITY);
            books.rows.links.push(LinkRow {
                time_s: now.secs_f64(),
                node: facts.sites[node].0,
                parent: facts.sites[parent].0,
                rank: joining.rank,
                hops: joining.hops,
                path_loss_db,
                extra_loss_db,
                etx: etx.map_or(f32::NAN, |etx| f32::from(etx) / f32::from(ETX_ONE)),
                rssi_dbm: heard_dbm(node, parent),
                rssi_down_dbm: heard_dbm(parent, node),
                board_c: Added(link.air.board_c(boards.as_ref(), node)),
            });
        }
    }
}

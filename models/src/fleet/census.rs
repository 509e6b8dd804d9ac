//! The census: who has a supply and who carries faults, by a query, at regular times.

use super::faults::{BackhaulFaults, ExtraLoss, Unpowered};
use super::members::Member;
use super::{Fleet, Kind, sorted};
use crate::context::Ctx;
use crate::node::Node;
use amitwin_data::rows::CensusRow;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// A node in a census.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Which.
    pub node: Node,
    /// What stands there.
    pub kind: Kind,
    /// It has a supply.
    pub powered: bool,
    /// Faults that it carries.
    pub faults: u16,
}

/// What a census asks for.
pub(super) type Carried =
    (&'static Member, Option<&'static ExtraLoss>, Option<&'static Unpowered>, Option<&'static BackhaulFaults>);

/// An event of the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A census is due.
    Census,
}

impl Fleet {
    /// Who has a supply and who carries faults, by node.
    pub fn census(&mut self) -> Vec<Counted> {
        let rows = self.carried.iter(&self.world).map(|(member, loss, unpowered, backhaul)| Counted {
            node: member.node,
            kind: member.kind,
            powered: unpowered.is_none(),
            faults: (loss.map_or(0, |f| f.0.len())
                + unpowered.map_or(0, |f| f.0.len())
                + backhaul.map_or(0, |f| f.0.len())) as u16,
        });
        sorted(rows, |row| row.node)
    }

    /// Schedules the first census, if there are any.
    pub fn start(&self, ctx: &mut Ctx) {
        if self.census_every > SimTime::ZERO {
            ctx.schedule(SimTime::ZERO, Node(0), Event::Census);
        }
    }

    /// Writes a census down and schedules the next one.
    pub fn handle(&mut self, ctx: &mut Ctx, event: Event) {
        let Event::Census = event;
        let now = ctx.now();
        for counted in self.census() {
            ctx.books.rows.census.push(CensusRow {
                time_s: now.secs_f64(),
                node: ctx.facts.sites[counted.node].0,
                kind: counted.kind.in_tables(),
                powered: counted.powered,
                faults: counted.faults,
            });
        }
        ctx.schedule(now + self.census_every, Node(0), Event::Census);
    }
}

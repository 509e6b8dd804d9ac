//! The census: who has a supply and who carries faults, by a query, at regular times.

use super::faults::{Carried, Unpowered};
use super::members::{FaultCount, Member};
use super::{Fleet, Kind, sorted};
use crate::context::Ctx;
use crate::node::Node;
use amitwin_data::rows::CensusRow;
use amitwin_sim_core::SimTime;
use bevy_ecs::prelude::Has;
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
pub(super) type Asked = (&'static Member, &'static Kind, Has<Carried<Unpowered>>, Option<&'static FaultCount>);

/// An event of the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A census is due.
    Census,
}

impl Fleet {
    /// Who has a supply and who carries faults, by node.
    pub fn census(&mut self) -> Vec<Counted> {
        let rows = self.asked.iter(&self.world).filter_map(|(member, kind, unpowered, count)| {
            let Member::Node(node) = *member else { return None };
            let faults = count.map_or(0, |count| count.0);
            Some(Counted { node, kind: *kind, powered: !unpowered, faults })
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

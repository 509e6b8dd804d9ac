//! What is overlaid on the air, told to the partitions that hear it.

use super::LinkLayer;
use crate::books::Happened;
use crate::context::Ctx;
use crate::medium::mesh::event::Event;
use crate::medium::mesh::radio::ageing::Ageing;
use crate::medium::mesh::radio::obstacles::Obstacles;
use crate::medium::mesh::radio::overlay::NodeOverlay;
use crate::node::{Node, PerNode, SiteId};
use amitwin_sim_core::SimTime;

/// Hundredths of a dB: what other partitions are told of a node.
const CENTI_DB: f32 = 100.0;

impl LinkLayer {
    /// Changes what is overlaid on a node; partitions that hear it hear it so from now on.
    pub fn overlay_node(&mut self, ctx: &mut Ctx, node: Node, change: impl FnOnce(&mut NodeOverlay)) {
        let before = self.air.node_overlay(node);
        let mut now = before;
        change(&mut now);
        if now == before {
            return;
        }
        self.air.change_overlay(|overlay| overlay.set_node(node, now));
        let loss_cdb = ((now.loss_db - now.tx_power_db) * CENTI_DB).round() as i32;
        self.tell_abroad(ctx, node, |from| Event::ForeignLoss { from, loss_cdb });
    }

    /// Puts obstacles between the radios at these sites and lets them age, as it is when the run begins.
    pub fn set_slow(&mut self, obstacles: Option<Obstacles>, ageing: Option<Ageing>, sites: &PerNode<SiteId>) {
        (self.obstacles, self.ageing) = (obstacles.map(Box::new), ageing.map(Box::new));
        self.shade(sites, SimTime::ZERO);
    }

    /// Schedules the first look at them after the start.
    pub fn start_obstacles(&self, ctx: &mut Ctx) {
        let obstacles = self.obstacles.as_ref().and_then(|obstacles| obstacles.next(ctx.now()));
        let ageing = self.ageing.as_ref().map(|ageing| ageing.next(ctx.now()));
        if let Some(at) = obstacles.into_iter().chain(ageing).min() {
            ctx.schedule(at, Node(0), Event::Obstacles);
        }
    }

    /// [`Event::Obstacles`]: links lose what obstacles and age take now.
    pub fn look_at_obstacles(&mut self, ctx: &mut Ctx) {
        let now = ctx.now();
        self.shade(&ctx.facts.sites, now);
        let own = ctx.facts.nodes().count() as u16;
        let obstacles = self.obstacles.as_ref().map(|obstacles| obstacles.come_and_go(now, own));
        for (node, links) in obstacles.into_iter().flatten().flatten() {
            ctx.note(node, Happened::Obstacle { links });
        }
        let wet = self.ageing.as_ref().map(|ageing| ageing.gets_wet(&ctx.facts.sites, own, now));
        for (node, loss_db) in wet.into_iter().flatten() {
            ctx.note(node, Happened::Wet { loss_db });
        }
        self.start_obstacles(ctx);
    }

    fn shade(&mut self, sites: &PerNode<SiteId>, now: SimTime) {
        if let Some(obstacles) = &self.obstacles {
            let losses = obstacles.losses(now);
            self.air.change_overlay(|overlay| overlay.set_shades(&losses));
        }
        if let Some(ageing) = &self.ageing {
            let losses = ageing.losses(sites, now);
            self.air.change_overlay(|overlay| overlay.set_ends(&losses));
        }
    }

    /// Changes the extra loss between two nodes.
    pub fn overlay_edge(&mut self, (a, b): (Node, Node), loss_db: f32) {
        self.air.change_overlay(|overlay| overlay.set_edge(a, b, loss_db));
    }
}

/// [`Event::ForeignLoss`]: a radio of a neighbouring partition is heard at another level.
pub fn foreign_loss(link: &mut LinkLayer, node: Node, loss_cdb: i32) {
    let loss_db = loss_cdb as f32 / CENTI_DB;
    link.air.change_overlay(|overlay| overlay.set_node(node, NodeOverlay { loss_db, ..NodeOverlay::default() }));
}

//! What is written down: rows for the tables, sums for the results, the load of border routers.
//!
//! A partition has one set of books, which travels in the [`Ctx`](crate::context::Ctx). A room writes where something is
//! settled, and reads nothing back: no result of a run hangs on its books.
//!
//! | what | written by |
//! | --- | --- |
//! | [`Counters`], losses by [`Loss`] | the link layer and the network layer, frame by frame |
//! | [`Load`] of a border router's radio | the link layer; closed each minute by the gateway |
//! | what each radio does in an hour of the table `load` ([`NodeLoad`]) | both layers of a mesh, border routers for their backhaul; hours closed by the network layer |
//! | what each radio transmits in its busiest hour ([`OnAir`]) | the link layer; hours closed by the gateway |
//! | the `transactions` row of what a meter says by itself ([`OwnReport`]) | the gateway that has it, the meter that could not send it, whoever lost it |
//! | rows of other tables ([`Books::rows`]) | the room that they are about; the driver takes them window by window |

mod counters;
mod happened;
mod load;
mod node_load;
mod on_air;
mod reports;
mod state;
mod transaction;

pub use counters::{Counters, Loss};
pub use happened::Happened;
pub use load::{Load, MINUTE};
pub use node_load::{NodeLoad, ParentLink, Ran, Standing};
pub use on_air::OnAir;
pub use reports::{OwnReport, Says};
pub use state::State;
pub use transaction::TransactionId;

use crate::context::Facts;
use crate::node::{Node, PerNode};
use crate::spec::BatterySpec;
use amitwin_data::rows::Rows;

/// The books of a partition.
#[derive(Debug, Default)]
pub struct Books {
    /// Rows since the driver last took them.
    pub rows: Rows,
    /// Sums over the run.
    pub counters: Counters,
    /// Load of each border router in the current minute.
    pub loads: PerNode<Load>,
    /// By own radio: the border router that serves it now, where that changes.
    served_by: PerNode<Node>,
    /// What each own radio transmits, where the region limits that.
    on_air: PerNode<OnAir>,
    /// What each own radio of a mesh does, if the table `load` is written.
    node_loads: PerNode<NodeLoad>,
    /// Batteries of meters, if they have some.
    battery: Option<BatterySpec>,
    /// How long each own radio has run, if that takes charge.
    ran: PerNode<Ran>,
    /// Frames that have ended.
    pub frames_seen: u64,
    /// Every n-th frame goes into the `frames` table; 0: none.
    pub frames_every: u32,
}

impl Books {
    /// Of a partition with so many border routers, and so many radios whose time on the air counts.
    pub fn new(gateways: u16, own: u16, frames_every: u32) -> Self {
        let loads = PerNode::of(Load::default(), usize::from(gateways));
        Books { loads, on_air: PerNode::of(OnAir::default(), usize::from(own)), frames_every, ..Books::default() }
    }

    /// The border router of a radio is another from now on.
    pub fn serves(&mut self, gateway: Node, node: Node) {
        if let Some(by) = self.served_by.0.get_mut(node.at()) {
            *by = gateway;
        }
    }

    /// Writes down who serves each radio, where that changes.
    pub fn follow(&mut self, served_by: PerNode<Node>) {
        self.served_by = served_by;
    }

    /// The border router that rows about a radio name.
    fn gateway_of(&self, facts: &Facts, node: Node) -> Node {
        self.served_by.0.get(node.at()).copied().unwrap_or_else(|| facts.gateway_of(node))
    }

    /// Counts a datagram that was lost.
    #[inline]
    fn count_lost(&mut self, why: Loss) {
        self.counters.dropped += 1;
        self.counters.lost[why as usize] += 1;
    }

    /// The load of a border router's radio; `None` for other radios.
    #[inline]
    pub fn load(&mut self, node: Node) -> Option<&mut Load> {
        self.loads.0.get_mut(node.at())
    }

    /// Bytes held, rows excepted.
    pub fn bytes(&self) -> usize {
        self.loads.bytes() + self.served_by.bytes() + self.on_air.bytes() + self.node_loads.bytes() + self.ran.bytes()
    }

    /// Counts a frame that has ended; says whether it goes into the `frames` table.
    pub fn samples_frame(&mut self) -> bool {
        self.frames_seen += 1;
        self.frames_every != 0 && self.frames_seen.is_multiple_of(u64::from(self.frames_every))
    }
}

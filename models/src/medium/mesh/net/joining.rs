//! What a node knows while it joins, and as part of the mesh.

use super::Net;
use super::candidates::{CANDIDATES, Candidate, INFINITE_RANK};
use super::lease::Held;
use super::pan::Pan;
use super::registration::Registration;
use super::trickle::Trickle;
use crate::medium::mesh::event::TOPICS;
use crate::node::Node;
use amitwin_sim_core::SimTime;
use serde::{Deserialize, Serialize};

/// Where a node stands in joining; the numbers are those of Wi-SUN FAN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Serialize, Deserialize)]
pub enum State {
    /// Not running.
    #[default]
    Off = 0,
    /// Looking for its PAN.
    SelectPan = 1,
    /// Getting its keys.
    Authenticate = 2,
    /// Looking for the PAN's configuration.
    AcquireConfig = 3,
    /// Getting neighbours, address and route.
    ConfigureRouting = 4,
    /// Part of the mesh.
    Operational = 5,
}

/// Step within [`State::ConfigureRouting`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step {
    /// Waiting for RPL information.
    #[default]
    Discover,
    /// Waiting for more of it before a parent is chosen.
    Choose,
    /// Waiting for the parent to register the address.
    Register,
    /// Waiting for an address.
    Address,
    /// Waiting for the border router to know the route.
    Announce,
    /// Part of the mesh: waiting for the parent to renew the registration.
    Renew,
    /// It has given its PAN up and says so.
    Leave,
    /// It has lost its first parent and has not looked at its candidates since.
    Lost,
    /// Nothing under way.
    Settled,
}

/// Network state of a node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Joining {
    /// Candidate parents, best first; unused ones have no node.
    pub(super) candidates: [Candidate; CANDIDATES],
    /// Timers by [`Topic`].
    pub(super) trickles: [Trickle; TOPICS],
    /// While it looks for its PAN: when it chooses. As part of the mesh: when it announces its route anew. Of a border router: when it begins
    /// a new version of its DODAG. While it is off: since when.
    pub(super) deadline: SimTime,
    /// Random numbers used for timers.
    pub(super) draws: u32,
    /// Where it is registered.
    pub(super) registration: Registration,
    /// Its PAN.
    pub(super) pan: Pan,
    /// How it keeps an eye on its parent.
    pub(super) watch: Watch,
    /// What it remembers of RPL.
    pub(super) rpl: Rpl,
    /// Counts the join timer.
    pub(super) epoch: u16,
    /// RPL rank.
    pub(super) rank: u16,
    /// Lowest rank that it has said since it has had its place.
    pub(super) lowest: u16,
    /// Next hop towards the border router.
    pub(super) parent: Node,
    /// Hops to the border router.
    pub(super) hops: u8,
    /// Tries of the current step.
    pub(super) tries: u8,
    /// Joining state.
    pub(super) state: State,
    /// Joining step.
    pub(super) step: Step,
    /// While it looks for a parent.
    pub(super) search: Search,
    /// It has an address.
    pub(super) addressed: bool,
    /// How long it has it.
    pub(super) held: Held,
    /// It has not been part of the mesh since it was reset.
    pub(super) returning: bool,
}

impl Net {
    /// Whether a node has no keys yet.
    pub fn is_new(&self, node: Node) -> bool {
        !self.nodes[node].pan.keys.has
    }

    /// Whether a usable path leads from a node to a border router, whether it is part of the mesh or not.
    pub fn is_in_reach(&self, node: Node) -> bool {
        self.nodes[node].pan.is_in_reach
    }

    /// Whether a node is part of the mesh.
    pub fn is_operational(&self, node: Node) -> bool {
        self.nodes[node].state == State::Operational
    }

    /// Next hop of a node towards its border router, if it has one, and hops to it.
    pub fn way(&self, node: Node) -> (Option<Node>, u8) {
        let joining = &self.nodes[node];
        (joining.parent.is_some().then_some(joining.parent), joining.hops)
    }
}

/// How a node keeps an eye on its parent.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Watch {
    /// When it looks at all candidates, s of the run; where the stack does so by the clock.
    pub(super) selects_s: u32,
    /// When it wonders that it has said nothing for so long, s of the run; where the stack does.
    pub(super) wonders_s: u32,
    /// When it asks a candidate whether it is there, s of the run, modulo 2^16.
    pub(super) asks_s: u16,
    /// It does so then.
    pub(super) asks: bool,
}

/// What a node remembers of RPL beside its rank and its first parent. Its numbers go round (`lollipop`).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Rpl {
    /// The second parent, which the border router is told of as well.
    pub(super) second: Node,
    /// Candidate that has said its rank last, where the stack cares.
    pub(super) latest: Node,
    /// Rank that it has said last.
    pub(super) advertised: u16,
    /// Version of the DODAG that it is in.
    pub(super) version: u8,
    /// Of its last route announcement; wsrd keeps it over a reset.
    pub(super) path_sequence: u8,
    /// Hops by which its slots go, where the stack has any: since a route of its own was first acknowledged.
    pub(super) slots: Option<u8>,
}

impl Default for Rpl {
    fn default() -> Self {
        Rpl {
            second: Node::NONE,
            latest: Node::NONE,
            advertised: INFINITE_RANK,
            version: 0,
            path_sequence: 0,
            slots: None,
        }
    }
}

/// What a node that looks for a parent remembers.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Search {
    /// It has been part of the mesh and has lost its last parent.
    pub(super) lost: bool,
    /// More neighbours were heard than it may consider, of which it has no use for all.
    pub(super) crowded: bool,
    /// More neighbours were heard than it may consider since it began to look.
    pub(super) many: bool,
    /// So many of its next DIOs say that it has no route.
    pub(super) poisons: u8,
}

impl Joining {
    /// First and second parent.
    pub(super) fn parents(&self) -> [Node; 2] {
        [self.parent, self.rpl.second]
    }
}

impl Default for Joining {
    fn default() -> Self {
        Joining {
            candidates: [Candidate::default(); CANDIDATES],
            trickles: [Trickle::default(); TOPICS],
            deadline: SimTime::ZERO,
            draws: 0,
            registration: Registration::default(),
            pan: Pan::default(),
            watch: Watch::default(),
            rpl: Rpl::default(),
            epoch: 0,
            rank: INFINITE_RANK,
            lowest: INFINITE_RANK,
            parent: Node::NONE,
            hops: 0,
            tries: 0,
            state: State::Off,
            step: Step::Settled,
            search: Search::default(),
            addressed: false,
            held: Held::default(),
            returning: false,
        }
    }
}

#![doc = include_str!("README.md")]

mod event;

pub use event::Event;

use crate::climate::overheating::Overheated;
use crate::context::{Ctx, Facts};
use crate::node::{Node, SiteId};
use crate::spec::{Act, EventSpec, PowerOff};
use amitwin_sim_core::SimTime;

/// Something that happens to nodes or edges of a partition.
#[derive(Clone, Debug)]
pub struct Happening {
    /// Its number in the scenario.
    pub number: u16,
    /// What happens.
    pub act: Act,
    /// To these nodes, ascending.
    pub nodes: Vec<Node>,
    /// To these pairs of nodes.
    pub edges: Vec<(Node, Node)>,
    /// It is the end of a radio by heat, and not an event of the scenario.
    pub overheated: Option<Overheated>,
}

/// Number of what no event of the scenario is.
const BY_HEAT: u16 = u16::MAX;

/// A happening begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: SimTime,
    happening: u16,
    begins: bool,
}

/// What happens to a partition from outside, in the order of time.
#[derive(Debug, Default)]
pub struct Timeline {
    happenings: Vec<Happening>,
    entries: Vec<Entry>,
}

impl Timeline {
    /// The part of the events that concerns a partition, and which of its radios heat destroys.
    pub fn new(events: &[EventSpec], facts: &Facts, overheated: impl Iterator<Item = (Node, Overheated)>) -> Self {
        let own = |site: SiteId| facts.routers().find(|&n| facts.sites[n] == site).or(facts.member(site));
        let mut timeline = Timeline::default();
        for (number, event) in events.iter().enumerate() {
            let mut nodes: Vec<Node> = event.nodes.iter().filter_map(|&site| own(SiteId(site))).collect();
            nodes.sort_unstable();
            let edges: Vec<_> =
                event.edges.iter().filter_map(|&(a, b)| Some((own(SiteId(a))?, own(SiteId(b))?))).collect();
            if nodes.is_empty() && edges.is_empty() {
                continue;
            }
            let happening = timeline.happenings.len() as u16;
            timeline.entries.push(Entry { at: event.at, happening, begins: true });
            timeline.entries.extend(event.end().map(|at| Entry { at, happening, begins: false }));
            timeline.happenings.push(Happening {
                number: number as u16,
                act: event.act.clone(),
                nodes,
                edges,
                overheated: None,
            });
        }
        for (node, end) in overheated {
            let happening = timeline.happenings.len() as u16;
            timeline.entries.push(Entry { at: end.at, happening, begins: true });
            let (act, nodes) = (Act::PowerOff(PowerOff {}), vec![node]);
            let last = Happening { number: BY_HEAT, act, nodes, edges: Vec::new(), overheated: Some(end) };
            timeline.happenings.push(last);
        }
        timeline.entries.sort_unstable();
        timeline
    }

    /// Schedules the first entry.
    pub fn start(&self, ctx: &mut Ctx) {
        self.schedule(ctx, 0);
    }

    fn schedule(&self, ctx: &mut Ctx, entry: usize) {
        if let Some(next) = self.entries.get(entry) {
            ctx.schedule(next.at, Node(0), Event::Due { entry: entry as u32 });
        }
    }

    /// Whether an event is about an entry of the list.
    pub fn knows(&self, event: Event) -> bool {
        let Event::Due { entry } = event;
        (entry as usize) < self.entries.len()
    }

    /// An entry is due: what happens, and whether it begins. Schedules the next one.
    pub fn due(&self, ctx: &mut Ctx, event: Event) -> (&Happening, bool) {
        let Event::Due { entry } = event;
        self.schedule(ctx, entry as usize + 1);
        let entry = self.entries[entry as usize];
        (&self.happenings[usize::from(entry.happening)], entry.begins)
    }
}

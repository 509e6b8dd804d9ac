//! The two kinds of partition, as the engine sees them.

use crate::event::{Event, HEAD_END};
use crate::headend::HeadEnd;
use crate::region::Region;
use crate::terrain::Site;
use amitwin_data::rows::Rows;
use amitwin_sim_core::{Context, Engine, Local, Partition, SimTime};

/// A partition of the world.
pub enum Part {
    /// A mesh.
    Mesh(Box<Region>),
    /// The head-end.
    HeadEnd(Box<HeadEnd>),
}

impl Part {
    /// What was recorded since it was last taken.
    pub fn rows(&mut self) -> &mut Rows {
        match self {
            Part::Mesh(region) => &mut region.rows,
            Part::HeadEnd(head_end) => &mut head_end.rows,
        }
    }

    /// Records what there is when the run starts.
    pub fn describe(&mut self, sites: &[Site]) {
        if let Part::Mesh(region) = self {
            region.describe(sites);
        }
    }

    /// The mesh, if it is one.
    pub fn mesh(&self) -> Option<&Region> {
        match self {
            Part::Mesh(region) => Some(region),
            Part::HeadEnd(_) => None,
        }
    }

    /// The head-end, if it is it.
    pub fn head_end(&self) -> Option<&HeadEnd> {
        match self {
            Part::Mesh(_) => None,
            Part::HeadEnd(head_end) => Some(head_end),
        }
    }
}

impl Partition for Part {
    type Event = Event;

    fn id(&self) -> u32 {
        match self {
            Part::Mesh(region) => region.id,
            Part::HeadEnd(_) => HEAD_END,
        }
    }

    fn sources(&self) -> Vec<u32> {
        match self {
            Part::Mesh(region) => region.globals[..region.own as usize].to_vec(),
            Part::HeadEnd(_) => vec![u32::MAX],
        }
    }

    fn start(&mut self, context: &mut Context<'_, Event>) {
        match self {
            Part::Mesh(region) => region.start(context),
            Part::HeadEnd(head_end) => head_end.start(context),
        }
    }

    #[inline]
    fn handle(&mut self, event: Event, context: &mut Context<'_, Event>) {
        match self {
            Part::Mesh(region) => region.handle(event, context),
            Part::HeadEnd(head_end) => head_end.handle(event, context),
        }
    }
}

/// Records what is only known at the end of the run: what is still on its way, and what became of each command, with the
/// resets that the head-end has not heard of.
pub fn finish(engine: &mut Engine<Part, Local>, now: SimTime) {
    let mut resets = Vec::new();
    for part in engine.partitions_mut() {
        if let Part::Mesh(region) = part {
            region.finish(now);
            resets.append(&mut region.resets);
        }
    }
    for part in engine.partitions_mut() {
        if let Part::HeadEnd(head_end) = part {
            head_end.finish(now, &resets);
        }
    }
}

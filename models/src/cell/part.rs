//! What the engine runs: a cell, or the head-end.

use super::Cell;
use crate::backhaul::{HEAD_END, Resets};
use crate::event::Event;
use crate::headend::HeadEnd;
use crate::headend::jobs::End;
use crate::terrain::Site;
use amitwin_data::rows::Rows;
use amitwin_sim_core::{Context, FinishContext, Partition, SimTime};

/// A partition of the world.
pub enum Part {
    /// A mesh.
    Mesh(Box<Cell>),
    /// The head-end.
    HeadEnd(Box<HeadEnd>),
}

impl Part {
    /// What was recorded since it was last taken.
    pub fn rows(&mut self) -> &mut Rows {
        match self {
            Part::Mesh(cell) => &mut cell.books.rows,
            Part::HeadEnd(head_end) => &mut head_end.rows,
        }
    }

    /// Records what there is when the run starts.
    pub fn describe(&mut self, sites: &[Site]) {
        if let Part::Mesh(cell) = self {
            cell.describe(sites);
        }
    }

    /// The mesh, if it is one.
    pub fn mesh(&self) -> Option<&Cell> {
        match self {
            Part::Mesh(cell) => Some(cell),
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
            Part::Mesh(cell) => cell.id,
            Part::HeadEnd(_) => HEAD_END,
        }
    }

    fn sources(&self) -> Vec<u32> {
        match self {
            Part::Mesh(cell) => cell.facts.nodes().map(|node| cell.facts.sites[node].0).collect(),
            Part::HeadEnd(_) => vec![u32::MAX],
        }
    }

    fn start(&mut self, context: &mut Context<'_, Event>) {
        match self {
            Part::Mesh(cell) => cell.start(context),
            Part::HeadEnd(head_end) => head_end.start(context),
        }
    }

    #[inline]
    fn handle(&mut self, event: Event, context: &mut Context<'_, Event>) {
        match self {
            Part::Mesh(cell) => cell.handle(event, context),
            Part::HeadEnd(head_end) => head_end.handle(event, context),
        }
    }

    /// Records what is only known at the end of the run: what is still on its way. The head-end is told of all resets.
    fn finish(&mut self, context: &mut FinishContext<'_, Event>) {
        if let Part::Mesh(cell) = self {
            cell.finish(context.now());
            let all = cell.meters.take_resets();
            let fates = cell.meters.take_fates();
            if !all.is_empty() || !fates.is_empty() {
                context.send(HEAD_END, 0, Event::Resets(Box::new(Resets { all, fates })));
            }
        }
    }

    /// Records what became of each command, with the resets that the head-end has not heard of.
    fn conclude(&mut self, now: SimTime, messages: Vec<amitwin_sim_core::Event<Event>>) {
        let Part::HeadEnd(head_end) = self else {
            assert!(messages.is_empty(), "only the head-end is told something at the end");
            return;
        };
        let (mut resets, mut fates) = (Vec::new(), Vec::new());
        for message in messages {
            match message.what {
                Event::Resets(of_mesh) => {
                    resets.extend(of_mesh.all);
                    fates.extend(of_mesh.fates);
                }
                other => unreachable!("{other:?} does not end a run"),
            }
        }
        head_end.finish(End { now, resets: &resets, fates: &fates });
    }
}

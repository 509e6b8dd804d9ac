//! A partition in the middle of a run: the states of its rooms, side by side.

use super::{AnyMedium, Cell, Part};
use crate::check::Bounds;
use crate::event::Event;
use crate::medium::{ideal, mesh};
use crate::{books, fleet, gateway, headend, meter};
use amitwin_sim_core::Snapshot;
use serde::{Deserialize, Serialize};

/// A medium in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum MediumState {
    Mesh(Box<(mesh::mac::State, mesh::net::NetState)>),
    Ideal(ideal::State),
}

/// A mesh with its meters and border routers in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CellState {
    books: books::State,
    medium: MediumState,
    meters: meter::State,
    gateways: gateway::State,
    fleet: fleet::State,
}

/// A partition in the middle of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum PartState {
    /// A mesh.
    Mesh(Box<CellState>),
    /// The head-end.
    HeadEnd(Box<headend::State>),
}

impl Cell {
    fn bounds(&self) -> Bounds {
        let facts = &self.facts;
        let (gateways, own, radios) = (facts.gateways, facts.own, facts.sites.len());
        Bounds { gateways, own, radios, jobs: self.meters.jobs() }
    }

    fn save(&self) -> CellState {
        let medium = match &self.medium {
            AnyMedium::Mesh(mesh) => MediumState::Mesh(Box::new((mesh.link.save(), mesh.net.save()))),
            AnyMedium::Ideal(ideal) => MediumState::Ideal(ideal.save()),
        };
        CellState {
            books: self.books.save(),
            medium,
            meters: self.meters.save(),
            gateways: self.gateways.save(),
            fleet: self.fleet.save(),
        }
    }

    fn restore(&mut self, state: CellState) -> Result<(), String> {
        if let Some(what) = self.refusal() {
            return Err(what.to_owned());
        }
        let bounds = &self.bounds();
        match (state.medium, &mut self.medium) {
            (MediumState::Mesh(layers), AnyMedium::Mesh(mesh)) => {
                let (link, net) = *layers;
                mesh.link.restore(link, bounds)?;
                mesh.net.restore(net, bounds)?;
            }
            (MediumState::Ideal(state), AnyMedium::Ideal(ideal)) => ideal.restore(state, bounds)?,
            _ => return Err("medium: it is the mesh in one and ideal in the other".to_owned()),
        }
        self.meters.restore(state.meters, bounds)?;
        self.gateways.restore(state.gateways, bounds)?;
        self.fleet.restore(state.fleet, bounds)?;
        self.books.restore(state.books)
    }

    /// Why it cannot be saved, or go on from what was.
    fn refusal(&self) -> Option<&'static str> {
        let mesh = self.mesh();
        if mesh.is_some_and(|mesh| mesh.probes.is_some()) {
            return Some("it is a bench of the link layer");
        }
        if mesh.is_some_and(|mesh| mesh.link.is_captured()) {
            return Some("its frames are captured");
        }
        None
    }

    /// Whether an event is about what is here.
    fn knows(&self, event: &Event) -> bool {
        let bounds = &self.bounds();
        match (event, &self.medium) {
            (Event::Mesh(event), AnyMedium::Mesh(mesh)) => event.fits(bounds) && mesh.link.knows(event),
            (Event::Ideal(event), AnyMedium::Ideal(_)) => event.fits(bounds),
            (Event::Meter(event), _) => event.fits(bounds),
            (Event::Gateway(event), _) => event.fits(bounds),
            (Event::Fleet(fleet::Event::Census), _) => true,
            (Event::Weather(_), _) => self.weather.is_some(),
            (Event::Timeline(event), _) => self.timeline.knows(*event),
            (Event::Down(down), _) => down.fits(bounds),
            (Event::Visit(visit), _) => self.facts.member(visit.meter).is_some(),
            _ => false,
        }
    }
}

impl Part {
    /// Why it cannot be saved.
    pub fn refusal(&self) -> Option<&'static str> {
        self.mesh().and_then(Cell::refusal)
    }

    /// Whether rows have not been taken.
    pub fn has_rows(&self) -> bool {
        match self {
            Part::Mesh(cell) => !cell.books.rows.is_empty(),
            Part::HeadEnd(head_end) => !head_end.rows.is_empty(),
        }
    }

    /// Whether an event is about what is here.
    pub fn knows(&self, event: &Event) -> bool {
        match self {
            Part::Mesh(cell) => cell.knows(event),
            Part::HeadEnd(head_end) => head_end.knows(event),
        }
    }
}

impl Snapshot for Part {
    type State = PartState;

    fn save(&self) -> PartState {
        match self {
            Part::Mesh(cell) => PartState::Mesh(Box::new(cell.save())),
            Part::HeadEnd(head_end) => PartState::HeadEnd(Box::new(head_end.save())),
        }
    }

    fn restore(&mut self, state: PartState) -> Result<(), String> {
        match (self, state) {
            (Part::Mesh(cell), PartState::Mesh(state)) => cell.restore(*state),
            (Part::HeadEnd(head_end), PartState::HeadEnd(state)) => head_end.restore(*state),
            _ => Err("it is the head-end in one and a mesh in the other".to_owned()),
        }
    }
}

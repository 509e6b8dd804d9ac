//! Where repeaters would help: places are ranked by the radios in reach, and the best of them are tried out on the world itself.
//!
//! A world is built with each of a few places, as a run would build it, and the place with the best [`Outlook`] is taken; then the
//! next repeater is placed in the world that has it. So what is promised is what a run starts with.

mod file;
mod outlook;
mod places;
mod rank;

pub(crate) use file::quoted;
pub use file::to_csv;
pub use outlook::Outlook;
pub use places::{Height, Places};

use crate::Variant;
use amitwin_models::build::BuildError;
use amitwin_models::spec::{MediumKind, WorldSpec};
use amitwin_models::terrain::Site;
use outlook::Town;
use rayon::prelude::*;

/// Places that are tried out for each repeater.
const TRIED: usize = 8;
/// Radios and places that can be looked at together.
const RADIOS_MAX: usize = 60_000;

/// Why no places can be proposed.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The world cannot be built.
    #[error("the world of variant '{variant}' cannot be built: {error}")]
    Build {
        /// Which.
        variant: String,
        /// Why.
        error: BuildError,
    },
    /// No radio waves.
    #[error("the medium \"ideal\" has no radios, so a repeater changes nothing; take a variant with a mesh")]
    NoMesh,
    /// More repeaters than places.
    #[error("{asked} repeaters were asked for, and places for them are {places}; ask for fewer, or name more places")]
    TooFew {
        /// Repeaters.
        asked: u32,
        /// Places.
        places: usize,
    },
    /// More radios than are looked at together.
    #[error(
        "{radios} radios are more than the {RADIOS_MAX} that can be looked at together; take a part of the placement"
    )]
    TooMany {
        /// Radios.
        radios: usize,
    },
    /// A place that cannot be.
    #[error("{0}")]
    Place(String),
}

/// A repeater, and what the mesh is like with it and those before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// Where it stands.
    pub site: Site,
    /// What it brings.
    pub outlook: Outlook,
}

/// Repeaters for a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The mesh without any.
    pub before: Outlook,
    /// The repeaters, the most useful first; fewer than were asked for where no other place helps.
    pub chosen: Vec<Chosen>,
    /// Places that were looked at.
    pub places: usize,
}

impl Proposal {
    /// The mesh with all of them.
    pub fn after(&self) -> &Outlook {
        self.chosen.last().map_or(&self.before, |chosen| &chosen.outlook)
    }
}

/// Proposes so many repeaters for a variant.
///
/// # Errors
/// See [`SiteError`].
pub fn propose(variant: &Variant, repeaters: u32, places: &Places) -> Result<Proposal, SiteError> {
    let mut spec = variant.spec.clone();
    if spec.medium != MediumKind::Mesh {
        return Err(SiteError::NoMesh);
    }
    let town =
        |spec: &WorldSpec| Town::of(spec).map_err(|error| SiteError::Build { variant: variant.name.clone(), error });
    let mut now = town(&spec)?;
    let mut left = places.near(&spec, &now)?;
    let (before, all) = (now.outlook.clone(), left.len());
    let radios = spec.placement.sites.len() + all;
    if radios > RADIOS_MAX {
        return Err(SiteError::TooMany { radios });
    }
    if places.are_given() && repeaters as usize > all {
        return Err(SiteError::TooFew { asked: repeaters, places: all });
    }
    let mut names = places::free_names(&spec.placement);
    let mut chosen: Vec<Chosen> = Vec::new();
    while (chosen.len() as u32) < repeaters {
        // Points of the grid are called by what becomes of them.
        let name = if places.are_given() { None } else { names.next() };
        let tried: Vec<(usize, WorldSpec)> = rank::best(&spec, &now, &left, TRIED)
            .into_iter()
            .map(|at| {
                let mut with = spec.clone();
                let name = name.clone().unwrap_or_else(|| left[at].name.clone());
                with.placement.sites.push(Site { name, ..left[at].clone() });
                (at, with)
            })
            .collect();
        let towns: Vec<Town> = tried.par_iter().map(|(_, with)| town(with)).collect::<Result<_, _>>()?;
        let best = tried.into_iter().zip(towns).min_by_key(|(_, town)| town.outlook.badness());
        let Some(((at, with), town)) = best.filter(|(_, town)| town.outlook.badness() < now.outlook.badness()) else {
            break;
        };
        left.swap_remove(at);
        (spec, now) = (with, town);
        chosen.extend(
            spec.placement.sites.last().map(|site| Chosen { site: site.clone(), outlook: now.outlook.clone() }),
        );
    }
    Ok(Proposal { before, chosen, places: all })
}

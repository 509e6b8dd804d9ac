//! A scenario with several seeds, and what can be said over them.
//!
//! ```text
//! seeds -> replicate (jobs over seeds and variants, by work) -> VariantSummary of each seed
//!       -> over_seeds (averages, differences), verdict (gates) -> Summary; until decides whether to go on
//! ```
//!
//! A sweep runs the same at many settings (`vary` says which, `sweep` runs them), and `find` looks for the one where gates cease to
//! hold; both are made of `cases`, of a scenario or of a maintenance plan (`subject`).
//!
//! Every variant runs with the same seeds: the scenario's, the one after it, and so on. So differences are paired by
//! seed, and a longer study contains the shorter one.

pub(crate) mod cases;
mod find;
pub(crate) mod over_seeds;
mod replicate;
mod subject;
mod sweep;
mod until;
mod vary;
mod verdict;
pub mod work;

pub use cases::{Cases, Means, Source, WHOLE, WatchRuns};
pub use find::{Between, Find, FindError, PlannedFind, Tolerance};
pub use replicate::{Replications, run};
pub use subject::Subject;
pub use sweep::{Extent, Share, Sweep, SweepError};
pub use until::Until;
pub use vary::Vary;

use crate::sections::study::StudySection;
use amitwin_data::summary::Average;

/// Seeds that a study begins with where it goes on until a figure is known.
pub const FIRST_SEEDS: u32 = 10;

/// How many seeds the variants of a scenario run with.
#[derive(Clone, Debug, PartialEq)]
pub struct Study {
    /// Seeds; with `until` the first ones.
    pub seeds: u32,
    /// What stands for them.
    pub average: Average,
    /// Variant that the others are compared with; `None` for the first.
    pub baseline: Option<String>,
    /// When enough have run.
    pub until: Option<Until>,
    /// What `amitwin sweep` varies.
    pub vary: Vec<Vary>,
    /// Points of the Latin hypercube that the ranges of `vary` make, if they do.
    pub latin: Option<u32>,
}

impl Study {
    /// What the section says, its figure looked up.
    pub fn new(section: &StudySection, until: Option<Until>) -> Study {
        let seeds = section.seeds.unwrap_or(if until.is_some() { FIRST_SEEDS } else { 1 });
        // The texts have been read once, and what is wrong with one was told.
        let vary = section.vary.iter().filter_map(|text| text.parse().ok()).collect();
        let (average, baseline, latin) = (section.average, section.baseline.clone(), section.latin);
        Study { seeds, average, baseline, until, vary, latin }
    }

    /// The most seeds that it runs.
    pub fn seeds_max(&self) -> u32 {
        self.until.as_ref().map_or(self.seeds, |until| until.seeds_max)
    }

    /// Whether it is a plain run.
    pub fn is_one_seed(&self) -> bool {
        self.seeds_max() == 1
    }
}

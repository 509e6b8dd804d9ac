//! What is compared: a finished run, or a case of a study that has ended.

use crate::VizError;
use crate::read;
use amitwin_data::files::RunReader;
use amitwin_data::summary::Summary;
use amitwin_data::sweep::{CaseSummary, SweepSummary, named};
use std::path::{Path, PathBuf};

/// One of them.
pub struct Compared {
    /// Its directory.
    pub path: PathBuf,
    /// What it came to.
    pub summary: Summary,
    /// The run with its tables; `None` for a case, which keeps none.
    pub reader: Option<RunReader>,
    /// Which case it is, if it is one.
    pub case: Option<Case>,
}

/// A case of a study.
pub struct Case {
    /// Its settings.
    pub name: String,
    /// The same for the same case of the same plan alone.
    pub key: String,
}

impl Compared {
    /// The resolved scenario; `None` if none is kept that can be read.
    pub fn scenario(&self) -> Option<String> {
        read::scenario(self.reader.as_ref()?)
    }
}

/// A run that must be complete.
pub fn run(dir: &Path) -> Result<Compared, VizError> {
    let reader = read::finished(dir)?;
    Ok(Compared { path: reader.path.clone(), summary: reader.summary.clone(), reader: Some(reader), case: None })
}

/// The cases of a study that have run, in their order.
pub fn cases(dir: &Path, study: SweepSummary) -> Vec<Compared> {
    let SweepSummary { name, status, exit_code, plan_hash, keys, fingerprint, cases, seeds, .. } = study;
    let ran = cases.into_iter().filter(|case| !case.variants.is_empty());
    let case = |case: CaseSummary| {
        let of = format!("{plan_hash} {}", case.case);
        let of_variant: Vec<u64> = case.variants[0].seeds.iter().map(|seed| seed.seed).collect();
        // A single seed is not told beside its figures.
        let ran = if of_variant.is_empty() { seeds.iter().copied().take(1).collect() } else { of_variant };
        let summary = Summary {
            status,
            exit_code,
            seed: ran.first().copied().unwrap_or_default(),
            seeds: ran,
            keys: keys.clone(),
            fingerprint: fingerprint.clone(),
            variants: case.variants,
            gates: case.gates,
            ..Summary::begun(&name, 0, 0.0)
        };
        let case = Case { name: named(&case.settings), key: of };
        Compared { path: dir.to_owned(), summary, reader: None, case: Some(case) }
    };
    ran.map(case).collect()
}

//! What the models come to beside what others have published or measured: figures with tolerances, judged, as a page.
//!
//! A tolerance was set before the figure was measured and is not bent afterwards. Where a figure does not hold, its group says why.

pub mod campus;
pub mod climate;
pub mod fading;
pub mod firmware;
pub mod heat;
pub mod laws;
pub mod link;
pub mod maintenance;
pub mod network;
pub mod operations;
pub mod page;
pub mod peers;
pub mod queues;
pub mod radio;
pub mod stacks;
pub mod worlds;
pub mod years;

use amitwin_models::terrain::Placement;

/// How near is near enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// In the figure's unit.
    Within(f64),
    /// A share of the expected value.
    Share(f64),
    /// The figure stands beside another that it is not expected to equal.
    Beside,
}

/// What is said of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Outside of its tolerance.
    Fails,
    /// Not measured in this run.
    NotMeasured,
    /// Measured, and not to be judged.
    Beside,
    /// Within its tolerance.
    Holds,
}

impl Verdict {
    /// As the page says it.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Fails => "does not hold",
            Verdict::NotMeasured => "not measured",
            Verdict::Beside => "beside",
            Verdict::Holds => "holds",
        }
    }

    /// What a page says.
    pub fn of(word: &str) -> Option<Verdict> {
        [Verdict::Fails, Verdict::NotMeasured, Verdict::Beside, Verdict::Holds].into_iter().find(|v| v.word() == word)
    }
}

/// One number beside that of somebody else.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it is; unique on the page.
    pub what: String,
    /// Least and largest value that its source has; NaN if it has none.
    pub expected: [f64; 2],
    /// Unit of all its numbers.
    pub unit: &'static str,
    /// How near is near enough.
    pub tolerance: Tolerance,
    /// What the models come to; `None` if that was not measured.
    pub measured: Option<f64>,
}

impl Figure {
    /// A figure whose source has one value.
    pub fn new(
        what: impl Into<String>,
        expected: f64,
        unit: &'static str,
        tolerance: Tolerance,
        measured: f64,
    ) -> Self {
        Figure { what: what.into(), expected: [expected; 2], unit, tolerance, measured: Some(measured) }
    }

    /// A figure that its source does not have, for what stands beside it.
    pub fn ours(what: impl Into<String>, unit: &'static str, measured: f64) -> Self {
        Figure::new(what, f64::NAN, unit, Tolerance::Beside, measured)
    }

    /// What is said of it.
    pub fn verdict(&self) -> Verdict {
        let Some(measured) = self.measured else { return Verdict::NotMeasured };
        let [low, high] = self.expected;
        let (below, above) = match self.tolerance {
            Tolerance::Beside => return Verdict::Beside,
            Tolerance::Within(near) => (near, near),
            Tolerance::Share(share) => (share * low.abs(), share * high.abs()),
        };
        if low - below <= measured && measured <= high + above { Verdict::Holds } else { Verdict::Fails }
    }
}

/// Figures that are measured together.
#[derive(Clone, Debug)]
pub struct Group {
    /// Heading.
    pub title: &'static str,
    /// Where the expected values come from.
    pub source: &'static str,
    /// How ours are measured.
    pub how: &'static str,
    /// Why figures do not hold, or differ; empty if there is nothing to say.
    pub why: &'static str,
    /// The figures.
    pub figures: Vec<Figure>,
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// What takes seconds.
    Quick,
    /// Everything.
    Whole,
}

/// All groups, in the order of the page.
pub fn all(effort: Effort, campus: Option<&Placement>) -> Vec<Group> {
    let mut groups = radio::groups(campus);
    groups.extend(campus::groups(campus));
    groups.extend(fading::groups());
    groups.extend(climate::groups());
    groups.extend(heat::groups());
    groups.extend(link::groups(effort));
    groups.extend(stacks::groups(effort));
    groups.extend(network::groups(effort));
    groups.extend(queues::groups(effort));
    groups.extend(operations::groups());
    groups.extend(firmware::groups(effort));
    groups.extend(maintenance::groups(effort));
    groups.extend(peers::groups(effort));
    groups.extend(years::groups(effort));
    groups
}

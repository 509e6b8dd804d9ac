//! Which value runs next, and when the answer is known: a bisection that may be told wrong things.
//!
//! Each point has a verdict of the gates over its seeds, and the odds that they hold there. From the odds of all points follows how
//! likely each is to be the last that holds; the next seeds go to the point that cuts this in half. So a point that fooled the
//! search with its first seeds is come back to, and where nothing is certain a point gets more seeds until its verdict is: a quarter of
//! those that it has, or as many again while a pass takes far more.

use amitwin_data::summary::Verdict;

/// Seeds that a point begins with.
pub const FIRST_SEEDS: u32 = 2;

/// Where a pass takes more than so many times the seeds that a point has, none can come soon.
const FAR: u32 = 3;

/// What is known of a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// Of all gates together.
    pub verdict: Verdict,
    /// Natural logarithm of the odds that the gates hold, against what was thought of it before.
    pub log_odds: f64,
    /// Seeds in all that a pass takes, if no further one breaches.
    pub needed: u32,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Run this point until it has so many seeds.
    Run {
        /// Place in the order of points.
        point: usize,
        /// Seeds in all.
        seeds: u32,
    },
    /// Nothing more.
    Ended(Ended),
}

/// How a search has ended. Points are counted from the one where gates hold most easily.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The point passes, and the next one breaches.
    Found(usize),
    /// The same, and with as many seeds as a point may have that is not as sure as it is to be.
    Unsure(usize),
    /// Every point passes.
    AllPass,
    /// Not even the easiest point passes.
    NonePasses,
    /// With as many seeds as a point may have, nothing between the last that passes and the first that breaches is decided.
    Undecided {
        /// Last that passes.
        pass: Option<usize>,
        /// First behind it that breaches.
        breach: Option<usize>,
    },
    /// The gates hold where it is harder, and not where it is easier.
    NotMonotone {
        /// The easier one.
        easier: usize,
        /// The harder one.
        harder: usize,
    },
    /// A gate had no data there.
    NoData(usize),
}

#[derive(Clone, Copy, Debug, Default)]
struct Point {
    seeds: u32,
    evidence: Option<Evidence>,
}

/// A search under way.
#[derive(Clone, Debug)]
pub struct Search {
    points: Vec<Point>,
    seeds_max: u32,
    confidence: f64,
}

impl Search {
    /// Over so many points, each with at most `seeds_max` seeds. It is sure of its answer with `confidence`.
    pub fn new(points: usize, seeds_max: u32, confidence: f64) -> Search {
        Search { points: vec![Point::default(); points], seeds_max, confidence }
    }

    /// Takes in what a point came to with so many seeds.
    pub fn told(&mut self, point: usize, seeds: u32, evidence: Evidence) {
        self.points[point] = Point { seeds, evidence: Some(evidence) };
    }

    /// What is to be done now.
    pub fn next(&self) -> Step {
        if let Some(point) = self.points.iter().position(|p| p.verdict() == Some(Verdict::NoData)) {
            return Step::Ended(Ended::NoData(point));
        }
        let (pass, breach) = self.bracket();
        if let Some(step) = pass.and_then(|pass| self.contradiction(pass)) {
            return step;
        }
        let (first, last) = (pass.map_or(0, |pass| pass + 1), breach.unwrap_or(self.points.len()));
        if first < last {
            return self.narrow(pass, breach, first..last);
        }
        if let Some(step) = self.doubt(first) {
            return step;
        }
        match (pass, breach) {
            (Some(pass), Some(_)) if self.sure() >= self.confidence => Step::Ended(Ended::Found(pass)),
            (Some(pass), Some(_)) => Step::Ended(Ended::Unsure(pass)),
            (Some(pass), None) => self.probe(pass, Verdict::Breach).unwrap_or(Step::Ended(Ended::AllPass)),
            (None, _) => self.probe(0, Verdict::Pass).unwrap_or(Step::Ended(Ended::NonePasses)),
        }
    }

    /// Runs that are still to be expected at most, if nothing unlikely happens: for a bar on a terminal.
    pub fn runs_left(&self, to_pass: u32) -> u32 {
        if matches!(self.next(), Step::Ended(_)) {
            return 0;
        }
        let (pass, breach) = self.bracket();
        let (first, last) = (pass.map_or(0, |pass| pass + 1), breach.unwrap_or(self.points.len()));
        let halvings = usize::BITS - (last.saturating_sub(first) + 1).leading_zeros();
        let to_verify = if pass.is_some() { 2 * FIRST_SEEDS } else { to_pass.min(self.seeds_max) };
        halvings * 2 * FIRST_SEEDS + to_verify
    }

    /// Seeds that a point has run with.
    pub fn seeds(&self, point: usize) -> u32 {
        self.points[point].seeds
    }

    /// Whether more speaks for a point than against it.
    pub fn holds(&self, point: usize) -> bool {
        self.points[point].evidence.is_some_and(|evidence| evidence.log_odds > 0.0)
    }

    /// How likely it is that the gates hold up to the last point that passes and at none behind it.
    pub fn sure(&self) -> f64 {
        let first = self.bracket().0.map_or(0, |pass| pass + 1);
        let splits = self.splits();
        let before = if first == 0 { 1.0 } else { splits[first - 1] };
        before - splits.get(first).copied().unwrap_or(0.0)
    }

    /// The last point that passes, and the first behind it that breaches.
    pub fn bracket(&self) -> (Option<usize>, Option<usize>) {
        let pass = self.points.iter().rposition(|p| p.verdict() == Some(Verdict::Pass));
        let from = pass.map_or(0, |pass| pass + 1);
        let breach = self.points[from..].iter().position(|p| p.verdict() == Some(Verdict::Breach));
        (pass, breach.map(|at| from + at))
    }

    /// Something easier than what passes breaches: more seeds for the one that has fewer, until it may have no more.
    fn contradiction(&self, pass: usize) -> Option<Step> {
        let easier = self.points[..pass].iter().rposition(|p| p.verdict() == Some(Verdict::Breach))?;
        let fewer = if self.points[easier].seeds <= self.points[pass].seeds { easier } else { pass };
        let more = [fewer, easier, pass].into_iter().find_map(|point| self.more(point));
        Some(more.unwrap_or(Step::Ended(Ended::NotMonotone { easier, harder: pass })))
    }

    /// Seeds for a point between what passes and what breaches. What is undecided with all its seeds cuts the stretch in two.
    fn narrow(&self, pass: Option<usize>, breach: Option<usize>, open: std::ops::Range<usize>) -> Step {
        let at_cap = |point: &usize| self.points[*point].seeds >= self.seeds_max;
        let (from, to) = (open.clone().find(at_cap), open.clone().rev().find(at_cap));
        let (from, to) = (from.unwrap_or(open.end), to.map_or(open.end, |to| to + 1));
        let split = self.splits();
        let candidates = (open.start..from).chain(to..open.end);
        let nearest = candidates.min_by(|a, b| (split[*a] - 0.5).abs().total_cmp(&(split[*b] - 0.5).abs()));
        nearest.and_then(|point| self.more(point)).unwrap_or(Step::Ended(Ended::Undecided { pass, breach }))
    }

    /// More seeds while another place of the step is too likely: `first` is the point behind it.
    fn doubt(&self, first: usize) -> Option<Step> {
        if self.sure() >= self.confidence {
            return None;
        }
        let split = self.splits();
        let beside = [first.checked_sub(1), Some(first).filter(|first| *first < self.points.len())];
        let nearest = (0..self.points.len()).min_by(|a, b| (split[*a] - 0.5).abs().total_cmp(&(split[*b] - 0.5).abs()));
        nearest.into_iter().chain(beside.into_iter().flatten()).find_map(|point| self.more(point))
    }

    /// Before it is said that no point passes, or that all do: whether points far away say the same. What speaks for `other` there
    /// gets more seeds until it does not, or until it is certain.
    fn probe(&self, known: usize, other: Verdict) -> Option<Step> {
        let last = self.points.len() - 1;
        for point in [0, last / 4, last / 2, last * 3 / 4, last].into_iter().filter(|point| *point != known) {
            let Some(evidence) = self.points[point].evidence else { return self.more(point) };
            let speaks_for = if other == Verdict::Pass { evidence.log_odds > 0.0 } else { evidence.log_odds < 0.0 };
            if speaks_for {
                let (easier, harder) = (known.min(point), known.max(point));
                return self.more(point).or(Some(Step::Ended(Ended::NotMonotone { easier, harder })));
            }
        }
        None
    }

    /// A point with more seeds, if it may have any.
    fn more(&self, point: usize) -> Option<Step> {
        let Point { seeds: has, evidence } = self.points[point];
        let far = evidence.is_some_and(|e| e.log_odds > 0.0 && e.needed > has.saturating_mul(FAR));
        let more = if far { has } else { (has / 4).max(1) };
        let seeds = has.saturating_add(more).max(FIRST_SEEDS).min(self.seeds_max);
        (seeds > has).then_some(Step::Run { point, seeds })
    }

    /// How likely it is for each point that the gates hold there.
    fn splits(&self) -> Vec<f64> {
        let weights = self.weights();
        let all: f64 = weights.iter().sum();
        let mut behind = all;
        weights[..self.points.len()]
            .iter()
            .map(|weight| {
                behind -= weight;
                (behind / all).clamp(0.0, 1.0)
            })
            .collect()
    }

    /// For each place of the step (before the first point, ..., behind the last one) how likely it is, up to a factor.
    fn weights(&self) -> Vec<f64> {
        let mut sum = 0.0;
        let mut logs = vec![0.0];
        logs.extend(self.points.iter().map(|point| {
            sum += point.evidence.map_or(0.0, |evidence| evidence.log_odds);
            sum
        }));
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        logs.into_iter().map(|log| libm::exp(log - most)).collect()
    }
}

impl Point {
    fn verdict(&self) -> Option<Verdict> {
        self.evidence.map(|evidence| evidence.verdict)
    }
}

#[cfg(test)]
mod tests;

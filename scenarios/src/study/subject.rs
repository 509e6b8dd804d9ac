//! What a study is about: a scenario of frames, or a maintenance plan.

use super::Study;
use super::cases::Part;
use crate::drive::{DriveError, run_into};
use crate::gate::Gate;
use crate::language::diagnostic::ScenarioError;
use crate::load::{Scenario, keys_word};
use crate::overrides::Override;
use crate::plan::{self, Plan};
use crate::{load, sections};
use amitwin_data::summary::VariantSummary;
use amitwin_sim_core::{Local, SimTime};
use serde_json::Value as Json;
use std::path::Path;

/// A scenario or a plan, read and checked.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Frames, for `amitwin run`.
    Scenario(Box<Scenario>),
    /// Years of maintenance, for `amitwin plan`.
    Plan(Box<Plan>),
}

/// A variant with one seed: what it came to, and what to know of that.
pub(super) type Ran = (VariantSummary, Vec<String>);

impl Subject {
    /// Reads a text as what it is.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn load_text(
        text: &str,
        name: &str,
        dir: &Path,
        set: &[Override],
        seed: Option<u64>,
    ) -> Result<Subject, ScenarioError> {
        if plan::is_plan(text) {
            return plan::load_text(text, name, dir, set, seed).map(|plan| Subject::Plan(Box::new(plan)));
        }
        load::load_text(text, name, dir, set, seed).map(|scenario| Subject::Scenario(Box::new(scenario)))
    }

    /// Schema of such a text.
    pub(super) fn schema(text: &str) -> Json {
        if plan::is_plan(text) { plan::json_schema() } else { sections::json_schema::json_schema() }
    }

    /// Name.
    pub fn name(&self) -> &str {
        match self {
            Subject::Scenario(scenario) => &scenario.name,
            Subject::Plan(plan) => &plan.name,
        }
    }

    /// Seed of everything random.
    pub fn seed(&self) -> u64 {
        match self {
            Subject::Scenario(scenario) => scenario.seed,
            Subject::Plan(plan) => plan.seed,
        }
    }

    /// How many seeds it runs with, and what is varied.
    pub fn study(&self) -> &Study {
        match self {
            Subject::Scenario(scenario) => &scenario.study,
            Subject::Plan(plan) => &plan.study,
        }
    }

    /// Another number of seeds, as `study.seeds` says it.
    pub(super) fn set_seeds(&mut self, seeds: u32) -> Result<(), String> {
        let study = match self {
            Subject::Scenario(scenario) => &mut scenario.study,
            Subject::Plan(plan) => &mut plan.study,
        };
        if let Some(until) = study.until.as_ref().filter(|until| until.seeds_max < seeds) {
            return Err(format!(
                "error: the study ends before it begins: it starts with {seeds} seeds, and study.until.seeds_max is {}; raise that, or \
                 ask for fewer with --seeds",
                until.seeds_max
            ));
        }
        study.seeds = seeds;
        Ok(())
    }

    /// Limits on the results.
    pub fn gates(&self) -> &[Gate] {
        match self {
            Subject::Scenario(scenario) => &scenario.gates,
            Subject::Plan(plan) => &plan.gates,
        }
    }

    /// What to know before trusting the results.
    pub fn warnings(&self) -> &[String] {
        match self {
            Subject::Scenario(scenario) => &scenario.warnings,
            Subject::Plan(plan) => &plan.warnings,
        }
    }

    /// BLAKE3 of what it says, hexadecimal.
    pub fn hash(&self) -> &str {
        match self {
            Subject::Scenario(scenario) => &scenario.scenario_hash,
            Subject::Plan(plan) => &plan.hash,
        }
    }

    /// The names of the variants that are meant, in the order of the file; all when no name is given.
    ///
    /// # Errors
    /// A name that no variant has, with the nearest that one has.
    pub fn select(&self, names: &[String]) -> Result<Vec<String>, String> {
        Ok(match self {
            Subject::Scenario(scenario) => scenario.select(names)?.into_iter().map(|v| v.name.clone()).collect(),
            Subject::Plan(plan) => plan.select(names)?.into_iter().map(|v| v.name.clone()).collect(),
        })
    }

    /// What outputs say of the meters' keys; nothing of a plan, which has none.
    pub(super) fn keys(&self, variants: &[String]) -> &'static str {
        match self {
            Subject::Scenario(scenario) => keys_word(&scenario.select(variants).unwrap_or_default()),
            Subject::Plan(_) => "",
        }
    }

    /// Runs variants one after the other; nothing if they were stopped.
    ///
    /// # Errors
    /// The first failure; `failed` makes one of what is wrong with an input.
    pub(super) fn run(
        &mut self,
        variants: &[String],
        part: &mut Part,
        failed: impl Fn(String) -> DriveError,
    ) -> Result<Option<Vec<Ran>>, DriveError> {
        let mut ran = Vec::new();
        match self {
            Subject::Scenario(scenario) => {
                scenario.load_keys().map_err(|error| failed(error.to_string()))?;
                let chosen = scenario.select(variants).map_err(failed)?;
                part.whole = chosen.iter().fold(SimTime::ZERO, |sum, v| sum + v.spec.duration);
                for variant in chosen {
                    let run = run_into(variant, 0, None, None, Local, part)?;
                    if !run.complete {
                        return Ok(None);
                    }
                    part.before += variant.spec.duration;
                    ran.push((run.summary, run.warnings));
                }
            }
            Subject::Plan(plan) => {
                let chosen = plan.select(variants).map_err(failed)?;
                // A year counts as a second here.
                let length = |variant: &plan::Variant| SimTime::from_secs(variant.spec.years.into());
                part.whole = chosen.iter().fold(SimTime::ZERO, |sum, v| sum + length(v));
                for variant in chosen {
                    let Some((summary, warnings)) = plan::run_one(variant, plan.seed, part)? else { return Ok(None) };
                    part.before += length(variant);
                    ran.push((summary, warnings));
                }
            }
        }
        Ok(Some(ran))
    }
}

//! `amitwin cluster slurm|kubernetes FILE`: a job that runs the shares of a sweep on a cluster that is there.

use super::study::source;
use crate::cli::{Cluster as Options, ClusterKind};
use crate::failure::{Invalid, Usage};
use crate::talk::Talk;
use crate::{memory, shell};
use amitwin_scenarios::Variant;
use amitwin_scenarios::estimate::estimate;
use amitwin_scenarios::study::{Cases, Subject, Sweep, SweepError};
use amitwin_viz::human;

/// Processors that a share asks for.
const CPUS: u32 = 4;
/// Longest name of a job.
const WORD_MAX: usize = 50;
const GIB: f64 = 1_073_741_824.0;

/// Prints the job.
pub fn run(options: &Options, talk: &Talk) -> anyhow::Result<u8> {
    let source = source(&options.file, &[], None, &[])?;
    let sweep = Sweep { source, vary: Vec::new(), latin: None };
    let mut largest: Option<Variant> = None;
    let mut of_plans = 0.0_f64;
    let planned = sweep.plan(|subject| match subject {
        Subject::Plan(plan) => of_plans = of_plans.max(memory::of_plan(&plan.variants) as f64),
        Subject::Scenario(scenario) => {
            let sites = |variant: &Variant| variant.spec.placement.sites.len();
            let new = scenario.variants.iter().max_by_key(|variant| sites(variant));
            if let Some(new) = new.filter(|new| largest.as_ref().is_none_or(|known| sites(known) < sites(new))) {
                largest = Some(new.clone());
            }
        }
    });
    let planned = planned.map_err(|error| match error {
        SweepError::Nothing => anyhow::Error::from(Usage(format!(
            "{} does not say what is varied; write for example\n[study]\nvary = [\"radio.phy=1b,3,5\"]",
            options.file.display()
        ))),
        SweepError::Vary(why) => Usage(why).into(),
        SweepError::Scenario(why) => Invalid(why).into(),
    })?;
    let memory = largest.and_then(|variant| estimate(&variant).ok()).map_or(of_plans, |estimate| estimate.memory_bytes);
    let word = word(&planned.plan.name);
    let file = shell::path(&options.file);
    let dir = options.output.as_ref().map_or_else(|| format!("{word}-sweep"), |dir| shell::path(dir));
    let (runs, version) = (planned.jobs(), env!("CARGO_PKG_VERSION"));
    let at_most = u32::try_from(parts(&planned)).unwrap_or(u32::MAX).max(1);
    let shares = options.shares.min(at_most);
    let command = format!("exec amitwin sweep {file} --case $((JOB_COMPLETION_INDEX + 1))/{shares} -j {CPUS} -o {dir}");
    let template = match options.kind {
        ClusterKind::Slurm => include_str!("slurm.sh"),
        ClusterKind::Kubernetes => include_str!("kubernetes.yaml"),
    };
    let text = fill(
        template,
        &[
            ("NAME", human::one_line(&planned.plan.name)),
            ("WORD", word),
            ("SHARES", shares.to_string()),
            ("CPUS", CPUS.to_string()),
            // As many runs at a time as there are processors, and a quarter to spare.
            ("GIB", format!("{:.0}", (memory * f64::from(CPUS) * 1.25 / GIB).ceil() + 1.0)),
            ("VERSION", version.to_owned()),
            // A text of JSON is one of YAML.
            ("COMMAND", serde_json::Value::from(command).to_string()),
            ("FILE", file),
            ("DIR", dir),
        ],
    );
    talk.print(&text)?;
    let fewer = if shares < options.shares { ", because more would have nothing to do" } else { "" };
    talk.note(&format!("{}, in {}{fewer}", human::plural(runs, "run"), human::plural(shares as usize, "share")));
    Ok(0)
}

/// What shares are made of: runs, or cases where the seeds of a case depend on what it came to.
fn parts(planned: &Cases) -> usize {
    let cases = planned.plan.cases.len();
    if planned.base.study().until.is_some() { cases } else { cases * planned.plan.seeds.len() }
}

/// A template with each `{KEY}` replaced, in one pass: what a value says is no key.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let (mut out, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let found = values.iter().find_map(|(key, value)| Some((value, after.strip_prefix(key)?.strip_prefix('}')?)));
        match found {
            Some((value, behind)) => {
                out.push_str(value);
                rest = behind;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}

/// A name that both schedulers take: small letters, digits and dashes.
fn word(name: &str) -> String {
    let dashed: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .take(WORD_MAX)
        .collect();
    let parts: Vec<&str> = dashed.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "sweep".to_owned() } else { parts.join("-") }
}

#[cfg(test)]
mod tests {
    use super::{fill, word};

    #[test]
    fn what_a_value_says_is_no_key() {
        let values = [("NAME", "a {FILE} b".to_owned()), ("FILE", "{NAME}.toml".to_owned())];
        let text = fill("# {NAME}\nrun {FILE} { cpu: {OTHER} }", &values);
        assert_eq!(text, "# a {FILE} b\nrun {NAME}.toml { cpu: {OTHER} }");
    }

    #[test]
    fn names_become_what_schedulers_take() {
        assert_eq!(word("My town, 2 border routers"), "my-town-2-border-routers");
        assert_eq!((word("Ä"), word("--")), ("sweep".to_owned(), "sweep".to_owned()));
        assert_eq!(word(&"a b ".repeat(40)).len(), 49);
    }
}

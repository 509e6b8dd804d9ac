//! `amitwin calibrate SURVEY.csv --scenario FILE`: `[radio]` from measured levels.

use crate::cli::{Calibrate, Format};
use crate::shell;
use crate::talk::Talk;
use amitwin_data::survey;
use amitwin_scenarios::calibrate::{Asymmetry, Calibration, calibrate};
use amitwin_scenarios::load;
use std::fmt::Write;

/// Reads, fits, prints the settings that follow.
pub fn run(options: &Calibrate, talk: &Talk) -> anyhow::Result<u8> {
    let scenario = load(&options.scenario, &options.set, None)?;
    let levels = survey::read(&options.survey)?;
    let found = calibrate(&options.survey, &levels, &scenario.variants[0].spec)?;
    match options.format {
        Format::Table => talk.print(&text(options, &found))?,
        Format::Json => talk.print_json(&serde_json::to_value(&found)?)?,
    }
    for line in remarks(&found) {
        talk.note(&line);
    }
    let set: String = found
        .settings()
        .iter()
        .map(|(key, value, _)| format!(" --set {}", shell::quoted(&format!("radio.{key}={}", value.trim_matches('"')))))
        .collect();
    talk.note(&format!("next: amitwin run {}{set}", shell::path(&options.scenario)));
    Ok(0)
}

/// The table `[radio]`, to be put into a scenario.
fn text(options: &Calibrate, found: &Calibration) -> String {
    let mut out = format!(
        "# Fitted to {}: {} links of {} nodes, {:.1} +- {:.1} dB at {:.0} m.\n[radio]\n",
        options.survey.display(),
        found.links,
        found.nodes,
        found.middle_loss_db.value,
        found.middle_loss_db.standard_error,
        found.middle_m,
    );
    for (key, value, comment) in found.settings() {
        let comment = if comment.is_empty() { comment } else { format!("  # {comment}") };
        let _ = writeln!(out, "{:<40}{comment}", format!("{key} = {value}"));
    }
    out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// What the settings do not say.
fn remarks(found: &Calibration) -> Vec<String> {
    let mut lines = Vec::new();
    let both = |who: &str, found: Asymmetry| {
        let Asymmetry { difference_db, sigma_db, pairs } = found;
        format!(
            "{who}: {:.1} +- {:.1} dB, {sigma_db:.1} dB from pair to pair, by {pairs} pairs",
            difference_db.value, difference_db.standard_error
        )
    };
    match found.border_routers {
        Some(routers) => lines.push(both("meters hear border routers better than these hear them by", routers)),
        None => lines.push(
            "no two links of border routers are measured in both directions: whether they are heard better than they hear cannot \
             be told; let meters write down what they hear of border routers and these what they hear of meters"
                .to_owned(),
        ),
    }
    match found.equals {
        Some(equals) => lines.push(both("the two directions of other pairs differ by", equals)),
        None => lines.push(
            "no two links between meters are measured in both directions: how far their powers spread cannot be told; measure some both ways"
                .to_owned(),
        ),
    }
    if found.unheard > 0 {
        lines.push(format!(
            "{} pairs of measured nodes are as close as the longest link and in no line of the survey; if they do not hear each \
             other, distant links are worse than fitted here",
            found.unheard
        ));
    }
    for node in &found.odd_nodes {
        let word = if node.loss_db.value > 0.0 { "worse" } else { "better" };
        lines.push(format!(
            "'{}' is {word} than others by {:.1} +- {:.1} dB on {} links: look at its antenna and its place",
            node.name,
            node.loss_db.value.abs(),
            node.loss_db.standard_error,
            node.links
        ));
    }
    lines
}

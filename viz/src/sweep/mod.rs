//! A sweep for people: a table of its cases, and a report with a chart for each figure.

mod axes;
mod charts;
mod fullest;
pub(crate) mod pareto;

use crate::figures::{Standing, shown, worst_standing};
use crate::over_seeds::{intervals, seeds_text};
use crate::svg::escape;
use crate::table::{Line, Of, fitting, grid, wrap};
use crate::{human, report};
use amitwin_data::metrics::{Format, Metric};
use amitwin_data::summary::{Status, VariantSummary, Verdict};
use amitwin_data::sweep::{CaseSummary, SweepSummary, Varied};
use std::borrow::Cow;
use std::fmt::Write;

/// Cases that may be columns of a table; of more of them the figures that have no room are left out.
const COLUMNS_MAX: usize = 5;

/// Every variant of every case, at most `width` columns wide where that can be had.
pub fn table(sweep: &SweepSummary, width: usize, color: bool) -> String {
    let nearest = fullest::column(sweep);
    let lines: Vec<Line> = variants(sweep)
        .map(|(case, variant)| Line {
            name: name(sweep, case, variant),
            of: Of::Variant(variant),
            standing: worst_standing(&case.gates, &variant.name),
            nearest: nearest.as_ref().map(|text| text(case, &variant.name)),
        })
        .collect();
    let all = shown(lines_of(sweep));
    let figures = if lines.len() > COLUMNS_MAX { fitting(&lines, &all, width) } else { &all[..] };
    let mut out = match lines.is_empty() {
        true => format!("No case has ended; the sweep is {}.\n", sweep.status.word()),
        false => grid(&lines, figures, width, color),
    };
    let mut of = format!("{}{}; gates are told and do not count", seeds(sweep), intervals(lines_of(sweep)));
    if figures.len() < all.len() {
        of.push_str(&format!("; {} more figures are in the report", all.len() - figures.len()));
    }
    out.push_str(&wrap(&of, width));
    out.push('\n');
    for text in [fullest::sentence(sweep), cheapest(sweep)].into_iter().flatten() {
        out.push_str(&wrap(&text, width));
        out.push('\n');
    }
    out
}

/// The sentence on what costs least; nothing without prices.
fn cheapest(sweep: &SweepSummary) -> Option<String> {
    if let Some(found) = &sweep.cheapest {
        let (case, variant) = variants(sweep).find(|(case, v)| case.case == found.case && v.name == found.variant)?;
        let (name, cost) = (name(sweep, case, variant), human::count(found.cost));
        return Some(format!("Cheapest that passes every gate: {name}, at {cost}."));
    }
    let priced = variants(sweep).filter(|(_, variant)| variant.metrics.value(Metric::Cost).is_some());
    let all = priced.clone().count();
    let is_undecided = |(case, variant): &(&CaseSummary, &VariantSummary)| {
        let judged = case.gates.iter().filter(|gate| gate.binding && gate.variant == variant.name);
        let worst = judged.map(Standing::of).max_by_key(|standing| standing.badness());
        worst.is_some_and(|standing| standing.verdict == Verdict::Undecided)
    };
    let undecided: Vec<_> = priced.filter(is_undecided).collect();
    if undecided.is_empty() {
        return (all > 0).then(|| "Nothing that has a cost passes every gate.".to_owned());
    }
    // A case is decided when all its gates are.
    let needed = |(case, variant): &(&CaseSummary, &VariantSummary)| {
        let open = case.gates.iter().filter(|gate| gate.variant == variant.name && gate.verdict == Verdict::Undecided);
        open.map(|gate| gate.share.and_then(|share| share.needed)).collect::<Option<Vec<u64>>>()?.into_iter().max()
    };
    let seeds = match undecided.iter().filter_map(needed).min() {
        Some(seeds) => format!("{seeds} seeds could decide the first of them, if all others pass"),
        None => "more seeds may decide".to_owned(),
    };
    Some(format!(
        "Nothing that has a cost passes every gate yet: {} of {all} {} undecided; {seeds}.",
        undecided.len(),
        if undecided.len() == 1 { "is" } else { "are" }
    ))
}

/// The seeds of all cases; where they differ, how many of them there are.
fn seeds(sweep: &SweepSummary) -> String {
    let counts = || lines_of(sweep).map(|variant| variant.seeds.len());
    match (counts().min(), counts().max(), sweep.seeds.first()) {
        (Some(least), Some(most), Some(first)) if least < most => format!("{least} to {most} seeds, from {first} on"),
        _ => seeds_text(&sweep.seeds),
    }
}

/// The cases with their variants.
fn variants(sweep: &SweepSummary) -> impl Iterator<Item = (&CaseSummary, &VariantSummary)> + Clone {
    sweep.cases.iter().flat_map(|case| case.variants.iter().map(move |v| (case, v)))
}

fn lines_of(sweep: &SweepSummary) -> impl Iterator<Item = &VariantSummary> + Clone {
    variants(sweep).map(|(_, variant)| variant)
}

/// The settings by the last part of their path, and the variant where there are several.
fn name(sweep: &SweepSummary, case: &CaseSummary, variant: &VariantSummary) -> String {
    let several = sweep.cases.iter().any(|case| case.variants.len() > 1);
    let settings = case.settings.iter().map(short).collect::<Vec<_>>().join(", ");
    human::one_line(&if several { format!("{settings}: {}", variant.name) } else { settings })
}

pub(crate) fn short(set: &Varied) -> String {
    format!("{} {}", set.key.rsplit('.').next().unwrap_or(&set.key), set.value)
}

/// The report as the text of an HTML file, which loads nothing.
pub fn report(sweep: &SweepSummary) -> String {
    let mut out = report::page(&sweep.name);
    let (class, state) = match sweep.status {
        Status::Complete if sweep.cases.iter().any(|case| case.invalid.is_some()) => {
            ("warn", "Every case has run that makes a scenario; some do not.")
        }
        Status::Complete => ("good", "Every case has run."),
        _ => ("warn", "The sweep was interrupted; below is what has ended."),
    };
    let _ = write!(
        out,
        "<header>\n<p class=\"kicker\">amitwin sweep</p>\n<h1>{}</h1>\n<p class=\"verdict {class}\">{state}</p>\n\
         <dl class=\"facts\">\n",
        escape(&sweep.name)
    );
    for (name, value) in [
        ("Cases", human::count(sweep.cases.len() as f64)),
        ("Seeds", seeds(sweep)),
        ("Keys of the meters", human::keys(&sweep.keys).to_owned()),
        ("Version", format!("amitwin {}", sweep.version)),
    ] {
        // A plan has no keys.
        if !value.is_empty() {
            let _ = writeln!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", escape(&value));
        }
    }
    out.push_str("</dl>\n");
    for text in [fullest::sentence(sweep), cheapest(sweep)].into_iter().flatten() {
        let _ = writeln!(out, "<p>{}</p>", escape(&text));
    }
    out.push_str("</header>\n");
    out.push_str(&limits(sweep));
    out.push_str(&pareto::all(sweep));
    out.push_str(&charts::all(sweep));
    out.push_str(&cases(sweep));
    let invalid = sweep.cases.iter().filter_map(|case| Some((case, case.invalid.as_ref()?)));
    for (case, why) in invalid {
        let settings = case.settings.iter().map(short).collect::<Vec<_>>().join(", ");
        let _ =
            write!(out, "<section>\n<h2>Invalid: {}</h2>\n<pre>{}</pre>\n</section>\n", escape(&settings), escape(why));
    }
    out.push_str(&report::warnings(&sweep.warnings));
    let _ = write!(
        out,
        "<section>\n<h2>Made from</h2>\n<p>Every figure of every case, variant and seed is a row of <code>cases.parquet</code>; \
         fingerprint <code>{}</code>.</p>\n</section>\n</main>\n</body>\n</html>\n",
        escape(&sweep.fingerprint)
    );
    out
}

/// Each chart as an SVG file: its name, one of its own, and its text.
pub fn pictures(sweep: &SweepSummary) -> Vec<(Cow<'static, str>, String)> {
    let all = fullest::figure(sweep).into_iter().chain(pareto::figures(sweep)).chain(charts::figures(sweep));
    let mut drawn: Vec<(Cow<str>, String)> = Vec::new();
    for figure in all {
        let taken = |name: &str| drawn.iter().any(|(known, _)| known == name);
        let name = (1..).map(|n| if n == 1 { figure.name.clone() } else { format!("{}-{n}", figure.name).into() });
        let name = name.into_iter().find(|name| !taken(name)).unwrap_or_default();
        drawn.push((name, report::picture::draw(&figure)));
    }
    drawn
}

/// A text as part of a file's name: letters and digits, and a dash for whatever is between them.
fn file_name(text: &str) -> String {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-").to_lowercase()
}

/// How much of each limit every case uses; nothing with fewer than two limits.
fn limits(sweep: &SweepSummary) -> String {
    let Some((head, rows)) = fullest::rows(sweep) else { return String::new() };
    let mut out = String::from("<section>\n<h2>Nearest to its limit</h2>\n");
    if let Some(map) = fullest::figure(sweep) {
        let _ = writeln!(out, "<div class=\"charts\">\n{}</div>", map.html());
    }
    out.push_str("<details>\n<summary>Used of each limit, case by case</summary>\n<div class=\"scroll\">\n<table class=\"results\">\n<thead><tr>");
    for cell in std::iter::once("case").chain(head.iter().map(String::as_str)).chain(["nearest"]) {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escape(cell));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        let _ = writeln!(out, "<tr>{}</tr>", cells.concat());
    }
    out.push_str("</tbody>\n</table>\n</div>\n</details>\n</section>\n");
    out
}

fn cases(sweep: &SweepSummary) -> String {
    let figures = shown(lines_of(sweep));
    let mut out = String::from(
        "<section>\n<h2>Cases</h2>\n<div class=\"scroll\">\n<table class=\"results\">\n<thead><tr><th scope=\"col\">case</th>",
    );
    for figure in &figures {
        let _ = write!(out, "<th scope=\"col\">{}</th>", figure.named.label);
    }
    out.push_str("<th scope=\"col\">gate</th></tr></thead>\n<tbody>\n");
    for (case, variant) in variants(sweep) {
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escape(&name(sweep, case, variant)));
        for figure in &figures {
            let _ = write!(out, "<td>{}</td>", escape(&figure.with_interval(variant, false)).replace('\n', "<br>"));
        }
        let standing = worst_standing(&case.gates, &variant.name).map_or(human::NONE, |standing| standing.word());
        let _ = writeln!(out, "<td>{standing}</td></tr>");
    }
    out.push_str("</tbody>\n</table>\n</div>\n</section>\n");
    out
}

/// A limit without the share of seeds that is to keep it.
pub(crate) fn alone(limit: &str) -> &str {
    limit.split(", in ").next().unwrap_or(limit)
}

/// Between what a figure can be at all, in the unit that it is drawn in.
pub(crate) fn bounds(format: Format) -> Option<(f64, f64)> {
    (format == Format::Share).then_some((0.0, 100.0))
}

/// By what a figure is divided so that it is read easily, and the unit that makes.
pub(crate) fn unit(format: Format, highest: f64) -> (f64, &'static str) {
    match format {
        Format::Share => (0.01, "%"),
        Format::Count => (1.0, ""),
        Format::Reached | Format::Time if highest > 48.0 * 3600.0 => (86_400.0, "d"),
        Format::Reached | Format::Time if highest > 90.0 * 60.0 => (3_600.0, "h"),
        Format::Reached | Format::Time if highest > 90.0 => (60.0, "min"),
        Format::Reached | Format::Time => (1.0, "s"),
    }
}

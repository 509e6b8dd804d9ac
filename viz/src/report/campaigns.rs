//! Campaigns: their progress by state, how far meters came, waves, what stopped whom, and what reads and reports had to do with it.

use super::charts::{Entry, Figure};
use super::load::table;
use crate::campaigns::{Progress, State};
use crate::human;
use crate::svg::escape;
use crate::svg::panels::{Content, Panel, Panels};
use crate::svg::strips::{Axis, Strip, Strips};
use crate::svg::style;
use crate::traffic::{Came, busy_share};
use crate::view::{RunView, VariantView};
use std::fmt::Write;

/// Campaigns that are drawn, variants of each, and rows of waves.
const CAMPAIGNS_MAX: usize = 4;
const VARIANTS_MAX: usize = 8;
const WAVES_MAX: usize = 24;
/// Points in time at which meters are counted.
const COLUMNS: usize = 200;
/// Meters that are named with a reason.
const NAMED: usize = 3;
/// An area of a legend.
const AREA: &str = "M1 1H25V9H1Z";

/// Names of campaigns, by when the first variant began with them.
fn names(run: &RunView) -> Vec<&str> {
    let mut names: Vec<(f64, &str)> = Vec::new();
    for variant in &run.variants {
        for name in variant.campaigns.names() {
            let from_s = variant.campaigns.get(name).map_or(0.0, |progress| progress.span_s().0);
            match names.iter_mut().find(|(_, known)| *known == name) {
                Some(known) => known.0 = known.0.min(from_s),
                None => names.push((from_s, name)),
            }
        }
    }
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    names.into_iter().map(|(_, name)| name).collect()
}

/// The variants that have a campaign, with their place in the run.
fn with<'a>(run: &'a RunView, name: &str) -> Vec<(usize, &'a VariantView, &'a Progress)> {
    let all = run.variants.iter().enumerate();
    all.filter_map(|(n, v)| Some((n, v, v.campaigns.get(name)?))).take(VARIANTS_MAX).collect()
}

/// Charts of all campaigns.
pub fn figures(run: &RunView) -> Vec<Figure> {
    let names = names(run);
    let one = names.len() == 1;
    let mut all = Vec::new();
    for (n, name) in names.iter().take(CAMPAIGNS_MAX).enumerate() {
        let file = |what: &str| if one { what.to_owned() } else { format!("{what}-{}", n + 1) };
        let whose = if one { String::new() } else { format!(" of {name}") };
        all.push(progress(run, name, file("progress"), &whose));
        all.push(funnel(run, name, file("funnel"), &whose));
    }
    all.extend(waves(run, &names));
    all
}

/// What the axis of time says.
fn since(from_s: f64) -> String {
    format!("since the campaign’s start, {} into the run", human::whole_duration(from_s))
}

fn fill(state: State) -> &'static str {
    match state {
        State::Done => "f2",
        State::Restarting => "f3",
        State::Verified => "f0",
        State::Complete => "f5",
        State::UnderWay => "f4",
        State::Waiting => "waiting",
        State::Refused => "f6",
        State::Failed => "failed",
        State::Halted => "f1",
        State::NotMeant => "plain",
        State::Unreachable => "noroute",
    }
}

/// From the begin of the earliest to a little behind the end of the latest, s.
fn axis_s(run: &RunView, spans: impl Iterator<Item = (f64, f64)>) -> (f64, f64) {
    let (from_s, until_s) = spans.fold((f64::INFINITY, 0.0), |all: (f64, f64), of| (all.0.min(of.0), all.1.max(of.1)));
    let until_s = from_s + (until_s - from_s) * 1.05;
    (from_s, until_s.min(run.summary.duration_s).max(from_s + 60.0))
}

fn progress(run: &RunView, name: &str, file: String, whose: &str) -> Figure {
    let with = with(run, name);
    let (from_s, until_s) = axis_s(run, with.iter().map(|(.., progress)| progress.span_s()));
    let minutes = (until_s - from_s) / 60.0;
    let layers: Vec<(&'static str, &'static str)> = State::ALL.map(|state| (fill(state), state.words())).to_vec();
    let mut seen = [false; State::ALL.len()];
    let panel = |(_, variant, progress): &(usize, &VariantView, &Progress)| {
        let at = (0..=COLUMNS).map(|n| n as f64 / COLUMNS as f64);
        let columns: Vec<(f64, Vec<u32>)> =
            at.map(|x| (x * minutes, progress.at(from_s + x * (until_s - from_s)).to_vec())).collect();
        let end = progress.ended().to_vec();
        for counts in columns.iter().map(|(_, counts)| counts).chain([&end]) {
            counts.iter().zip(&mut seen).for_each(|(count, seen)| *seen |= *count > 0);
        }
        Panel {
            name: format!("{}: {}", variant.name, progress.told()),
            content: Content::Stack { layers: layers.clone(), columns, end },
        }
    };
    let panels: Vec<Panel> = with.iter().map(panel).collect();
    let states = State::ALL.into_iter().zip(seen).filter(|(_, seen)| *seen).map(|(state, _)| state);
    let legend = states.map(|s| Entry { class: fill(s).into(), path: AREA, text: s.words().into() }).collect();
    let title = format!("Progress{whose}");
    let svg = Panels { title: title.clone(), x_label: since(from_s), x: (0.0, minutes), marks: vec![], panels }.draw();
    let caption = format!(
        "Meters of the campaign “{name}” by the furthest that they are known to have come. Beside it, what became of them: when somebody was \
         given up or halted is not recorded, so that shows only there."
    );
    Figure::new(file, &title, legend, svg, &caption)
}

fn funnel(run: &RunView, name: &str, file: String, whose: &str) -> Figure {
    let with = with(run, name);
    let mut steps: Vec<&'static str> = Vec::new();
    let funnels: Vec<_> = with.iter().map(|(n, v, progress)| (*n, v, progress.funnel())).collect();
    // All steps that some variant has, in the order of the longest.
    for (.., funnel) in &funnels {
        if funnel.len() > steps.len() {
            steps = funnel.iter().map(|(step, _)| *step).collect();
        }
    }
    let most = funnels.iter().map(|(.., funnel)| funnel[0].1).max().unwrap_or(1);
    let mut rows = Vec::new();
    for step in steps {
        for (at, (place, variant, funnel)) in funnels.iter().enumerate() {
            let Some((_, count)) = funnel.iter().find(|(of, _)| *of == step) else { continue };
            let share = human::share(f64::from(*count) / f64::from(funnel[0].1.max(1)));
            let note = format!("{} ({share})", human::count(f64::from(*count)));
            let tip = format!("{}, {step}: {note}", variant.name);
            let name = if at == 0 { step.to_owned() } else { String::new() };
            rows.push(Strip {
                name,
                bars: vec![(0.0, f64::from(*count), style::fill(*place), tip)],
                marks: vec![],
                note,
            });
        }
    }
    let legend = match &with[..] {
        [_] => vec![],
        with => {
            with.iter().map(|(n, v, _)| Entry { class: style::fill(*n), path: AREA, text: v.name.clone() }).collect()
        }
    };
    let title = format!("How far meters came{whose}");
    let x = Axis::Count(f64::from(most));
    let svg = Strips { title: title.clone(), x_label: "meters".into(), x, rows }.draw();
    let caption = format!("Meters of the campaign “{name}” that took a step or a later one.");
    Figure::new(file, &title, legend, svg, &caption)
}

/// Waves and rounds of all campaigns; `None` where there is only one of all.
fn waves(run: &RunView, names: &[&str]) -> Option<Figure> {
    let mut rows = Vec::new();
    let (from_s, until_s) = axis_s(run, run.variants.iter().flat_map(|v| v.campaigns.spans_s()));
    let minutes = |time_s: f64| (time_s - from_s) / 60.0;
    let (mut several, mut with_rounds) = (names.len() > 1, false);
    for name in names {
        for (place, variant, progress) in with(run, name) {
            let waves = progress.waves();
            several |= waves.len() > 1 || !progress.rounds_s().is_empty();
            for (n, wave) in waves.iter().enumerate() {
                let whose = if names.len() > 1 { format!("{name}, {}", variant.name) } else { variant.name.clone() };
                let label = match (n, waves.len()) {
                    (0, _) => whose,
                    _ => format!("wave {}", wave.number),
                };
                let note = format!(
                    "{} of {} done",
                    human::short_count(wave.done.into()),
                    human::short_count(wave.meters.into())
                );
                let tip = format!("{}, wave {}: {note}", variant.name, wave.number);
                let rounds = progress.rounds_s().iter().filter(|at| (wave.from_s..=wave.until_s).contains(*at));
                let marks: Vec<f64> = rounds.map(|at| minutes(*at)).collect();
                with_rounds |= !marks.is_empty();
                let bars = vec![
                    (minutes(wave.from_s), minutes(wave.until_s), format!("{} band", style::fill(place)), tip.clone()),
                    (minutes(wave.from_s), minutes(wave.begun_s), style::fill(place), tip),
                ];
                rows.push(Strip { name: label, bars, marks, note });
            }
        }
    }
    if !several || rows.is_empty() {
        return None;
    }
    let left_out = rows.len().saturating_sub(WAVES_MAX);
    rows.truncate(WAVES_MAX);
    let x = Axis::Minutes(0.0, minutes(until_s));
    let svg = Strips { title: "Waves".into(), x_label: since(from_s), x, rows }.draw();
    let mut caption =
        "From the first meter of a wave that was begun with to the last (dark), and to the last that was heard of (light)."
            .to_owned();
    if with_rounds {
        caption.push_str(" Marks: when a round of multicast began.");
    }
    if left_out > 0 {
        let _ = write!(caption, " {} are not drawn.", human::plural(left_out, "further wave"));
    }
    Some(Figure { wide: true, ..Figure::new("waves", "Waves", vec![], svg, &caption) })
}

/// What stopped whom, and what campaigns had to do with reads and reports; empty without a campaign.
pub fn section(run: &RunView) -> String {
    let names = names(run);
    if names.is_empty() {
        return String::new();
    }
    let mut out = String::from("<section>\n<h2>Campaigns</h2>\n");
    out.push_str(&stopped(run, &names));
    out.push_str(&delivered(run, &names));
    out.push_str(&taken(run));
    out.push_str("</section>\n");
    out
}

fn stopped(run: &RunView, names: &[&str]) -> String {
    let mut rows = Vec::new();
    for name in names {
        for variant in &run.variants {
            let Some(progress) = variant.campaigns.get(name) else { continue };
            let name_of = |node: &u32| {
                let known = variant.nodes.iter().find(|n| n.node == *node);
                known.map_or_else(|| format!("node {node}"), |n| n.name.clone())
            };
            for (why, count, nodes) in progress.stopped(NAMED) {
                let whose = if names.len() > 1 { format!("{name}, {}", variant.name) } else { variant.name.clone() };
                let mut whom: Vec<String> = nodes.iter().map(name_of).collect();
                if count as usize > whom.len() {
                    whom.push("…".into());
                }
                let share = human::share(f64::from(count) / progress.meters().max(1) as f64);
                rows.push(vec![whose, why, human::count(f64::from(count)), share, whom.join(", ")]);
            }
        }
    }
    if rows.is_empty() {
        return "<p>Every meter of every campaign is done.</p>\n".into();
    }
    table("What stopped whom", &["variant", "what", "meters", "share", "for instance"], &rows)
}

/// What came of each wave of images; nothing where no campaign has brought any.
fn delivered(run: &RunView, names: &[&str]) -> String {
    let after = |s: Option<f64>| s.map_or_else(|| human::NONE.to_owned(), human::duration);
    let mut rows = Vec::new();
    for name in names {
        for (_, variant, progress) in with(run, name) {
            let deliveries = progress.deliveries();
            for of in deliveries.iter().filter(|_| deliveries.iter().any(|of| of.complete.0 > 0)) {
                let whose = if names.len() > 1 { format!("{name}, {}", variant.name) } else { variant.name.clone() };
                let count = |n: u32| human::count(f64::from(n));
                rows.push(vec![
                    format!("{whose}, wave {}", of.wave.number),
                    human::duration(of.wave.from_s),
                    count(of.wave.meters),
                    count(of.complete.0),
                    after(of.complete.1),
                    count(of.wave.done),
                    after(of.done_s),
                    count(of.failed),
                ]);
            }
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let columns = [
        "variant",
        "begun at",
        "meters",
        "have all blocks",
        "95 % of them after",
        "done",
        "95 % of them after",
        "failed",
    ];
    let mut out = table("Delivery, wave by wave", &columns, &rows);
    out.push_str("<p class=\"note\">Times are since the first meter of the wave was begun with. Meters of waves that were not begun with are in none.</p>\n");
    out
}

/// While campaigns ran and otherwise: border routers' air time, reads and reports.
fn taken(run: &RunView) -> String {
    let mut rows = Vec::new();
    let none = || human::NONE.to_owned();
    let share = |of: Option<f64>| of.map_or_else(none, human::share);
    let delay = |came: Came| if came.ok > 0 { human::duration(came.delay_s) } else { none() };
    for variant in &run.variants {
        let spans = variant.campaigns.spans_s();
        if spans.is_empty() {
            continue;
        }
        for (when, inside) in [("while a campaign ran", true), ("otherwise", false)] {
            let (reads, reports) = (variant.traffic.reads(&spans, inside), variant.traffic.reports(&spans, inside));
            rows.push(vec![
                format!("{}, {when}", variant.name),
                share(busy_share(&variant.airtime, &spans, inside)),
                human::count(reads.due as f64),
                share(reads.share()),
                delay(reads),
                human::count(reports.due as f64),
                share(reports.share()),
                delay(reports),
            ]);
        }
    }
    let columns = [
        "variant",
        "border routers busy, mean",
        "reads due",
        "reads that succeeded",
        "their delay, mean",
        "reports due",
        "reports that arrived",
        "their delay, mean",
    ];
    // Without reads and reports their columns say nothing.
    let told = |column: usize| match column {
        2..=4 => run.variants.iter().any(|v| v.traffic.has_reads()),
        5.. => run.variants.iter().any(|v| v.traffic.has_reports()),
        _ => true,
    };
    let keep =
        |cells: Vec<String>| cells.into_iter().enumerate().filter(|(n, _)| told(*n)).map(|(_, cell)| cell).collect();
    let rows: Vec<Vec<String>> = rows.into_iter().map(keep).collect();
    let columns: Vec<&str> = columns.into_iter().enumerate().filter(|(n, _)| told(*n)).map(|(_, name)| name).collect();
    let mut out = table("What campaigns took", &columns, &rows);
    let _ = writeln!(
        out,
        "<p class=\"note\">{}</p>",
        escape(
            "A campaign runs from the first meter that it is due for to the last that it hears of. Reads and reports count by the minute in which they \
             were due. The hours differ by more than the campaign where reads come in rounds or something fails: a variant without the campaign \
             is the stricter comparison."
        )
    );
    out
}

//! The report's text and tables.

use crate::figures::{Standing, gate_name, gate_value, shown, worst_standing};
use crate::human;
use crate::over_seeds;
use crate::svg::escape;
use crate::view::RunView;
use amitwin_data::files::REPORT;
use amitwin_data::metrics::{Activity, Metric};
use amitwin_data::rows::NodeKind;
use amitwin_data::summary::{FILE_KEYS, GateVerdict, Status, Summary, Verdict};
use std::fmt::Write;

/// Up to here variants are columns, which suits a narrow page; more of them become rows.
const VARIANT_COLUMNS_MAX: usize = 5;
/// Unreachable meters that are listed by name.
const LISTED_MAX: usize = 50;
/// Files that are listed.
const FILES_MAX: usize = 200;

/// Seconds of a mean year.
const YEAR_S: f64 = 31_557_600.0;

/// Name, verdict, finding, and what was asked.
pub fn head(run: &RunView) -> String {
    let s = &run.summary;
    let kicker = if run.is_plan() { "amitwin plan" } else { "amitwin run" };
    let mut out = format!("<header>\n<p class=\"kicker\">{kicker}</p>\n<h1>{}</h1>\n", escape(&s.name));
    let (class, verdict) = overall(run);
    let _ = writeln!(out, "<p class=\"verdict {class}\">{}</p>", escape(&verdict));
    if let Some(finding) = &s.finding {
        let _ = writeln!(out, "<p class=\"finding\">{}</p>", escape(finding));
    }
    out.push_str("<dl class=\"facts\">\n");
    let range = |f: fn(&amitwin_data::summary::VariantSummary) -> u32| {
        let (low, high) = (s.variants.iter().map(f).min(), s.variants.iter().map(f).max());
        match (low, high) {
            (Some(a), Some(b)) if a == b => human::count(f64::from(a)),
            (Some(a), Some(b)) => format!("{} to {}", human::count(f64::from(a)), human::count(f64::from(b))),
            _ => human::NONE.into(),
        }
    };
    let campaign = run.variants.iter().find_map(|v| v.campaign.as_ref()).map(|c| c.name.clone());
    let start = run.campaign_start_s().map(|s| format!(", begins at {}", human::whole_duration(s)));
    let mut facts = vec![("Meters", range(|v| v.meters))];
    if run.is_plan() {
        facts.push(("Depots", human::count(run.variants.first().map_or(0.0, |v| v.depots.len() as f64))));
        facts.push(("Years", human::count((s.duration_s / YEAR_S).round())));
    } else {
        facts.push(("Border routers", range(|v| v.gateways)));
        facts.push(("Simulated time", human::whole_duration(s.duration_s)));
        facts.push(("Campaign", campaign.map_or_else(|| human::NONE.into(), |c| c + &start.unwrap_or_default())));
    }
    facts.insert(facts.len().min(2), ("Variants", human::count(s.variants.len() as f64)));
    facts.push(("Seed", seeds_text(s)));
    facts.push(("Version", format!("amitwin {}", run.manifest.version)));
    for (name, value) in facts {
        let _ = writeln!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", escape(&value));
    }
    out.push_str("</dl>\n</header>\n");
    out
}

fn overall(run: &RunView) -> (&'static str, String) {
    let s = &run.summary;
    let gates: Vec<&GateVerdict> = s.gates.iter().filter(|g| g.binding).collect();
    let breached = gates.iter().filter(|g| g.verdict == Verdict::Breach).count();
    let empty = gates.iter().filter(|g| g.verdict == Verdict::NoData).count();
    let undecided = gates.iter().filter(|g| g.verdict == Verdict::Undecided).count();
    match s.status {
        Status::Failed => return ("bad", "The run failed; below is what was finished.".into()),
        Status::Interrupted => return ("warn", "The run was interrupted; below is what was finished.".into()),
        Status::Running => return ("bad", "The run did not end; below is what it had written down.".into()),
        Status::Complete => {}
    }
    if let [g] = gates[..] {
        let word = match g.verdict {
            Verdict::Pass => "passed",
            Verdict::Breach => "breached",
            Verdict::NoData => "without data, which is not a pass",
            Verdict::Undecided => "undecided, which is not a pass",
        };
        let found = gate_value(g);
        let more = over_seeds::judged(g, s.seeds.len()).map_or_else(String::new, |more| format!(": {more}"));
        let text = format!("Gate {word}: {}, {} {found} ({}){more}", g.variant, gate_name(g), g.limit);
        return (gate_class(Standing::of(g)), text);
    }
    let judged = |n: usize| format!("{n} judgements");
    match (gates.len(), breached, empty) {
        (0, ..) if s.gates.is_empty() => ("none", "No gate was set.".into()),
        (0, ..) => ("none", "No gate judges what ran.".into()),
        (n, 0, 0) if undecided > 0 => ("warn", format!("{undecided} of {} undecided, which is not a pass.", judged(n))),
        (n, 0, 0) => ("good", format!("All gates passed ({}).", judged(n))),
        (n, 0, e) => ("warn", format!("{e} of {} had no data, which is not a pass.", judged(n))),
        (n, b, _) => ("bad", format!("A gate is breached: {b} of {}.", judged(n))),
    }
}

/// `1`, or `1 to 20`.
fn seeds_text(s: &Summary) -> String {
    match s.seeds[..] {
        [first, .., last] => format!("{first} to {last}"),
        _ => s.seed.to_string(),
    }
}

/// The results table.
pub fn results(run: &RunView) -> String {
    let s = &run.summary;
    let mut out = String::from("<section>\n<h2>Results</h2>\n");
    if s.variants.is_empty() {
        out.push_str("<p>No variant has finished.</p>\n</section>\n");
        return out;
    }
    let verdict = |name: &str| match worst_standing(&s.gates, name) {
        Some(v) => format!("<td class=\"{}\">{}</td>", gate_class(v), v.word()),
        None => format!("<td>{}</td>", human::NONE),
    };
    out.push_str("<div class=\"scroll\">\n<table class=\"results\">\n");
    let figures = shown(s.variants.iter());
    if s.variants.len() <= VARIANT_COLUMNS_MAX {
        out.push_str("<thead><tr><th></th>");
        for v in &s.variants {
            let _ = write!(out, "<th scope=\"col\">{}</th>", escape(&v.name));
        }
        out.push_str("</tr></thead>\n<tbody>\n");
        for figure in &figures {
            let _ = write!(out, "<tr><th scope=\"row\">{}</th>", figure.named.label);
            for v in &s.variants {
                let _ = write!(out, "<td>{}</td>", lines(&figure.with_interval(v, true)));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("<tr><th scope=\"row\">gate</th>");
        for v in &s.variants {
            out.push_str(&verdict(&v.name));
        }
        out.push_str("</tr>\n");
    } else {
        out.push_str("<thead><tr><th scope=\"col\">variant</th>");
        for figure in &figures {
            let _ = write!(out, "<th scope=\"col\">{}</th>", figure.named.label);
        }
        out.push_str("<th scope=\"col\">gate</th></tr></thead>\n<tbody>\n");
        for v in &s.variants {
            let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escape(&v.name));
            for figure in &figures {
                let _ = write!(out, "<td>{}</td>", lines(&figure.with_interval(v, false)));
            }
            let _ = writeln!(out, "{}</tr>", verdict(&v.name));
        }
    }
    out.push_str("</tbody>\n</table>\n</div>\n<p class=\"note\">");
    if !s.seeds.is_empty() {
        let text = over_seeds::explained(s);
        let _ = write!(out, "{}{}. ", text[..1].to_uppercase(), escape(&text[1..]));
    }
    let has = |metric| figures.iter().any(|f| f.metric == metric);
    if has(Metric::RejoinP50S) {
        out.push_str(
            "All back after: from the campaign’s start until the head-end has heard the last meter again. Meter-hours away: \
             how long all meters were away, added up. Rejoin time: from a meter’s own reset to the head-end hearing it again, over all commanded meters; \
             “not reached” where too many were not back when the run ended. ",
        );
    }
    if has(Metric::PushDelayP50S) {
        out.push_str("Delay of a report: from the moment it was due until the head-end has it. ");
    }
    if has(Metric::ReadDelayP50S) {
        out.push_str(
            "Reads that succeeded brought all they were to bring; their delay is from the moment they were due to the last \
             answer. ",
        );
    }
    out.push_str(if run.is_plan() {
        "Available: the share of the time in which a meter measures and is heard. Known after: from a failure’s beginning until the \
         utility knows of it, of those that it ever knows of. Unbilled: of dead meters, and of silent ones what they no longer \
         keep; drifted: what is measured wrongly, either way."
    } else {
        "Border router busy: its radio sending or receiving while the campaign was unfinished, or to the end; busiest \
         router."
    });
    if s.gates.iter().any(|g| !g.binding) {
        out.push_str(" Gate: “would pass” and “would fail” where no gate judges the variant.");
    }
    out.push_str("</p>\n</section>\n");
    out
}

/// What is only told is not marked.
fn gate_class(standing: Standing) -> &'static str {
    match standing.verdict {
        _ if !standing.binding => "none",
        Verdict::Pass => "good",
        Verdict::Breach => "bad",
        Verdict::NoData | Verdict::Undecided => "warn",
    }
}

/// A cell of two lines.
fn lines(text: &str) -> String {
    escape(text).replace('\n', "<br>")
}

/// Each judgement with its limit and value, also those that are only told.
pub fn gates(run: &RunView) -> String {
    if run.summary.gates.is_empty() {
        return match run.summary.status {
            Status::Complete => String::new(),
            _ => "<section>\n<h2>Gates</h2>\n<p>Not judged: the run is incomplete.</p>\n</section>\n".into(),
        };
    }
    let found = |g: &GateVerdict| match over_seeds::judged(g, run.summary.seeds.len()) {
        Some(more) => format!("{}: {more}", gate_value(g)),
        None => gate_value(g),
    };
    let mut out = String::from(
        "<section>\n<h2>Gates</h2>\n<div class=\"scroll\">\n<table>\n<thead><tr><th scope=\"col\">metric</th>\
         <th scope=\"col\">limit</th><th scope=\"col\">variant</th><th scope=\"col\">found</th>\
         <th scope=\"col\">verdict</th></tr></thead>\n<tbody>\n",
    );
    for g in &run.summary.gates {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"{}\">{}</td></tr>",
            escape(&gate_name(g)),
            escape(&g.limit),
            escape(&g.variant),
            escape(&found(g)),
            gate_class(Standing::of(g)),
            Standing::of(g).word()
        );
    }
    out.push_str("</tbody>\n</table>\n</div>\n</section>\n");
    out
}

/// What to know before trusting the results.
pub fn warnings(run: &RunView) -> String {
    let list = &run.summary.warnings;
    if list.is_empty() {
        let text = match run.summary.status {
            Status::Complete => "None.",
            _ => "None was written down before the run stopped.",
        };
        return format!("<section>\n<h2>Warnings</h2>\n<p>{text}</p>\n</section>\n");
    }
    super::warnings(list)
}

/// Meters that no border router reaches, by name.
pub fn unreachable(run: &RunView) -> String {
    let Some(variant) = run.variants.first().filter(|_| !run.is_plan()) else { return String::new() };
    let lost: Vec<_> = variant.nodes.iter().filter(|n| n.kind == NodeKind::Meter && !n.reachable).collect();
    let mut out = String::from("<section>\n<h2>Unreachable meters</h2>\n");
    if lost.is_empty() {
        out.push_str("<p>None: every meter has a route to a border router.</p>\n</section>\n");
        return out;
    }
    let whose = if run.one_tree() { String::new() } else { format!(" in variant “{}”", escape(&variant.name)) };
    let shown = if lost.len() > LISTED_MAX { format!("; the first {LISTED_MAX} are") } else { ":".into() };
    let verb = if lost.len() == 1 { "has" } else { "have" };
    let _ = writeln!(
        out,
        "<p>{} {verb} no route to a border router{whose}{shown}</p>\n<ul class=\"names\">",
        human::plural(lost.len(), "meter")
    );
    for n in lost.iter().take(LISTED_MAX) {
        let (lat, lon) = (n.lat_deg, n.lon_deg);
        let _ = writeln!(out, "<li>{} <span>{lat:.5}, {lon:.5}</span></li>", escape(&n.name));
    }
    out.push_str("</ul>\n</section>\n");
    out
}

/// A question that the tables answer, about what happened in this run.
fn question(run: &RunView) -> &'static str {
    let happened = |activity: Activity| run.summary.variants.iter().any(|v| activity.happened(&v.metrics));
    let asked = [
        (
            Activity::Maintenance,
            "SELECT variant, part, count(*) AS failures, median(seen_after_s) / 86400 AS known_after_days,\n       \
             median(gone_after_s) / 86400 AS repaired_after_days\n\
             FROM 'tables/failures/*/*.parquet'\nGROUP BY ALL ORDER BY ALL;",
        ),
        (
            Activity::Resets,
            "SELECT variant, seed, count(*) AS commanded, count(answered_s) AS back,\n       \
             median(answered_s - reset_s) AS rejoin_p50_s  -- of those that are back\n\
             FROM 'tables/transactions/*/*.parquet'\nWHERE kind = 'reset'\nGROUP BY variant, seed;",
        ),
        (
            Activity::Reads,
            "SELECT variant, seed, campaign, count(*) AS reads, avg((outcome = 'ok')::INT) AS succeeded,\n       \
             quantile_cont(answered_s - planned_s, 0.95) AS delay_p95_s  -- of those that were answered\n\
             FROM 'tables/transactions/*/*.parquet'\nWHERE kind = 'read'\nGROUP BY ALL;",
        ),
        (
            Activity::Pings,
            "SELECT variant, seed, count(*) AS pings, avg((outcome = 'ok')::INT) AS answered,\n       \
             median(answered_s - sent_s) AS delay_p50_s\n\
             FROM 'tables/transactions/*/*.parquet'\nWHERE kind = 'ping'\nGROUP BY variant, seed;",
        ),
        (
            Activity::Firmware,
            "SELECT variant, seed, image_state, count(*) AS meters, median(answered_s - planned_s) / 3600 AS after_h,\n       \
             sum(blocks_alone) AS blocks_to_single_meters\n\
             FROM 'tables/transactions/*/*.parquet'\nWHERE kind = 'firmware'\nGROUP BY ALL ORDER BY ALL;",
        ),
    ];
    let reports = "SELECT variant, seed, count(*) AS reports, avg((outcome = 'ok')::INT) AS arrived,\n       \
                   median(answered_s - planned_s) AS delay_p50_s  -- of those that arrived\n\
                   FROM 'tables/transactions/*/*.parquet'\nWHERE kind = 'push'\nGROUP BY variant, seed;";
    asked.into_iter().find(|(activity, _)| happened(*activity)).map_or(reports, |(_, question)| question)
}

/// How to go on with the tables.
pub fn tables(run: &RunView) -> String {
    let mut rows: std::collections::BTreeMap<&str, u64> = Default::default();
    for file in &run.manifest.files {
        if let Some(table) = file.path.strip_prefix("tables/").and_then(|p| p.split('/').next()) {
            *rows.entry(table).or_default() += file.rows.unwrap_or(0);
        }
    }
    let mut out = format!(
        "<section>\n<h2>Reading the tables</h2>\n<p>The rows behind this page are Parquet files in the run directory, \
         <code>tables/TABLE/VARIANT/part-000.parquet</code>, with units in the column names and the variant in a column of its \
         own; <code>amitwin describe tables</code> explains each column, and how tables are joined. In DuckDB, from the run \
         directory:</p>\n<pre><code>{}</code></pre>\n",
        question(run)
    );
    if !rows.is_empty() {
        out.push_str("<dl class=\"facts\">\n");
        for (table, n) in rows {
            let _ = writeln!(out, "<div><dt>{}</dt><dd>{} rows</dd></div>", escape(table), human::count(n as f64));
        }
        out.push_str("</dl>\n");
    }
    out.push_str("</section>\n");
    out
}

/// What made the run, so that it can be made again.
pub fn manifest(run: &RunView) -> String {
    let m = &run.manifest;
    let s = &run.summary;
    let mut out = String::from("<section>\n<h2>Made from</h2>\n<dl class=\"hashes\">\n");
    let host = format!("{} {}, {} processors, {} threads", m.host.os, m.host.arch, m.host.cpus, m.threads);
    let mut facts = vec![
        ("Fingerprint of the results".to_string(), s.fingerprint.clone()),
        ("Scenario (BLAKE3)".into(), m.scenario_hash.clone()),
        ("Seed".into(), m.seed.to_string()),
        ("Version".into(), format!("amitwin {}", m.version)),
        ("Computer".into(), host),
    ];
    if s.keys == FILE_KEYS {
        facts.push(("Keys of the meters".into(), human::keys(&s.keys).into()));
    }
    facts.extend(s.variants.iter().map(|v| (format!("Fingerprint of “{}”", v.name), v.fingerprint.clone())));
    for (name, value) in facts {
        let value = if value.is_empty() { human::NONE.into() } else { value };
        let _ = writeln!(out, "<div><dt>{}</dt><dd><code>{}</code></dd></div>", escape(&name), escape(&value));
    }
    out.push_str(
        "</dl>\n<p class=\"note\">The same scenario, seed and version give the same fingerprint on any \
                  computer and with any number of threads.</p>\n",
    );
    // A report that is drawn again finds itself in the manifest.
    let files: Vec<_> = m.files.iter().filter(|f| f.path != REPORT).collect();
    if !files.is_empty() {
        let _ = writeln!(
            out,
            "<details>\n<summary>{}</summary>\n<div class=\"scroll\">\n<table>\n<thead><tr><th scope=\"col\">file</th>\
             <th scope=\"col\">size</th><th scope=\"col\">rows</th><th scope=\"col\">BLAKE3</th></tr></thead>\n<tbody>",
            human::plural(files.len(), "file")
        );
        for f in files.iter().take(FILES_MAX) {
            let rows = f.rows.map_or_else(String::new, |r| human::count(r as f64));
            let hash: String = f.blake3.chars().take(16).collect();
            let _ = writeln!(
                out,
                "<tr><td>{}</td><td>{}</td><td>{rows}</td><td><code>{}…</code></td></tr>",
                escape(&f.path),
                human::bytes(f.bytes),
                escape(&hash)
            );
        }
        out.push_str("</tbody>\n</table>\n</div>\n</details>\n");
    }
    out.push_str("</section>\n");
    out
}

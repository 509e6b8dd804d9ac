//! `[[gate]]` against the metrics, their figures and the variants there are.

use crate::gate::{Gate, SharePassing};
use crate::language::diagnostic::{Diagnostic, suggest};
use crate::language::tree::{Node, Value};
use crate::sections::units::{self, Kind, UnitError};
use amitwin_data::metrics::{Format, Metric, gates};

/// The gates of a document that has passed the check; those that make no sense are reported and left out.
pub fn resolve(root: &Node, variants: &[&str], out: &mut Vec<Diagnostic>) -> Vec<Gate> {
    let items = root.get("gate").map(Node::items).unwrap_or_default();
    items.iter().filter_map(|item| gate(item, variants, out)).collect()
}

fn gate(item: &Node, variants: &[&str], out: &mut Vec<Diagnostic>) -> Option<Gate> {
    let before = out.len();
    let name = item.get("metric")?;
    let text = name.str()?;
    // The check knows the names from the schema, so that there is a figure; those of one name are of one kind.
    let kind = kind(gates::figures(text).first()?.1);
    let metric = figure(item, name, text, out);
    let mut limits = Vec::new();
    let mut bound = |key: &str, out: &mut Vec<Diagnostic>| {
        let node = item.get(key)?;
        let value = limit(node, text, kind, out)?;
        limits.push(format!("{key} {}", written(node)));
        Some(value)
    };
    let (min, max) = (bound("min", out), bound("max", out));
    if item.get("min").is_none() && item.get("max").is_none() {
        let title = format!("the gate on `{text}` has no limit");
        out.push(Diagnostic::error(title).at(&item.place, "needs `max` or `min`").help("for example max = \"60min\""));
    }
    if let (Some(low), Some(high)) = (min, max)
        && low > high
    {
        let title = format!("no value passes the gate on `{text}`");
        out.push(Diagnostic::error(title).at(&item.place, "min is larger than max"));
    }
    let mut named = Vec::new();
    for node in item.get("variants").map(Node::items).unwrap_or_default() {
        let Some(variant) = node.str() else { continue };
        if !variants.contains(&variant) {
            let help = suggest(variant, variants, "variants");
            let title = format!("a gate names the variant `{variant}`, which does not exist");
            out.push(Diagnostic::error(title).at(&node.place, "no such variant").help(help));
        }
        named.push(variant.to_owned());
    }
    let share = share(item, text, out);
    if let Some(share) = &share {
        let percent = |share: f64| format!("{} %", (share * 1e4).round() / 100.0);
        limits.push(format!("in {} of all seeds with {} confidence", percent(share.wanted), percent(share.confidence)));
    }
    let metric = metric?;
    let name = metric.gate()?;
    (out.len() == before).then(|| Gate { metric, name, min, max, limit: limits.join(", "), variants: named, share })
}

/// Which share of the seeds must pass; the check has been over both values.
fn share(item: &Node, text: &str, out: &mut Vec<Diagnostic>) -> Option<SharePassing> {
    let of = |key: &str| item.get(key).and_then(share_value);
    let Some(wanted) = of("share") else {
        if let Some(node) = item.get("confidence") {
            let title = format!("the gate on `{text}` has a `confidence` and no `share`");
            let help = "add the share of all seeds that must pass, such as share = \"95 %\"";
            out.push(Diagnostic::error(title).at(&node.place, "of what?").help(help));
        }
        return None;
    };
    Some(SharePassing { wanted, confidence: of("confidence").unwrap_or(CONFIDENCE) })
}

fn share_value(node: &Node) -> Option<f64> {
    match &node.value {
        Value::Integer(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        _ => units::parse(Kind::Share, node.str()?).ok(),
    }
}

/// What a limit on it is written as; `None` for a count.
fn kind(metric: Metric) -> Option<Kind> {
    match metric.format() {
        Format::Share => Some(Kind::Share),
        Format::Reached | Format::Time => Some(Kind::Time),
        Format::Count => None,
    }
}

/// Confidence of a verdict on a share that names none.
const CONFIDENCE: f64 = 0.95;

/// The figure that is judged: `item` has its statistic, `name` and `text` what it is of.
pub(super) fn figure(item: &Node, name: &Node, text: &str, out: &mut Vec<Diagnostic>) -> Option<Metric> {
    let figures = gates::figures(text);
    let known: Vec<&str> = figures.iter().map(|(stat, _)| *stat).collect();
    let single = known == [""];
    if known.is_empty() {
        // That there is no such metric has been told.
        return None;
    }
    match item.get("stat").map(|node| (node, node.str().unwrap_or_default())) {
        None if single => gates::find(text, ""),
        None => {
            let help = format!("stat is one of {}", known.join(", "));
            let title = format!("the gate on `{text}` has no `stat`");
            out.push(Diagnostic::error(title).at(&name.place, "which figure of it?").help(help));
            None
        }
        Some((node, stat)) => {
            let found = gates::find(text, stat).filter(|_| !single);
            if found.is_none() {
                let title = format!("`{text}` has no figure `{stat}`");
                let help = if single { "leave `stat` out".to_owned() } else { suggest(stat, &known, "known figures") };
                out.push(Diagnostic::error(title).at(&node.place, "unknown").help(help));
            }
            found
        }
    }
}

fn limit(node: &Node, name: &str, kind: Option<Kind>, out: &mut Vec<Diagnostic>) -> Option<f64> {
    let plain = match &node.value {
        Value::Integer(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        _ => None,
    };
    let fail = |out: &mut Vec<Diagnostic>, label: &str, help: String| {
        let title = format!("the limit on `{name}` must be {}", kind.map_or("a count", Kind::noun));
        out.push(Diagnostic::error(title).at(&node.place, label).help(help));
        None
    };
    let value = match (kind, plain, node.str()) {
        (None, Some(n), _) => n,
        (None, ..) => return fail(out, "not a number", "write a bare number, such as max = 100".into()),
        (Some(Kind::Share), Some(share), _) => share,
        (Some(kind), Some(n), _) => {
            let help = format!("known units are {}; for example \"{}\"", kind.units(), kind.suggest(&n.to_string()));
            return fail(out, "a bare number", help);
        }
        (Some(kind), None, Some(text)) => match units::parse(kind, text) {
            Ok(ns) if kind == Kind::Time => ns / 1e9,
            Ok(value) => value,
            Err(error) => {
                let label =
                    if matches!(error, UnitError::NoUnit { .. }) { "a bare number".into() } else { error.to_string() };
                let help = format!("known units are {}; for example \"{}\"", kind.units(), kind.example());
                return fail(out, &label, help);
            }
        },
        (Some(_), None, None) => return None,
    };
    let top = if kind == Some(Kind::Share) { 1.0 } else { f64::INFINITY };
    if !(0.0..=top).contains(&value) || value.is_infinite() {
        let allowed = if top == 1.0 { "0 to 1, or 0 % to 100 %" } else { "0 or more" };
        let label = if value < 0.0 { "less than any value can be" } else { "more than any value can be" };
        let title = format!("the limit on `{name}` is out of range");
        out.push(Diagnostic::error(title).at(&node.place, label).help(format!("allowed is {allowed}")));
        return None;
    }
    Some(value)
}

fn written(node: &Node) -> String {
    match &node.value {
        Value::Integer(n) => n.to_string(),
        Value::Float(x) => x.to_string(),
        _ => node.str().unwrap_or_default().to_owned(),
    }
}

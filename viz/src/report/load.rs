//! Where the load is: the busiest relays, where messages are lost, who has a single way out, and the border routers.

use crate::human;
use crate::load::{REASONS, single_ways};
use crate::svg::escape;
use crate::view::{RunView, VariantView};
use amitwin_data::metrics::Metric;
use amitwin_data::rows::{AirtimeRow, NodeKind, NodeRow};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Rows of each table.
const ROWS_MAX: usize = 10;

/// The variant that is shown: the one that lost most messages, of equals the first; `None` without a table `load`.
pub fn shown(run: &RunView) -> Option<&VariantView> {
    let with = run.variants.iter().filter(|v| !v.load.is_empty());
    with.rev().max_by_key(|v| v.load.lost_messages())
}

/// ` in variant “x”, which lost most`, where there are several.
pub fn whose(run: &RunView, variant: &VariantView) -> String {
    match run.variants.len() {
        0 | 1 => String::new(),
        _ => format!(" in variant “{}”, which lost most messages", variant.name),
    }
}

/// The section; empty without a table `load`.
pub fn section(run: &RunView) -> String {
    let Some(variant) = shown(run) else { return String::new() };
    let mut out = String::from("<section>\n<h2>Where the load is</h2>\n");
    let whose = whose(run, variant);
    if !whose.is_empty() {
        let _ = writeln!(
            out,
            "<p class=\"note\">What follows is{}; tables and queries have the others.</p>",
            escape(&whose)
        );
    }
    out.push_str(&relays(run, variant));
    let copies = run.summary.variants.iter().find(|v| v.name == variant.name);
    let copies = copies.and_then(|v| v.metrics.value(Metric::FloodCopiesLost)).unwrap_or_default();
    out.push_str(&losses(variant, copies as u64));
    out.push_str(&ways_out(variant));
    out.push_str(&routers(variant));
    out.push_str("</section>\n");
    out
}

fn name(nodes: &[NodeRow], id: u32) -> String {
    nodes.iter().find(|n| n.node == id).map_or_else(|| format!("node {id}"), |n| n.name.clone())
}

/// A table with its heading; the first column names the row.
pub(super) fn table(title: &str, columns: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = format!("<h3>{}</h3>\n<div class=\"scroll\">\n<table class=\"results\">\n<thead><tr>", escape(title));
    for column in columns {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escape(column));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        for (place, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            let _ = match place {
                0 => write!(out, "<tr><th scope=\"row\">{cell}</th>"),
                _ => write!(out, "<td>{cell}</td>"),
            };
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    out
}

fn relays(run: &RunView, variant: &VariantView) -> String {
    let nodes = &variant.nodes;
    let busiest = variant.load.busiest_relays(nodes, ROWS_MAX);
    if busiest.is_empty() {
        return "<p>Nobody relays: every radio reaches its border router itself.</p>\n".into();
    }
    let count = |n: u64| human::count(n as f64);
    let rows: Vec<Vec<String>> = busiest
        .into_iter()
        .map(|total| {
            let hops = nodes.iter().find(|n| n.node == total.node).and_then(|n| n.hops);
            vec![
                name(nodes, total.node),
                hops.map_or_else(|| human::NONE.into(), |hops| hops.to_string()),
                count(u64::from(total.descendants_max)),
                count(total.relayed),
                count(total.frames_sent),
                human::share(total.tx_s / run.summary.duration_s),
                count(u64::from(total.queue_frames_max)),
                count(total.parent_changes),
                count(total.lost_messages()),
            ]
        })
        .collect();
    let columns = [
        "relay",
        "hops at the start",
        "radios behind it, most",
        "datagrams relayed",
        "frames sent",
        "time sending",
        "queue, most",
        "parent changes",
        "messages lost",
    ];
    table("The busiest relays", &columns, &rows)
}

fn losses(variant: &VariantView, copies: u64) -> String {
    let all = variant.load.lost_messages();
    if all == 0 {
        return "<h3>Messages lost</h3>\n<p>None.</p>\n".into();
    }
    let mut sums = [0; REASONS.len()];
    for (_, lost) in variant.load.lost_by_hops() {
        sums.iter_mut().zip(lost).for_each(|(sum, n)| *sum += n);
    }
    let reasons: Vec<usize> = (0..REASONS.len()).filter(|&reason| sums[reason] > 0).collect();
    let line = |name: String, lost: &[u64; REASONS.len()]| {
        let cells = reasons.iter().map(|&reason| human::count(lost[reason] as f64));
        let sum = human::count(lost.iter().sum::<u64>() as f64);
        [name].into_iter().chain(cells).chain([sum]).collect::<Vec<String>>()
    };
    let mut rows: Vec<Vec<String>> = variant
        .load
        .lost_by_hops()
        .map(|(hops, lost)| {
            let name = match hops {
                Some(0) => "border router".into(),
                Some(hops) => human::plural(usize::from(hops), "hop"),
                None => "without a route".into(),
            };
            line(name, lost)
        })
        .collect();
    rows.push(line("all".into(), &sums));
    // Of a flood a copy is lost at each radio that could not pass it on. A variant of several seeds has them on average, and losses of the first.
    let copies = copies.min(all);
    if copies > 0 {
        let last = |name: &str, n: u64| {
            let gaps = reasons.iter().map(|_| String::new());
            [name.to_owned()].into_iter().chain(gaps).chain([human::count(n as f64)]).collect::<Vec<String>>()
        };
        rows.push(last("of them copies of floods", copies));
        rows.push(last("messages to or from a single meter", all - copies));
    }
    let mut columns = vec!["lost at"];
    columns.extend(reasons.iter().map(|&reason| REASONS[reason]));
    columns.push("all");
    let mut out = table("Messages lost, by the hops of the radio that held them and by reason", &columns, &rows);
    out.push_str(
        "<p class=\"note\">Messages are reports, requests, answers, commands and what tells the head-end that a meter is back; one that \
         is sent again and lost again counts twice. A copy of a flood is lost where a single radio could not pass it on, and most meters have the flood from another. No answer: the next hop acknowledged none of the transmissions. Too old: it waited \
         in a queue for longer than the stack allows. Reset: its holder restarted or lost its supply.</p>\n",
    );
    out
}

fn ways_out(variant: &VariantView) -> String {
    let nodes = &variant.nodes;
    let meters = |f: fn(&NodeRow) -> bool| nodes.iter().filter(|n| n.kind == NodeKind::Meter && f(n)).count();
    let (all, single) = (meters(|n| n.reachable), meters(|n| n.cut_off_by.is_some()));
    let mut out = String::from("<h3>A single way out</h3>\n");
    if single == 0 {
        out.push_str(
            "<p>No meter depends on one relay: without any single one, all that have a route would find another, over links \
             that a parent may use.</p>\n",
        );
        return out;
    }
    let verb = if single == 1 { "depends" } else { "depend" };
    let _ = writeln!(
        out,
        "<p>{} of {} {verb} on a single relay: without it no way leads to the border router, over links that a parent may use.</p>",
        human::plural(single, "meter"),
        human::count(all as f64)
    );
    let ways = single_ways(nodes);
    let rows: Vec<Vec<String>> = ways
        .iter()
        .take(ROWS_MAX)
        .map(|&(relay, meters)| {
            let place = nodes.iter().find(|n| n.node == relay);
            let place = place.map_or_else(String::new, |n| format!("{:.5}, {:.5}", n.lat_deg, n.lon_deg));
            vec![name(nodes, relay), human::count(meters as f64), place]
        })
        .collect();
    let title = match ways.len() {
        n if n > ROWS_MAX => format!("Relays that most depend on, {ROWS_MAX} of {n}"),
        _ => "Relays that meters depend on".to_owned(),
    };
    out.push_str(&table(&title, &["relay", "meters without a way if it fails", "place"], &rows));
    out
}

fn routers(variant: &VariantView) -> String {
    let mut by_router: BTreeMap<u32, Vec<&AirtimeRow>> = BTreeMap::new();
    for row in &variant.airtime {
        by_router.entry(row.gateway).or_default().push(row);
    }
    let mean = |rows: &[&AirtimeRow]| rows.iter().map(|row| f64::from(row.busy_share)).sum::<f64>() / rows.len() as f64;
    let mut routers: Vec<(u32, Vec<&AirtimeRow>)> = by_router.into_iter().collect();
    routers.sort_by(|a, b| mean(&b.1).total_cmp(&mean(&a.1)));
    let rows: Vec<Vec<String>> = routers
        .iter()
        .take(ROWS_MAX)
        .map(|(router, minutes)| {
            let most = minutes.iter().map(|row| f64::from(row.busy_share)).fold(0.0, f64::max);
            let sum = |of: fn(&AirtimeRow) -> u32| human::count(minutes.iter().map(|row| f64::from(of(row))).sum());
            let queue = minutes.iter().map(|row| row.queue_frames_max).max().unwrap_or(0);
            let total = variant.load.of(*router);
            let (behind, lost) = total.map_or((0, 0), |total| (total.descendants_max, total.lost[6]));
            vec![
                name(&variant.nodes, *router),
                human::count(f64::from(behind)),
                human::share(mean(minutes)),
                human::share(most),
                human::count(f64::from(queue)),
                sum(|row| row.dropped),
                sum(|row| row.collisions),
                human::count(lost as f64),
            ]
        })
        .collect();
    let columns = [
        "border router",
        "radios behind it, most",
        "radio busy, mean",
        "busiest minute",
        "queue, most",
        "dropped by its queue",
        "collisions",
        "lost on the backhaul",
    ];
    let title = match routers.len() {
        n if n > ROWS_MAX => format!("Border routers by load, the {ROWS_MAX} busiest of {n}"),
        _ => "Border routers by load".to_owned(),
    };
    table(&title, &columns, &rows)
}

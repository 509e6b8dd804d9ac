//! The report's charts, each with one sentence on what it shows.

use super::{boards, campaigns, course, head_end, health, load, outages};
use crate::human;
use crate::series;
use crate::svg::Svg;
use crate::svg::bars::BarChart;
use crate::svg::escape;
use crate::svg::lines::{Series, ShareChart, XAxis};
use crate::svg::map::{self, Kind, losses};
use crate::svg::style;
use crate::view::{RunView, VariantView};
use amitwin_data::rows::NodeKind;
use std::borrow::Cow;
use std::fmt::Write;

/// All charts that the run has rows for, as a section of the page.
pub fn all(run: &RunView) -> String {
    let mut out = String::from("<section>\n<h2>Charts</h2>\n");
    if run.summary.seeds.len() > 1 {
        let (seed, seeds) = (run.summary.seed, run.summary.seeds.len());
        let _ = writeln!(
            out,
            "<p class=\"note\">{} of seed {seed}, one of {seeds}.</p>",
            if run.is_plan() { "Charts by year and age are" } else { "Charts, map and unreachable meters are" }
        );
    }
    out.push_str("<div class=\"charts\">\n");
    for figure in figures(run) {
        out.push_str(&figure.html());
    }
    out.push_str("</div>\n</section>\n");
    out
}

/// All charts that the run has rows for.
pub fn figures(run: &RunView) -> Vec<Figure> {
    if run.is_plan() {
        return super::plan::figures(run);
    }
    let campaigns = campaigns::figures(run).into_iter().map(Some);
    let first = [back(run), outages::figure(run), outages::map(run), visits(run)].into_iter().chain(campaigns);
    let rest = [
        course::figure(run),
        delivered(run),
        read(run),
        head_end::figure(run),
        busy(run),
        rejoin(run),
        hops(run),
        placement(run),
        lost(run),
        health::figure(run),
        boards::figure(run),
    ];
    first.chain(rest).flatten().collect()
}

/// A chart with what stands around it.
pub struct Figure {
    /// Its name, as a file has it.
    pub name: Cow<'static, str>,
    /// Its heading.
    pub title: String,
    /// What its marks mean.
    pub legend: Vec<Entry>,
    /// The drawing.
    pub svg: Svg,
    pub(super) caption: String,
    pub(super) wide: bool,
}

/// What a mark means.
pub struct Entry {
    /// Its classes.
    pub class: String,
    /// What is drawn beside the text, within 26 x 10 units.
    pub path: &'static str,
    /// The meaning.
    pub text: String,
}

/// A line, as most entries are.
pub(super) const LINE: &str = "M1 5H25";

impl Figure {
    pub(crate) fn new(
        name: impl Into<Cow<'static, str>>,
        title: &str,
        legend: Vec<Entry>,
        svg: Svg,
        caption: &str,
    ) -> Figure {
        let name = name.into();
        Figure { name, title: title.to_owned(), legend, svg, caption: caption.to_owned(), wide: false }
    }

    pub(crate) fn html(&self) -> String {
        let wide = if self.wide { " class=\"wide\"" } else { "" };
        let mut out = format!("<figure{wide}>\n<h3>{}</h3>\n", escape(&self.title));
        if !self.legend.is_empty() {
            out.push_str("<ul class=\"legend\">");
            for Entry { class, path, text } in &self.legend {
                let _ = write!(
                    out,
                    "<li><svg class=\"swatch\" viewBox=\"0 0 26 10\" aria-hidden=\"true\">\
                     <path class=\"{class}\" d=\"{path}\"/></svg>{}</li>",
                    escape(text)
                );
            }
            out.push_str("</ul>\n");
        }
        let _ = writeln!(out, "{}\n<figcaption>{}</figcaption>\n</figure>", self.svg.element(), escape(&self.caption));
        out
    }
}

/// The colour belongs to the variant's place in the run, in every chart.
pub(crate) fn entry(place: usize, text: String) -> Entry {
    Entry { class: style::stroke(place), path: LINE, text }
}

type Resets<'a> = Vec<(&'a VariantView, &'a [series::Reset])>;

/// Each variant with its resets, and when the campaign began; `None` if nobody was to be reset.
fn campaigns(run: &RunView) -> Option<(Resets<'_>, f64)> {
    let with: Vec<_> =
        run.variants.iter().map(|v| (v, v.campaign.as_ref().map_or(&[][..], |c| &c.resets[..]))).collect();
    let start = run.campaign_start_s()?;
    with.iter().any(|(_, r)| !r.is_empty()).then_some((with, start))
}

fn campaign_name(run: &RunView) -> String {
    let name = run.variants.iter().find_map(|v| v.campaign.as_ref()).map_or("", |c| c.name.as_str());
    if name.is_empty() { "the campaign".into() } else { format!("campaign “{name}”") }
}

/// Runs that are longer show reports and links by day, s.
pub(super) const BY_DAY_S: f64 = 10.0 * 86_400.0;

/// A line for each variant of what came to something of all that was due in each stretch of time, and what a stretch is.
fn by_time(run: &RunView, counts: fn(&VariantView) -> &[(u32, u32)]) -> (&'static str, Vec<Series>) {
    let (each, hours) = if run.summary.duration_s > BY_DAY_S { ("day", 24) } else { ("hour", 1) };
    let line = |variant: &VariantView| Series {
        name: variant.name.clone(),
        points: series::delivered_over_time(counts(variant), hours),
        step: false,
        span: None,
    };
    (each, run.variants.iter().map(line).collect())
}

fn delivered(run: &RunView) -> Option<Figure> {
    let (each, lines) = by_time(run, |variant| &variant.delivered);
    let title = format!("Reports delivered by {each}");
    lines.iter().find(|line| !line.points.is_empty())?;
    let legend: Vec<Entry> = lines.iter().enumerate().map(|(n, line)| entry(n, line.name.clone())).collect();
    let caption = format!("Share of each {each}’s reports that arrived.");
    let chart = ShareChart {
        title: title.clone(),
        x_label: "since the run’s start".into(),
        y_label: "reports delivered".into(),
        x: XAxis::Minutes(0.0, (run.summary.duration_s / 60.0).max(1.0)),
        whole: true,
        series: lines,
    };
    Some(Figure::new("delivered", &title, legend, chart.draw(), &caption))
}

/// Reads by the time when they were due.
fn read(run: &RunView) -> Option<Figure> {
    let (each, lines) = by_time(run, |variant| &variant.reads);
    let title = format!("Reads that succeeded by {each}");
    lines.iter().find(|line| line.points.len() > 1)?;
    let legend: Vec<Entry> = lines.iter().enumerate().map(|(n, line)| entry(n, line.name.clone())).collect();
    let chart = ShareChart {
        title: title.clone(),
        x_label: "since the run’s start".into(),
        y_label: "reads that succeeded".into(),
        x: XAxis::Minutes(0.0, (run.summary.duration_s / 60.0).max(1.0)),
        whole: true,
        series: lines,
    };
    let caption = format!("Share of the reads due in each {each} that were answered, at any time.");
    Some(Figure::new("reads", &title, legend, chart.draw(), &caption))
}

fn back(run: &RunView) -> Option<Figure> {
    let (variants, start) = campaigns(run)?;
    let end = run.summary.duration_s.max(start + 60.0);
    let lines: Vec<Series> = variants
        .iter()
        .map(|(v, resets)| Series {
            name: v.name.clone(),
            points: series::back_over_time(resets, start, end),
            step: true,
            span: series::reset_span(resets, start),
        })
        .collect();
    let legend: Vec<Entry> = lines
        .iter()
        .enumerate()
        .map(|(i, s)| entry(i, format!("{}: {} back", s.name, human::share(s.points.last().map_or(0.0, |p| p.1)))))
        .collect();
    let chart = ShareChart {
        title: "Meters back over time".into(),
        x_label: "since the campaign’s start".into(),
        y_label: "commanded meters back".into(),
        x: XAxis::Minutes(0.0, (end - start) / 60.0),
        whole: true,
        series: lines,
    };
    let caption = format!(
        "Share of the commanded meters that the head-end has heard again, over the time since {} began; \
         the bars above the plot run from each variant’s first reset to its last.",
        campaign_name(run)
    );
    Some(Figure::new("back", "Meters back over time", legend, chart.draw(), &caption))
}

/// Who has no supply, and of whom the head-end knows it.
fn visits(run: &RunView) -> Option<Figure> {
    let (end_s, given_up) = (run.summary.duration_s, |v: &&VariantView| v.visits.any());
    let first_s = run.variants.iter().filter_map(|v| v.visits.first_s()).min_by(f64::total_cmp)?;
    let meters = |v: &VariantView| v.nodes.iter().filter(|n| n.kind == NodeKind::Meter).count();
    let of = |v: &VariantView| Series {
        name: v.name.clone(),
        points: v.visits.open(meters(v), end_s),
        step: true,
        span: None,
    };
    let lines: Vec<Series> = run.variants.iter().filter(given_up).map(of).collect();
    let legend: Vec<Entry> = lines.iter().enumerate().map(|(n, line)| entry(n, line.name.clone())).collect();
    let from_s = (first_s - 120.0).max(0.0);
    let title = "Visits over time";
    let chart = ShareChart {
        title: title.into(),
        x_label: "since the run’s start".into(),
        y_label: "meters".into(),
        x: XAxis::Minutes(from_s / 60.0, (end_s / 60.0).max(from_s / 60.0 + 1.0)),
        whole: false,
        series: lines,
    };
    let caption = "Share of the meters that campaigns have given up and that wait for a crew or have one: until it is done, or the meter has answered.";
    Some(Figure::new("visits", title, legend, chart.draw(), caption))
}

fn busy(run: &RunView) -> Option<Figure> {
    let start = run.campaign_start_s();
    let mut routers = Vec::new();
    let mut lines = Vec::new();
    for variant in &run.variants {
        let busiest = series::busiest_router(&variant.airtime, start.unwrap_or(0.0));
        let (gateway, points) = busiest.map_or((None, vec![]), |(g, p)| (Some(g), p));
        routers.push(gateway);
        lines.push(Series { name: variant.name.clone(), points, step: true, span: None });
    }
    let xs = || lines.iter().flat_map(|l| l.points.iter().map(|p| p.0));
    let low = xs().min_by(f64::total_cmp)?;
    let high = xs().max_by(f64::total_cmp)?;
    let name_of = |place: usize, gateway: u32| {
        let node = run.variants[place].nodes.iter().find(|n| n.node == gateway);
        node.map_or_else(|| format!("node {gateway}"), |n| n.name.clone())
    };
    let one = routers.iter().flatten().all(|g| Some(*g) == routers.iter().flatten().next().copied());
    let legend: Vec<Entry> = lines
        .iter()
        .enumerate()
        .map(|(i, l)| match routers[i] {
            Some(g) if !one => entry(i, format!("{} ({})", l.name, name_of(i, g))),
            _ => entry(i, l.name.clone()),
        })
        .collect();
    let which = match routers.iter().enumerate().find_map(|(i, g)| g.map(|g| name_of(i, g))) {
        Some(name) if one => format!("border router {name}"),
        _ => "each variant’s busiest border router".into(),
    };
    let since = if start.is_some() { "the campaign’s start" } else { "the run’s start" };
    let chart = ShareChart {
        title: "Border router’s air time over time".into(),
        x_label: format!("since {since}"),
        y_label: "radio busy".into(),
        x: XAxis::Minutes(low, (high + 1.0).max(low + 1.0)),
        whole: false,
        series: lines,
    };
    let caption = format!(
        "Share of each minute in which the radio of {which} was sending or receiving, over the time since {since}. \
         It loses traffic long before 100 %: of reports at 50 kb/s 99 % arrived while it was busy for 23 % of the time, 97 % \
         at 29 % and 83 % at 43 % (1,250 to 2,000 meters); at 150 kb/s 98 % at 32 % (5,000); at 300 kb/s 93 % at 19 % (6,000), \
         where the ways to it are what is full (measured 2026-11-28 with one border router and meters of one parent)."
    );
    Some(Figure::new("air-time", "Border router’s air time", legend, chart.draw(), &caption))
}

fn rejoin(run: &RunView) -> Option<Figure> {
    let (variants, start) = campaigns(run)?;
    let longest = (run.summary.duration_s - start).max(60.0);
    let lines: Vec<Series> = variants
        .iter()
        .map(|(v, resets)| Series {
            name: v.name.clone(),
            points: series::rejoin_distribution(resets, longest),
            step: true,
            span: None,
        })
        .collect();
    let shortest = lines.iter().filter_map(|l| l.points.first()).map(|p| p.0).min_by(f64::total_cmp)?;
    let legend: Vec<Entry> = variants
        .iter()
        .enumerate()
        .map(|(i, (v, resets))| {
            let left = resets.iter().filter(|r| r.rejoin_s().is_none()).count();
            let rest = if left == 0 { "all back".into() } else { format!("{} not back", human::count(left as f64)) };
            entry(i, format!("{}: {rest}", v.name))
        })
        .collect();
    let chart = ShareChart {
        title: "Rejoin time, cumulative".into(),
        x_label: "time since the meter’s own reset (logarithmic)".into(),
        y_label: "commanded meters".into(),
        x: XAxis::LogSeconds(shortest.clamp(0.1, longest / 10.0), longest),
        whole: true,
        series: lines,
    };
    Some(Figure::new(
        "rejoin",
        "Rejoin time",
        legend,
        chart.draw(),
        "Share of the commanded meters that were back within a time of their own reset; a curve that ends below 100 % \
         leaves meters that were not back when the run ended.",
    ))
}

fn hops(run: &RunView) -> Option<Figure> {
    let all: Vec<(String, Vec<u32>)> =
        run.variants.iter().map(|v| (v.name.clone(), series::hop_histogram(&v.nodes))).collect();
    let first = all.first().filter(|(_, c)| !c.is_empty())?.1.clone();
    let same = all.iter().all(|(_, c)| *c == first);
    let (sets, legend) = if same {
        (vec![("meters".to_string(), first)], vec![])
    } else {
        let legend = all.iter().enumerate().map(|(i, (n, _))| entry(i, n.clone())).collect();
        (all, legend)
    };
    let chart = BarChart {
        title: "Meters by hops".into(),
        x_label: "hops to the border router".into(),
        y_label: "meters".into(),
        first: 1,
        sets,
    };
    let whose = if same && run.variants.len() > 1 { ", the same in all variants" } else { "" };
    let caption = format!("Number of meters by hops to their border router at the start of the run{whose}.");
    Some(Figure::new("hops", "Hops", legend, chart.draw(), &caption))
}

fn placement(run: &RunView) -> Option<Figure> {
    let variant = run.variants.iter().find(|v| !v.nodes.is_empty())?;
    let places = series::places(&variant.nodes);
    let drawn = map::draw("Map of the placement", &places, &run.surroundings);
    let count = |f: fn(&Kind) -> bool| places.iter().filter(|p| f(&p.kind)).count();
    let meters = count(|k| matches!(k, Kind::Meter(_)));
    let lost = count(|k| matches!(k, Kind::Meter(None)));
    let mut legend: Vec<Entry> = drawn
        .hop_legend
        .iter()
        .map(|(class, hops)| {
            let unit = if hops == "1" { "hop" } else { "hops" };
            Entry { class: format!("line thick {class}"), path: LINE, text: format!("meter, {hops} {unit}") }
        })
        .collect();
    let [trees, buildings, interferers] = drawn.around;
    let marks: [(&str, &'static str, &str, bool); 7] = [
        ("link", LINE, "link to the next hop", !drawn.density && places.iter().any(|p| p.parent.is_some())),
        ("router", "M13 0l5 5-5 5-5-5z", "border router", count(|k| matches!(k, Kind::Router)) > 0),
        ("extender", "M10 2h6v6h-6z", "repeater", count(|k| matches!(k, Kind::Extender)) > 0),
        ("lost", "M10 2l6 6m0-6l-6 6", "meter that none reaches", lost > 0),
        ("trees", "M1 1H25V9H1Z", "trees", trees > 0),
        ("building", "M1 1H25V9H1Z", "building", buildings > 0),
        ("interferer", "M13 10v-9m-4 7a5 5 0 0 1 0-7m8 7a5 5 0 0 0 0-7", "interferer", interferers > 0),
    ];
    let drawn_marks = marks.into_iter().filter(|(.., is_drawn)| *is_drawn);
    legend.extend(drawn_marks.map(|(class, path, text, _)| Entry {
        class: class.to_owned(),
        path,
        text: text.to_owned(),
    }));
    let whose = if run.one_tree() { String::new() } else { format!(" in variant “{}”", variant.name) };
    let mut caption = if drawn.density {
        format!(
            "Density of {} (too many to draw one by one, links left out; a stronger colour is denser, in five equally filled \
             steps){whose}",
            human::plural(meters, "meter")
        )
    } else {
        format!("{} coloured by hops at the start of the run{whose}", human::plural(meters, "meter"))
    };
    if lost > 0 {
        let _ = write!(caption, "; no border router reaches {}", human::plural(lost, "meter"));
        if drawn.lost_marked < lost {
            let _ = write!(caption, " (a sample of {} is marked)", human::count(drawn.lost_marked as f64));
        }
    }
    caption.push('.');
    Some(Figure { wide: true, ..Figure::new("map", "Map", legend, drawn.svg, &caption) })
}

fn lost(run: &RunView) -> Option<Figure> {
    let variant = load::shown(run).filter(|v| v.load.lost_messages() > 0)?;
    let places = series::places(&variant.nodes);
    let counts: Vec<u64> =
        variant.nodes.iter().map(|n| variant.load.of(n.node).map_or(0, |total| total.lost_messages())).collect();
    let svg = losses::draw("Map of lost messages", &places, &counts);
    let worst = counts.iter().zip(variant.nodes.iter()).rev().max_by_key(|(n, _)| **n);
    let worst = worst.map_or_else(String::new, |(n, node)| {
        format!("; the largest stands for {} at {}", human::count(*n as f64), node.name)
    });
    let caption = format!(
        "Where messages were lost over the run: {}, each counted at the radio that held it{}. The area of a mark goes with their \
         number{worst}.",
        human::plural(variant.load.lost_messages() as usize, "message"),
        load::whose(run, variant)
    );
    let legend = vec![
        Entry { class: "loss thick".into(), path: "M9 5H17", text: "messages lost at this radio".into() },
        Entry { class: "router".into(), path: "M13 0l5 5-5 5-5-5z", text: "border router".into() },
    ];
    Some(Figure { wide: true, ..Figure::new("losses", "Where messages are lost", legend, svg, &caption) })
}

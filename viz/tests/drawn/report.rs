//! The report: well-formed drawings, nothing fetched, nothing injected.

use crate::synthetic;
use amitwin_data::rows::{Added, LoadRow, TransactionRow, WeatherRow};
use amitwin_viz::campaigns::Campaigns;
use amitwin_viz::report::{pictures, render};
use amitwin_viz::series::first_reset_campaign;
use amitwin_viz::view::{Campaign, RunView, VariantView};
use std::sync::Arc;

fn run(meters: usize) -> RunView {
    let nodes = Arc::new(synthetic::nodes(meters));
    let variants = (0..4)
        .map(|i| (i, synthetic::load(i, &nodes)))
        .map(|(i, (load, health))| VariantView {
            name: synthetic::VARIANTS[i].into(),
            nodes: Arc::clone(&nodes),
            campaigns: campaigns(&synthetic::transactions(i, &nodes)),
            campaign: first_reset_campaign(&synthetic::transactions(i, &nodes))
                .map(|(name, resets)| Campaign { name, resets }),
            airtime: synthetic::airtime(i, meters as u32),
            load,
            health,
            ..VariantView::default()
        })
        .collect();
    RunView {
        summary: synthetic::summary(),
        manifest: synthetic::manifest(),
        variants,
        surroundings: Default::default(),
    }
}

fn campaigns(rows: &[TransactionRow]) -> Campaigns {
    let mut campaigns = Campaigns::default();
    campaigns.add(rows);
    campaigns
}

fn drawings(html: &str) -> Vec<&str> {
    let starts = html.match_indices("<svg").map(|(i, _)| i);
    starts.map(|i| &html[i..i + html[i..].find("</svg>").expect("closed") + 6]).collect()
}

#[test]
fn drawings_are_well_formed_and_nothing_is_fetched() {
    let html = render(&run(5_000));
    // Left in the build directory for whoever wants to look at it.
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/report.html"), &html).expect("written");
    let svgs = drawings(&html);
    let charts = svgs.iter().filter(|s| s.contains("role=\"img\"")).count();
    assert_eq!(charts, 9);
    for svg in &svgs {
        if let Err(e) = roxmltree::Document::parse(svg) {
            panic!("{e}: {}", &svg[..svg.len().min(400)]);
        }
    }
    let without_namespace = html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for word in ["http:", "https:", "<script", "<link", "<img", "@import", "url("] {
        assert!(!without_namespace.contains(word), "{word}");
    }
    assert!(html.len() < 500_000, "{} bytes", html.len());
    assert!(!html.contains("NaN") && !html.contains("inf "), "a figure that is none");
}

#[test]
fn the_note_explains_the_rows_above_it() {
    let html = render(&run(200));
    let (table, after) = html.split_once("<p class=\"note\">").expect("a note");
    let note = after.split_once("</p>").expect("its end").0;
    for (row, words) in [("all back after", "All back after:"), ("meter-hours away", "Meter-hours away:")] {
        assert!(table.contains(row) && note.contains(words), "{row}: {note}");
    }
    assert!(!note.contains("Back: share"), "no row has shares: {note}");
}

#[test]
fn pictures_stand_alone() {
    let drawn = pictures(&run(2_000));
    assert_eq!(
        drawn.iter().map(|(name, _)| name.as_ref()).collect::<Vec<_>>(),
        ["back", "progress", "funnel", "air-time", "rejoin", "hops", "map", "losses", "health"]
    );
    for (name, svg) in drawn {
        let read = roxmltree::Document::parse(&svg).unwrap_or_else(|e| panic!("{name}: {e}"));
        let sheet = read.descendants().find(|n| n.has_tag_name(("http://www.w3.org/2000/svg", "style")));
        let sheet = sheet.and_then(|n| n.text()).expect("a style sheet");
        // Who shows it may know no variables, and may show it on a dark page.
        assert!(!svg.contains("var(") && !sheet.contains("@media"), "{name}");
        assert!(sheet.contains("svg .page { fill: #fff;") && svg.contains("class=\"page\""), "{name}");
        // Heading and every meaning of a mark are inside, within its width of 640 and two margins of 16.
        let root = read.root_element();
        assert_eq!(root.attribute("width"), Some("672"), "{name}");
        let texts: Vec<_> =
            read.descendants().filter(|n| n.has_tag_name(("http://www.w3.org/2000/svg", "text"))).collect();
        assert!(texts.iter().all(|t| t.attribute("x").is_some_and(|x| x.parse::<f64>().is_ok_and(|x| x < 672.0))));
        let entries = texts.iter().filter(|t| t.attribute("class") == Some("entry")).count();
        let expected = match name.as_ref() {
            "hops" => 0,
            "losses" => 2,
            _ => 4,
        };
        assert!(entries >= expected, "{name}: {entries} entries");
        assert!(svg.len() < 100_000, "{name}: {} bytes", svg.len());
    }
}

#[test]
fn tags_are_balanced() {
    let html = render(&run(200));
    // The page avoids what HTML allows and XML does not, but for the doctype and the void meta elements.
    let body = &html[html.find("<body>").expect("body")..html.find("</html>").expect("end")];
    roxmltree::Document::parse(body).expect("well-formed");
}

#[test]
fn nothing_from_outside_becomes_markup() {
    let evil = "<script>alert(1)</script>\"'&";
    let mut view = run(50);
    view.summary.name = evil.into();
    view.summary.finding = Some(evil.into());
    view.summary.fingerprint = evil.into();
    view.summary.warnings = vec![evil.into()];
    for gate in &mut view.summary.gates {
        (gate.metric, gate.stat, gate.limit, gate.variant) = (evil.into(), evil.into(), evil.into(), evil.into());
    }
    for (i, v) in view.summary.variants.iter_mut().enumerate() {
        v.name = format!("{evil}{i}");
    }
    let mut nodes = (*view.variants[0].nodes).clone();
    for node in &mut nodes {
        node.name = evil.into();
        node.reachable = node.kind == amitwin_data::rows::NodeKind::Gateway;
    }
    let nodes = Arc::new(nodes);
    for v in &mut view.variants {
        v.name = evil.into();
        v.nodes = Arc::clone(&nodes);
        if let Some(c) = &mut v.campaign {
            c.name = evil.into();
        }
    }
    view.manifest.version = evil.into();
    view.manifest.files[0].path = format!("tables/{evil}");
    let html = render(&view);
    assert!(!html.contains("<script") && !html.contains("\"'&<"));
    assert!(html.contains("&lt;script&gt;"));
    let body = &html[html.find("<body>").expect("body")..html.find("</html>").expect("end")];
    roxmltree::Document::parse(body).expect("well-formed");
}

#[test]
fn an_empty_run_has_a_report() {
    let mut view = run(10);
    view.summary.variants.clear();
    view.summary.gates.clear();
    view.variants.clear();
    let html = render(&view);
    assert!(html.contains("No variant has finished."));
    view.variants = vec![VariantView { name: "a".into(), ..VariantView::default() }];
    assert!(!render(&view).contains("role=\"img\""));
}

#[test]
fn what_no_gate_judges_is_told_and_leaves_the_badge_alone() {
    let mut view = run(10);
    let html = render(&view);
    assert!(html.contains("<p class=\"verdict good\">Gate passed: computed, rejoin_time p99 12.3 min (max 60min)</p>"));
    // Three variants, in the results and under Gates.
    assert_eq!(html.matches("<td class=\"none\">would fail</td>").count(), 6);
    assert_eq!(html.matches("<td class=\"good\">pass</td>").count(), 2);
    assert!(!html.contains("<td class=\"bad\">"));
    view.summary.gates[1].binding = true;
    let html = render(&view);
    assert!(html.contains("<p class=\"verdict bad\">A gate is breached: 1 of 2 judgements.</p>"));
    assert_eq!(html.matches("<td class=\"bad\">breach</td>").count(), 2);
    view.summary.gates.truncate(1);
    assert!(render(&view).contains("<p class=\"verdict none\">No gate judges what ran.</p>"));
}

#[test]
fn more_variants_than_columns_become_rows() {
    let mut view = run(10);
    let one = view.summary.variants[0].clone();
    view.summary.variants = (0..9)
        .map(|i| {
            let mut v = one.clone();
            v.name = format!("v{i}");
            v
        })
        .collect();
    assert!(render(&view).contains("<th scope=\"row\">v8</th>"));
}

#[test]
fn the_load_is_that_of_the_variant_that_lost_most() {
    let html = render(&run(200));
    let section = html.split_once("<h2>Where the load is</h2>").and_then(|(_, rest)| rest.split_once("</section>"));
    let section = section.expect("a section").0;
    // Variant 0 loses 40 messages at the border router and 10 at each of the ten meters that relay; the others fewer.
    assert!(section.contains("in variant “all at once”, which lost most messages"), "{section}");
    let rows = |title: &str| {
        let table = section.split_once(title).and_then(|(_, rest)| rest.split_once("</table>")).expect("a table").0;
        let text = |row: &str| {
            row.replace("<tr>", "").replace("<th scope=\"row\">", "").replace("</th>", "").replace("<td>", "|")
        };
        let body = table.split_once("<tbody>").expect("a body").1;
        body.split("</tr>").map(|row| text(row).replace("</td>", "").trim().to_owned()).collect::<Vec<_>>()
    };
    let relays = rows("The busiest relays");
    // Meter 9 relays most; 10,800 s long run, 108 s of it sending.
    assert!(relays[0].starts_with("M000009|") && relays[0].contains("|1,009|2,000|1.0 %|9|0|10"), "{}", relays[0]);
    assert_eq!(relays.len(), 10 + 1, "ten rows and the end: {relays:?}");
    let lost = rows("Messages lost");
    assert_eq!(lost[0], "border router|0|40|40");
    assert_eq!(lost[1], "2 hops|100|0|100");
    assert_eq!(lost[2], "all|100|40|140");
    assert!(section.contains("3 meters of ") && section.contains("depend on a single relay"), "{section}");
    assert_eq!(rows("Relays that meters depend on")[0].split('|').next(), Some("M000001"));
    assert!(rows("Border routers by load")[0].starts_with("G0001|200|"), "{section}");
}

#[test]
fn links_are_counted_by_their_health_and_the_worst_come_first() {
    let html = render(&run(200));
    let section = html.split_once("<h2>Health of links</h2>").and_then(|(_, rest)| rest.split_once("</section>"));
    let section = section.expect("a section").0;
    // Of ten meters with rows one at -112 dBm, one at -95 dBm, eight well.
    let counts = "<th scope=\"row\">all at once</th><td>8</td><td>0</td><td>0</td><td>1</td><td>1</td>";
    assert!(section.contains(counts), "{section}");
    let worst = section.split_once("Links that are not well").expect("a table").1;
    let (first, second) =
        (worst.find("M000000").expect("the silent one"), worst.find("M000001").expect("the poor one"));
    assert!(first < second && worst.contains("<td>-112 dBm</td><td>2.0 %</td>"), "{worst}");
}

#[test]
fn a_run_without_the_table_has_no_such_section() {
    let mut run = run(50);
    for variant in &mut run.variants {
        (variant.load, variant.health) = Default::default();
    }
    let html = render(&run);
    assert!(
        !html.contains("Health of links")
            && !html.contains("Where the load is")
            && !html.contains("Where messages are lost")
    );
}

#[test]
fn links_by_hour_stand_under_air_and_boards_with_their_peaks() {
    let mut made = run(50);
    made.summary.duration_s = 2.0 * 86_400.0;
    // Two days: the air is hottest at 16 h, boards 40 minutes later, and most tries are lost an hour after the air; the second variant has the same boards.
    let wave = |hour: f64, highest_h: f64| libm::cos(std::f64::consts::TAU * (hour - highest_h) / 24.0);
    for variant in made.variants.iter_mut().take(2) {
        let weather = |hour: u32| WeatherRow {
            time_s: 3_600.0 * f64::from(hour),
            air_c: (30.0 + 8.0 * wave(f64::from(hour), 16.0)) as f32,
            sun_w_m2: 0.0,
            meters_c: 0.0,
            meters_shaded_c: 0.0,
            repeaters_c: 0.0,
            routers_c: 0.0,
            rain_mm: Added(None),
        };
        variant.weather = (0..48).map(weather).collect();
        let load = |hour: u32| LoadRow {
            up_sent: 10_000,
            up_unanswered: (1_000.0 + 500.0 * wave(f64::from(hour) + 0.5, 17.0)) as u32,
            parent_changes: hour % 2,
            board_c: Added(Some((38.0 + 8.0 * wave(f64::from(hour + 1), 16.0 + 2.0 / 3.0)) as f32)),
            ..LoadRow::quiet(3_600.0 * f64::from(hour), 1)
        };
        variant.course.add(&(0..48).map(load).collect::<Vec<_>>());
    }
    let html = render(&made);
    let figure = html.split("<figure").find(|figure| figure.contains("Links by hour")).expect("a figure");
    for said in [
        "air, and the mean of all boards, °C",
        "tries to a parent that were not acknowledged",
        "other parents chosen by hour",
        "Boards are hottest 40.0 min after the air in “all at once”.",
        "Most tries are lost 60.0 min after the air in “all at once”, 60.0 min after the air in “manual: 10-60 s”.",
    ] {
        assert!(figure.contains(said), "{said} in {figure}");
    }
    // The air twice, boards twice, tries of two variants twice each; parents have no course over the day.
    assert_eq!(figure.matches(" peak\"").count(), 8, "{figure}");
    assert_eq!(figure.matches("class=\"zero\"").count(), 6, "two days in three panels");
    assert!(pictures(&made).iter().any(|(name, _)| name == "links"));
}

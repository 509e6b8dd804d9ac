//! A sweep as a reader sees it.

use crate::synthetic::summary;
use amitwin_data::metrics::Metric;
use amitwin_data::summary::{Average, OverSeeds, Status};
use amitwin_data::sweep::{CaseSummary, Limit, SweepSummary, Varied};
use amitwin_viz::sweep::{report, table};

/// Two settings with two values each, two variants, five seeds; the last case is no scenario.
pub fn grid() -> SweepSummary {
    let case = |at: u32| {
        let set = |key: &str, value: &str| Varied { key: key.into(), value: value.into() };
        let settings = vec![
            set("placement.meters", ["1000", "50000"][at as usize / 2]),
            set("radio.<phy>", ["1b", "3"][at as usize % 2]),
        ];
        let mut run = summary();
        run.variants.drain(..2);
        for variant in &mut run.variants {
            let p95 = variant.metrics.value(Metric::RejoinP95S);
            let over = OverSeeds {
                average: Average::Mean,
                value: p95,
                low: p95.map(|v| v * 0.9),
                high: p95.map(|v| v * 1.1),
                seeds: 5,
                not_reached: 0,
            };
            variant.over_seeds = [(Metric::RejoinP95S.key().to_owned(), over)].into();
        }
        let invalid = (at == 3).then(|| "error: `radio.<phy>` is wrong".to_owned());
        let gone = invalid.is_some();
        CaseSummary {
            case: at,
            settings,
            variants: if gone { Vec::new() } else { run.variants },
            gates: if gone { Vec::new() } else { run.gates },
            invalid,
        }
    };
    SweepSummary {
        name: "town <1>".into(),
        status: Status::Complete,
        exit_code: Some(3),
        version: "0.2.0".into(),
        plan_hash: "ab".repeat(32),
        seeds: (1..=5).collect(),
        keys: "TEST".into(),
        fingerprint: "cd".repeat(32),
        cases: (0..4).map(case).collect(),
        cheapest: None,
        limits: vec![Limit { figure: "rejoin_p95_s".into(), value: 1_500.0, text: "max 25min".into() }],
        warnings: vec!["a < b".into()],
    }
}

#[test]
fn the_report_draws_bands_limits_and_heat_maps_and_escapes_what_is_not_its_own() {
    let html = report(&grid());
    let drawings: Vec<&str> =
        html.split("<svg xmlns").skip(1).filter_map(|rest| rest.split_once("</svg>")).map(|(svg, _)| svg).collect();
    for drawing in &drawings {
        let text = format!("<svg xmlns{drawing}</svg>");
        roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    }
    let p95 = drawings.iter().find(|d| d.contains("rejoin time, p95 by placement.meters")).expect("a chart");
    // Four lines: two variants at two values of the second setting; of one value a point is missing, so no band.
    assert_eq!((p95.matches("class=\"line s").count(), p95.matches("band\"").count()), (4, 2), "{p95}");
    assert!(p95.contains("max 25min"));
    assert!(
        drawings.iter().any(|d| d.contains("rejoin time, p95: computed") && d.contains("class=\"d0\"")),
        "a heat map"
    );
    assert!(html.contains("town &lt;1&gt;") && html.contains("radio.&lt;phy&gt;") && !html.contains("<phy>"));
    assert!(html.contains("Invalid: meters 50000") && html.ends_with("</html>\n"));
}

#[test]
fn the_table_has_a_line_for_each_variant_of_each_case_and_fits() {
    for width in [80, 100, 120] {
        let text = table(&grid(), width, false);
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(width), "{widest:?} columns of {width}:\n{text}");
    }
    assert!(table(&grid(), 80, false).contains("more figures are in the report"), "six lines are no columns");
    let text = table(&grid(), 200, false);
    assert_eq!(text.lines().filter(|line| line.contains("computed")).count(), 3, "{text}");
    assert!(text.contains("meters 50000, <phy> 1b: computed"), "{text}");
    let none = SweepSummary { cases: Vec::new(), status: Status::Interrupted, ..grid() };
    assert!(table(&none, 80, false).contains("No case has ended; the sweep is interrupted."));
}

/// Four cases of a single variant, by how busy the border router is and how much arrives.
fn growing(busy: [f64; 4], arrived: [f64; 4]) -> SweepSummary {
    let case = |at: usize| {
        let set = |key: &str, value: &str| Varied { key: key.into(), value: value.into() };
        let settings = vec![
            set("placement.meters", ["1000", "3000"][at / 2]),
            set("placement.meters_per_gateway", ["500", "2000"][at % 2]),
        ];
        let mut variant = summary().variants.remove(3);
        variant.metrics.set(Metric::BorderRouterBusyShare, Some(busy[at]));
        variant.metrics.set(Metric::PushDeliveredShare, Some(arrived[at]));
        CaseSummary { case: at as u32, settings, variants: vec![variant], gates: Vec::new(), invalid: None }
    };
    let limit = |metric: Metric, value, text: &str| Limit { figure: metric.key().into(), value, text: text.into() };
    SweepSummary {
        cases: (0..4).map(case).collect(),
        limits: vec![
            limit(Metric::BorderRouterBusyShare, 0.25, "max 25 %"),
            limit(Metric::PushDeliveredShare, 0.98, "min 98 %"),
        ],
        ..grid()
    }
}

#[test]
fn what_is_nearest_to_its_limit_is_told_case_by_case() {
    // Of 25 % are used 20, 80, 40 and 120 %; of the 2 % that may be missing 10, 50, 150 and 100 %.
    let sweep = growing([0.05, 0.2, 0.1, 0.3], [0.998, 0.99, 0.97, 0.98]);
    let text = table(&sweep, 400, false);
    let said = "Nearest to its limit: border_router_busy, max 25 % in 3 of 4, first beyond it at meters 3000, meters_per_gateway \
                2000; push_delivered, min 98 % in 1 of 4, first beyond it at meters 3000, meters_per_gateway 500.";
    assert!(text.contains(said), "{text}");
    let html = report(&sweep);
    let section = html.split_once("<h2>Nearest to its limit</h2>").and_then(|(_, rest)| rest.split_once("</section>"));
    let section = section.expect("a section").0;
    for cell in [">A 20 %<", ">A 80 %<", ">B 150 %<", ">A 120 %<"] {
        assert!(section.contains(cell), "{cell}: {section}");
    }
    assert!(
        section.contains("<tr><td>meters 3000, meters_per_gateway 500</td><td>40 %</td><td>150 %</td><td>B</td></tr>")
    );
    let drawn = amitwin_viz::sweep::pictures(&sweep);
    let (name, svg) = &drawn[0];
    assert!(
        *name == "fullest"
            && svg.contains("A border_router_busy, max 25 %")
            && svg.contains("B push_delivered, min 98 %")
    );
    for (name, svg) in &drawn {
        roxmltree::Document::parse(svg).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    // With a single limit there is none that could be nearer.
    let one = SweepSummary { limits: sweep.limits[..1].to_vec(), ..sweep };
    assert!(!table(&one, 400, false).contains("Nearest") && !report(&one).contains("Nearest"));
}

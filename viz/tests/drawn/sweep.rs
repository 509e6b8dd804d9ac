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

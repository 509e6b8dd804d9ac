//! A sweep as a reader sees it.

use crate::synthetic::summary;
use amitwin_data::metrics::Metric;
use amitwin_data::summary::{Average, GateVerdict, OverSeeds, SeedShare, Status, Verdict};
use amitwin_data::sweep::{CaseSummary, Limit, SweepSummary, Varied, fullest};
use amitwin_viz::sweep::{report, table};
use std::collections::BTreeSet;

/// Two settings with two values each, two variants, five seeds; the last case is no scenario.
pub fn grid() -> SweepSummary {
    let case = |at: u32| {
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
            fullest: Vec::new(),
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
    let limit = |metric: Metric, value, text: &str| Limit { figure: metric.key().into(), value, text: text.into() };
    let limits = vec![
        limit(Metric::BorderRouterBusyShare, 0.25, "max 25 %"),
        limit(Metric::PushDeliveredShare, 0.98, "min 98 %"),
    ];
    let case = |at: usize| {
        let settings = vec![
            set("placement.meters", ["1000", "3000"][at / 2]),
            set("placement.meters_per_gateway", ["500", "2000"][at % 2]),
        ];
        let mut variant = summary().variants.remove(3);
        variant.metrics.set(Metric::BorderRouterBusyShare, Some(busy[at]));
        variant.metrics.set(Metric::PushDeliveredShare, Some(arrived[at]));
        let variants = vec![variant];
        let fullest = fullest(&limits, &variants);
        CaseSummary { case: at as u32, settings, variants, gates: Vec::new(), fullest, invalid: None }
    };
    SweepSummary { cases: (0..4).map(case).collect(), limits: limits.clone(), ..grid() }
}

#[test]
fn what_is_nearest_to_its_limit_is_told_case_by_case() {
    // Of 25 % are used 20, 80, 40 and 120 %; of the 2 % that may be missing 10, 50, 150 and 100 %.
    let sweep = growing([0.05, 0.2, 0.1, 0.3], [0.998, 0.99, 0.97, 0.98]);
    let text = table(&sweep, 400, false);
    let said = "Nearest to its limit, with how much of it is used: A border_router_busy, max 25 %: in 3 of 4, first beyond it at meters \
                3000, meters_per_gateway 2000; B push_delivered, min 98 %: in 1 of 4, first beyond it at meters 3000, \
                meters_per_gateway 500.";
    assert!(text.contains(said), "{text}");
    for (case, used) in [
        ("1000, meters_per_gateway 500", "A 20 %"),
        ("1000, meters_per_gateway 2000", "A 80 %"),
        ("3000, meters_per_gateway 500", "B 150 %"),
        ("3000, meters_per_gateway 2000", "A 120 %"),
    ] {
        let line = text.lines().find(|line| line.starts_with(&format!("meters {case} "))).expect("a line");
        assert!(line.contains(&format!(" {used} ")), "{used}: {line}");
    }
    // Where it is narrow, figures are lines and so is this.
    assert!(table(&sweep, 60, false).contains("nearest limit"), "{}", table(&sweep, 60, false));
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
    // Every chart of the report is a file, with a name of its own.
    let names: BTreeSet<&str> = drawn.iter().map(|(name, _)| name.as_ref()).collect();
    assert_eq!((names.len(), drawn.len()), (drawn.len(), html.matches("<svg xmlns").count()));
    assert!(names.contains("push_delivered_share") && names.contains("push_delivered_share-map"), "{names:?}");
    for (name, svg) in &drawn {
        roxmltree::Document::parse(svg).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
    // With a single limit there is none that could be nearer.
    let mut one = SweepSummary { limits: sweep.limits[..1].to_vec(), ..sweep };
    one.cases.iter_mut().for_each(|case| case.fullest = fullest(&one.limits, &case.variants));
    assert!(!table(&one, 400, false).contains("earest") && !report(&one).contains("Nearest"));
}

fn set(key: &str, value: &str) -> Varied {
    Varied { key: key.into(), value: value.into() }
}

/// A case of a single variant for each of these settings, of which 1 to 5 % less than all reports arrive; five seeds, 2 % about them.
fn sweep_of(settings: Vec<Vec<Varied>>) -> SweepSummary {
    let case = |(at, settings): (usize, Vec<Varied>)| {
        let mut variant = summary().variants.remove(3);
        let arrived = 0.99 - 0.01 * (at % 5) as f64;
        variant.metrics.set(Metric::PushDeliveredShare, Some(arrived));
        let over = OverSeeds {
            average: Average::Mean,
            value: Some(arrived),
            low: Some(arrived - 0.02),
            high: Some(arrived + 0.02),
            seeds: 5,
            not_reached: 0,
        };
        variant.over_seeds = [(Metric::PushDeliveredShare.key().to_owned(), over)].into();
        let (case, variants) = (at as u32, vec![variant]);
        CaseSummary { case, settings, variants, gates: Vec::new(), fullest: Vec::new(), invalid: None }
    };
    let figure = Metric::PushDeliveredShare.key().into();
    SweepSummary {
        cases: settings.into_iter().enumerate().map(case).collect(),
        limits: vec![Limit { figure, value: 0.98, text: "min 98 %".into() }],
        ..grid()
    }
}

/// The picture of a sweep with this name.
fn picture(sweep: &SweepSummary, name: &str) -> String {
    let drawn = amitwin_viz::sweep::pictures(sweep);
    let names: Vec<&str> = drawn.iter().map(|(name, _)| name.as_ref()).collect();
    let found = drawn.iter().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("{name} of {names:?}")).1.clone()
}

#[test]
fn settings_that_change_together_are_one_axis_with_a_line() {
    let pairs = [("20", "1"), ("40", "2"), ("80", "4")];
    let settings =
        pairs.map(|(meters, routers)| vec![set("placement.meters", meters), set("placement.gateways", routers)]);
    let drawn = picture(&sweep_of(settings.to_vec()), "push_delivered_share");
    assert_eq!((drawn.matches("class=\"line s0\"").count(), drawn.matches("band\"").count()), (1, 1), "{drawn}");
    for text in [">20 + 1<", ">40 + 2<", ">80 + 4<", ">placement.meters + placement.gateways (logarithmic)<"] {
        assert!(drawn.contains(text), "{text}: {drawn}");
    }
}

#[test]
fn a_hypercube_is_points_over_each_setting() {
    // 30 points; the second value jumps about: 7 and 30 have no divisor in common, so each comes once.
    let point = |at: usize| vec![set("a.m", &format!("{}.5", at * 2)), set("b.p", &format!("{} dBm", at * 7 % 30))];
    let sweep = sweep_of((0..30).map(point).collect());
    for (name, label) in [("push_delivered_share-by-a-m", ">a.m<"), ("push_delivered_share-by-b-p", ">b.p, dBm<")] {
        let drawn = picture(&sweep, name);
        let dots = drawn.split("class=\"dot s0\"").nth(1).and_then(|rest| rest.split("/>").next()).expect("dots");
        let bars = drawn.split("class=\"error s0\"").nth(1).and_then(|rest| rest.split("/>").next()).expect("bars");
        assert_eq!((dots.matches("h0").count(), bars.matches('V').count()), (30, 30), "{drawn}");
        assert!(!drawn.contains("class=\"line s0\"") && drawn.contains(label), "{drawn}");
    }
    assert!(!report(&sweep).contains("the first 7 of"), "nothing is left out");
    // What goes with every point has a colour.
    let with = |at: usize, phy: &str| [point(at), vec![set("radio.phy", phy)]].concat();
    let crossed = sweep_of((0..10).flat_map(|at| [with(at, "1b"), with(at, "3")]).collect());
    let drawn = picture(&crossed, "push_delivered_share-by-a-m");
    assert!(drawn.contains(">phy 1b<") && drawn.contains(">phy 3<") && drawn.contains("class=\"dot s1\""), "{drawn}");
}

#[test]
fn shares_near_the_whole_have_an_axis_that_shows_them_and_says_so() {
    let settings = ["10", "18", "32", "56", "100"].map(|meters| vec![set("placement.meters", meters)]);
    let drawn = picture(&sweep_of(settings.to_vec()), "push_delivered_share");
    // From 93 % (5 % less than all, 2 % below) to all; 101 % is not there.
    assert!(drawn.contains("reports arrived, % (axis from 92)") && drawn.contains(">100<"), "{drawn}");
    // 10 to 100 by factors: 32 stands at 50.5 % of 92 % of the width of 544, from 74 and 4 % on.
    assert!(drawn.contains("placement.meters (logarithmic)") && drawn.contains("M348.6 258L348.6 263"), "{drawn}");
}

/// The grid with prices: what costs more brings more back, but for the second, which costs more than the first and brings less.
fn priced() -> SweepSummary {
    let mut sweep = growing([0.05, 0.2, 0.1, 0.3], [0.97, 0.96, 0.98, 0.99]);
    for (case, cost) in sweep.cases.iter_mut().zip([1_000.0, 2_000.0, 3_000.0, 4_000.0]) {
        case.variants[0].metrics.set(Metric::Cost, Some(cost));
        case.gates = vec![GateVerdict {
            metric: "push_delivered".into(),
            stat: String::new(),
            limit: "min 98 %".into(),
            variant: case.variants[0].name.clone(),
            value: case.variants[0].metrics.value(Metric::PushDeliveredShare),
            verdict: Verdict::Breach,
            binding: true,
            share: None,
            not_reached: 0,
        }];
    }
    sweep
}

#[test]
fn every_choice_by_cost_has_its_name() {
    let sweep = priced();
    let drawn = picture(&sweep, "cost-push_delivered_share");
    for text in [
        ">1: meters 1000, meters_per_gateway 500<",
        ">2: meters 1000, meters_per_gateway 2000<",
        ">3: meters 3000, meters_per_gateway 500<",
        ">4: meters 3000, meters_per_gateway 2000<",
        ">1<",
        ">2<",
        ">3<",
        ">4<",
    ] {
        assert!(drawn.contains(text), "{text}: {drawn}");
    }
    let html = report(&sweep);
    let row = "<tr><td>2</td><th scope=\"row\">meters 1000, meters_per_gateway 2000</th><td>2,000</td><td>96.0 %</td><td>breach</td><td>yes</td></tr>";
    assert!(html.contains(row), "{html}");
}

#[test]
fn what_is_only_undecided_is_not_said_to_fail() {
    let mut sweep = priced();
    let sentence = |sweep: &SweepSummary| {
        let text = table(sweep, 400, false);
        text.lines().find(|line| line.starts_with("Nothing that has")).expect("a sentence").to_owned()
    };
    assert_eq!(sentence(&sweep), "Nothing that has a cost passes every gate.");
    for (case, needed) in [(1, 45), (2, 29)] {
        let gate = &mut sweep.cases[case].gates[0];
        gate.verdict = Verdict::Undecided;
        gate.share = Some(SeedShare {
            passed: 5,
            of: 5,
            wanted: 0.9,
            confidence: 0.95,
            at_least: 0.55,
            at_most: 1.0,
            needed: Some(needed),
        });
    }
    assert_eq!(
        sentence(&sweep),
        "Nothing that has a cost passes every gate yet: 2 of 4 are undecided; 29 seeds could decide the first of them, if all others pass."
    );
}

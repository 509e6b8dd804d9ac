//! A search as a reader sees it.

use crate::sweep::grid;
use amitwin_data::find::{Answer, Ended, FindSummary, Found, Question};
use amitwin_data::metrics::Metric;
use amitwin_data::summary::{Average, GateVerdict, OverSeeds};
use amitwin_data::sweep::Varied;
use amitwin_viz::find::{report, table};

/// Two rates, of which one has an answer between the two sizes of [`grid`].
fn search() -> FindSummary {
    let mut study = grid();
    study.cases.retain(|case| case.invalid.is_none());
    for case in &mut study.cases {
        case.settings.reverse();
        case.gates.iter_mut().for_each(|gate| gate.binding = true);
    }
    let found = |value: f64| Some(Found { value, text: format!("{value}"), seeds: 5 });
    let per = |phy: &str| vec![Varied { key: "radio.<phy>".into(), value: phy.into() }];
    let (ended, told) = (Ended::Found, "1000 is the largest that passes".to_owned());
    let first = Answer {
        per: per("1b"),
        ended,
        passes: found(1_000.0),
        breaches: found(50_000.0),
        confidence: 0.9,
        told,
        values: 2,
        runs: 10,
    };
    let (ended, told) = (Ended::Undecided, "no value is decided".to_owned());
    let second =
        Answer { per: per("3"), ended, passes: None, breaches: None, told, values: 1, runs: 5, ..first.clone() };
    let question = Question {
        path: "placement.meters".into(),
        largest: true,
        low: 1_000.0,
        high: 50_000.0,
        unit: String::new(),
        tolerance: 0.05,
        confidence: 0.9,
        seeds_max: 64,
    };
    FindSummary { question, answers: vec![first, second], study }
}

#[test]
fn answers_are_sentences_above_the_values_that_ran() {
    let text = table(&search(), 120, false);
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let answer = "<phy> 1b: placement.meters: 1000 is the largest that passes (90.0 % sure), and 50000 breaches; 10 runs of 2 values";
    assert!(
        flat.contains(answer) && flat.contains("<phy> 3: placement.meters: no value is decided; 5 runs of 1 value"),
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
}

#[test]
fn the_report_marks_the_answer_and_escapes_what_is_not_its_own() {
    let html = report(&search());
    let drawings: Vec<&str> =
        html.split("<svg xmlns").skip(1).filter_map(|rest| rest.split_once("</svg>")).map(|(svg, _)| svg).collect();
    for drawing in &drawings {
        let text = format!("<svg xmlns{drawing}</svg>");
        roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    }
    let marked = |drawing: &&&str| drawing.contains("class=\"zero\"") && drawing.contains(">1000</text>");
    assert!(
        !drawings.is_empty() && drawings.iter().filter(marked).count() == drawings.len(),
        "one answer, in each chart"
    );
    // 50,000 is more than twenty times 1,000: round numbers of a logarithmic axis.
    assert!(drawings[0].contains(">5000</text>") && drawings[0].contains(">20000</text>"), "{}", drawings[0]);
    assert!(html.contains("town &lt;1&gt;") && !html.contains("<phy>") && html.ends_with("</html>\n"));
}

#[test]
fn no_share_is_drawn_beyond_the_whole() {
    let mut find = search();
    // Half of the reports arrive with some seeds and all with others: Student's interval goes beyond all of them.
    for (case, arrived) in find.study.cases.iter_mut().zip([0.75, 0.6, 0.4]) {
        let variant = &mut case.variants[0];
        variant.metrics.set(Metric::PushDeliveredShare, Some(arrived));
        let over = OverSeeds {
            average: Average::Mean,
            value: Some(arrived),
            low: Some(arrived - 0.5),
            high: Some(arrived + 0.5),
            seeds: 2,
            not_reached: 0,
        };
        variant.over_seeds.insert(Metric::PushDeliveredShare.key().to_owned(), over);
        let judged = GateVerdict { metric: "push_delivered".into(), stat: String::new(), ..case.gates[0].clone() };
        case.gates = vec![GateVerdict { variant: variant.name.clone(), limit: "min 99 %".into(), ..judged }];
    }
    let html = report(&find);
    let drawn = html.split("<svg xmlns").find(|drawing| drawing.contains("push_delivered by")).expect("a chart");
    assert!(drawn.contains(">100</text>") && !drawn.contains(">120</text>"), "{drawn}");
}

//! A search for a value, for people: its answers and the values that ran, and a report that marks where gates cease to hold.

mod charts;

use crate::figures::{gate_name, gate_value, worst_standing};
use crate::svg::escape;
use crate::sweep::short;
use crate::table::{empty_table, finish, wrap};
use crate::{human, report};
use amitwin_data::find::{Answer, Ended, FindSummary};
use amitwin_data::summary::GateVerdict;
use amitwin_data::sweep::CaseSummary;
use comfy_table::{CellAlignment, Table};
use std::fmt::Write;

/// The answers, and under them every value that ran.
pub fn table(find: &FindSummary, width: usize, color: bool) -> String {
    let mut out = String::new();
    for answer in &find.answers {
        let _ = writeln!(out, "{}", wrap(&sentence(find, answer), width));
    }
    let mut table = empty_table(color);
    let gates = gates(find);
    table.set_header(header(&gates));
    for case in &find.study.cases {
        table.add_row(row(find, case, &gates));
    }
    layout(&mut table, gates.len(), width);
    let _ = write!(out, "\n{}", finish(&table, color));
    out
}

/// `radio.phy 3: 5310 is the largest that passes (90 % sure; 5586 breaches)`.
fn sentence(find: &FindSummary, answer: &Answer) -> String {
    let per = answer.per.iter().map(short).collect::<Vec<_>>().join(", ");
    let mut out = if per.is_empty() { find.question.path.clone() } else { format!("{per}: {}", find.question.path) };
    let _ = write!(out, ": {}", answer.told);
    if let (Ended::Found, Some(breaches)) = (answer.ended, &answer.breaches) {
        let _ = write!(out, " ({} sure), and {} breaches", human::share(answer.confidence), breaches.text);
    }
    let (values, runs) = (answer.values as usize, answer.runs as usize);
    let _ = write!(out, "; {} of {}", human::plural(runs, "run"), human::plural(values, "value"));
    human::one_line(&out)
}

/// What the search judges: each gate on each variant, once.
fn gates(find: &FindSummary) -> Vec<(String, String, bool)> {
    let several = find.study.cases.first().is_some_and(|case| case.variants.len() > 1);
    let mut all: Vec<(String, String, bool)> = Vec::new();
    for gate in find.study.cases.iter().flat_map(|case| &case.gates).filter(|gate| gate.binding) {
        let named = (gate_name(gate) + ", " + &gate.limit, gate.variant.clone(), several);
        if !all.contains(&named) {
            all.push(named);
        }
    }
    all
}

fn of<'a>(case: &'a CaseSummary, (name, variant, _): &(String, String, bool)) -> Option<&'a GateVerdict> {
    case.gates.iter().find(|gate| gate.variant == *variant && gate_name(gate) + ", " + &gate.limit == *name)
}

fn header(gates: &[(String, String, bool)]) -> Vec<String> {
    let gate = |(name, variant, several): &(String, String, bool)| {
        let name = human::one_line(name).replace(", ", "\n");
        if *several { format!("{}:\n{name}", human::one_line(variant)) } else { name }
    };
    ["value".to_owned(), "seeds".to_owned()]
        .into_iter()
        .chain(gates.iter().map(gate))
        .chain(["gate".to_owned()])
        .collect()
}

fn row(find: &FindSummary, case: &CaseSummary, gates: &[(String, String, bool)]) -> Vec<String> {
    let seeds = case.variants.first().map_or(0, |variant| variant.seeds.len());
    let found = |gate: &(String, String, bool)| match of(case, gate) {
        None => human::NONE.to_owned(),
        Some(gate) => match gate.share {
            Some(share) => format!("{}, {} of {} pass", gate_value(gate), share.passed, share.of),
            None => gate_value(gate),
        },
    };
    let standings = case.variants.iter().filter_map(|v| worst_standing(&case.gates, &v.name)).filter(|s| s.binding);
    let worst = standings.max_by_key(|s| s.badness()).map_or(human::NONE, |s| s.word());
    let settings = if find.answers.len() > 1 { &case.settings[..] } else { &case.settings[case.settings.len() - 1..] };
    let name = settings.iter().map(short).collect::<Vec<_>>().join(", ");
    let front = [human::one_line(&name), seeds.to_string()];
    front.into_iter().chain(gates.iter().map(found)).chain([worst.to_owned()]).collect()
}

fn layout(table: &mut Table, gates: usize, width: usize) {
    table.set_width(width.min(usize::from(u16::MAX)) as u16);
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        let right = (1..=gates + 1).contains(&i);
        column.set_cell_alignment(if right { CellAlignment::Right } else { CellAlignment::Left });
    }
}

/// The report as the text of an HTML file, which loads nothing.
pub fn report(find: &FindSummary) -> String {
    let mut out = report::page(&find.study.name);
    let question = &find.question;
    let which = if question.largest { "largest" } else { "smallest" };
    let good = find.answers.iter().all(|answer| answer.ended.exit_code() == 0);
    let state = if good { "good" } else { "warn" };
    let _ = write!(
        out,
        "<header>\n<p class=\"kicker\">amitwin find: the {which} {} with which the gates hold</p>\n<h1>{}</h1>\n",
        escape(&question.path),
        escape(&find.study.name)
    );
    for answer in &find.answers {
        let _ = writeln!(out, "<p class=\"verdict {state}\">{}</p>", escape(&sentence(find, answer)));
    }
    let facts = [
        ("range", format!("{} to {} {}", question.low, question.high, question.unit)),
        ("tolerance", human::share(question.tolerance)),
        ("confidence", human::share(question.confidence)),
        ("seeds of a value", format!("at most {}", question.seeds_max)),
        ("version", find.study.version.clone()),
    ];
    out.push_str("<dl class=\"facts\">\n");
    for (name, text) in facts {
        let _ = writeln!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", escape(text.trim()));
    }
    out.push_str("</dl>\n</header>\n");
    out.push_str(&charts::all(find));
    let gates = gates(find);
    out.push_str("<section>\n<h2>Values that ran</h2>\n<div class=\"scroll\">\n<table class=\"results\">\n<thead><tr>");
    for name in header(&gates) {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escape(&name));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for case in &find.study.cases {
        for (at, cell) in row(find, case, &gates).iter().enumerate() {
            let open = if at == 0 { "<tr><th scope=\"row\">" } else { "<td>" };
            let close = if at == 0 { "</th>" } else { "</td>" };
            let _ = write!(out, "{open}{}{close}", escape(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n</section>\n");
    out.push_str(&report::warnings(&find.study.warnings));
    let _ = write!(
        out,
        "<section>\n<h2>Made from</h2>\n<p>Every figure of every value, variant and seed is a row of <code>cases.parquet</code>; \
         fingerprint <code>{}</code>.</p>\n</section>\n</main>\n</body>\n</html>\n",
        escape(&find.study.fingerprint)
    );
    out
}

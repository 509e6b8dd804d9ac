//! `[policy]`, `[watch]`, `[lots]` and `[[rule]]`: the ways to look after meters, as rules.

use super::{Cx, seconds};
use crate::language::diagnostic::suggest;
use crate::sections::plan::policy::{CodeName, PolicyKind, Quantity, RuleSection, TaskName, WhenSection};
use amitwin_maintenance::spec::{Band, Code, Lots, Only, Policy, Rule, Tasks, Watch, When};

/// How urgent the visits of an interval are.
const INTERVAL: u8 = 5;

/// What is done.
pub(super) fn tasks(names: &[TaskName]) -> Tasks {
    let one = |name: &TaskName| match name {
        TaskName::Inspect => Tasks::INSPECT,
        TaskName::Clean => Tasks::CLEAN,
        TaskName::Calibrate => Tasks::CALIBRATE,
        TaskName::Neighbours => Tasks::NEIGHBOURS,
        TaskName::Battery => Tasks::BATTERY,
        TaskName::Supercapacitor => Tasks::SUPERCAPACITOR,
        TaskName::Restart => Tasks::RESTART,
        TaskName::Exchange => Tasks::EXCHANGE,
        TaskName::Repair => Tasks::REPAIR,
    };
    names.iter().map(one).fold(Tasks::default(), Tasks::with)
}

fn code(name: CodeName) -> Code {
    match name {
        CodeName::E001 => Code::Calibration,
        CodeName::E042 => Code::Tamper,
        CodeName::E105 => Code::Radio,
        CodeName::Err05 => Code::Metrology,
        CodeName::Clock => Code::Clock,
        CodeName::Signal => Code::Signal,
        CodeName::Voltage => Code::Voltage,
        CodeName::Hot => Code::Hot,
        CodeName::Certificate => Code::Certificate,
    }
}

/// The policy of a file.
pub(super) fn policy(cx: &mut Cx<'_>) -> Policy {
    let file = cx.file;
    let section = &file.policy;
    let mut rules: Vec<Rule> = file.rule.iter().filter_map(|rule| own(cx, rule)).collect();
    let interval = match section.kind {
        PolicyKind::FixedInterval => Some(When::Every(seconds(section.every))),
        PolicyKind::HeatAdjusted => Some(When::Heat(seconds(section.every))),
        _ => None,
    };
    rules.extend(interval.map(|when| Rule {
        name: crate::resolve::word(section.kind),
        when,
        tasks: tasks(&section.tasks),
        within_s: seconds(section.within),
        priority: INTERVAL,
        only: Only::default(),
    }));
    Policy {
        alarm_s: seconds(section.alarm_after),
        patience_s: seconds(section.patience),
        restarts: section.restart,
        repair_within_s: seconds(section.repair_within),
        watch: watch(cx),
        lots: (section.kind == PolicyKind::Verification).then(|| Lots {
            first_s: seconds(file.lots.first),
            extension_s: seconds(file.lots.extension),
            sample: file.lots.sample,
            accepted: file.lots.accepted,
            limit: file.lots.limit,
            within_s: seconds(file.lots.within),
        }),
        rules,
    }
}

fn watch(cx: &Cx<'_>) -> Option<Watch> {
    let (section, kind) = (&cx.file.watch, cx.file.policy.kind);
    let edge = kind == PolicyKind::EdgeDriven;
    if !edge && kind != PolicyKind::ConditionBased {
        return None;
    }
    let has = |quantity| section.quantities.contains(&quantity);
    Some(Watch {
        every_s: seconds(if edge { section.sample_every } else { section.report_every }).max(1),
        report_bytes: u32::from(section.report_bytes),
        clock: has(Quantity::Clock),
        voltage: has(Quantity::Voltage),
        rssi: has(Quantity::Rssi),
        phase: has(Quantity::Phase),
        phase_sd: section.phase_error,
        worn: section.worn,
        band: edge.then_some(Band { k: section.k, in_a_row: section.in_a_row, values: section.values }),
    })
}

/// The meters that a rule is for.
fn only(cx: &mut Cx<'_>, rule: &RuleSection) -> Only {
    let file = cx.file;
    let vintages: Vec<&str> = file.vintage.iter().map(|vintage| vintage.name.as_str()).collect();
    let depots: Vec<&str> = file.depot.iter().map(|depot| depot.name.as_str()).collect();
    for (key, named, known, what) in
        [("vintages", &rule.vintages, &vintages, "vintage"), ("depots", &rule.depots, &depots, "depot")]
    {
        for name in named.iter().filter(|name| !known.contains(&name.as_str())) {
            let title = format!("the rule `{}` is for the {what} `{name}`, which does not exist", rule.name);
            cx.error(&["rule", &rule.name, key], title, "there is none of this name", suggest(name, known, key));
        }
    }
    let has = |named: &[String], name: &str| named.iter().any(|of| of == name);
    let of_each = file.depot.iter().flat_map(|depot| std::iter::repeat_n(depot.name.as_str(), depot.count as usize));
    Only {
        vintages: (0..).zip(&vintages).filter(|(_, name)| has(&rule.vintages, name)).map(|(at, _)| at).collect(),
        depots: (0..).zip(of_each).filter(|(_, name)| has(&rule.depots, name)).map(|(at, _)| at).collect(),
    }
}

/// A rule of the file.
fn own(cx: &mut Cx<'_>, rule: &RuleSection) -> Option<Rule> {
    let WhenSection { every, every_at_30_c, age, code: heard } = &rule.when;
    let all = [
        every.map(|time| When::Every(seconds(time))),
        every_at_30_c.map(|time| When::Heat(seconds(time))),
        age.map(|time| When::Age(seconds(time))),
        heard.map(|name| When::Seen(code(name))),
    ];
    let mut said = all.into_iter().flatten();
    let at = ["rule", rule.name.as_str(), "when"];
    let only = only(cx, rule);
    match (said.next(), said.next()) {
        (Some(when), None) => Some(Rule {
            name: rule.name.clone(),
            when,
            tasks: tasks(&rule.r#do),
            within_s: seconds(rule.within),
            priority: rule.priority,
            only,
        }),
        (None, _) => {
            let title = format!("the rule `{}` does not say when it holds", rule.name);
            cx.error(
                &at,
                title,
                "needs one of them",
                "say every, every_at_30_c, age or code, such as { every = \"5y\" }",
            );
            None
        }
        _ => {
            let title = format!("the rule `{}` says in several ways when it holds", rule.name);
            cx.error(&at, title, "one of them", "write a rule for each");
            None
        }
    }
}

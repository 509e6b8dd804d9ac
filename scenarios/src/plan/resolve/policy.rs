//! `[policy]`, `[watch]`, `[lots]` and `[[rule]]`: the ways to look after meters, as rules.

use super::{Cx, seconds};
use crate::sections::plan::policy::{CodeName, PolicyKind, Quantity, RuleSection, TaskName, WhenSection};
use amitwin_data::rows::Part;
use amitwin_maintenance::life::{Lives, NEVER};
use amitwin_maintenance::spec::{Band, Code, Lots, PartSpec, PlanSpec, Policy, Rule, Tasks, Watch, When};

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
    match (said.next(), said.next()) {
        (Some(when), None) => Some(Rule {
            name: rule.name.clone(),
            when,
            tasks: tasks(&rule.r#do),
            within_s: seconds(rule.within),
            priority: rule.priority,
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

/// Reports rules that can never hold.
pub(super) fn never(cx: &mut Cx<'_>, plan: &PlanSpec) {
    let file = cx.file;
    for rule in &plan.policy.rules {
        let Some(why) = why_never(plan, rule.when) else { continue };
        let own = file.rule.iter().any(|section| section.name == rule.name);
        let title = format!("the rule `{}` never holds: {}", rule.name, why.0);
        match own {
            true => cx.error(&["rule", &rule.name, "when"], title, "never", why.1),
            false => cx.error(&["policy", "every"], title, "never", why.1),
        }
    }
}

/// Why a rule never holds, and what to do about it.
fn why_never(plan: &PlanSpec, when: When) -> Option<(String, String)> {
    let end_s = plan.end_s();
    let first_s = plan.vintages.iter().map(|vintage| vintage.installed_s.0).min().unwrap_or(0);
    let late = |what: &str| {
        let title = format!("no meter {what} before the plan ends");
        Some((title, "shorten it, or let the plan last longer".to_owned()))
    };
    match when {
        When::Every(period_s) if first_s.saturating_add(period_s) >= end_s => late("is there for so long"),
        When::Age(age_s) if first_s.saturating_add(age_s) >= end_s => late("is so old"),
        When::Heat(period_s) => {
            let hottest = plan.depots.iter().any(|depot| {
                let lives = Lives::new(plan, depot);
                lives.heat_age_when(lives.heat_age_s(first_s) + f64::from(period_s)) != NEVER
            });
            if hottest { None } else { late("has been aged so far by heat") }
        }
        When::Seen(code) => {
            let parts = || plan.vintages.iter().flat_map(|vintage| &vintage.parts);
            let watch = plan.policy.watch;
            let needs = |is_reported: fn(&Watch) -> bool, quantity: &str| {
                (!watch.as_ref().is_some_and(is_reported)).then(|| {
                    let title = format!("nobody reports `{}`", code.word());
                    let help = format!(
                        "choose policy.kind = \"condition-based\" or \"edge-driven\", with \"{quantity}\" among watch.quantities"
                    );
                    (title, help)
                })
            };
            let unreported = match code {
                Code::Calibration => needs(|watch| watch.phase, "phase"),
                Code::Clock => needs(|watch| watch.clock, "clock"),
                Code::Signal => needs(|watch| watch.rssi, "rssi"),
                Code::Voltage => needs(|watch| watch.voltage, "voltage"),
                _ => None,
            };
            let can_say = |part: &PartSpec| match code {
                Code::Voltage => matches!(part.part, Part::Battery | Part::Capacitor | Part::Supercapacitor),
                Code::Certificate => part.wrong > 0.0,
                _ => Code::of(part.effect) == code,
            };
            let mute = !parts().any(can_say);
            unreported.or_else(|| {
                mute.then(|| {
                    let title = format!("no part of any vintage leads to `{}`", code.word());
                    (title, "let a vintage have such a part, or leave the rule out".to_owned())
                })
            })
        }
        _ => None,
    }
}

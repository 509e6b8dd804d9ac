//! What a plan asks for and that can never come to anything: rules, lots, tasks, reports, spares.

use super::Cx;
use crate::language::source::Place;
use crate::language::tree::Node;
use crate::plan::of_variants::Judged;
use crate::sections::plan::work::SpareName;
use amitwin_data::rows::{Effect, Part};
use amitwin_maintenance::life::{Lives, NEVER};
use amitwin_maintenance::spec::{Code, Law, Meters, Only, PartSpec, PlanSpec, Rule, Tasks, Watch, When};

/// Reports what can never come to anything, and gives back what there is to say of each rule of the file.
pub(super) fn never(cx: &mut Cx<'_>, plan: &PlanSpec) -> Vec<Judged> {
    let judged = rules(cx, plan);
    lots(cx, plan);
    alarms(cx, plan);
    reports(cx, plan);
    spares(cx, plan);
    judged
}

/// Where a rule is written: its own place, or that of the policy.
fn place<'a>(cx: &Cx<'a>, rule: &'a Rule, own: &'a [&'a str], of_policy: &'a [&'a str]) -> Vec<&'a str> {
    match cx.file.rule.iter().any(|section| section.name == rule.name) {
        true => [&["rule", rule.name.as_str()], own].concat(),
        false => [&["policy"], of_policy].concat(),
    }
}

fn rules(cx: &mut Cx<'_>, plan: &PlanSpec) -> Vec<Judged> {
    let mut judged = Vec::new();
    for rule in &plan.policy.rules {
        let errors = cx.errors.len();
        let (name, at) = (rule.name.clone(), cx.place(&["rule", &rule.name]));
        judge(cx, plan, rule);
        if cx.file.rule.iter().any(|section| section.name == name) {
            judged.push(Judged { name, at, why: cx.errors.split_off(errors).pop() });
        }
    }
    judged
}

/// Reports a rule that never holds, or that does nothing.
fn judge(cx: &mut Cx<'_>, plan: &PlanSpec, rule: &Rule) {
    let key = match rule.when {
        When::Every(_) => "every",
        When::Heat(_) => "every_at_30_c",
        When::Age(_) => "age",
        When::Seen(_) => "code",
    };
    if let Some((why, help)) = why_never(plan, rule) {
        let when = ["when", key];
        let at = place(cx, rule, &when, &["every"]);
        cx.error(&at, format!("the rule `{}` never holds: {why}", rule.name), "never", help);
        return;
    }
    let idle: Vec<&str> = Tasks::EACH
        .iter()
        .zip(Tasks::WORDS)
        .filter(|(task, _)| rule.tasks.has(**task) && !of(plan, &rule.only).any(|part| concerns(**task, part)))
        .map(|(_, word)| word)
        .collect();
    let all = Tasks::EACH.iter().filter(|task| rule.tasks.has(**task)).count();
    let at = place(cx, rule, &["do"], &["tasks"]);
    let is_said = at[0] == "rule" || cx.root.get("policy").and_then(|policy| policy.get("tasks")).is_some();
    let title = |what: &str| {
        format!("the rule `{}` {what}: no meter that it is for has a part for `{}`", rule.name, idle.join("`, `"))
    };
    if idle.len() == all {
        let help = "let a vintage have such a part with `with`, or leave the task out";
        cx.error(&at, title("does nothing"), "never finds anything", help);
    } else if !idle.is_empty() && is_said {
        cx.warn(&at, title("does in part nothing"));
    }
}

/// Parts of the meters that a rule may be for.
fn of<'a>(plan: &'a PlanSpec, only: &'a Only) -> impl Iterator<Item = &'a PartSpec> {
    let vintages = (0..).zip(&plan.vintages).filter(|(at, _)| only.vintages.is_empty() || only.vintages.contains(at));
    vintages.flat_map(|(_, vintage)| &vintage.parts)
}

/// Whether a task can find out something about a part, or do something for it.
fn concerns(task: Tasks, part: &PartSpec) -> bool {
    match task {
        Tasks::CLEAN => part.part == Part::Gasket,
        Tasks::CALIBRATE => part.part == Part::Accuracy,
        Tasks::BATTERY => part.part == Part::Battery,
        Tasks::SUPERCAPACITOR => part.part == Part::Supercapacitor,
        Tasks::NEIGHBOURS => matches!(part.effect, Effect::Wet | Effect::Dead | Effect::Silent),
        Tasks::RESTART => matches!(part.effect, Effect::WrongClock | Effect::Silent),
        _ => true,
    }
}

/// When the first meter that a rule may be for was or will be there.
fn first_s(plan: &PlanSpec, only: &Only) -> Option<u32> {
    let depots = (0..).zip(&plan.depots).filter(|(at, _)| only.depots.is_empty() || only.depots.contains(at));
    let is_its = |vintage: u16| only.vintages.is_empty() || only.vintages.contains(&vintage);
    let of_depot = |meters: &Meters| match meters {
        Meters::Listed(list) => list.iter().filter(|m| is_its(m.vintage)).map(|m| m.installed_s).min(),
        Meters::Drawn(_, shares) => {
            let drawn = (0..).zip(shares.iter()).filter(|(at, share)| is_its(*at) && **share > 0.0);
            drawn.map(|(at, _)| plan.vintages[usize::from(at)].installed_s.0).min()
        }
    };
    depots.filter_map(|(_, depot)| of_depot(&depot.meters)).min()
}

/// Why a rule never holds, and what to do about it.
fn why_never(plan: &PlanSpec, rule: &Rule) -> Option<(String, String)> {
    let end_s = plan.end_s();
    let Some(first_s) = first_s(plan, &rule.only) else {
        let help = "correct `vintages` and `depots`, or let such a vintage have a weight";
        return Some(("no meter is of its vintages at its depots".to_owned(), help.to_owned()));
    };
    let late = |what: &str| {
        let title = format!("no meter {what} before the plan ends");
        Some((title, "shorten it, or let the plan last longer".to_owned()))
    };
    match rule.when {
        When::Every(period_s) if first_s.saturating_add(period_s) >= end_s => late("is there for so long"),
        When::Age(age_s) if first_s.saturating_add(age_s) >= end_s => late("is so old"),
        When::Heat(period_s) => {
            let depots = (0..)
                .zip(&plan.depots)
                .filter(|(at, _)| rule.only.has(rule.only.vintages.first().copied().unwrap_or(0), *at));
            let mut hottest = depots.map(|(_, depot)| Lives::new(plan, depot));
            let holds =
                hottest.any(|lives| lives.heat_age_when(lives.heat_age_s(first_s) + f64::from(period_s)) != NEVER);
            if holds { None } else { late("has been aged so far by heat") }
        }
        When::Seen(code) => unheard(plan, code, &rule.only),
        _ => None,
    }
}

/// Why the head-end never hears a code, and what to do about it.
fn unheard(plan: &PlanSpec, code: Code, only: &Only) -> Option<(String, String)> {
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
        // Audits find weak neighbours as well.
        Code::Signal if plan.policy.rules.iter().any(|rule| rule.tasks.has(Tasks::NEIGHBOURS)) => None,
        Code::Signal => needs(|watch| watch.rssi, "rssi"),
        Code::Voltage => needs(|watch| watch.voltage, "voltage"),
        _ => None,
    };
    let can_say = |part: &PartSpec| match code {
        Code::Voltage => has_voltage(part),
        Code::Certificate => part.wrong > 0.0,
        _ => Code::of(part.effect) == code,
    };
    let mute = !of(plan, only).any(can_say);
    unreported.or_else(|| {
        mute.then(|| {
            let title = format!("no part of any vintage leads to `{}`", code.word());
            (title, "let a vintage have such a part, or leave the rule out".to_owned())
        })
    })
}

fn has_voltage(part: &PartSpec) -> bool {
    matches!(part.part, Part::Battery | Part::Capacitor | Part::Supercapacitor)
}

/// Verification that judges no lot, or passes all.
fn lots(cx: &mut Cx<'_>, plan: &PlanSpec) {
    let Some(lots) = plan.policy.lots else { return };
    if lots.accepted >= lots.sample {
        let title = format!("every lot passes: {} of a sample of {} may be bad", lots.accepted, lots.sample);
        let help = "let `accepted` be less than `sample`; usual are 7 of 200";
        cx.error(&["lots", "accepted"], title, "all of them", help);
    }
    let due_s = |installed_s: u32| {
        let first_s = installed_s.saturating_add(lots.first_s);
        let late_s = plan.start_s.saturating_sub(first_s);
        first_s.saturating_add(late_s.div_ceil(lots.extension_s.max(1)).saturating_mul(lots.extension_s))
    };
    if plan.vintages.iter().all(|vintage| due_s(vintage.installed_s.1) >= plan.end_s()) {
        let title = "no lot is verified before the plan ends";
        cx.error(&["lots", "first"], title, "too late", "shorten it, or let the plan last longer");
    }
    let measures = |part: &PartSpec| part.part == Part::Accuracy && matches!(part.law, Law::Drift { .. });
    for vintage in plan.vintages.iter().filter(|vintage| !vintage.parts.iter().any(measures)) {
        let title = format!("meters of `{}` are verified and never bad: they are without accuracy", vintage.name);
        cx.error(
            &["vintage", &vintage.name, "without"],
            title,
            "never bad",
            "leave accuracy in, or choose another policy",
        );
    }
}

/// Silent meters that nobody is sent to before the plan ends.
fn alarms(cx: &mut Cx<'_>, plan: &PlanSpec) {
    let policy = &plan.policy;
    if policy.alarm_s.saturating_add(policy.patience_s) >= plan.end_s() - plan.start_s {
        let title = "nobody is ever sent to a silent meter: `alarm_after` and `patience` last as long as the plan";
        cx.error(&["policy", "patience"], title, "too long", "shorten them, or let the plan last longer");
    }
}

/// Reports that never tell anything.
fn reports(cx: &mut Cx<'_>, plan: &PlanSpec) {
    let Some(watch) = plan.policy.watch else { return };
    let any = |of: &dyn Fn(&PartSpec) -> bool| plan.vintages.iter().flat_map(|vintage| &vintage.parts).any(of);
    let mute: Vec<&str> = [
        ("clock", watch.clock, any(&|part| part.effect == Effect::WrongClock)),
        ("voltage", watch.voltage, any(&has_voltage)),
        ("rssi", watch.rssi, any(&|part| part.effect == Effect::Wet)),
        ("phase", watch.phase, any(&|part| part.part == Part::Accuracy)),
    ]
    .into_iter()
    .filter(|(_, is_watched, can_be)| *is_watched && !can_be)
    .map(|(quantity, _, _)| quantity)
    .collect();
    let watched = [watch.clock, watch.voltage, watch.rssi, watch.phase].into_iter().filter(|is| *is).count();
    let at = ["watch", "quantities"];
    if mute.len() == watched {
        let title = "meters report what can never be wrong with them";
        cx.error(
            &at,
            title,
            "nothing is ever reported",
            "watch a quantity of a part that they have, or choose another policy",
        );
    } else if !mute.is_empty() && cx.root.get("watch").and_then(|watch| watch.get("quantities")).is_some() {
        cx.warn(&at, format!("meters report `{}`, and have no part that it says something of", mute.join("`, `")));
    }
}

/// Spares and prices of parts that no meter has.
fn spares(cx: &mut Cx<'_>, plan: &PlanSpec) {
    let file = cx.file;
    let has = |part: Part| plan.vintages.iter().flat_map(|vintage| &vintage.parts).any(|of| of.part == part);
    for spare in &file.spare {
        let part = match spare.name {
            SpareName::Meter => continue,
            SpareName::Supercapacitor => Part::Supercapacitor,
            SpareName::Battery => Part::Battery,
            SpareName::Gasket => Part::Gasket,
        };
        if !has(part) {
            let word = crate::resolve::word(spare.name);
            cx.warn(&["spare", &word], format!("there are spares `{word}`, and no vintage has such a part"));
        }
    }
    let unused: Vec<String> = file
        .prices
        .iter()
        .flat_map(|prices| &prices.part)
        .filter(|price| !has(price.name.part()))
        .map(|price| crate::resolve::word(price.name))
        .collect();
    if !unused.is_empty() {
        let text = format!("prices are named for `{}`, and no vintage has such a part", unused.join("`, `"));
        cx.warn(&["prices", "part"], text);
    }
}

/// Sections that no variant has a use for.
pub(in crate::plan) fn unused(root: &Node, plans: &[&PlanSpec], warnings: &mut Vec<(Place, String)>) {
    let mut tell = |key: &str, is_used: bool, kinds: &str| {
        if let Some(node) = root.get(key).filter(|_| !is_used) {
            let text = format!("[{key}] is without effect: no variant has policy.kind = {kinds}");
            warnings.push((node.place.clone(), text));
        }
    };
    tell("lots", plans.iter().any(|plan| plan.policy.lots.is_some()), "\"verification\"");
    tell("watch", plans.iter().any(|plan| plan.policy.watch.is_some()), "\"condition-based\" or \"edge-driven\"");
}

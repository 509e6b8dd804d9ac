//! `[[crew]]`, `[work]`, `[[spare]]` and `[prices]`.

use super::{Cx, seconds};
use crate::language::diagnostic::suggest;
use crate::sections::plan::PlanFile;
use crate::sections::plan::work::{Skill, SpareName};
use amitwin_data::rows::Part;
use amitwin_maintenance::shifts::Shifts;
use amitwin_maintenance::spec::{Crews, PlanSpec, Prices, StockSpec, Tasks, When, Work};
use std::sync::Arc;

/// Seconds of a day.
const DAY_S: u32 = 86_400;

/// The crews of a depot.
pub(super) fn crews(file: &PlanFile, depot: &str) -> Vec<Crews> {
    let own = file.crew.iter().filter(|crew| crew.depots.is_empty() || crew.depots.iter().any(|name| name == depot));
    own.map(|crew| {
        let mut skills = Tasks(Tasks::ALL.0 & !Tasks::EXCHANGE.0 & !Tasks::REPAIR.0 & !Tasks::CALIBRATE.0);
        for skill in &crew.skills {
            skills = skills.with(match skill {
                Skill::Exchange => Tasks::EXCHANGE.with(Tasks::REPAIR),
                Skill::Calibrate => Tasks::CALIBRATE,
            });
        }
        let handed_back = crew.handed_back.unwrap_or(if crew.contractor { file.work.handed_back } else { 0.0 });
        Crews { name: Arc::from(crew.name.as_str()), count: crew.count, skills, handed_back }
    })
    .collect()
}

/// The spares of a depot.
pub(super) fn stock(file: &PlanFile) -> Vec<StockSpec> {
    let of = |name| match name {
        SpareName::Meter => None,
        SpareName::Supercapacitor => Some(Part::Supercapacitor),
        SpareName::Battery => Some(Part::Battery),
        SpareName::Gasket => Some(Part::Gasket),
    };
    let one = |spare: &crate::sections::plan::work::SpareSection| StockSpec {
        part: of(spare.name),
        full: spare.full,
        reorder: spare.reorder,
        lead_s: seconds(spare.lead),
    };
    file.spare.iter().map(one).collect()
}

/// How work goes.
pub(super) fn work(cx: &mut Cx<'_>) -> Work {
    let file = cx.file;
    let section = &file.work;
    let (begins_s, length_s) = (seconds(section.shift_begins), seconds(section.shift));
    if begins_s + length_s > DAY_S {
        let title = "a shift ends after midnight";
        cx.error(&["work", "shift"], title, "too long", "let it begin earlier or be shorter; a shift is within a day");
    }
    for spare in file.spare.iter().filter(|spare| spare.reorder >= spare.full) {
        let word = crate::resolve::word(spare.name);
        let title = format!("spares `{word}` are ordered when more are left than there can be");
        cx.error(&["spare", &word, "reorder"], title, "not below `full`", "let `reorder` be less than `full`");
    }
    let says = cx.root.get("work").is_some_and(|work| work.get("handed_back").is_some());
    if says && !file.crew.iter().any(|crew| crew.contractor && crew.handed_back.is_none()) {
        let text =
            "`work.handed_back` is without effect: it is for crews with `contractor = true` that do not say otherwise";
        cx.warn(&["work", "handed_back"], text.to_owned());
    }
    let times = &section.times;
    let tasks = [
        times.inspect,
        times.clean,
        times.calibrate,
        times.neighbours,
        times.battery,
        times.supercapacitor,
        times.restart,
        times.exchange,
        times.repair,
    ];
    Work {
        shifts: Shifts { begins_s, length_s, days: section.days_a_week },
        speed_kmh: section.speed_kmh,
        spread: section.spread,
        missed: section.missed,
        missed_again_s: seconds(section.again_after),
        visit_s: seconds(times.visit),
        tasks_s: tasks.map(seconds),
        worn: section.worn,
    }
}

/// What things cost; without the section nothing does.
pub(super) fn prices(file: &PlanFile) -> Prices {
    let Some(section) = &file.prices else { return Prices::default() };
    Prices {
        visit: section.visit,
        crew_hour: section.crew_hour,
        meter: section.meter,
        parts: section.part.iter().map(|part| (part.name.part(), part.price)).collect(),
        special_read: section.special_read,
        bill_correction: section.bill_correction,
        kwh: section.kwh,
        megabyte: section.megabyte,
        discount: section.discount,
    }
}

/// Reports depots where nobody can do what is to be done.
pub(super) fn crews_can(cx: &mut Cx<'_>, plan: &PlanSpec) {
    let file = cx.file;
    let depots: Vec<&str> = file.depot.iter().map(|depot| depot.name.as_str()).collect();
    for crew in &file.crew {
        for name in crew.depots.iter().filter(|name| !depots.contains(&name.as_str())) {
            let title = format!("the crews `{}` belong to the depot `{name}`, which does not exist", crew.name);
            cx.error(&["crew", &crew.name, "depots"], title, "no such depot", suggest(name, &depots, "depots"));
        }
    }
    for crew in &file.crew {
        let share = crew.handed_back.or(crew.contractor.then_some(file.work.handed_back));
        if share.is_some_and(|share| share + file.work.missed > 0.95) {
            let title = format!("hardly a visit of the crews `{}` comes to anything", crew.name);
            let help = "let `handed_back` and `work.missed` be 95 % at most together";
            cx.error(&["crew", &crew.name, "handed_back"], title, "too many", help);
        }
    }
    for depot in &file.depot {
        let crews: Vec<Crews> = crews(file, &depot.name).into_iter().filter(|crews| crews.count > 0).collect();
        let at = ["depot", depot.name.as_str()];
        if crews.is_empty() {
            let title = format!("the policy has no crews at the depot `{}`", depot.name);
            let help =
                "add crews, such as [[crew]] with name = \"own\" and count = 3, or name the depot in `depots` of some";
            cx.error(&at, title, "who goes there?", help);
            continue;
        }
        let nobody = |task: Tasks| crews.iter().all(|crews| !crews.skills.has(task));
        let calibrates = plan.policy.lots.is_some()
            || plan.policy.watch.is_some_and(|watch| watch.phase)
            || plan.policy.rules.iter().any(|rule| rule.tasks.has(Tasks::CALIBRATE));
        let both = plan.policy.rules.iter().any(|rule| {
            rule.tasks.has(Tasks::CALIBRATE) && (rule.tasks.has(Tasks::EXCHANGE) || rule.tasks.has(Tasks::REPAIR))
        });
        let calibration = Tasks::CALIBRATE.with(Tasks::EXCHANGE);
        for (task, is_wanted, what) in [
            (Tasks::EXCHANGE, true, "exchange a meter"),
            (Tasks::CALIBRATE, calibrates, "calibrate one, which the policy asks for"),
            (calibration, both, "calibrate and exchange, which a rule asks for on one visit"),
        ] {
            if is_wanted && nobody(task) {
                let title = format!("no crew at the depot `{}` can {what}", depot.name);
                cx.error(&at, title, "who does that?", "add it to the `skills` of a crew");
                break;
            }
        }
    }
    let is_kept = |rule: &amitwin_maintenance::spec::Rule| matches!(rule.when, When::Seen(code) if code.is_failure());
    for rule in plan
        .policy
        .rules
        .iter()
        .filter(|rule| is_kept(rule) && !rule.tasks.has(Tasks::REPAIR) && !rule.tasks.has(Tasks::EXCHANGE))
    {
        let text =
            format!("the rule `{}` stands for the repair of a failure, and neither repairs nor exchanges", rule.name);
        cx.warn(&["rule", &rule.name, "do"], text);
    }
}

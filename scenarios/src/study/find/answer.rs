//! A search that has ended, in words.

use super::scale::Value;
use super::search::{self, Search, Step};
use amitwin_data::find::{Answer, Ended, Found, Question};
use amitwin_data::sweep::Varied;

/// What is known, of values from the one where gates hold most easily.
///
/// `stopped`: whether the search was; `invalid`: a value that makes no scenario.
pub fn answer(
    question: &Question,
    values: &[Value],
    per: Vec<Varied>,
    search: &Search,
    (stopped, invalid): (bool, Option<&str>),
) -> Answer {
    let found = |at: usize| Found { value: values[at].number, text: values[at].text.clone(), seeds: search.seeds(at) };
    let text = |at: usize| values[at].text.as_str();
    let (pass, breach) = search.bracket();
    let (most, raise) = match question.largest {
        true => ("largest", "raise the upper end"),
        false => ("smallest", "lower the lower end"),
    };
    let end = values.last().map_or("", |value| value.text.as_str());
    let known = match (pass, breach) {
        (Some(pass), Some(breach)) => format!("{} passes and {} breaches", text(pass), text(breach)),
        (Some(pass), None) => format!("{} passes, and nothing is shown to breach", text(pass)),
        (None, Some(breach)) => format!("{} breaches, and nothing is shown to pass", text(breach)),
        (None, None) => "no value is decided".to_owned(),
    };
    let (ended, told) = match search.next() {
        Step::Ended(search::Ended::Found(pass)) => (Ended::Found, format!("{} is the {most} that passes", text(pass))),
        Step::Ended(search::Ended::Unsure(pass)) => (
            Ended::Undecided,
            format!(
                "{} is the {most} that passes, with {:.0} % confidence instead of {:.0} %: take more seeds (--seeds) than {} a value",
                text(pass),
                100.0 * search.sure(),
                100.0 * question.confidence,
                question.seeds_max
            ),
        ),
        Step::Ended(search::Ended::AllPass) => {
            (Ended::AllPass, format!("the gates hold up to the end at {end}; {raise} to find where they stop"))
        }
        Step::Ended(search::Ended::NonePasses) => {
            let other = if question.largest { "--smallest" } else { "--largest" };
            let hint = format!("if {end} is easier, ask for the {other} one");
            (Ended::NonePasses, format!("no value passes, not even {}; {hint}", text(0)))
        }
        Step::Ended(search::Ended::Undecided { .. }) => (
            Ended::Undecided,
            format!(
                "{known}; between them {} seeds do not tell: take more (--seeds), or a larger --tolerance",
                question.seeds_max
            ),
        ),
        Step::Ended(search::Ended::NotMonotone { easier, harder }) => (
            Ended::NotMonotone,
            format!(
                "the gates hold with {} and not with {}, so that there is no {most} value: look at all of them with `amitwin sweep`",
                text(if search.holds(easier) { easier } else { harder }),
                text(if search.holds(easier) { harder } else { easier }),
            ),
        ),
        Step::Ended(search::Ended::NoData(at)) if invalid.is_none() => {
            (Ended::NoData, format!("a gate had no data with {}: nothing that it judges happened there", text(at)))
        }
        Step::Ended(search::Ended::NoData(_)) => {
            let remedy = "change --between or the scenario, so that every value makes one with every seed";
            (Ended::Invalid, format!("the scenario is invalid with {}; {remedy}", invalid.unwrap_or_default()))
        }
        Step::Run { .. } if stopped => (Ended::Interrupted, format!("{known} so far")),
        Step::Run { .. } => (Ended::Undecided, known),
    };
    let seeds = (0..values.len()).map(|at| search.seeds(at));
    Answer {
        per,
        ended,
        passes: pass.map(found),
        breaches: breach.map(found),
        confidence: search.sure().min(question.confidence),
        told,
        values: seeds.clone().filter(|seeds| *seeds > 0).count() as u32,
        runs: seeds.sum(),
    }
}

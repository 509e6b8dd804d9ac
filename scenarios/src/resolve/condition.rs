//! `only_when` of campaigns and reads: whether something is known of what it asks for.

use super::Context;
use crate::language::diagnostic::suggest;
use crate::sections::ScenarioFile;
use amitwin_models::spec::{Condition, Firmware, HealthMode, Limit, MediumKind};
use amitwin_sim_core::SimTime;

/// Whether meters tell that something is the matter with them.
fn is_told(file: &ScenarioFile) -> bool {
    let by_voltage = file.traffic.health.as_ref().is_some_and(|health| health.mode == HealthMode::Band);
    file.traffic.keep_alive.is_some() || file.last_gasp.is_some() || by_voltage
}

/// What is asked for can be known.
pub(super) fn check(cx: &mut Context<'_>, (noun, name): (&str, &str), condition: &Condition) {
    let (place, file) = ([noun, name, "only_when"], cx.file);
    if condition.is_of_links() && file.medium == MediumKind::Ideal {
        let title = format!("the {noun} `{name}` asks for {condition}, and the ideal medium has no links");
        cx.error(&place, title, "of no link", "leave medium = \"ideal\" out, or `only_when`");
    } else if condition.is_of_links() && file.record.load_every == SimTime::ZERO {
        let title = format!("the {noun} `{name}` asks for {condition}, and nothing is recorded of links");
        cx.error(&place, title, "of no hour", "set record.load_every to \"1h\", or leave `only_when` out");
    }
    for limit in &condition.0 {
        match limit {
            Limit::Firmware { with: Firmware::Image(image), .. } => {
                let images = file.campaign.iter().filter(|campaign| campaign.job.firmware().is_some());
                let names: Vec<&str> = images.map(|campaign| campaign.name.as_str()).collect();
                if !names.contains(&image.as_str()) {
                    let title =
                        format!("the {noun} `{name}` asks for the firmware `{image}`, which no campaign brings");
                    let help = match names[..] {
                        [] => "ask for a version, such as \"firmware >= 2.1.0\"; there is no campaign of kind \"firmware\"".to_owned(),
                        _ => suggest(image, &names, "campaigns that bring one"),
                    };
                    cx.error(&place, title, "neither a version nor a campaign", help);
                }
            }
            Limit::Healthy if !is_told(file) => {
                let title = format!("the {noun} `{name}` asks for healthy meters, and none tells how it is");
                let help = "add [traffic.keep_alive], [last_gasp], or [traffic.health] with mode = \"band\", or ask for \"heard within 1d\"";
                cx.error(&place, title, "nothing is told", help);
            }
            _ => {}
        }
    }
}

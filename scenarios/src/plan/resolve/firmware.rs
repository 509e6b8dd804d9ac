//! `[[firmware]]`: generations of firmware, with their dates and vintages.

use super::{Cx, unix_s};
use crate::language::diagnostic::suggest;
use amitwin_maintenance::spec::Firmware;

/// The generations in the order of their years.
pub(super) fn firmware(cx: &mut Cx<'_>, epoch: u32) -> Vec<Firmware> {
    let (file, end) = (cx.file, cx.file.start + cx.file.years);
    let known: Vec<&str> = file.vintage.iter().map(|vintage| vintage.name.as_str()).collect();
    let mut sections: Vec<_> = file.firmware.iter().collect();
    sections.sort_by_key(|section| section.from);
    let mut all = Vec::new();
    for section in sections {
        let at = ["firmware", section.name.as_str()];
        let until = section.until.unwrap_or(section.from);
        if section.from >= end {
            let title = format!("the firmware `{}` comes in {}, after the plan has ended", section.name, section.from);
            let help = format!(
                "the plan goes from {} to the end of {}: let it come earlier, or leave it out",
                file.start,
                end - 1
            );
            cx.error(&[&at[..], &["from"]].concat(), title, "too late", help);
        }
        if until < section.from {
            let title = format!("the last meters get the firmware `{}` before the first ones", section.name);
            cx.error(&[&at[..], &["until"]].concat(), title, "before `from`", "let `until` be that year or later");
        }
        for name in section.vintages.iter().filter(|name| !known.contains(&name.as_str())) {
            let title = format!("the firmware `{}` is for the vintage `{name}`, which does not exist", section.name);
            cx.error(&[&at[..], &["vintages"]].concat(), title, "no such vintage", suggest(name, &known, "vintages"));
        }
        let gets = |name: &str| section.vintages.is_empty() || section.vintages.iter().any(|of| of == name);
        let since_epoch = |year: u32| (unix_s(year) - unix_s(epoch)).max(0) as u32;
        all.push(Firmware {
            name: section.name.clone(),
            comes_s: (since_epoch(section.from), since_epoch(until.max(section.from) + 1).saturating_sub(1)),
            vintages: (0..known.len()).filter(|at| gets(known[*at])).map(|at| at as u16).collect(),
            bricked: section.bricked,
            cures: section.cures,
        });
    }
    all
}

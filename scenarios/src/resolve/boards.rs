//! `[device.boards]`: kinds of meters that there are, and who asks for versions without it.

use super::Context;
use crate::language::diagnostic::suggest;
use amitwin_models::spec::PairRule;

/// Looks at the boards of a variant.
pub(super) fn boards(cx: &mut Context<'_>) {
    let file = cx.file;
    let Some(boards) = &file.device.boards else {
        let needs = |firmware: &&amitwin_models::spec::FirmwareSpec| firmware.is.needs_metrology.is_some();
        for campaign in file.campaign.iter().filter(|campaign| campaign.job.firmware().filter(needs).is_some()) {
            let name = campaign.name.as_str();
            let title = format!(
                "the image of the campaign `{name}` needs a firmware of metrology boards, and nothing is known of boards"
            );
            let help = "say what firmware boards have in a section [device.boards], or leave `needs_metrology` out";
            cx.error(&["campaign", name, "needs_metrology"], title, "needs [device.boards]", help);
        }
        return;
    };
    let names: Vec<&str> = file.dlms.vendors.iter().map(|vendor| vendor.name.as_str()).collect();
    for (n, other) in boards.other.iter().enumerate() {
        if !names.contains(&other.vintage.as_str()) {
            let title = format!("there is no kind of meter `{}` whose boards could have other firmware", other.vintage);
            let help = match names[..] {
                [] => "the scenario has no [[dlms.vendor]]; add one for each kind of meter".to_owned(),
                _ => suggest(&other.vintage, &names, "kinds of meters"),
            };
            cx.error(&["device", "boards", "other", &n.to_string(), "vintage"], title, "not one of dlms.vendor", help);
        }
    }
    if boards.partial_resets > 0.0
        && boards.of_kinds(&file.dlms).into_iter().all(|of| PairRule::allow(&boards.pairs, of))
    {
        cx.warn(
            &["device", "boards"],
            "the boards of every kind of meter fit each other: a reset of one of them is seen in the table `events` and nowhere else",
        );
    }
}

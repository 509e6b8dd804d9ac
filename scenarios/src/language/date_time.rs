//! Checks a date and time: TOML's own, or the same as text.

use super::check::wrong_type;
use super::diagnostic::Diagnostic;
use super::tree::{Node, Value};
use amitwin_models::spec::{DATE_TIME_EXAMPLE, NoMoment, unix_s};

/// Whether a value is a moment, and what to write instead if not.
pub(super) fn date_time(node: &Node, path: &str, out: &mut Vec<Diagnostic>) {
    let (Value::String(text) | Value::Datetime(text)) = &node.value else {
        return out.push(wrong_type(node, &format!("a date and time such as \"{}\"", DATE_TIME_EXAMPLE), path));
    };
    let Err(why) = unix_s(text) else { return };
    let (what, help) = match &why {
        NoMoment::NoZone(local) => ("date and time with a zone", zoned(local)),
        NoMoment::DateAlone(date) => ("date and time", zoned(&format!("{date}T00:00:00"))),
        _ => ("date and time", format!("write it in UTC: \"{}\"", DATE_TIME_EXAMPLE)),
    };
    out.push(Diagnostic::error(format!("`{path}` is no {what}")).at(&node.place, why.to_string()).help(help));
}

fn zoned(local: &str) -> String {
    format!("write \"{local}Z\" if it is UTC, or the offset from UTC behind it: \"{local}+01:00\"")
}

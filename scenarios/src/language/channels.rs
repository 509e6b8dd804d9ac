//! Checks a list of channels.

use super::check::wrong_type;
use super::diagnostic::Diagnostic;
use super::tree::Node;
use amitwin_models::spec::Channels;

/// Whether a value is a list of channels, and what to write instead if not.
pub(super) fn channels(node: &Node, path: &str, out: &mut Vec<Diagnostic>) {
    let example = Channels::EXAMPLE;
    let Some(text) = node.str() else {
        return out.push(wrong_type(node, &format!("channels in quotes, such as \"{example}\""), path));
    };
    if let Err(why) = Channels::parse(text) {
        let help = format!("write numbers and ranges with commas between them: \"{example}\"");
        out.push(Diagnostic::error(format!("`{path}` names no channels")).at(&node.place, why.to_string()).help(help));
    }
}

//! Checks a condition on links and meters, and the version of a firmware.

use super::check::wrong_type;
use super::diagnostic::Diagnostic;
use super::tree::Node;
use amitwin_models::spec::{Condition, Version};

/// Whether a value is a condition on links and meters, and what to write instead if not.
pub(super) fn condition(node: &Node, path: &str, out: &mut Vec<Diagnostic>) {
    let Some(text) = node.str() else {
        return out.push(wrong_type(node, &format!("a condition on links or meters: {}", Condition::EXAMPLE), path));
    };
    if let Err(why) = Condition::parse(text) {
        let help = format!("write {}", Condition::EXAMPLE);
        out.push(
            Diagnostic::error(format!("`{path}` is no condition on links or meters")).at(&node.place, why).help(help),
        );
    }
}

/// Whether a value is the version of a firmware, and what to write instead if not.
pub(super) fn version(node: &Node, path: &str, out: &mut Vec<Diagnostic>) {
    const EXAMPLE: &str = "one to three numbers in quotes, such as \"2.4.0\"";
    match node.str() {
        None => out.push(wrong_type(node, &format!("a version: {EXAMPLE}"), path)),
        Some(text) if Version::parse(text).is_none() => {
            let title = format!("`{path}` is no version of a firmware");
            out.push(Diagnostic::error(title).at(&node.place, "not a version").help(format!("write {EXAMPLE}")));
        }
        Some(_) => {}
    }
}

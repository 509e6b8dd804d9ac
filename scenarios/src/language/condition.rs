//! Checks a condition on links.

use super::check::wrong_type;
use super::diagnostic::Diagnostic;
use super::tree::Node;
use amitwin_models::spec::Condition;

/// Whether a value is a condition on links, and what to write instead if not.
pub(super) fn condition(node: &Node, path: &str, out: &mut Vec<Diagnostic>) {
    let Some(text) = node.str() else {
        return out.push(wrong_type(node, &format!("a condition on links: {}", Condition::EXAMPLE), path));
    };
    if let Err(why) = Condition::parse(text) {
        let help = format!("write {}", Condition::EXAMPLE);
        out.push(Diagnostic::error(format!("`{path}` is no condition on links")).at(&node.place, why).help(help));
    }
}

//! What is wrong in some variants of a plan: whose it is, and whether it is wrong at all if others have a use for it.

use crate::language::diagnostic::Diagnostic;
use crate::language::source::Place;

/// A rule of the file in one variant.
#[derive(Clone, Debug)]
pub(super) struct Judged {
    /// Its name.
    pub name: String,
    /// Where it is written; a variant may have one of its own.
    pub at: Place,
    /// Why it comes to nothing there, if it does.
    pub why: Option<Diagnostic>,
}

/// What is wrong in each variant, once: what is not wrong in all of them says in which.
pub(super) fn errors(of: Vec<(&str, Vec<Diagnostic>)>) -> Vec<Diagnostic> {
    let all = of.len();
    let mut told: Vec<(Diagnostic, Vec<&str>)> = Vec::new();
    for (variant, errors) in of {
        for error in errors {
            match told.iter_mut().find(|(known, _)| *known == error) {
                Some((_, variants)) => variants.push(variant),
                None => told.push((error, vec![variant])),
            }
        }
    }
    told.into_iter().map(|(error, variants)| in_variants(error, &variants, all)).collect()
}

fn in_variants(mut error: Diagnostic, variants: &[&str], all: usize) -> Diagnostic {
    if variants.len() < all {
        error.title = format!("{} ({})", error.title, names(variants));
    }
    error
}

fn names(variants: &[&str]) -> String {
    let word = if variants.len() == 1 { "variant" } else { "variants" };
    format!("{word} `{}`", variants.join("`, `"))
}

/// Rules that come to nothing in every variant that has them are errors, those that do in some are warnings there.
pub(super) fn rules(of: &[(&str, Vec<Judged>)]) -> (Vec<Diagnostic>, Vec<(Place, String)>) {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let mut seen: Vec<(&str, &Place)> = Vec::new();
    for rule in of.iter().flat_map(|(_, rules)| rules) {
        if seen.contains(&(&rule.name, &rule.at)) {
            continue;
        }
        seen.push((&rule.name, &rule.at));
        let is_it = |other: &&Judged| other.name == rule.name && other.at == rule.at;
        let having: Vec<(&str, &Judged)> =
            of.iter().filter_map(|(variant, rules)| Some((*variant, rules.iter().find(is_it)?))).collect();
        let idle: Vec<(&str, &Diagnostic)> =
            having.iter().filter_map(|(variant, rule)| Some((*variant, rule.why.as_ref()?))).collect();
        let is_error = idle.len() == having.len();
        let mut whys: Vec<&Diagnostic> = Vec::new();
        idle.iter().for_each(|(_, why)| {
            if !whys.contains(why) {
                whys.push(*why)
            }
        });
        for why in whys {
            let variants: Vec<&str> = idle.iter().filter(|(_, of)| *of == why).map(|(variant, _)| *variant).collect();
            if is_error {
                errors.push(in_variants(why.clone(), &variants, of.len()));
            } else {
                warnings.push((rule.at.clone(), format!("{} ({})", why.title, names(&variants))));
            }
        }
    }
    (errors, warnings)
}

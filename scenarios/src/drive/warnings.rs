//! What to know about the worlds of a scenario before trusting results from them.

use amitwin_data::metrics::{Metric, Values};
use amitwin_models::build::Built;
use amitwin_models::spec::WorldSpec;

/// Radios that a warning names.
const NAMED_MAX: usize = 5;

/// Warnings about a world that has been built.
pub fn of_world(built: &Built, spec: &WorldSpec) -> Vec<String> {
    let mut warnings = Vec::new();
    if !built.unreachable.is_empty() {
        let name = |&node: &u32| spec.placement.sites[node as usize].name.to_string();
        let names = built.unreachable.iter().take(NAMED_MAX).map(name).collect::<Vec<_>>().join(", ");
        let more = if built.unreachable.len() > NAMED_MAX { ", ..." } else { "" };
        let radios = spec.placement.sites.iter().filter(|s| s.kind.has_radio()).count();
        warnings.push(format!(
            "{} of {radios} radios have no route to a border router and stay silent ({names}{more}); the table `nodes` has them \
             with reachable = false. Add border routers or repeaters near them, or more transmit power",
            built.unreachable.len(),
        ));
    }
    if built.neighbours_cut > 0 {
        warnings.push(format!(
            "{} audible neighbours beyond the strongest {} of a radio are left out as interferers; raise \
             radio.neighbours_max to keep them",
            built.neighbours_cut, spec.radio.neighbours_max
        ));
    }
    warnings
}

/// Warnings about results, by the summary's metrics.
pub fn of_results(metrics: &Values) -> Vec<String> {
    let unheard = metrics.value(Metric::ResetsUnheard).unwrap_or(0.0);
    if unheard == 0.0 {
        return Vec::new();
    }
    vec![format!(
        "{unheard} meters did reset, and the head-end does not know: it takes them for failed or pending. The table \
         `transactions` has them with reset_s and without answered_s"
    )]
}

/// The warnings of all variants; one that several share is told once, with their names.
pub fn merged<'a>(of: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Vec<String> {
    let mut variants = 0;
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for (variant, warnings) in of {
        variants += 1;
        for warning in warnings {
            match told.iter_mut().find(|(text, _)| text == warning) {
                Some((_, names)) => names.push(variant),
                None => told.push((warning, vec![variant])),
            }
        }
    }
    let tell = |(text, names): (&str, Vec<&str>)| match names.len() {
        n if n == variants => text.to_owned(),
        1 => format!("variant '{}': {text}", names[0]),
        _ => format!("variants '{}': {text}", names.join("', '")),
    };
    told.into_iter().map(tell).collect()
}

#[cfg(test)]
mod tests {
    use super::merged;

    #[test]
    fn what_variants_share_is_told_once() {
        let (one, two) = (["x".to_owned(), "y".to_owned()], ["x".to_owned()]);
        assert_eq!(merged([("a", &one[..]), ("b", &two[..])]), ["x", "variant 'a': y"]);
        assert_eq!(
            merged([("a", &one[..]), ("b", &one[..]), ("c", &[][..])]),
            ["variants 'a', 'b': x", "variants 'a', 'b': y"]
        );
        assert!(merged([("a", &[][..])]).is_empty());
    }
}

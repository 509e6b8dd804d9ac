//! The one sentence under the results table.

use amitwin_data::summary::VariantSummary;

/// What the variants show about a mass reset, from their figures; `None` where nothing was reset or there is nothing to
/// compare.
pub fn finding(variants: &[VariantSummary]) -> Option<String> {
    let metric = |v: &VariantSummary, name: &str| v.metrics.get(name).copied().flatten();
    // "Not reached" is worse than any time; among those the share that is back decides.
    let badness =
        |v: &VariantSummary| (metric(v, "rejoin_p99_s").unwrap_or(f64::INFINITY), -metric(v, "back").unwrap_or(0.0));
    let judged: Vec<&VariantSummary> = variants.iter().filter(|v| metric(v, "commanded").is_some()).collect();
    let worst = judged.iter().max_by(|a, b| badness(a).partial_cmp(&badness(b)).expect("no NaN"))?;
    let best = judged.iter().min_by(|a, b| badness(a).partial_cmp(&badness(b)).expect("no NaN"))?;
    if worst.name == best.name {
        return None;
    }
    let tell = |v: &VariantSummary| {
        let window = metric(v, "reset_window_s").unwrap_or(0.0);
        let spread = if window < 0.5 { "at one moment".to_owned() } else { format!("over {}", minutes(window)) };
        let p99 = metric(v, "rejoin_p99_s")
            .map_or("for more than the rest of the run".to_owned(), |s| format!("for up to {}", minutes(s)));
        let busy = metric(v, "border_router_busy_share").unwrap_or(0.0) * 100.0;
        let back = metric(v, "back").unwrap_or(0.0) / metric(v, "commanded").unwrap_or(1.0) * 100.0;
        format!(
            "reset {spread} ('{}'), 99 % of the meters are away {p99}, {back:.1} % come back at all, and the border \
             router's radio is {busy:.0} % busy",
            v.name
        )
    };
    Some(format!("{}; {}.", capital(&tell(worst)), tell(best)))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().collect::<String>() + chars.as_str())
}

fn minutes(seconds: f64) -> String {
    if seconds < 120.0 { format!("{seconds:.0} s") } else { format!("{:.0} min", seconds / 60.0) }
}

//! What gates can judge: quantities by name, each with one figure or with one for each statistic.

use super::{Activity, Metric};

/// Names of all quantities of runs, in the order of the declaration.
pub fn names() -> Vec<&'static str> {
    names_of(|activity| activity != Activity::Maintenance)
}

/// Names of all quantities of maintenance plans.
pub fn names_of_plans() -> Vec<&'static str> {
    names_of(|activity| matches!(activity, Activity::Maintenance | Activity::Money))
}

fn names_of(is_wanted: impl Fn(Activity) -> bool) -> Vec<&'static str> {
    let mut names = Vec::new();
    for metric in Metric::ALL.iter().filter(|metric| is_wanted(metric.activity())) {
        if let Some(gate) = metric.gate().filter(|gate| !names.contains(&gate.name)) {
            names.push(gate.name);
        }
    }
    names
}

/// The figures of a quantity, by their statistic, which is empty where there is one figure.
pub fn figures(name: &str) -> Vec<(&'static str, Metric)> {
    let of = |metric: &Metric| metric.gate().filter(|gate| gate.name == name).map(|gate| (gate.stat, *metric));
    Metric::ALL.iter().filter_map(of).collect()
}

/// The figure that a gate means.
pub fn find(name: &str, stat: &str) -> Option<Metric> {
    figures(name).into_iter().find(|(known, _)| *known == stat).map(|(_, metric)| metric)
}

/// The statistics and whose they are: `p50, p95 for a and b; 5min for c`.
pub fn stats() -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for name in names() {
        let stats = figures(name).iter().map(|(stat, _)| *stat).collect::<Vec<_>>().join(", ");
        match groups.iter_mut().find(|(known, _)| *known == stats) {
            _ if stats.is_empty() => {}
            Some((_, names)) => names.push(name),
            None => groups.push((stats, vec![name])),
        }
    }
    let told = groups.iter().map(|(stats, names)| match &names[..] {
        [most @ .., last] if !most.is_empty() => format!("{stats} for {} and {last}", most.join(", ")),
        _ => format!("{stats} for {}", names.concat()),
    });
    told.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Verdict;

    #[test]
    fn a_name_and_a_statistic_mean_one_figure_and_figures_of_a_name_are_alike() {
        for metric in Metric::ALL {
            let Some(gate) = metric.gate() else { continue };
            assert_eq!(find(gate.name, gate.stat), Some(*metric), "{gate} stands there twice");
            let figures = figures(gate.name);
            assert!(figures.len() == 1 || figures.iter().all(|(stat, _)| !stat.is_empty()), "{gate}");
            assert!(figures.len() > 1 || gate.stat.is_empty(), "{gate}");
            let like = |(_, other): &(&str, Metric)| {
                other.format() == metric.format() && other.gate().is_some_and(|g| g.missing == gate.missing)
            };
            assert!(figures.iter().all(like), "{gate}");
            assert!(gate.missing != Verdict::Pass, "{gate}: a missing value is no pass");
            assert!(gate.missing == Verdict::NoData || metric.activity() != Activity::Always, "{gate}");
        }
        assert_eq!(
            Metric::BorderRouterBusyShare.gate().map(ToString::to_string).as_deref(),
            Some("border_router_busy")
        );
        assert_eq!(find("rejoin_time", ""), None);
        assert_eq!(Metric::Events.gate(), None);
    }

    #[test]
    fn statistics_are_told_by_whose_they_are() {
        let told = stats();
        assert!(told.contains("5min, 30min, 60min for back_share") && !told.contains("collisions"), "{told}");
        for name in names() {
            assert_eq!(told.contains(name), figures(name).len() > 1, "{told}: {name}");
        }
    }
}

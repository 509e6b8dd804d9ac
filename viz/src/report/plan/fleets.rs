//! Which variants look after the same meters: only those can be held against each other.

use crate::view::{RunView, VariantView};
use amitwin_data::files::slug;
use amitwin_data::rows::DepotRow;

/// Meters whose insides age as at temperatures that differ by less are of the same fleet, K.
const SAME_K: f64 = 0.5;
/// Fleets that have charts of their own, at most.
const SPLIT_MAX: usize = 4;

/// The fleets of a run.
pub(super) struct Fleets {
    /// Name of each, and the fleet of each of the summary's variants.
    names: Vec<String>,
    of: Vec<usize>,
}

/// Variants that share charts.
pub(super) struct Group<'a> {
    /// What the charts' names end with, and their titles.
    ending: (String, String),
    /// The variants that have rows.
    pub variants: Vec<&'a VariantView>,
}

impl Group<'_> {
    /// The name of its chart of that kind.
    pub fn name(&self, kind: &str) -> String {
        format!("{kind}{}", self.ending.0)
    }

    /// The same as a heading.
    pub fn title(&self, title: &str) -> String {
        format!("{title}{}", self.ending.1)
    }
}

impl Fleets {
    /// Those of a run.
    pub fn of(run: &RunView) -> Fleets {
        let mut known: Vec<&[DepotRow]> = Vec::new();
        let (mut names, mut of): (Vec<String>, Vec<usize>) = (Vec::new(), Vec::new());
        for variant in &run.summary.variants {
            let depots = run.variants.iter().find(|v| v.name == variant.name).map_or(&[][..], |v| v.depots.as_slice());
            let fleet = known.iter().position(|other| is_same(other, depots)).unwrap_or_else(|| {
                known.push(depots);
                let name = name(depots, known.len());
                names.push(if names.contains(&name) { format!("{name}, fleet {}", known.len()) } else { name });
                known.len() - 1
            });
            of.push(fleet);
        }
        Fleets { names, of }
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The fleet of a variant of the summary, by its place.
    pub fn place(&self, variant: usize) -> usize {
        self.of[variant]
    }

    /// Whether each has charts of its own: a few do, if there is something to compare in each.
    pub fn are_apart(&self) -> bool {
        let several = |fleet: usize| self.of.iter().filter(|of| **of == fleet).count() > 1;
        (2..=SPLIT_MAX).contains(&self.names.len()) && (0..self.names.len()).all(several)
    }

    /// The variants that share charts.
    pub fn groups<'a>(&self, run: &'a RunView) -> Vec<Group<'a>> {
        if !self.are_apart() {
            return vec![Group { ending: Default::default(), variants: run.variants.iter().collect() }];
        }
        let places = |fleet: usize| {
            let own = self.of.iter().zip(&run.summary.variants).filter(move |(of, _)| **of == fleet);
            own.filter_map(|(_, variant)| run.variants.iter().find(|view| view.name == variant.name)).collect()
        };
        let groups = self
            .names
            .iter()
            .enumerate()
            .map(|(fleet, name)| Group { ending: (self.ending(fleet), format!(", {name}")), variants: places(fleet) });
        groups.collect()
    }

    /// What names of charts of a fleet end with.
    pub fn ending(&self, fleet: usize) -> String {
        let words = self.names[fleet].replace([' ', ','], "-");
        format!("-{}", slug(&words).unwrap_or_else(|_| (fleet + 1).to_string()))
    }
}

fn is_same(a: &[DepotRow], b: &[DepotRow]) -> bool {
    let same = |(a, b): (&DepotRow, &DepotRow)| {
        a.climate == b.climate && a.meters == b.meters && (a.effective_c - b.effective_c).abs() < SAME_K
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// A fleet by its climates; by its number where it has none.
fn name(depots: &[DepotRow], number: usize) -> String {
    let mut climates: Vec<&str> = depots.iter().map(|depot| depot.climate.as_str()).collect();
    climates.sort_unstable();
    climates.dedup();
    if climates.is_empty() { format!("fleet {number}") } else { climates.join(" and ") }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use amitwin_data::rows::Added;

    /// A depot of nine meters at which nothing has happened.
    pub fn depot(climate: &str, effective_c: f64) -> DepotRow {
        DepotRow {
            depot: 0,
            name: "d".to_owned(),
            climate: climate.to_owned(),
            x_m: 0.0,
            y_m: 0.0,
            meters: 9,
            crews: 1,
            effective_c,
            failures_per_meter_y: 0.0,
            truck_rolls_per_meter_y: 0.0,
            wait_s: 0.0,
            crew_busy_share: 0.0,
            cost_money: 0.0,
            backlog: Added::default(),
            backlog_spares: Added::default(),
            out_of_stock_s: Added::default(),
        }
    }

    #[test]
    fn fleets_are_the_same_by_their_climates_meters_and_heat() {
        let hot = [depot("ahmedabad", 41.5)];
        assert!(is_same(&hot, &[depot("ahmedabad", 41.6)]));
        assert!(!is_same(&hot, &[depot("ahmedabad", 46.0)]) && !is_same(&hot, &[depot("london", 41.5)]));
        assert!(!is_same(&hot, &[]));
        assert_eq!((name(&hot, 1), name(&[], 2)), ("ahmedabad".to_owned(), "fleet 2".to_owned()));
    }

    #[test]
    fn fleets_have_charts_of_their_own_where_each_has_something_to_compare() {
        let of = |of: &[usize]| Fleets {
            names: ["hot", "cool and wet"]
                .iter()
                .take(1 + of.iter().max().unwrap_or(&0))
                .map(|n| (*n).into())
                .collect(),
            of: of.to_vec(),
        };
        assert!(of(&[0, 0, 1, 1]).are_apart() && !of(&[0, 0, 1]).are_apart() && !of(&[0, 0]).are_apart());
        assert_eq!(of(&[0, 0, 1, 1]).ending(1), "-cool-and-wet");
    }
}

//! The radio of a scenario from levels that were measured: path loss, spread, asymmetry, nodes that are worse than others.
//!
//! Levels of both directions of a pair make one loss, by the transmit powers of the scenario; what a border router is heard better
//! than it hears counts as its transmit power. Losses of meters' boxes and gains of antennas stay those of the scenario. Pairs that do not hear each
//! other are in no survey, so that the fit takes distant links for better than they are: [`Calibration::unheard`] says how many of
//! the placement's pairs within the survey's distances are missing.

mod fit;

pub use fit::Estimate;

use amitwin_data::survey::{Level, SurveyError};
use amitwin_models::build::frequency_mhz;
use amitwin_models::medium::mesh::radio::propagation::free_space_db;
use amitwin_models::spec::{FadingSpec, WorldSpec};
use amitwin_models::terrain::SiteKind;
use fit::{Link, fit};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Above what arrives in free space without antenna gains by more than this no level can be: two directional antennas, and a street that guides.
const FOCUSED_DB: f64 = 30.0;

/// Fewer links say nothing about a town.
pub const LINKS_MIN: usize = 30;
/// Nodes that differ by so many standard errors are told.
const NODE_ERRORS: f64 = 3.0;
/// Repetitions of a level that a spread is told from.
const REPETITIONS_MIN: usize = 30;

/// Both directions of pairs: how much more the one has than the other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Asymmetry {
    /// Mean difference of the levels, dB.
    pub difference_db: Estimate,
    /// Standard deviation over pairs, dB.
    pub sigma_db: f64,
    /// Pairs that are measured in both directions.
    pub pairs: usize,
}

/// A node that differs from the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeOffset {
    /// Its name.
    pub name: String,
    /// Loss beyond that of others, dB.
    pub loss_db: Estimate,
    /// Links that it was measured on.
    pub links: usize,
}

/// What a survey says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Pairs that were measured.
    pub links: usize,
    /// Nodes that were.
    pub nodes: usize,
    /// Loss at 1 m without the meters' boxes, dB.
    pub reference_loss_db: Estimate,
    /// Exponent.
    pub exponent: Estimate,
    /// Loss at `middle_m`, where it is known best, dB.
    pub middle_loss_db: Estimate,
    /// The middle of the links' lengths, m.
    pub middle_m: f64,
    /// Standard deviation of a link around the line, dB: its own and that of its two nodes.
    pub shadowing_db: f64,
    /// What is common to the links of a node, dB.
    pub node_sigma_db: f64,
    /// What is a link's own, dB.
    pub link_sigma_db: f64,
    /// Of one level around its direction's mean, dB; missing without repetitions.
    pub level_spread_db: Option<f64>,
    /// Levels at meters less those at border routers; missing where no pair has both.
    pub border_routers: Option<Asymmetry>,
    /// Between nodes of one kind, from the first in the placement to the other; missing likewise.
    pub equals: Option<Asymmetry>,
    /// Spread of nodes' transmit powers that follows from `equals`, dB; missing where no level was repeated.
    pub tx_power_spread_db: Option<f64>,
    /// Transmit power of border routers that follows, dBm.
    pub gateway_tx_power_dbm: f64,
    /// Pairs of measured nodes that are as close as the survey's links and in none of them.
    pub unheard: usize,
    /// Nodes that differ from the others by more than three standard errors, the worst first.
    pub odd_nodes: Vec<NodeOffset>,
}

/// Levels of a pair, by direction: from its first node, and from its second.
#[derive(Default)]
struct Pair {
    levels: [Vec<f64>; 2],
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Fits the radio of a world to a survey of its placement.
///
/// # Errors
/// Nodes that the placement lacks, impossible levels, or too few links.
pub fn calibrate(path: &Path, levels: &[Level], spec: &WorldSpec) -> Result<Calibration, SurveyError> {
    let pairs = pairs(path, levels, spec)?;
    if pairs.len() < LINKS_MIN {
        let what = format!(
            "has {} links, and nothing can be said from fewer than {LINKS_MIN}: measure more, over all distances of the town",
            pairs.len()
        );
        return Err(SurveyError::one(path, None, what));
    }
    let sites = &spec.placement.sites;
    let is_router = |site: usize| sites[site].kind == SiteKind::Gateway;
    let both = |routers: bool| {
        let mut differences = Vec::new();
        for ((a, b), pair) in &pairs {
            if pair.levels.iter().any(Vec::is_empty) || (is_router(*a) != is_router(*b)) != routers {
                continue;
            }
            let difference = mean(&pair.levels[0]) - mean(&pair.levels[1]);
            // From the border router, where there is one.
            let difference = if routers && is_router(*b) { -difference } else { difference };
            differences.push(([*a, *b], difference));
        }
        asymmetry(&differences)
    };
    let (border_routers, equals) = (both(true), both(false));
    let level_spread_db = spread(&pairs);
    let tx_power_spread_db = equals.zip(level_spread_db).map(|(equals, frame_db)| {
        // What two means of repeated levels differ by without any difference of the nodes.
        let of_equals = pairs.iter().filter(|((a, b), _)| is_router(*a) == is_router(*b)).map(|(_, pair)| &pair.levels);
        let known = of_equals.filter(|levels| levels.iter().all(|levels| !levels.is_empty()));
        let chance: f64 = known.map(|levels| levels.iter().map(|l| 1.0 / l.len() as f64).sum::<f64>()).sum();
        let chance = chance / equals.pairs as f64 * frame_db.powi(2);
        // Each end has its part of the rest.
        ((equals.sigma_db.powi(2) - chance) / 2.0).max(0.0).sqrt()
    });
    let power = spec.radio.tx_power_dbm;
    let router_power = border_routers.map_or(spec.radio.gateway_power_dbm(), |found| power + found.difference_db.value);
    let sent = |site: usize| if is_router(site) { router_power } else { power };

    let mut numbers = BTreeMap::new();
    let mut links = Vec::new();
    for ((a, b), pair) in &pairs {
        let losses: Vec<f64> = [*a, *b]
            .into_iter()
            .zip(&pair.levels)
            .filter(|(_, levels)| !levels.is_empty())
            .map(|(from, levels)| sent(from) - mean(levels))
            .collect();
        let nodes = [*a, *b].map(|site| {
            let next = numbers.len();
            *numbers.entry(site).or_insert(next)
        });
        let length_m = sites[*a].distance_m(&sites[*b]).max(1.0);
        let loss_db = mean(&losses) - [*a, *b].map(|site| spec.radio.end_loss_db(&sites[site])).iter().sum::<f64>();
        links.push(Link { nodes, x: 10.0 * length_m.log10(), loss_db });
    }
    let Some(found) = fit(&links, numbers.len()) else {
        let what =
            "has links of one length only, so that no exponent can be told: measure over all distances of the town";
        return Err(SurveyError::one(path, None, what));
    };
    let squared_m2 = |(a, b): (usize, usize)| sites[a].distance_squared(&sites[b]);
    let longest_m2 = pairs.keys().map(|pair| squared_m2(*pair)).fold(1.0, f64::max);
    let measured: Vec<usize> = numbers.keys().copied().collect();
    let mut unheard = 0;
    for (n, &a) in measured.iter().enumerate() {
        for &b in &measured[n + 1..] {
            unheard += usize::from(squared_m2((a, b)) <= longest_m2 && !pairs.contains_key(&(a, b)));
        }
    }
    let mut counts = vec![0; numbers.len()];
    links.iter().flat_map(|link| link.nodes).for_each(|node| counts[node] += 1);
    let mut odd_nodes: Vec<NodeOffset> = numbers
        .iter()
        .filter_map(|(site, number)| {
            let loss_db = *found.nodes_db.get(*number)?;
            let odd = loss_db.value.abs() > NODE_ERRORS * loss_db.standard_error;
            odd.then(|| NodeOffset { name: sites[*site].name.to_string(), loss_db, links: counts[*number] })
        })
        .collect();
    odd_nodes.sort_by(|a, b| b.loss_db.value.total_cmp(&a.loss_db.value));
    Ok(Calibration {
        links: links.len(),
        nodes: numbers.len(),
        reference_loss_db: found.reference_db,
        exponent: found.exponent,
        middle_loss_db: found.middle_db,
        middle_m: found.middle_m,
        shadowing_db: (2.0 * found.node_sigma_db.powi(2) + found.link_sigma_db.powi(2)).sqrt(),
        node_sigma_db: found.node_sigma_db,
        link_sigma_db: found.link_sigma_db,
        level_spread_db,
        border_routers,
        equals,
        tx_power_spread_db,
        gateway_tx_power_dbm: router_power,
        unheard,
        odd_nodes,
    })
}

/// Levels by pair of sites, the one that comes first in the placement first.
fn pairs(path: &Path, levels: &[Level], spec: &WorldSpec) -> Result<BTreeMap<(usize, usize), Pair>, SurveyError> {
    let sites = &spec.placement.sites;
    let by_name: BTreeMap<String, usize> =
        sites.iter().enumerate().map(|(n, site)| (site.name.to_string(), n)).collect();
    let mut mistakes = Vec::new();
    let mut pairs: BTreeMap<(usize, usize), Pair> = BTreeMap::new();
    for level in levels {
        let [from, to] = [&level.from, &level.to].map(|name| by_name.get(name).copied());
        let (Some(from), Some(to)) = (from, to) else {
            let lost = if from.is_none() { &level.from } else { &level.to };
            let what = format!("'{lost}' is not in the placement of the scenario; name its sites as there");
            mistakes.push((Some(level.line), what));
            continue;
        };
        if let Some(site) = [from, to].into_iter().find(|site| !sites[*site].kind.has_radio()) {
            let what = format!("'{}' has no radio by the placement", sites[site].name);
            mistakes.push((Some(level.line), what));
            continue;
        }
        let power = spec.radio.tx_power_dbm.max(spec.radio.gateway_power_dbm());
        if level.rssi_dbm > power {
            let what = format!(
                "{} dBm were heard, and the scenario's radios send with {power} dBm at most; correct radio.tx_power",
                level.rssi_dbm
            );
            mistakes.push((Some(level.line), what));
            continue;
        }
        let length_m = sites[from].distance_m(&sites[to]);
        let free_dbm = power - free_space_db(frequency_mhz(&spec.radio), length_m.max(1.0));
        if level.rssi_dbm > free_dbm + FOCUSED_DB {
            let what = format!(
                "{} dBm were heard over {length_m:.0} m, over which {free_dbm:.0} dBm arrive in free space without antenna gains; correct the level, \
                 or the places of the two",
                level.rssi_dbm
            );
            mistakes.push((Some(level.line), what));
            continue;
        }
        let pair = pairs.entry((from.min(to), from.max(to))).or_default();
        pair.levels[usize::from(from > to)].push(level.rssi_dbm);
    }
    if mistakes.is_empty() { Ok(pairs) } else { Err(SurveyError::all(path, mistakes)) }
}

/// Differences of pairs of sites. Two that share a site share what is odd about it, so the error of the mean counts products of all pairs with a site in common
/// (Aronow, Samii and Assenova 2015).
fn asymmetry(differences: &[([usize; 2], f64)]) -> Option<Asymmetry> {
    let pairs = differences.len();
    if pairs < 2 {
        return None;
    }
    let value = differences.iter().map(|(_, d)| d).sum::<f64>() / pairs as f64;
    let mut by_site: BTreeMap<usize, f64> = BTreeMap::new();
    let mut squares = 0.0;
    for (sites, difference) in differences {
        let off = difference - value;
        squares += off.powi(2);
        sites.iter().for_each(|site| *by_site.entry(*site).or_default() += off);
    }
    // Each pair stands in the sums of both its sites.
    let shared = by_site.values().map(|sum| sum.powi(2)).sum::<f64>() - squares;
    let variance = squares / (pairs as f64 - 1.0);
    let standard_error = (shared.max(squares) / (pairs as f64 * (pairs as f64 - 1.0))).sqrt();
    Some(Asymmetry { difference_db: Estimate { value, standard_error }, sigma_db: variance.sqrt(), pairs })
}

/// Pooled standard deviation of repeated levels of a direction.
fn spread(pairs: &BTreeMap<(usize, usize), Pair>) -> Option<f64> {
    let (mut squares, mut free) = (0.0, 0);
    for levels in pairs.values().flat_map(|pair| &pair.levels).filter(|levels| levels.len() > 1) {
        let value = mean(levels);
        squares += levels.iter().map(|level| (level - value).powi(2)).sum::<f64>();
        free += levels.len() - 1;
    }
    (free >= REPETITIONS_MIN).then(|| (squares / free as f64).sqrt())
}

impl Calibration {
    /// The settings of `[radio]` that follow, by key.
    pub fn settings(&self) -> Vec<(&'static str, String, String)> {
        let error = |estimate: Estimate, digits: usize| format!("+- {:.*}", digits, estimate.standard_error);
        let mut all = vec![
            ("path_loss", "\"log-distance\"".to_owned(), String::new()),
            ("reference_loss", format!("\"{:.1} dB\"", self.reference_loss_db.value), error(self.reference_loss_db, 1)),
            ("exponent", format!("{:.2}", self.exponent.value), error(self.exponent, 2)),
            (
                "shadowing",
                format!("\"{:.1} dB\"", self.shadowing_db),
                format!("of a node {:.1} dB, of a link {:.1} dB", self.node_sigma_db, self.link_sigma_db),
            ),
        ];
        if let Some(found) = self.border_routers {
            let more = format!("{:.1} +- {:.1} dB more", found.difference_db.value, found.difference_db.standard_error);
            all.push(("gateway_tx_power", format!("\"{:.1} dBm\"", self.gateway_tx_power_dbm), more));
        }
        if let Some(spread) = self.tx_power_spread_db {
            let more = "from both directions of links between nodes".to_owned();
            all.push(("tx_power_spread", format!("\"{spread:.1} dB\""), more));
        }
        if let Some(spread) = self.level_spread_db {
            let fading = FadingSpec::default().with_spread(spread);
            let more = format!("levels of a direction spread by {spread:.1} dB, here in the shares of the defaults");
            all.push(("fading.slow", format!("\"{:.1} dB\"", fading.slow_db), more));
            all.push(("fading.channel", format!("\"{:.1} dB\"", fading.channel_db), String::new()));
            all.push(("fading.frame", format!("\"{:.2} dB\"", fading.frame_db), String::new()));
        }
        all
    }
}

#[cfg(test)]
mod tests;

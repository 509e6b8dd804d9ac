//! `order`, `clusters` and `window` of campaigns and reads: whose turn is when.

use super::Context;
use crate::language::diagnostic::suggest;
use amitwin_data::attributes::Attribute;
use amitwin_models::spec::{ByColumn, CampaignSpec, Clusters, JobSpec, MediumKind, Order, PollSpec};
use amitwin_models::terrain::Placement;

/// Columns told at most.
const TOLD_MAX: usize = 10;

/// Whether a campaign says when meters have their turns, once.
pub(super) fn check(cx: &mut Context<'_>, campaign: &CampaignSpec) {
    let (name, waves) = (campaign.name.as_str(), campaign.job.waves());
    by_hops(cx, ("campaign", name), waves.order.as_ref());
    let (has_window, example) = match &campaign.job {
        JobSpec::Reset(reset) => (reset.window.is_some(), "window = [\"10s\", \"60s\"], window = \"auto\""),
        JobSpec::Firmware(_) => {
            if waves.clusters.is_some() {
                let title = format!("the campaign `{name}` brings an image and has `clusters`");
                let help = "leave it out; `parallel` says how many meters are served at a time, `waves` who is first";
                cx.error(&["campaign", name, "clusters"], title, "not for firmware", help);
            }
            return;
        }
        job => (job.pace().is_some_and(|pace| pace.window.is_some()), "window = \"1h\""),
    };
    let is_reset = campaign.job.reset().is_some();
    match (has_window, waves.clusters.is_some()) {
        // Certificates say it themselves.
        (_, true) if matches!(campaign.job, JobSpec::Certificates(_)) => {}
        (true, true) => {
            let title = format!("the campaign `{name}` has both a `window` and `clusters`");
            cx.error(&["campaign", name, "clusters"], title, "one of the two", "remove `window` or `clusters`");
        }
        (false, false) => {
            let who = if is_reset { "who resets when" } else { "whose turn is when" };
            let title = format!("the campaign `{name}` does not say {who}");
            let comma = if is_reset { "," } else { "" };
            let help = format!("add {example}{comma} or clusters = {{ size = 100, gap = [\"10s\", \"60s\"] }}");
            cx.error(&["campaign", name], title, "needs `window` or `clusters`", help);
        }
        _ => {}
    }
}

/// An order by hops needs some.
pub(super) fn by_hops(cx: &mut Context<'_>, (noun, name): (&str, &str), order: Option<&Order>) {
    if cx.file.medium == MediumKind::Ideal && order.is_some_and(Order::is_by_hops) {
        let title = format!("the {noun} `{name}` has an order by hops, and over the ideal medium nobody is nearer");
        let help = "leave medium = \"ideal\" out, or choose another order, such as \"random\"";
        cx.error(&[noun, name, "order"], title, "one hop for all", help);
    }
}

/// How long clusters of so many meters take on the average, ns.
pub(super) fn clusters_ns(clusters: Clusters, meters: usize) -> f64 {
    let gaps = meters.div_ceil(clusters.size.max(1) as usize).saturating_sub(1) as f64;
    gaps * (clusters.gap.0.nanos() + clusters.gap.1.nanos()) as f64 / 2.0
}

/// Fills in the places of all sites in orders by a column.
pub(super) fn places(
    cx: &mut Context<'_>,
    placement: &Placement,
    (campaigns, reads): (&mut [CampaignSpec], &mut [PollSpec]),
) {
    let of_campaigns = campaigns.iter_mut().map(|campaign| {
        let CampaignSpec { name, job, .. } = campaign;
        ("campaign", &*name, &mut job.waves_mut().order)
    });
    let of_reads = reads.iter_mut().map(|read| ("read", &read.name, &mut read.order));
    for (noun, name, order) in of_campaigns.chain(of_reads) {
        let Some(Order::Column(by)) = order else { continue };
        if let Some(attribute) = placement.attributes.column(&by.column) {
            by.places = ranks(attribute, by, placement.sites.len());
            continue;
        }
        let names: Vec<&str> = placement.attributes.columns().iter().map(Attribute::name).collect();
        let help = match names[..] {
            [] => "the placement has no columns of your own; add one to its file".to_owned(),
            _ => suggest(&by.column, &names[..names.len().min(TOLD_MAX)], "columns of your own"),
        };
        let title = format!("the placement has no column `{}`", by.column);
        cx.error(&[noun, name, "order"], title, "not in the placement", help);
    }
}

/// The place of each site among the values of a column; of who has none the last.
fn ranks(attribute: &Attribute, by: &ByColumn, sites: usize) -> Vec<u32> {
    let mut words: Vec<&str> = attribute.words().collect();
    let number = |word: &&str| word.trim().parse::<f64>().ok().filter(|value| value.is_finite());
    if words.iter().all(|word| number(word).is_some()) {
        words.sort_by(|a, b| number(a).unwrap_or_default().total_cmp(&number(b).unwrap_or_default()));
        // Texts of the same number are the same place.
        let places: Vec<f64> = words.iter().filter_map(number).collect();
        let place = |word: &str| number(&word).map(|value| places.partition_point(|place| *place < value));
        return placed(attribute, by, sites, words.len(), place);
    }
    words.sort_unstable();
    placed(attribute, by, sites, words.len(), |word| words.binary_search(&word).ok())
}

fn placed(
    attribute: &Attribute,
    by: &ByColumn,
    sites: usize,
    count: usize,
    place: impl Fn(&str) -> Option<usize>,
) -> Vec<u32> {
    let directed = |place: usize| if by.descending { count - 1 - place } else { place } as u32;
    (0..sites).map(|site| attribute.value(site).and_then(&place).map_or(u32::MAX, directed)).collect()
}

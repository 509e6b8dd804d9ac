//! What a report is drawn from, in memory: a run's small files and the rows that its charts need.

use crate::campaigns::Campaigns;
use crate::course::Course;
use crate::health::LinkHealth;
use crate::load::Load;
use crate::outages::Outages;
use crate::series::Reset;
use crate::surroundings::Surroundings;
use crate::traffic::Traffic;
use crate::visits::Visits;
use amitwin_data::manifest::Manifest;
use amitwin_data::metrics::Metric;
use amitwin_data::rows::{
    AirtimeRow, DepotRow, FleetYearRow, HeadendRow, NodeRow, RadioMonthRow, SurvivalRow, WeatherRow,
};
use amitwin_data::summary::Summary;
use std::sync::Arc;

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunView {
    /// What it came to.
    pub summary: Summary,
    /// What it was made from.
    pub manifest: Manifest,
    /// Rows of each variant whose tables could be read, in the summary's order.
    pub variants: Vec<VariantView>,
    /// What the scenario puts between and beside the radios.
    pub surroundings: Surroundings,
}

/// Rows of one variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VariantView {
    /// Name in the scenario.
    pub name: String,
    /// Sites with their place in the routing tree.
    pub nodes: Arc<Vec<NodeRow>>,
    /// The first reset campaign, if there was one.
    pub campaign: Option<Campaign>,
    /// All campaigns, meter by meter.
    pub campaigns: Campaigns,
    /// Reads and reports by minute.
    pub traffic: Traffic,
    /// Minutes of the head-end, if the scenario limits it.
    pub head_end: Vec<HeadendRow>,
    /// Meters that wait for technicians.
    pub visits: Visits,
    /// Load of the border routers.
    pub airtime: Vec<AirtimeRow>,
    /// What each radio did, if the run recorded that.
    pub load: Load,
    /// How well its link was, hour by hour.
    pub health: LinkHealth,
    /// Tries lost, parents and boards, hour by hour.
    pub course: Course,
    /// Years of a plan, each with a row for every depot.
    pub years: Vec<FleetYearRow>,
    /// Depots of a plan.
    pub depots: Vec<DepotRow>,
    /// How well meters that work were heard, by month and depot.
    pub radio: Vec<RadioMonthRow>,
    /// Which share of the parts of each vintage live how long.
    pub survival: Vec<SurvivalRow>,
    /// Failures of each meter of a list, and what its place is.
    pub places: Vec<Place>,
    /// Names of a plan's vintages, in the order of the file.
    pub vintages: Vec<String>,
    /// Hours of the weather.
    pub weather: Vec<WeatherRow>,
    /// Supplies that failed, and what the head-end was told of it.
    pub outages: Outages,
    /// Reports of each hour, those that arrived and all, of runs of three hours and more.
    pub delivered: Vec<(u32, u32)>,
    /// Reads of each hour, those that succeeded and all, of such runs.
    pub reads: Vec<(u32, u32)>,
}

/// Where a meter of a plan stands, and how often it failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// East of the middle, m.
    pub x_m: f32,
    /// North of it, m.
    pub y_m: f32,
    /// Failures that began in the plan.
    pub failures: u32,
}

/// A reset campaign in one variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Campaign {
    /// Its name.
    pub name: String,
    /// One entry for each meter commanded.
    pub resets: Vec<Reset>,
}

impl RunView {
    /// Whether it is a maintenance plan.
    pub fn is_plan(&self) -> bool {
        self.summary.variants.iter().any(|v| v.metrics.has(Metric::MeterYears))
    }

    /// When the campaign began, s: as the summary says, else when the earliest command of any variant was due.
    pub fn campaign_start_s(&self) -> Option<f64> {
        let said = self.summary.variants.iter().filter_map(|v| v.metrics.value(Metric::CampaignStartS));
        let seen = self.variants.iter().filter_map(|v| v.campaign.as_ref()).flat_map(|c| &c.resets);
        said.min_by(f64::total_cmp).or_else(|| seen.map(|r| r.commanded_s).min_by(f64::total_cmp))
    }

    /// Whether all variants have the same routing tree at the start.
    pub fn one_tree(&self) -> bool {
        let place = |n: &NodeRow| (n.x_m, n.y_m, n.hops, n.parent, n.reachable);
        let same = |a: &VariantView, b: &VariantView| {
            Arc::ptr_eq(&a.nodes, &b.nodes) || a.nodes.iter().map(place).eq(b.nodes.iter().map(place))
        };
        self.variants.windows(2).all(|pair| same(&pair[0], &pair[1]))
    }
}

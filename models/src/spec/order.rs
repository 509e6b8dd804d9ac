//! `order`: in which order the meters of a job have their turns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// In which order meters have their turns; within each wave, where there are some.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("x-expects" = "\"id\", \"random\", \"nearest-first\", \"farthest-first\", or a column of the placement, such as { column = \"installed\" }"))]
pub enum Order {
    /// By a column of the placement.
    Column(ByColumn),
    /// One of these.
    Word(OrderWord),
}

/// An order that every placement has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OrderWord {
    /// By their place in the placement.
    Id,
    /// Drawn, the same in every variant.
    Random,
    /// Those with the fewest hops to their border router first, as the tree is when the run begins. Those without a way come last.
    NearestFirst,
    /// Those with the most hops first.
    FarthestFirst,
}

/// By a column of the placement file that is your own: as numbers where all of it are numbers, else as texts. Who has no value comes last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByColumn {
    /// Its name.
    #[schemars(length(min = 1, max = 80))]
    pub column: String,
    /// The largest value first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub descending: bool,
    /// Place of each site in that order, by its number; those with the same value have the same. Known once there is a placement.
    #[serde(skip)]
    pub places: Vec<u32>,
}

impl Order {
    /// By the hops between a meter and its border router.
    pub fn is_by_hops(&self) -> bool {
        matches!(self, Order::Word(OrderWord::NearestFirst | OrderWord::FarthestFirst))
    }
}

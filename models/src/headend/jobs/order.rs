//! In which order the meters of a job have their turns.

use crate::node::SiteId;
use crate::purpose::ORDER;
use crate::spec::{Order, OrderWord};
use amitwin_sim_core::rng::Stream;

/// Hops of a site that has no way to its border router when the run begins.
pub const NO_WAY: u8 = u8::MAX;

/// What an order may look at.
#[derive(Clone, Copy, Debug)]
pub struct Fleet<'a> {
    /// Hops of each site to its border router when the run begins.
    pub hops: &'a [u8],
    /// Seed of the run.
    pub seed: u64,
}

/// Place of each of the meters of job `job` in their order; those with the same place have their turns by id. Empty where nothing else is said.
pub fn places(order: Option<&Order>, meters: &[SiteId], job: u16, fleet: Fleet<'_>) -> Vec<u64> {
    let hops = |meter: SiteId| fleet.hops.get(meter.at()).copied().unwrap_or(NO_WAY);
    let place = |meter: SiteId| match order? {
        Order::Word(OrderWord::Id) => None,
        Order::Word(OrderWord::Random) => {
            let entity = (u64::from(job) << 32) | u64::from(meter);
            Some(Stream::new(fleet.seed, entity, ORDER).bits())
        }
        Order::Word(OrderWord::NearestFirst) => Some(u64::from(hops(meter))),
        // Who has no way comes last here as well.
        Order::Word(OrderWord::FarthestFirst) if hops(meter) == NO_WAY => Some(u64::from(NO_WAY)),
        Order::Word(OrderWord::FarthestFirst) => Some(u64::from(NO_WAY - 1 - hops(meter))),
        Order::Column(by) => Some(u64::from(by.places.get(meter.at()).copied().unwrap_or(u32::MAX))),
    };
    meters.iter().map_while(|&meter| place(meter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::ByColumn;

    #[test]
    fn meters_are_put_in_order_by_hops_by_columns_and_by_lot() {
        let meters = [1, 2, 3, 4].map(SiteId);
        let fleet = Fleet { hops: &[0, 2, NO_WAY, 1, 2], seed: 7 };
        let sorted = |order: Option<Order>, job| {
            let places = places(order.as_ref(), &meters, job, fleet);
            let mut all = meters;
            all.sort_by_key(|meter| (places.get(meter.at() - 1).copied(), *meter));
            all.map(|meter| meter.0)
        };
        let word = |word| Some(Order::Word(word));
        assert_eq!(sorted(None, 0), [1, 2, 3, 4]);
        assert_eq!(sorted(word(OrderWord::Id), 0), [1, 2, 3, 4]);
        // Two hops have 1 and 4, one has 3; 2 has no way.
        assert_eq!(sorted(word(OrderWord::NearestFirst), 0), [3, 1, 4, 2]);
        assert_eq!(sorted(word(OrderWord::FarthestFirst), 0), [1, 4, 3, 2]);
        let places = vec![u32::MAX, 1, 0, 1, u32::MAX];
        assert_eq!(
            sorted(Some(Order::Column(ByColumn { column: "age".to_owned(), descending: false, places })), 0),
            [2, 1, 3, 4]
        );
        // Of 24 orders every job of a few gets one, not all the same.
        let drawn = [0, 1, 2, 3, 4].map(|job| sorted(word(OrderWord::Random), job));
        assert!(drawn.iter().any(|order| *order != drawn[0]), "{drawn:?}");
        assert_eq!(drawn[0], sorted(word(OrderWord::Random), 0));
    }
}

//! The one complete plan that tests and benches start from.

use crate::climate::Climate;
use crate::hardware;
use crate::heat::Enclosure;
use crate::life::days;
use crate::shifts::Shifts;
use crate::spec::{Crews, DepotSpec, Duty, Meters, PlanSpec, Policy, Prices, Tasks, Vintage, Work};
use std::sync::Arc;

impl Policy {
    /// Nothing is done before it fails.
    pub fn run_to_failure() -> Policy {
        Policy {
            alarm_s: days(1.0),
            patience_s: days(3.0),
            restarts: true,
            repair_within_s: days(30.0),
            watch: None,
            lots: None,
            rules: Vec::new(),
        }
    }
}

impl Work {
    /// Eight hours on five days; 30 planned visits a day on a route, three exchanges of two hours.
    pub fn usual() -> Work {
        Work {
            shifts: Shifts { begins_s: 8 * 3_600, length_s: 8 * 3_600, days: 5 },
            speed_kmh: 30.0,
            spread: 0.3,
            missed: 0.05,
            missed_again_s: days(7.0),
            visit_s: 120,
            tasks_s: [180, 120, 300, 60, 60, 60, 60, 7_200, 1_800],
            worn: 0.8,
        }
    }
}

impl Duty {
    /// A household: quarters of an hour, 10,500 kWh a year.
    pub fn household() -> Duty {
        Duty {
            reads_a_day: 96.0,
            energy_kwh_y: 10_500.0,
            kept_s: days(45.0),
            certificate_s: days(30.0),
            wet_factor: 3.0,
            retry_factor: 1.0,
        }
    }
}

impl PlanSpec {
    /// So many new meters at one depot, at 30 C, for 20 years with nothing but repairs by one crew for 20,000 meters.
    pub fn plain(meters: u32) -> PlanSpec {
        let parts = hardware::usual();
        PlanSpec {
            seed: 1,
            first_day: 1.0,
            start_s: 0,
            years: 20,
            vintages: vec![Vintage { name: "new".to_owned(), installed_s: (0, 0), parts }],
            depots: vec![DepotSpec {
                name: "depot".to_owned(),
                climate_name: "30 C".to_owned(),
                climate: Climate::constant(30.0),
                hours: None,
                enclosure: Enclosure::NONE,
                spread_k: 0.0,
                first: 0,
                meters: Meters::Drawn(meters, Arc::from([1.0])),
                area_km2: f64::from(meters) / 200.0,
                middle_m: (0.0, 0.0),
                crews: vec![Crews::of(meters.div_ceil(20_000), Tasks::ALL)],
                stock: Vec::new(),
            }],
            policy: Policy::run_to_failure(),
            work: Work::usual(),
            duty: Duty::household(),
            prices: Prices::default(),
            radio: None,
            firmware: Vec::new(),
        }
    }
}

#![doc = include_str!("README.md")]

mod event;

pub use event::Event;

use crate::climate::boxes::{boxes, usual};
use crate::climate::{Enclosure, Sky};
use crate::context::Ctx;
use crate::node::Node;
use crate::spec::WorldSpec;
use amitwin_data::rows::{Added, WeatherRow};
use amitwin_sim_core::SimTime;

const HOUR: SimTime = SimTime::from_secs(3_600);

/// What writes the weather down.
#[derive(Clone, Debug)]
pub struct Weather {
    sky: Sky,
    start_unix_s: f64,
    /// Of meters in the sun and in the shade, of repeaters and border routers in the sun.
    boxes: [Enclosure; 4],
}

impl Weather {
    /// The weather of a run, if it has some.
    pub fn of(run: &WorldSpec) -> Option<Weather> {
        let weather = run.weather.as_ref()?;
        let (sky, all) = (Sky::of(weather, run.seed)?, boxes(weather));
        let boxes = usual(weather).map(|number| all[number]);
        Some(Weather { sky, start_unix_s: run.dlms.start_unix_s as f64, boxes })
    }

    /// Schedules the first row.
    pub fn start(&self, ctx: &mut Ctx) {
        ctx.schedule(SimTime::ZERO, Node(0), Event::Hour);
    }

    /// Writes a row and schedules the next one.
    pub fn handle(&self, ctx: &mut Ctx, event: Event) {
        let Event::Hour = event;
        let now = ctx.now();
        let unix_s = self.start_unix_s + now.secs_f64();
        let weather = self.sky.at(unix_s);
        let board_c = |number: usize| self.boxes[number].board_c(&self.sky, unix_s) as f32;
        ctx.books.rows.weather.push(WeatherRow {
            time_s: now.secs_f64(),
            air_c: weather.air_c as f32,
            sun_w_m2: weather.sun_w_m2 as f32,
            meters_c: board_c(0),
            meters_shaded_c: board_c(1),
            repeaters_c: board_c(2),
            routers_c: board_c(3),
            rain_mm: Added(self.sky.rained_mm(unix_s, 1).map(|mm| mm as f32)),
        });
        ctx.schedule(now + HOUR, Node(0), Event::Hour);
    }
}

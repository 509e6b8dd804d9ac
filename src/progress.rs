//! A bar for each variant on a terminal, and a line in the log for each tenth of the way.

mod jobs;
mod years;

pub use jobs::JobsProgress;
pub use years::YearsProgress;

use crate::{memory, stop};
use amitwin_scenarios::Variant;
use amitwin_scenarios::drive::Watch;
use amitwin_sim_core::SimTime;
use amitwin_viz::human;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longest variant name beside a bar.
const NAME_WIDTH: usize = 24;
/// Between two looks at the system's count of memory.
const REDRAW: Duration = Duration::from_millis(200);

/// Looks on while variants run.
pub struct Progress {
    bars: MultiProgress,
    variants: Vec<Mutex<Way>>,
}

struct Way {
    name: String,
    end: SimTime,
    bar: ProgressBar,
    /// Clock, simulated time and events when the variant was first heard of; it was being built until then.
    first: Option<(Instant, SimTime, u64)>,
    drawn: Option<Instant>,
    tenths: u64,
}

impl Progress {
    /// Bars if `shown` and standard error is a terminal.
    pub fn new(variants: &[&Variant], shown: bool) -> Progress {
        let bars = MultiProgress::with_draw_target(match shown {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        });
        let names: Vec<String> =
            variants.iter().map(|v| human::shorten(&human::one_line(&v.name), NAME_WIDTH)).collect();
        let width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
        let style = ProgressStyle::with_template("{prefix} {bar:20} {wide_msg}").expect("a fixed template");
        let way = |(variant, name): (&&Variant, String)| {
            let bar = bars.add(ProgressBar::new(variant.spec.duration.nanos()).with_style(style.clone()));
            bar.set_prefix(format!("{name:width$}"));
            bar.set_message("waits or is being built");
            let end = variant.spec.duration;
            Mutex::new(Way { name: variant.name.clone(), end, bar, first: None, drawn: None, tenths: 0 })
        };
        let variants = variants.iter().zip(names).map(way).collect();
        Progress { bars, variants }
    }

    /// Takes the bars off the screen.
    pub fn clear(&self) {
        let _ = self.bars.clear();
    }
}

impl Watch for Progress {
    fn progress(&self, variant: usize, time: SimTime, events: u64) {
        let mut way = self.variants[variant].lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let (began, from, before) = *way.first.get_or_insert((now, time, events));
        let wall = (now - began).as_secs_f64().max(1e-3);
        let speed = (time - from).secs_f64() / wall;
        let rate = (events - before) as f64 / wall;
        let tenths = time.nanos().saturating_mul(10) / way.end.nanos().max(1);
        if tenths > way.tenths {
            way.tenths = tenths;
            tracing::info!(
                "'{}': {} of {} simulated, {} events, {} events/s, {speed:.0} times real time, {} resident",
                way.name,
                human::whole_duration(time.secs_f64()),
                human::whole_duration(way.end.secs_f64()),
                human::short_count(events as f64),
                human::short_count(rate),
                memory::resident_bytes().map_or_else(|| human::NONE.to_owned(), human::bytes)
            );
        }
        let ended = time >= way.end;
        if way.bar.is_hidden() || (!ended && way.drawn.is_some_and(|at| now - at < REDRAW)) {
            return;
        }
        way.drawn = Some(now);
        way.bar.set_position(time.nanos());
        let left = if speed > 0.0 { human::duration((way.end - time).secs_f64() / speed) } else { human::NONE.into() };
        let resident = memory::resident_bytes().map_or_else(|| human::NONE.to_owned(), human::bytes);
        let at = format!("{} of {}", clock(time), clock(way.end));
        let rate = human::short_count(rate);
        let text = match ended {
            false if time == from => format!("{at}, {resident}"),
            true => format!("{at}, {speed:.0}x real time, {rate} events/s, done"),
            false => format!("{at}, {speed:.0}x real time, {rate} events/s, {left} left, {resident}"),
        };
        way.bar.set_message(text);
        if ended {
            way.bar.abandon();
        }
    }

    fn cancelled(&self) -> bool {
        stop::asked()
    }
}

/// Simulated time as hours, minutes and seconds.
fn clock(time: SimTime) -> String {
    let s = time.nanos() / 1_000_000_000;
    format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

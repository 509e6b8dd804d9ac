//! A sweep against the sum of its runs: each case read and run alone, on one thread, with nothing written.

use amitwin_data::files::{FileError, SweepDir};
use amitwin_scenarios::drive::{Unwatched, Watch, run_variant};
use amitwin_scenarios::study::{Extent, Means, Source, Sweep, WatchRuns};
use amitwin_scenarios::{Override, load_text};
use amitwin_sim_core::{Local, SimTime};
use std::path::Path;
use std::time::Instant;

/// What is swept.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Cases, each with one meter more than the one before.
    pub cases: u32,
    /// Meters in the middle.
    pub meters: u32,
    /// Simulated minutes.
    pub minutes: u32,
}

/// Time that something took.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// On the clock, s.
    pub wall_s: f64,
    /// Of the processors, s.
    pub cpu_s: f64,
}

impl Workload {
    fn text(&self) -> String {
        let Workload { meters, minutes, .. } = self;
        format!(
            "name = \"bench\"\nduration = \"{minutes}min\"\n[placement]\ngenerator = \"suburb\"\nmeters = {meters}\n\
             gateways = 1\n[traffic]\npush = \"15min\"\n"
        )
    }

    fn sizes(&self) -> impl Iterator<Item = u32> {
        let first = self.meters - (self.cases / 2).min(self.meters - 1);
        first..first + self.cases
    }

    /// Each case alone.
    ///
    /// # Errors
    /// A case that cannot be read or run.
    pub fn alone(&self) -> Result<Took, String> {
        let text = self.text();
        took(|| {
            for meters in self.sizes() {
                let set = Override { key: "placement.meters".to_owned(), value: meters.to_string() };
                let scenario =
                    load_text(&text, "bench", Path::new("."), &[set], Some(1)).map_err(|e| e.render(false))?;
                let sink = |_: &mut _| Ok::<(), FileError>(());
                run_variant(&scenario.variants[0], 0, Local, sink, &Unwatched).map_err(|e| e.to_string())?;
            }
            Ok(())
        })
    }

    /// All of them as a sweep into this directory.
    ///
    /// # Errors
    /// A sweep that cannot be planned or run.
    pub fn swept(&self, dir: &Path) -> Result<Took, String> {
        let sizes: Vec<String> = self.sizes().map(|meters| meters.to_string()).collect();
        let vary = vec![format!("placement.meters={}", sizes.join(",")).parse()?];
        let (file, variants, set) = ("bench".to_owned(), Vec::new(), Vec::new());
        let source = Source { text: self.text(), file, dir: ".".into(), set, seed: Some(1), seeds: None, variants };
        let sweep = Sweep { source, vary, latin: None };
        let pool = crate::pool(1).map_err(|e| e.to_string())?;
        took(|| {
            let planned = sweep.plan(|_| ()).map_err(|e| e.to_string())?;
            let dir = SweepDir::open(dir, &planned.plan, false).map_err(|e| e.to_string())?;
            planned
                .run_all(&Means { dir: &dir, pool: &pool, at_once: 1 }, Extent::All, &Nobody)
                .map_err(|e| e.to_string())?;
            Ok(())
        })
    }
}

struct Nobody;

impl Watch for Nobody {
    fn progress(&self, _variant: usize, _time: SimTime, _events: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

impl WatchRuns for Nobody {
    fn expected(&self, _runs: usize) {}
}

fn took(what: impl FnOnce() -> Result<(), String>) -> Result<Took, String> {
    let (began, cpu) = (Instant::now(), cpu_s());
    what()?;
    Ok(Took { wall_s: began.elapsed().as_secs_f64(), cpu_s: cpu_s() - cpu })
}

/// What this process has taken of the processors, by the kernel's count of 1/100 s.
fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind_name = text.rsplit(')').next().unwrap_or_default();
    let ticks = |field: usize| behind_name.split_whitespace().nth(field).and_then(|t| t.parse::<f64>().ok());
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}

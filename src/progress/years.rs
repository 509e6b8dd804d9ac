//! One bar for the years of a plan's variants and seeds.

use crate::stop;
use amitwin_scenarios::plan::Watch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Looks on while a plan runs.
pub struct YearsProgress(ProgressBar);

impl YearsProgress {
    /// For so many years in all; a bar if `shown` and standard error is a terminal.
    pub fn new(years: u64, shown: bool) -> YearsProgress {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(years), target);
        bar.set_style(
            ProgressStyle::with_template("{bar:20} {pos} of {len} years, {eta} left").expect("a fixed template"),
        );
        YearsProgress(bar)
    }

    /// Takes the bar off the screen.
    pub fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Watch for YearsProgress {
    fn year(&self, job: usize, year: u32, years: u32) {
        self.0.inc(1);
        if year == years {
            tracing::info!("job {job}: {years} years done");
        }
    }

    fn cancelled(&self) -> bool {
        stop::asked()
    }
}

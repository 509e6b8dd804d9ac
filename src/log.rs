//! The log of a run, and with `-v` the same on standard error.

use std::fs::File;
use std::io;
use std::sync::Mutex;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::FilterFn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, fmt};

/// Target of what has been said on standard error already.
pub const SAID: &str = "amitwin::said";

/// Starts logging to `file`, and to standard error as far as `verbose` says.
pub fn start(file: File, verbose: u8) {
    let (in_file, on_screen) = match verbose {
        0 => (LevelFilter::INFO, LevelFilter::OFF),
        1 => (LevelFilter::INFO, LevelFilter::INFO),
        _ => (LevelFilter::DEBUG, LevelFilter::DEBUG),
    };
    let unsaid = FilterFn::new(|event| event.target() != SAID);
    let log = fmt::layer().with_ansi(false).with_target(false).with_writer(Mutex::new(file)).with_filter(in_file);
    let screen = fmt::layer()
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .with_writer(io::stderr)
        .with_filter(unsaid)
        .with_filter(on_screen);
    // Fails only if logging has begun already, and then it goes on.
    let _ = tracing::subscriber::set_global_default(Registry::default().with(log).with(screen));
}

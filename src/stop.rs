//! Ctrl-C and a polite kill: the first stops at the next step and keeps what is finished, the second ends at once.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of an interrupted run.
pub const INTERRUPTED: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Listens from now on; `kept` says what a stop leaves.
pub fn listen(kept: &'static str) -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(move || {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        // Nobody may take it, and the next signal must be heard all the same.
        std::thread::spawn(move || writeln!(std::io::stderr(), "\nstopping; {kept}. Once more ends at once."));
    })
}

/// Whether somebody asked to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

//! Ctrl-C and a polite kill: the first stops at the next step and keeps what is finished, the second ends at once.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of an interrupted run.
pub const INTERRUPTED: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Listens from now on.
pub fn listen() -> Result<(), ctrlc::Error> {
    ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        let text = "\nstopping; variants that have ended are kept. Once more ends at once.";
        let _ = writeln!(std::io::stderr(), "{text}");
    })
}

/// Whether somebody asked to stop.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

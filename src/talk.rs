//! Where words go: results to standard output, everything else to standard error and the log.

use crate::log::SAID;
use anyhow::Context;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// Columns of a table that no terminal limits.
const WIDTH: usize = 140;

/// The two streams.
#[derive(Clone)]
pub struct Talk {
    /// Say nothing but results and errors.
    pub quiet: bool,
    /// How much more to say.
    pub verbose: u8,
    /// Standard output takes colours.
    pub color_out: bool,
    /// Standard error takes colours.
    pub color_err: bool,
    /// Columns of standard output.
    pub width: usize,
}

impl Talk {
    /// As the options and the streams have it. Colours and bars need a terminal, and nobody who set NO_COLOR.
    pub fn new(quiet: bool, verbose: u8) -> Talk {
        let color = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let terminal = io::stdout().is_terminal();
        let width = terminal.then(terminal_size::terminal_size).flatten().map_or(WIDTH, |(w, _)| usize::from(w.0));
        let (color_out, color_err) = (color && terminal, color && io::stderr().is_terminal());
        Talk { quiet, verbose, color_out, color_err, width }
    }

    /// Results. A reader that has seen enough and closes the pipe is not an error.
    pub fn print(&self, text: &str) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(error).context("the results could not be written to standard output")
            }
            _ => Ok(()),
        }
    }

    /// Results as JSON.
    pub fn print_json(&self, value: &serde_json::Value) -> anyhow::Result<()> {
        self.print(&format!("{value:#}\n"))
    }

    /// What is going on.
    pub fn note(&self, text: &str) {
        tracing::info!(target: SAID, "{text}");
        if !self.quiet {
            say(text);
        }
    }

    /// What to know before trusting the results.
    pub fn warn(&self, text: &str) {
        tracing::warn!(target: SAID, "{text}");
        if !self.quiet {
            let head = if self.color_err { "\u{1b}[1;33mwarning\u{1b}[0m" } else { "warning" };
            say(&format!("{head}: {text}"));
        }
    }

    /// Why it did not work.
    pub fn error(&self, text: &str) {
        tracing::error!(target: SAID, "{text}");
        // Messages about a scenario file come with their own heads.
        let plain = text.trim_start_matches("\u{1b}[1m").trim_start_matches("\u{1b}[91m");
        match (plain.starts_with("error"), self.color_err) {
            (true, _) => say(text),
            (false, true) => say(&format!("\u{1b}[1;31merror\u{1b}[0m: {text}")),
            (false, false) => say(&format!("error: {text}")),
        }
    }
}

/// A line on standard error; one that cannot be written has no one to tell.
fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

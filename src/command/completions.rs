//! `amitwin completions SHELL`: what a shell completes the command line with.

use crate::cli::Cli;
use crate::talk::Talk;
use clap::CommandFactory;
use clap_complete::{Shell, generate};

/// Prints the completions.
pub fn run(shell: Shell, talk: &Talk) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "amitwin", &mut script);
    talk.print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

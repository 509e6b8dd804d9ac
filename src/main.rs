//! `amitwin`, a digital twin of smart-metering networks, on the command line.
//!
//! Results go to standard output, everything else to standard error. What a command does lives in the crates; here are
//! its options, its words and its exit code.

mod cli;
mod command;
mod failure;
mod lines;
mod log;
mod memory;
mod progress;
mod shell;
mod stop;
mod talk;

use clap::Parser;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use talk::Talk;

fn main() -> ExitCode {
    failure::tell_bugs();
    let cli = cli::Cli::parse();
    let talk = Talk::new(cli.quiet, cli.verbose);
    // The hook has told what a panic means; a run that was under way has written its summary.
    let done = catch_unwind(AssertUnwindSafe(|| command::run(&cli.command, &talk)));
    ExitCode::from(match done {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => {
            talk.error(&failure::text(&error, talk.color_err));
            failure::exit_code(&error)
        }
        Err(_) => failure::FAILED,
    })
}

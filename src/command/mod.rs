//! One file per command.

mod calibrate;
mod check;
mod cluster;
mod compare;
mod completions;
mod describe;
mod export;
mod find;
mod init;
mod man;
mod plan;
mod report;
mod run;
mod run_dir;
mod schema;
mod serve;
mod site;
mod study;
mod sweep;
mod town;
mod verify;

use crate::cli::Command;
use crate::talk::Talk;

/// Does what was asked; gives back the exit code.
pub fn run(command: &Command, talk: &Talk) -> anyhow::Result<u8> {
    match command {
        Command::Init(options) => init::run(options, talk),
        Command::Check(options) => check::run(&options.scenario, talk),
        Command::Calibrate(options) => calibrate::run(options, talk),
        Command::Site(options) => site::run(options, talk),
        Command::Serve(options) => serve::run(options, talk),
        Command::Run(options) => run::run(options, talk),
        Command::Plan(options) => plan::run(options, talk),
        Command::Sweep(options) => sweep::run(options, talk),
        Command::Cluster(options) => cluster::run(options, talk),
        Command::Find(options) => find::run(options, talk),
        Command::Compare(options) => compare::run(options, talk),
        Command::Report(options) => report::run(options, talk),
        Command::Export(options) => export::run(options, talk),
        Command::Verify(options) => verify::run(options, talk),
        Command::Describe(options) => describe::run(options, talk),
        Command::Schema(options) => schema::run(options, talk),
        Command::Completions { shell } => completions::run(*shell, talk),
        Command::Man { command } => man::run(command.as_deref(), talk),
        Command::Version => {
            talk.print(concat!("amitwin ", env!("CARGO_PKG_VERSION"), "\n"))?;
            Ok(0)
        }
    }
}

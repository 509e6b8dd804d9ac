//! `amitwin man`: the manual page, in the language of `man`.

use crate::cli::Cli;
use crate::failure::Usage;
use crate::talk::Talk;
use clap::CommandFactory;
use clap_mangen::Man;

/// Prints the page of the program, or of one command.
///
/// # Errors
/// A command that there is none of.
pub fn run(command: Option<&str>, talk: &Talk) -> anyhow::Result<u8> {
    let mut program = Cli::command();
    program.build();
    let page = match command {
        None => Man::new(program),
        Some(name) => {
            let command = program.find_subcommand(name).cloned().ok_or_else(|| {
                let known: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
                Usage(format!("there is no command {name}; there are {}", known.join(", ")))
            })?;
            Man::new(command.version(env!("CARGO_PKG_VERSION")))
        }
    };
    let mut roff = Vec::new();
    page.render(&mut roff)?;
    talk.print(&String::from_utf8_lossy(&roff))?;
    Ok(0)
}

//! Options of `site`.

use super::{Format, run_directory};
use amitwin_scenarios::Override;
use amitwin_scenarios::site::Height;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// Options of `site`.
#[derive(Args)]
pub struct Site {
    /// Scenario file.
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Repeaters to place, at most.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub repeaters: u32,
    /// Places where they may stand, such as poles: a file like a placement file. When missing, anywhere.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub places: Option<PathBuf>,
    /// Height of their antennas over ground, where the file of places has none.
    #[arg(long, value_name = "LENGTH", default_value = "6 m")]
    pub height: Height,
    /// Seed of everything random, instead of the scenario's.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Change a setting, such as radio.phy=3; can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<Override>,
    /// Look at this variant; the first when missing.
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Worker threads; one for each processor when missing. Results do not depend on it.
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// CSV file of the repeaters, for placement.repeaters.
    #[arg(short, long = "output", value_name = "FILE.csv", value_hint = ValueHint::FilePath, value_parser = run_directory)]
    pub output: PathBuf,
    /// Replace a file of that name.
    #[arg(long)]
    pub force: bool,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

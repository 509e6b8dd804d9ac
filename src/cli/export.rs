//! Options of `export`.

use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// What is exported.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Exported {
    /// Outages and restarts of devices, and what the head-end asked of single ones, as CSV.
    Events,
}

/// Options of `export`.
#[derive(Args)]
pub struct Export {
    /// What.
    #[arg(value_enum)]
    pub what: Exported,
    /// Run directory, such as runs/latest; of several seeds the first.
    #[arg(value_hint = ValueHint::DirPath)]
    pub run: PathBuf,
    /// With codes of events as IEC 61968-9 (CIM) has them, where there is one.
    #[arg(long)]
    pub cim: bool,
    /// Of this variant; a run of several needs it.
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Write it into this file, and not to standard output.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long)]
    pub force: bool,
}

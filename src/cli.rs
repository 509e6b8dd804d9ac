//! Commands and options.

mod export;
mod site;

pub use export::{Export, Exported};
pub use site::Site;

use amitwin_scenarios::study::{Between, Share, Tolerance, Vary};
use amitwin_scenarios::{Override, TemplateKind};
use clap::builder::PossibleValuesParser;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    failed while running
  2    usage: a wrong option, or an output directory that holds something or is being written
  3    a scenario or an input is invalid, or a run is incomplete
  4    a gate is breached
  5    a gate had no data, which is never a pass
  6    a hash or a fingerprint does not match
  8    a gate is undecided: more seeds are needed; never a pass
  130  interrupted; what was finished is kept";

const FIND_CODES: &str = "\
Exit codes: 0 the value is known, or the gates hold up to the end of the range; 4 none passes; 5 a gate had no data; 8 undecided with all seeds, or gates hold
where it should be harder and not where it should be easier; others as of all commands.";

/// A digital twin of smart-metering networks.
///
/// Bring a list of meters, ask what happens if, and get numbers, a picture, and tables for DuckDB, Polars or pandas.
#[derive(Parser)]
#[command(version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say nothing but results and errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more on standard error; twice for the most. Switches progress bars off.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Write a commented scenario to start from.
    Init(Init),
    /// Check a scenario without running it: mistakes, meters, expected events, memory and disk.
    Check(Check),
    /// Run the variants of a scenario and judge them by its gates.
    Run(Run),
    /// Play maintenance over years: what fails, who goes there, what it costs; policies side by side.
    Plan(Plan),
    /// Run a scenario at many settings, with several seeds each; what is killed goes on with --resume.
    Sweep(Sweep),
    /// Write a job that runs the shares of a sweep on a cluster.
    Cluster(Cluster),
    /// Find the largest or smallest value of a setting with which the gates hold.
    Find(Find),
    /// Let the meters of a scenario answer on real sockets, until it is interrupted.
    Serve(Serve),
    /// Fit the radio of a scenario to levels that were measured.
    Calibrate(Calibrate),
    /// Propose places for repeaters, with what they would bring.
    Site(Site),
    /// Set finished runs side by side, with paired differences.
    Compare(Compare),
    /// Draw the report of a run again.
    Report(Report),
    /// Check the files of a run directory against the hashes in its manifest.
    Verify(OneRun),
    /// Write what happened in a run as the log of a head-end, for `[[replay]]` or for other programs.
    Export(Export),
    /// Explain the tables, the figures of a summary, or the units of a scenario.
    Describe(Describe),
    /// Print the JSON Schema of scenario files, or of maintenance plans.
    Schema(Schema),
    /// Print completions for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, of all commands or of one.
    Man {
        /// Which command.
        command: Option<String>,
    },
    /// Print the version.
    Version,
}

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// A run directory. The names of formats are taken for a slip.
fn run_directory(text: &str) -> Result<PathBuf, String> {
    match Format::from_str(text, false) {
        Ok(_) => Err(format!(
            "that names a directory; did you mean --format {text}? For a directory of that name write ./{text}"
        )),
        Err(_) if text.is_empty() => Err("a directory has a name".to_owned()),
        Err(_) => Ok(PathBuf::from(text)),
    }
}

/// Commands that write no directory have `--format` for what others call output.
fn no_directory(text: &str) -> Result<PathBuf, String> {
    let format = if Format::from_str(text, false).is_ok() { text } else { "json" };
    Err(format!("this command writes no directory; did you mean --format {format}?"))
}

/// A scenario, and what to change of it.
#[derive(Args)]
pub struct Scenario {
    /// Scenario file.
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Seed of everything random, instead of the scenario's.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Seeds that every variant runs with, from --seed on: averages with intervals; instead of study.seeds.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub seeds: Option<u32>,
    /// Change a setting, such as radio.tx_power="20 dBm" or campaign.reset.window=auto; can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<Override>,
    /// Take this variant only; can be repeated.
    #[arg(long = "variant", value_name = "NAME")]
    pub variants: Vec<String>,
    /// Worker threads; one for each processor when missing. Results do not depend on it.
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Run directory; runs/NAME-DATE-TIME when missing.
    #[arg(short, long = "output", value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = run_directory)]
    pub output: Option<PathBuf>,
    /// Replace a run that is in the run directory.
    #[arg(long, requires = "output")]
    pub force: bool,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

impl Scenario {
    /// What is changed of the file.
    pub fn overrides(&self) -> Vec<Override> {
        with_seeds(&self.set, self.seeds)
    }
}

/// Options of `run`.
#[derive(Args)]
pub struct Run {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub scenario: Scenario,
    /// Write all frames on the air into this pcapng file, encrypted as on the air; of one variant only.
    #[arg(long, value_name = "FILE.pcapng", value_hint = ValueHint::FilePath)]
    pub capture: Option<PathBuf>,
    /// Capture only frames from or to these nodes, by number as in the nodes table, such as 0,17,42.
    #[arg(long, value_name = "NODES", value_delimiter = ',', requires = "capture")]
    pub capture_nodes: Option<Vec<u32>>,
}

/// Options of `plan`.
#[derive(Args)]
pub struct Plan {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub plan: Scenario,
    /// Only check the file, and tell what it comes to.
    #[arg(long, conflicts_with_all = ["output", "force"])]
    pub check: bool,
    /// Write the fleet of a variant at this date (2038, 2038-08 or 2038-08-15) into DIR instead, as a scenario for `run`: who is there,
    /// who does not send, whose signals are weaker.
    #[arg(long, value_name = "DATE", requires = "output", conflicts_with_all = ["check", "seeds"])]
    pub at: Option<String>,
}

/// Options of `schema`.
#[derive(Args)]
pub struct Schema {
    /// Which kind of file.
    #[arg(value_enum, default_value_t = FileKind::Scenario)]
    pub kind: FileKind,
}

/// Kinds of files.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileKind {
    /// Scenarios, for `run`.
    Scenario,
    /// Maintenance plans, for `plan`.
    Plan,
}

/// Options of `calibrate`.
#[derive(Args)]
pub struct Calibrate {
    /// Measured levels: a CSV file with the columns from, to and rssi_dbm.
    #[arg(value_hint = ValueHint::FilePath)]
    pub survey: PathBuf,
    /// The scenario whose placement, transmit powers and losses of boxes hold.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub scenario: PathBuf,
    /// Change a setting of the scenario, such as radio.tx_power="20 dBm"; can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<Override>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// Options of `sweep`.
#[derive(Args)]
pub struct Sweep {
    /// Scenario or plan file.
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// What to vary, instead of the scenario's study.vary: a list (radio.phy=1b,3,5), a range (placement.meters=1000..8000/4, or /4log for
    /// equal factors), or settings together (placement.meters+placement.gateways=1000+1,4000+4). Repeated, it is a grid.
    #[arg(long, value_name = "KEY=VALUES")]
    pub vary: Vec<Vary>,
    /// Take so many points of all ranges together, a Latin hypercube, instead of a grid.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub latin: Option<u32>,
    /// First seed, instead of the scenario's.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Seeds of each case; instead of study.seeds.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub seeds: Option<u32>,
    /// Change a setting in every case; can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<Override>,
    /// Take this variant only; can be repeated.
    #[arg(long = "variant", value_name = "NAME")]
    pub variants: Vec<String>,
    /// Worker threads; one for each processor when missing. Results do not depend on it.
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Directory of the sweep; runs/NAME-DATE when missing.
    #[arg(short, long = "output", value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = run_directory)]
    pub output: Option<PathBuf>,
    /// Go on with the sweep in that directory: only what has not ended runs.
    #[arg(long, requires = "output")]
    pub resume: bool,
    /// Run the K-th of N shares alone, on one of several machines; it goes on where it was.
    #[arg(long, value_name = "K/N", conflicts_with_all = ["resume", "collect"], requires = "output")]
    pub case: Option<Share>,
    /// Write the charts of its report as SVG files into this directory as well, for slides and pages.
    #[arg(long, value_name = "DIR", conflicts_with = "case")]
    pub pictures: Option<PathBuf>,
    /// Sum up what the shares in that directory have left.
    #[arg(long, conflicts_with = "resume", requires = "output")]
    pub collect: bool,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// Schedulers of clusters.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClusterKind {
    /// An array of jobs.
    Slurm,
    /// An indexed Job.
    Kubernetes,
}

/// Options of `cluster`.
#[derive(Args)]
pub struct Cluster {
    /// Which scheduler.
    #[arg(value_enum)]
    pub kind: ClusterKind,
    /// Scenario or plan file, whose study.vary says what is varied.
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Shares, each a job; fewer where there is less to run.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub shares: u32,
    /// Directory of the sweep; NAME-sweep when missing.
    #[arg(short, long = "output", value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = run_directory)]
    pub output: Option<PathBuf>,
}

/// Options of `find`.
#[derive(Args)]
#[command(group = clap::ArgGroup::new("which").required(true), after_help = FIND_CODES)]
pub struct Find {
    /// Scenario or plan file, whose gates judge.
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Setting of which the largest value is wanted, such as placement.meters.
    #[arg(long, value_name = "KEY", group = "which")]
    pub largest: Option<String>,
    /// Setting of which the smallest value is wanted, such as campaign.reset.window (which then begins at zero).
    #[arg(long, value_name = "KEY", group = "which")]
    pub smallest: Option<String>,
    /// Where the value is: both ends, with their unit.
    #[arg(long, value_name = "LOW..HIGH")]
    pub between: Between,
    /// How near the answer is to be to a value that breaches: a share of itself, or of the range where that does not begin above zero
    /// or is in decibels.
    #[arg(long, value_name = "SHARE", default_value = "5 %")]
    pub tolerance: Tolerance,
    /// Other settings, of which each choice has an answer of its own, in the words of sweep --vary; can be repeated.
    #[arg(long, value_name = "KEY=VALUES")]
    pub per: Vec<Vary>,
    /// First seed, instead of the scenario's.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Seeds of a value, at most. A value begins with 2 and gets more where they do not tell. When missing, four times what the gates take to
    /// pass, and at least 64.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub seeds: Option<u32>,
    /// Change a setting for all values; can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<Override>,
    /// Take this variant only; can be repeated.
    #[arg(long = "variant", value_name = "NAME")]
    pub variants: Vec<String>,
    /// Worker threads; one for each processor when missing. Results do not depend on it.
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Directory of the search; runs/NAME-DATE when missing.
    #[arg(short, long = "output", value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = run_directory)]
    pub output: Option<PathBuf>,
    /// Go on with the search in that directory: only what has not ended runs.
    #[arg(long, requires = "output")]
    pub resume: bool,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// Settings and the number of seeds, which is one of them.
fn with_seeds(set: &[Override], seeds: Option<u32>) -> Vec<Override> {
    let seeds = seeds.map(|n| Override { key: "study.seeds".to_owned(), value: n.to_string() });
    set.iter().cloned().chain(seeds).collect()
}

/// Options of `check`.
#[derive(Args)]
pub struct Check {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub scenario: Scenario,
}

/// Options of `serve`.
#[derive(Args)]
pub struct Serve {
    /// Scenario file.
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Seed of everything random, instead of the scenario's.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Change a setting, such as serve.delay=50ms or dlms.keys=keys.hex; can be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<Override>,
    /// Serve this variant.
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Port of TCP and UDP, instead of the scenario's; 0 takes any that is free.
    #[arg(long)]
    pub port: Option<u16>,
    /// Answer other hosts, if the scenario says serve.remote = true as well.
    #[arg(long)]
    pub allow_remote: bool,
    /// State file: counters, relays and clocks of meters that were talked to; runs/serve-NAME.state when missing, or
    /// "none", with test keys.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub state: Option<PathBuf>,
    /// Copy all traffic into a pcapng file, which is replaced.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub capture: Option<PathBuf>,
    /// Worker threads; one for each processor when missing.
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// How it is told that meters answer, and what was done; JSON is one line each.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    #[arg(short, long, hide = true, value_parser = no_directory)]
    #[allow(missing_docs)]
    pub output: Option<PathBuf>,
}

/// Options of `init`.
#[derive(Args)]
pub struct Init {
    /// Name of the scenario or plan; NAME.toml is written.
    #[arg(value_hint = ValueHint::FilePath)]
    pub name: PathBuf,
    /// What it is about.
    #[arg(long, default_value = TemplateKind::MassReset.as_str(),
          value_parser = PossibleValuesParser::new(TemplateKind::ALL.map(TemplateKind::as_str)))]
    pub template: String,
    /// Directory to write into, instead of this one.
    #[arg(short, long = "output", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub output: Option<PathBuf>,
    /// Replace a file of that name.
    #[arg(long)]
    pub force: bool,
}

/// Options of `compare`.
#[derive(Args)]
pub struct Compare {
    /// Directories of runs, and of sweeps and searches, whose cases count as runs; the first variant of the first is what the others are
    /// compared with.
    #[arg(required = true, value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub runs: Vec<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    #[arg(short, long, hide = true, value_parser = no_directory)]
    #[allow(missing_docs)]
    pub output: Option<PathBuf>,
}

/// A run, for `report` and `verify`.
#[derive(Args)]
pub struct OneRun {
    /// Run directory, such as runs/latest.
    #[arg(value_hint = ValueHint::DirPath)]
    pub run: PathBuf,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

/// Options of `report`.
#[derive(Args)]
pub struct Report {
    /// The run, and how the result is printed.
    #[command(flatten)]
    pub of: OneRun,
    /// Draw it without checking the run's files against the hashes in its manifest.
    #[arg(long)]
    pub unchecked: bool,
    /// Write its charts as SVG files into this directory as well, for slides and pages.
    #[arg(long, value_name = "DIR")]
    pub pictures: Option<PathBuf>,
}

/// Options of `describe`.
#[derive(Args)]
pub struct Describe {
    /// `tables`, the name of a table, `cases`, `metrics` or `units`; an overview when missing.
    pub what: Option<String>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

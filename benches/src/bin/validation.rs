//! What the models come to beside what others have published: measures, judges and writes docs/validation.md.

use amitwin_benches::validation::{self, Effort, Verdict, page};
use amitwin_models::terrain::Placement;
use amitwin_scenarios::load_text;
use clap::Parser;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Parser)]
struct Args {
    /// Leave out what takes longest.
    #[arg(long)]
    quick: bool,
    /// Placement of the campus network (CSV), for the figures of its links; a generated suburb otherwise.
    #[arg(long)]
    campus: Option<PathBuf>,
    /// Write the page here.
    #[arg(long)]
    output: Option<PathBuf>,
    /// Page with earlier verdicts; exit code 1 if one got worse.
    #[arg(long, default_value = "docs/validation.md")]
    against: PathBuf,
}

/// Exit code: a verdict got worse.
const WORSE: u8 = 1;
/// Exit code: a file cannot be read or written.
const NO_FILE: u8 = 2;

fn placement(file: &Path) -> Result<Placement, String> {
    let text =
        format!("name = \"campus\"\nduration = \"1min\"\n[placement]\nfile = {:?}\n", file.display().to_string());
    let scenario = load_text(&text, "campus.toml", Path::new("."), &[], None).map_err(|error| error.to_string())?;
    scenario.variants.into_iter().next().map(|variant| variant.spec.placement).ok_or_else(|| "no variant".to_owned())
}

fn run(args: &Args) -> Result<ExitCode, String> {
    let campus = args.campus.as_deref().map(placement).transpose()?;
    let before = match std::fs::read_to_string(&args.against) {
        Ok(page) => page,
        // The first page has nothing before it.
        Err(_) if args.output.is_some() => String::new(),
        Err(error) => return Err(format!("{}: {error}; name the page with --against", args.against.display())),
    };
    let groups = validation::all(if args.quick { Effort::Quick } else { Effort::Whole }, campus.as_ref());
    let written = page::render(&groups);
    print!("{written}");
    if let Some(output) = &args.output {
        std::fs::write(output, written).map_err(|error| format!("{}: {error}", output.display()))?;
    }
    let failing = groups.iter().flat_map(|g| &g.figures).filter(|f| f.verdict() == Verdict::Fails).count();
    let worse = if before.is_empty() { Vec::new() } else { page::worse(&groups, &before) };
    for line in &worse {
        eprintln!("validation: worse than in {}: {line}", args.against.display());
    }
    eprintln!("validation: {failing} figures do not hold; {} got worse", worse.len());
    Ok(if worse.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(WORSE) })
}

fn main() -> ExitCode {
    run(&Args::parse()).unwrap_or_else(|error| {
        eprintln!("validation: {error}");
        ExitCode::from(NO_FILE)
    })
}

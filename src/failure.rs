//! What goes wrong, as a message and as an exit code.

use amitwin_data::files::FileError;
use amitwin_data::placement::is_guarded;
use amitwin_data::survey::SurveyError;
use amitwin_live::serve::ServeError;
use amitwin_scenarios::ScenarioError;
use amitwin_scenarios::drive::DriveError;
use amitwin_scenarios::served::KeysError;
use amitwin_viz::VizError;
use std::io::Write;

/// Failed while running.
pub const FAILED: u8 = 1;
/// Wrong options.
pub const USAGE: u8 = 2;
/// A scenario or an input is invalid.
pub const INVALID: u8 = 3;
/// A hash or a fingerprint does not match.
pub const MISMATCH: u8 = 6;

/// A wrong option that only shows once the scenario is known.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// An input that is well-formed and makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// The exit code that an error leads to.
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if error.is::<Usage>() {
        return USAGE;
    }
    if error.is::<Invalid>() || error.is::<ScenarioError>() || error.is::<KeysError>() || error.is::<SurveyError>() {
        return INVALID;
    }
    if let Some(serve) = error.downcast_ref::<ServeError>() {
        return match serve {
            ServeError::RemoteNotAllowed { .. } | ServeError::NoState => USAGE,
            ServeError::Keys(_) | ServeError::State { .. } | ServeError::Mesh { .. } => INVALID,
            _ => FAILED,
        };
    }
    let file = match (error.downcast_ref::<VizError>(), error.downcast_ref::<DriveError>()) {
        (Some(VizError::File(file)), _) | (_, Some(DriveError::File(file))) => Some(file),
        (Some(_), _) => return USAGE,
        (_, Some(DriveError::Build { .. } | DriveError::Seed { .. } | DriveError::Case { .. })) => return INVALID,
        _ => error.downcast_ref::<FileError>(),
    };
    match file {
        Some(
            FileError::Exists { .. }
            | FileError::NotOurs { .. }
            | FileError::Claimed { .. }
            | FileError::Foreign { .. },
        ) => USAGE,
        Some(
            FileError::NotARun { .. }
            | FileError::Incomplete { .. }
            | FileError::UnfinishedStudy { .. }
            | FileError::VariantName { .. },
        ) => INVALID,
        Some(FileError::Unreadable { .. } | FileError::Schema { .. }) => INVALID,
        Some(FileError::Changed { .. }) => MISMATCH,
        _ => FAILED,
    }
}

/// The message of an error, with its causes.
pub fn text(error: &anyhow::Error, color: bool) -> String {
    match error.downcast_ref::<ScenarioError>() {
        Some(scenario) => scenario.render(color),
        None => error.to_string(),
    }
}

/// Makes a panic say that it is a bug, and what to do with it.
pub fn tell_bugs() {
    std::panic::set_hook(Box::new(|info| {
        if is_guarded() {
            // A placement file contradicts itself, and the error that follows says so.
            return;
        }
        let what = info.payload_as_str().unwrap_or("no message");
        let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let version = env!("CARGO_PKG_VERSION");
        let text = format!(
            "\nerror: this is a bug in amitwin {version}, at {place}: {what}\n\
             Results of this run cannot be trusted, and its directory stays marked as not complete. Please report this\n\
             message with the command line and the scenario file."
        );
        tracing::error!(target: crate::log::SAID, "{text}");
        let trace = std::backtrace::Backtrace::capture();
        let trace = match trace.status() {
            std::backtrace::BacktraceStatus::Captured => format!("\n{trace}"),
            _ => " RUST_BACKTRACE=1 adds where it came from.".to_owned(),
        };
        // Not with a macro that panics when standard error is closed.
        let _ = writeln!(std::io::stderr(), "{text}{trace}");
    }));
}

//! What keeps meters from being served.

use amitwin_scenarios::served::KeysError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// What keeps meters from being served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The flag is missing.
    #[error(
        "other hosts can reach {listen}; the scenario allows that, and so must the command line: add --allow-remote"
    )]
    RemoteNotAllowed {
        /// Where meters would answer.
        listen: String,
    },
    /// Keys that cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Counters would begin anew under keys that they were used with.
    #[error("without a state file, invocation counters would begin anew under the same keys; name one with --state")]
    NoState,
    /// A state file that cannot be used.
    #[error("the state file {}: {what}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// A port that is taken, or an address that is not there.
    #[error("{listen}, port {port}: {cause}{help}")]
    Listen {
        /// Where.
        listen: String,
        /// Port.
        port: u16,
        /// Why not.
        cause: io::Error,
        /// What to do.
        help: &'static str,
    },
    /// A capture that cannot be written.
    #[error("the capture {}: {cause}", path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// The mesh that answers are delayed by.
    #[error("the mesh of `serve.delay = \"mesh\"`: {what}")]
    Mesh {
        /// Why it cannot be built or run.
        what: String,
    },
    /// The system refused something else.
    #[error("{what}: {cause}")]
    System {
        /// What was asked of it.
        what: &'static str,
        /// Why not.
        cause: io::Error,
    },
}

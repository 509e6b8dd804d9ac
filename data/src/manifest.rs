//! `manifest.json`: what a run was made from, on what, and which files it wrote.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The computer that ran it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Operating system.
    pub os: String,
    /// Processor architecture.
    pub arch: String,
    /// Processors that the program may use.
    pub cpus: u32,
}

impl Host {
    /// This computer.
    pub fn this() -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
        Host { os: std::env::consts::OS.to_owned(), arch: std::env::consts::ARCH.to_owned(), cpus }
    }
}

/// A file of the run directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileEntry {
    /// Path within the run directory, with `/` between folders.
    pub path: String,
    /// Length.
    pub bytes: u64,
    /// BLAKE3 of its content, hexadecimal.
    pub blake3: String,
    /// Rows, for a table's file.
    pub rows: Option<u64>,
}

/// A file that the scenario names and of which the run directory keeps a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NamedInput {
    /// Path of the copy within the run directory.
    pub path: String,
    /// As the scenario or whoever started the run wrote it.
    pub named: String,
}

/// What a run was made from and what it wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// Name of the scenario.
    pub name: String,
    /// Version of the program.
    pub version: String,
    /// Seed.
    pub seed: u64,
    /// BLAKE3 of the resolved scenario, hexadecimal.
    pub scenario_hash: String,
    /// The computer.
    pub host: Host,
    /// Worker threads.
    pub threads: u32,
    /// The meters' DLMS keys, as in `summary.json`.
    #[serde(default)]
    pub keys: String,
    /// Files that the scenario names, where it names any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<NamedInput>,
    /// Fingerprint of the results.
    pub fingerprint: String,
    /// Whether every file is there; false while the run goes on and after it was killed.
    pub complete: bool,
    /// Files, sorted by path; all but this one, and the log.
    pub files: Vec<FileEntry>,
}

impl Manifest {
    /// Of a run that has just begun, on this computer.
    pub fn begun(name: &str, version: &str, seed: u64, scenario: &str, threads: u32) -> Self {
        Manifest {
            name: name.to_owned(),
            version: version.to_owned(),
            seed,
            scenario_hash: blake3::hash(scenario.as_bytes()).to_hex().to_string(),
            host: Host::this(),
            threads,
            keys: String::new(),
            inputs: Vec::new(),
            fingerprint: String::new(),
            complete: false,
            files: Vec::new(),
        }
    }
}

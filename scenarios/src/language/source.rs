//! Texts that values come from: the scenario file, and each `--set` of the command line.

use super::diagnostic::{Diagnostic, ScenarioError};
use amitwin_data::input;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

/// Largest scenario file. A thousand variants fit in a tenth of it; beyond it a wrong file was named.
pub const FILE_BYTES_MAX: u64 = 4 << 20;

/// A text and the name it goes by in messages.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path of the file, or `--set`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Where something is written: bytes of a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index of the source.
    pub source: usize,
    /// First byte.
    pub start: usize,
    /// One after the last byte.
    pub end: usize,
}

impl Place {
    /// A range of bytes of a source.
    pub fn new(source: usize, span: Range<usize>) -> Place {
        Place { source, start: span.start, end: span.end.max(span.start) }
    }
}

/// All texts of one load; the scenario file is the first.
#[derive(Clone, Debug, Default)]
pub struct Sources(pub Vec<Source>);

impl Sources {
    /// Adds a text and returns its index.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> usize {
        self.0.push(Source { name: name.into(), text: text.into() });
        self.0.len() - 1
    }

    /// `file:line`, for one-line warnings.
    pub fn line_of(&self, place: &Place) -> String {
        let source = &self.0[place.source];
        let before = source.text.get(..place.start).unwrap_or(&source.text);
        format!("{}:{}", source.name, before.matches('\n').count() + 1)
    }

    /// The bytes at a place.
    pub fn text_of(&self, place: &Place) -> &str {
        self.0[place.source].text.get(place.start..place.end).unwrap_or("")
    }
}

/// Reads a scenario file, with a limit on its size.
pub fn read(path: &Path) -> Result<String, ScenarioError> {
    let name = path.display().to_string();
    let fail = |title: String, help: &str| {
        Err(ScenarioError::new(vec![Diagnostic::error(title).help(help)], Sources::default()))
    };
    if path.is_dir() {
        return fail(format!("{name} is a directory"), "name the scenario file in it, for example scenario.toml");
    }
    let mut bytes = Vec::new();
    let read = input::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        let help = match error.kind() {
            std::io::ErrorKind::NotFound => "check the path, or write a scenario with `amitwin init NAME`",
            std::io::ErrorKind::PermissionDenied => "make the file readable for this user",
            std::io::ErrorKind::InvalidInput => "name a file that holds the scenario",
            _ => "check the file and the disk it is on",
        };
        return fail(format!("{name} cannot be read: {error}"), help);
    }
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return fail(
            format!("{name} is larger than {} MiB, the limit for a scenario file", FILE_BYTES_MAX >> 20),
            "put long lists of meters into a placement file and name it with placement.file",
        );
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1;
            let byte = error.as_bytes()[at];
            let title = format!("{name}:{line}: byte {at} (0x{byte:02x}) is not valid UTF-8");
            fail(title, "save the file as UTF-8, or check that it is a scenario file")
        }
    }
}

//! Messages side by side, each under the name of the mistake that it is for: one snapshot a test.

use std::fmt;

/// Messages, in the order in which they were added.
#[derive(Debug, Default)]
pub struct Gallery(String);

impl Gallery {
    /// Adds the message for a mistake.
    pub fn add(&mut self, mistake: &str, message: impl fmt::Display) {
        self.0.push_str(&format!("## {mistake}\n{message}\n\n"));
    }
}

impl fmt::Display for Gallery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

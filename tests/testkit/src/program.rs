//! `amitwin` as its users run it: small scenarios, what it says, its exit code.

use amitwin_data::files::RunDir;
use amitwin_data::summary::Summary;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Nine meters on a grid, reset after six minutes.
pub const SMALL: &str = r#"
name = "small"
duration = "20min"

[placement]
generator = "grid"
meters = 9
gateways = 1

[[campaign]]
name = "reset"
kind = "reset"
at = "6min"
window = ["0s", "30s"]
"#;

/// Two variants: one ends at once, the other would take hours.
pub const SHORT_AND_LONG: &str = r#"
name = "short-and-long"
duration = "1min"

[placement]
generator = "grid"
meters = 25
gateways = 1

[traffic]
push = "10s"

[record]
frames_every = 1

[[variant]]
name = "short"

[[variant]]
name = "long"
set = { duration = "366d" }
"#;

/// The program that was built with the tests. Cargo names it to the tests of its own package; their executables lie in a
/// folder beside it.
pub fn binary() -> PathBuf {
    let named = std::env::var_os("CARGO_BIN_EXE_amitwin").map(PathBuf::from);
    named.unwrap_or_else(|| {
        let test = std::env::current_exe().expect("a test has a path");
        test.ancestors().nth(2).expect("it is in target/profile/deps").join("amitwin")
    })
}

/// The program, to be run in `folder`.
pub fn amitwin(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(folder).args(arguments).env("RUST_BACKTRACE", "0");
    command
}

/// What the program said, and its exit code.
pub struct Said {
    /// Exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// From what a process left behind.
    pub fn of(output: &Output) -> Said {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Fails unless the exit code is `code`.
    #[track_caller]
    pub fn expect(self, code: i32) -> Said {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }

    /// Fails unless standard error says all of `words`.
    #[track_caller]
    pub fn tells(self, words: &[&str]) -> Said {
        // A terminal's width must not matter to a test.
        let flat = self.err.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(flat.contains(word), "standard error does not say {word:?}:\n{}", self.err);
        }
        assert!(!flat.contains("this is a bug"), "{}", self.err);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}:\n{}", self.out))
    }
}

/// Runs the program to its end.
pub fn run(folder: &Path, arguments: &[&str]) -> Said {
    Said::of(&amitwin(folder, arguments).output().expect("started"))
}

/// The summary in a run directory of any state.
pub fn summary(run: &Path) -> Summary {
    RunDir::open_any(run).expect("a run directory").summary
}

/// Waits until `there` is true; fails after a minute.
#[track_caller]
pub fn wait_for(what: &str, there: impl Fn() -> bool) {
    let began = Instant::now();
    while !there() {
        assert!(began.elapsed() < Duration::from_secs(60), "no {what} after a minute");
        std::thread::sleep(Duration::from_millis(10));
    }
}

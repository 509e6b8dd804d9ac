//! The program while it serves.

use crate::program::amitwin;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The street that is shipped.
pub const STREET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/library/serve.toml");

/// The program while it serves; killed when dropped.
pub struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    /// What it says when it is ready.
    pub ready: Value,
}

/// What it left behind.
pub struct Ended {
    /// Exit code; `None` after a kill.
    pub code: Option<i32>,
    /// What it counted, by the last line of standard output.
    pub counters: Value,
    /// Standard output after it was ready.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// Both.
    pub said: String,
}

impl Serving {
    /// Serves the shipped street in `folder` on any free port.
    pub fn begin(folder: &Path, more: &[&str]) -> Serving {
        Serving::with(folder, STREET, &[&["--port", "0"], more].concat())
    }

    /// Serves a scenario in `folder`.
    pub fn with(folder: &Path, scenario: &str, more: &[&str]) -> Serving {
        Serving::into(folder, scenario, more, Stdio::piped())
    }

    /// The same, with its standard error somewhere else.
    pub fn into(folder: &Path, scenario: &str, more: &[&str], err: Stdio) -> Serving {
        let mut command = amitwin(folder, &[&["serve", scenario, "--format", "json"], more].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(err).spawn().expect("started");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut said = String::new();
            let _ = child.stderr.take().map(|mut err| err.read_to_string(&mut said));
            panic!("not ready:\n{line}{said}")
        });
        Serving { child, out, ready }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.ready["port"].as_u64().expect("a port") as u16
    }

    /// Where meter `number` answers, counted from 1.
    pub fn address(&self, number: u8) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, number], self.port()))
    }

    /// A connection to a meter, which does not wait for ever.
    pub fn connect(&self, number: u8) -> TcpStream {
        let stream = TcpStream::connect(self.address(number)).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        stream.set_write_timeout(Some(Duration::from_secs(20))).expect("set");
        stream
    }

    /// Largest resident set so far, bytes.
    pub fn peak_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a figure");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("a figure") * 1024
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill");
        assert!(status.success(), "it ran until now");
    }

    /// Stops it as a user does.
    pub fn end(self) -> Ended {
        self.end_by("-INT")
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Stops it by a signal.
    pub fn end_by(mut self, signal: &str) -> Ended {
        self.signal(signal);
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).expect("UTF-8");
        if let Some(mut piped) = self.child.stderr.take() {
            piped.read_to_string(&mut err).expect("UTF-8");
        }
        let code = self.child.wait().expect("ended").code();
        let last: Value = out.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        let said = format!("{out}{err}");
        Ended { code, counters: last["counters"].clone(), out, err, said }
    }

    /// Kills it.
    pub fn kill(&mut self) {
        self.child.kill().expect("it ran until now");
        self.child.wait().expect("ended");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

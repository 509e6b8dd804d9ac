//! The program while it serves, and the little that a raw client needs.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The street that is shipped.
pub const STREET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/library/serve.toml");

/// The program while it serves; killed when dropped.
pub struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    port: u16,
}

/// What it left behind.
pub struct Ended {
    /// Exit code; `None` after a kill.
    pub code: Option<i32>,
    /// The last line of standard output.
    pub counters: Value,
    /// Everything said, on both streams.
    pub said: String,
}

impl Serving {
    /// Serves the street in `folder` on any free port.
    pub fn begin(folder: &Path, more: &[&str]) -> Serving {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amitwin"));
        command.current_dir(folder).env("RUST_BACKTRACE", "0");
        command.args(["serve", STREET, "--port", "0", "--format", "json"]).args(more);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("a line");
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| {
            let mut said = String::new();
            let _ = child.stderr.take().expect("piped").read_to_string(&mut said);
            panic!("not ready:\n{line}{said}")
        });
        Serving { child, out, port: ready["port"].as_u64().expect("a port") as u16 }
    }

    /// Where meter `number` answers, counted from 1.
    pub fn address(&self, number: u8) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, number], self.port))
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

    /// Stops it as a user does.
    pub fn end(mut self) -> Ended {
        let status = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill");
        assert!(status.success(), "it ran until now");
        let (mut out, mut err) = (String::new(), String::new());
        self.out.read_to_string(&mut out).expect("UTF-8");
        self.child.stderr.take().expect("piped").read_to_string(&mut err).expect("UTF-8");
        let code = self.child.wait().expect("ended").code();
        let last: Value = out.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        Ended { code, counters: last["counters"].clone(), said: out + &err }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes from hexadecimal digits.
pub fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).expect("hexadecimal")).collect()
}

/// An APDU in a wrapper frame from a client to the meter.
pub fn framed(client: u8, apdu: &[u8]) -> Vec<u8> {
    let length = u16::try_from(apdu.len()).expect("short").to_be_bytes();
    [&[0, 1, 0, client, 0, 1], &length[..], apdu].concat()
}

/// The next APDU that a meter sends; `None` if it closes the connection, and a panic if it says nothing in time.
pub fn next(stream: &mut TcpStream) -> Option<Vec<u8>> {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset, UnexpectedEof};
    let mut take = |buffer: &mut [u8]| match stream.read_exact(buffer) {
        Ok(()) => true,
        Err(e) if matches!(e.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted) => false,
        Err(e) => panic!("neither an answer nor the end: {e}"),
    };
    let mut head = [0; 8];
    if !take(&mut head) {
        return None;
    }
    assert_eq!(head[..4], [0, 1, 0, 1], "a wrapper header of the meter");
    let mut apdu = vec![0; usize::from(u16::from_be_bytes([head[6], head[7]]))];
    take(&mut apdu).then_some(apdu)
}

/// Sends an APDU and takes what comes back.
pub fn ask(stream: &mut TcpStream, client: u8, apdu: &[u8]) -> Option<Vec<u8>> {
    // A meter that has closed the connection may refuse the bytes as well.
    let _ = stream.write_all(&framed(client, apdu));
    next(stream)
}

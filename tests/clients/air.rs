//! What head-end and meters say over the simulated air, taken from a capture and opened by a stock DLMS package.

use amitwin_testkit::program::amitwin;
use amitwin_testkit::tools::{peer, python, tshark};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SCENARIO: &str = r#"
name = "air"
duration = "40min"
placement = { generator = "suburb", meters = 12, gateways = 1 }
radio = { phy = "3" }
traffic = { push = "10min" }

[[read]]
name = "profile"
every = "15min"
window = "5min"

[[read]]
name = "registers"
what = "registers"
every = "10min"

[[campaign]]
name = "soft"
kind = "reset"
tier = "soft"
at = "20min"
window = ["0s", "60s"]
"#;

fn text(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// UDP payload and IPv6 receivers of every captured frame that carries a whole datagram.
fn payloads(folder: &Path) -> String {
    std::fs::write(folder.join("air.toml"), SCENARIO).expect("a scenario");
    let run = amitwin(folder, &["run", "air.toml", "-o", "run", "--capture", "air.pcapng"]).output();
    let run = run.expect("the program starts");
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{told}");
    let key = told.split('\'').find(|part| part.starts_with("uat:")).expect("the run prints how to read the capture");
    let mut tshark = Command::new("tshark");
    tshark.current_dir(folder).args(["-o", key, "-r", "air.pcapng", "-Y", "udp.port==4059", "-T", "fields"]);
    text(tshark.args(["-e", "udp.payload", "-e", "ipv6.dst"]).output().expect("tshark starts"))
}

#[test]
fn a_stock_package_opens_what_is_on_the_air() {
    let (Some(python), true) = (python(), tshark()) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let payloads = payloads(folder.path());
    let mut opened = Command::new("timeout")
        .arg("60")
        .arg(python)
        .arg(peer("dlms_air.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let child = opened.as_mut().expect("python starts");
    child.stdin.take().expect("a pipe").write_all(payloads.as_bytes()).expect("it reads");
    let told = text(opened.expect("python starts").wait_with_output().expect("it ends"));
    let told: Value = serde_json::from_str(&told).expect("JSON");
    let kind = |name: &str| told["kinds"][name].as_u64().unwrap_or(0);
    let summary = std::fs::read_to_string(folder.path().join("run/summary.json")).expect("a summary");
    let summary: Value = serde_json::from_str(&summary).expect("JSON");
    let metric = |name: &str| summary["variants"][0]["metrics"][name].as_f64().unwrap_or_else(|| panic!("{name}"));

    assert_eq!((metric("values_wrong"), metric("apdu_rejected")), (0.0, 0.0));
    // Two quarters of an hour are over, registers were read at 0, 10, 20 and 30 min.
    assert_eq!((metric("reads_ok"), metric("profile_rows")), (12.0 * (2.0 + 4.0), 24.0));
    assert_eq!((kind("GetRequestNormal"), kind("GetResponseNormal")), (24, 24), "{told}");
    assert_eq!((kind("GetRequestWithList"), kind("GetResponseWithList")), (48, 48), "{told}");
    // Readings of twelve meters four times; after the reset, which is one APDU for all, an alarm each and its answer.
    assert_eq!((kind("DataNotification of 5"), kind("DataNotification of 4")), (48, 12), "{told}");
    assert_eq!((kind("C3"), kind("10")), (1, 12), "{told}");
    let mut registers: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for reading in told["registers"].as_array().expect("readings") {
        let number = |at: usize| reading[at].as_u64().expect("a number");
        registers.entry(number(0)).or_default().push(number(1));
    }
    assert_eq!(registers.len(), 12);
    for (meter, mut of) in registers {
        // Two rows and four notifications of a quarter of an hour's energy each, around the meter's own register.
        assert_eq!(of.len(), 2 + 4, "meter {meter}");
        of.sort_unstable();
        assert!(of[0] > 1_000_000 && of[5] - of[0] < 20_000, "meter {meter}: {of:?}");
    }
}

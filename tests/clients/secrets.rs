//! Neither the secret of a keys file nor a key derived from it is in anything that the program says or writes.

use amitwin_dlms::{CivilTime, Fleet, KeyMaster, LocalTime, Meter, Vendor};
use amitwin_testkit::folders::files;
use amitwin_testkit::program::amitwin;
use amitwin_testkit::serving::{STREET, Serving};
use amitwin_testkit::tools::{peer, python};
use amitwin_testkit::wire::bytes;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const CANARY: &str = "5eed00c0ffee01c0ffee02c0ffee03c0ffee04c0ffee05c0ffee06c0ffee07ab";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Meter 1's keys as the street derives them: cipher key, authentication key, secret of its proofs, master key.
fn derived() -> [Vec<u8>; 4] {
    let secret: [u8; 32] = bytes(CANARY).try_into().expect("32 bytes");
    let fleet = Fleet {
        seed: 1,
        time: CivilTime { start_unix_s: 0, local: LocalTime::fixed(0) },
        vendors: vec![Vendor::default()],
        keys: KeyMaster::Secret(secret),
        challenge_key: [0; 32],
    };
    let meter = Meter { fleet: &fleet, number: 0 };
    let keys = fleet.keys.of_meter(meter.system_title(), meter.vendor().suite);
    [
        keys.unicast[..16].to_vec(),
        keys.authentication[..16].to_vec(),
        keys.hls_secret.to_vec(),
        keys.master[..16].to_vec(),
    ]
}

/// Fails if a part of a secret is in `text`, as bytes or as digits.
fn clean(place: &str, text: &[u8], secrets: &[Vec<u8>]) {
    let lower = text.to_ascii_lowercase();
    for secret in secrets {
        let digits = hex(secret);
        for part in secret.windows(8) {
            assert!(!text.windows(8).any(|window| window == part), "{place} has a secret as bytes");
        }
        for part in digits.as_bytes().windows(16).step_by(2) {
            assert!(!lower.windows(16).any(|window| window == part), "{place} has a secret as digits");
        }
    }
}

#[test]
fn a_secret_and_the_keys_from_it_are_nowhere_to_be_found() {
    let here = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = here.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
    };
    write("keys.hex", CANARY);
    let keys = derived();
    let [unicast, authentication, secret] = [&keys[0], &keys[1], &keys[2]].map(|key| hex(key));
    let own = serde_json::json!({ "unicast": unicast, "authentication": authentication, "secret": secret });
    write("client.json", &own.to_string());
    let with = ["--set", "dlms.keys=keys.hex"];
    let more = ["--state", "street.state", "--capture", "street.pcapng", "-vv"];
    let serving = Serving::begin(here.path(), &[&with[..], &more].concat());
    let mut said = Vec::new();
    if let Some(python) = python() {
        for (mechanism, form, limit) in [("gmac", "service", "60"), ("sha256", "general", "60"), ("md5", "no", "60")] {
            let mut command = Command::new(python);
            command.arg(peer("dlms_gurux.py"));
            let address = serving.address(1);
            command.args([address.ip().to_string(), address.port().to_string()]).args(["--client", "1"]);
            command.args(["--mechanism", mechanism, "--ciphered", form, "--limit", limit, "--keys"]);
            let output = command.arg(here.path().join("client.json")).output().expect("python starts");
            let err = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "keys derived here are those of the meter; {mechanism}: {err}");
        }
        // With test keys nobody gets in; what is refused is logged, and must not be logged with what it was checked by.
        let mut command = Command::new(python);
        command.arg(peer("dlms_gurux.py"));
        let address = serving.address(1);
        command.args([address.ip().to_string(), address.port().to_string()]);
        command.args(["--client", "1", "--mechanism", "gmac", "--ciphered", "general", "--limit", "60"]);
        assert!(!command.output().expect("python starts").status.success(), "test keys must not fit");
    }
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    said.push(("serve", ended.said.into_bytes()));
    let scenario = std::fs::read_to_string(STREET).expect("the street");
    std::fs::write(here.path().join("street.toml"), scenario.replace("keys = \"test\"", "keys = \"keys.hex\""))
        .expect("written");
    for (what, arguments) in [
        ("check", &["check", "street.toml"][..]),
        ("run", &["-vv", "run", "street.toml", "--set", "duration=10min", "-o", "out"]),
        ("report", &["report", "out"]),
        ("a wrong key", &["check", "street.toml", "--set", "dlms.keys=street.toml"]),
    ] {
        let output = amitwin(here.path(), arguments).output().expect("started");
        said.push((what, [output.stdout, output.stderr].concat()));
    }
    assert!(here.path().join("out/summary.json").is_file(), "the run has run");
    let secrets: Vec<Vec<u8>> = [vec![bytes(CANARY)], keys.to_vec()].concat();
    for (what, text) in &said {
        clean(what, text, &secrets);
    }
    let written = files(here.path(), "");
    assert!(written.len() > 8, "{written:?}");
    for path in written.iter().filter(|path| !path.ends_with("keys.hex") && !path.ends_with("client.json")) {
        clean(&path.display().to_string(), &std::fs::read(path).expect("readable"), &secrets);
    }
}

const SIMULATED: &str = r#"
name = "air"
duration = "20min"
placement = { generator = "suburb", meters = 6, gateways = 1 }
traffic = { push = "5min" }
dlms = { keys = "keys.hex" }

[[read]]
name = "registers"
what = "registers"
every = "10min"
"#;

#[test]
fn a_simulated_network_speaks_under_its_secret_and_tells_it_to_nobody() {
    let here = tempfile::tempdir().expect("a folder");
    let keys_file = here.path().join("keys.hex");
    std::fs::write(&keys_file, CANARY).expect("written");
    std::fs::write(here.path().join("air.toml"), SIMULATED).expect("written");
    let mode = |mode| std::fs::set_permissions(&keys_file, std::fs::Permissions::from_mode(mode)).expect("set");
    let run = || {
        let mut run = amitwin(here.path(), &["run", "air.toml", "-o", "out", "--capture", "out.pcapng", "-vv"]);
        run.output().expect("the program starts")
    };
    mode(0o644);
    let refused = run();
    let told = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{told}");
    assert!(told.contains("keys.hex") && told.contains("chmod 600"), "{told}");
    mode(0o600);
    let ran = run();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let summary = std::fs::read_to_string(here.path().join("out/summary.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_str(&summary).expect("JSON");
    let metrics = &summary["variants"][0]["metrics"];
    assert!(metrics["values_checked"].as_f64() > Some(20.0), "{metrics}");
    assert_eq!((metrics["values_wrong"].as_f64(), metrics["apdu_rejected"].as_f64()), (Some(0.0), Some(0.0)));
    let secrets: Vec<Vec<u8>> = derived().into_iter().chain([bytes(CANARY)]).collect();
    clean("standard output", &ran.stdout, &secrets);
    clean("standard error", &ran.stderr, &secrets);
    let found = files(here.path(), "");
    for path in found.iter().filter(|path| **path != keys_file) {
        clean(&path.display().to_string(), &std::fs::read(path).expect("read"), &secrets);
    }
}

//! Keys that a client changes, over a socket: transferred by a stock package, agreed on and signed with OpenSSL; and what
//! of them survives a kill.

use amitwin_testkit::serving::Serving;
use amitwin_testkit::tools::{peer, python};
use amitwin_testkit::wire::bytes;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

fn script(python: &Path, name: &str, serving: &Serving, meter: u8, more: &[&str]) -> Output {
    let address = serving.address(meter);
    let mut command = Command::new(python);
    command.arg(peer(name));
    command.args([address.ip().to_string(), address.port().to_string()]).args(["--client", "1", "--limit", "120"]);
    let suite = ((meter - 1) % 3).to_string();
    command.args(["--mechanism", "gmac", "--ciphered", "general", "--suite", &suite]).args(more);
    command.env("PYTHONDONTWRITEBYTECODE", "1").output().expect("python starts")
}

/// What a script that must succeed printed, step by step.
fn steps(output: &Output) -> Vec<Value> {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}", output.status);
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

#[test]
fn keys_are_changed_over_a_socket_and_survive_a_kill() {
    let Some(python) = python() else { return };
    let here = tempfile::tempdir().expect("a folder");
    let state = here.path().join("street.state");
    let keep = ["--state", "street.state"];
    let serving = Serving::begin(here.path(), &keep);
    let mut last = Vec::new();
    for (meter, wanted) in
        [(1, "names,transfer"), (2, "names,transfer,agree,message,signed"), (3, "names,transfer,agree,message,signed")]
    {
        let done = steps(&script(python, "dlms_keys.py", &serving, meter, &["--steps", wanted]));
        let steps: Vec<&str> = done.iter().filter_map(|step| step["step"].as_str()).collect();
        assert_eq!(steps.join(","), wanted);
        let name = done[0]["name"].clone();
        for step in &done[1..] {
            let named = step["names"].as_array().cloned().unwrap_or_else(|| vec![step["name"].clone()]);
            assert!(!named.is_empty() && named.iter().all(|read| *read == name), "{step}");
        }
        let key = done.iter().rev().find_map(|step| step["unicast"].as_str()).expect("a key").to_owned();
        last.push((meter, name, key));
    }
    // Killed, not stopped.
    drop(serving);
    let kept = std::fs::read(&state).expect("a state file");
    let serving = Serving::begin(here.path(), &keep);
    for (meter, name, key) in &last {
        let secret = bytes(key);
        assert!(!kept.windows(secret.len()).any(|window| window == secret), "meter {meter}: its key lies in the file");
        let long = secret.len() == 32;
        let authentication: Vec<String> = (0xD0..if long { 0xF0 } else { 0xE0 }).map(|n| format!("{n:02x}")).collect();
        let hls: Vec<String> = b"HLS-TEST-SECRET!".iter().map(|n| format!("{n:02x}")).collect();
        let file = here.path().join("keys.json");
        let keys = json!({ "unicast": key, "authentication": authentication.concat(), "secret": hls.concat() });
        std::fs::write(&file, keys.to_string()).expect("written");
        let path = file.to_str().expect("UTF-8");
        let read = steps(&script(python, "dlms_gurux.py", &serving, *meter, &["--steps", "names", "--keys", path]));
        assert_eq!(read[0]["name"], *name);
        let former = script(python, "dlms_gurux.py", &serving, *meter, &["--steps", "names"]);
        assert!(!former.status.success(), "meter {meter} still takes its first key");
    }
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    for (_, _, key) in &last {
        assert!(!ended.said.contains(key.as_str()));
    }
}

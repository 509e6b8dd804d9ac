//! A captured run in tshark: every frame decoded up to IPv6 and UDP, none malformed, no checksum wrong.
//!
//! Without tshark the test says that it is skipped; with `CI=true` that is a failure.

use amitwin_testkit::program::amitwin;
use amitwin_testkit::{folders, tools};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

/// An hour of 40 meters with a reset of all, their reports longer than a frame.
const SETTINGS: [&str; 6] = [
    "placement.gateways=1",
    "placement.meters=40",
    "duration=40min",
    "traffic.push=10min",
    "traffic.payload=700 B",
    "mesh.frame_bytes_max=400",
];

fn run(folder: &Path, file: &str, more: &[&str]) -> Output {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/library/mass-reset.toml");
    let mut command = amitwin(folder, &["run"]);
    command.arg(scenario).args(["--variant", "clusters of 100", "--capture", file]);
    for setting in SETTINGS {
        command.args(["--set", setting]);
    }
    command.args(more).output().expect("the program starts")
}

fn captured(folder: &Path, file: &str, more: &[&str]) -> (Vec<u8>, String) {
    let output = run(folder, file, more);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    (std::fs::read(folder.join(file)).expect("the capture"), told)
}

/// The fields of each frame, one line for each, read with the option that the run printed.
fn tshark(folder: &Path, file: &str, told: &str, fields: &[&str]) -> Vec<Vec<String>> {
    let key = told.split('\'').find(|part| part.starts_with("uat:")).expect("the run prints how to read the capture");
    let mut command = Command::new("tshark");
    command.current_dir(folder).args(["-o", key, "-o", "udp.check_checksum:TRUE", "-r", file, "-T", "fields"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let output = command.output().expect("tshark starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn the_capture_is_the_same_with_one_thread_and_with_two() {
    let folder = folders::empty();
    let (one, _) = captured(folder.path(), "one.pcapng", &["--threads", "1", "-o", "one"]);
    let (two, _) = captured(folder.path(), "two.pcapng", &["--threads", "2", "-o", "two"]);
    assert!(one.len() > 100_000, "{} bytes", one.len());
    assert!(one == two, "captures differ");
}

#[test]
fn tshark_decodes_every_frame() {
    if !tools::tshark() {
        return;
    }
    let folder = folders::empty();
    let (_, told) = captured(folder.path(), "air.pcapng", &["-o", "run"]);
    let fields = [
        "frame.protocols",
        "wpan.fcs_ok",
        "_ws.malformed",
        "_ws.expert.severity",
        "udp.checksum.status",
        "icmpv6.checksum.status",
        "udp.length",
        "6lowpan.frag.size",
        "_ws.expert.message",
    ];
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut long = 0;
    for (n, row) in tshark(folder.path(), "air.pcapng", &told, &fields).iter().enumerate() {
        let [protocols, fcs, malformed, severity, udp, icmp, length, fragment, message] = &row[..] else {
            panic!("{row:?}")
        };
        assert_eq!(fcs, "1", "check sequence of frame {}", n + 1);
        assert_eq!(malformed, "", "frame {}", n + 1);
        // Severities from warnings upwards.
        let worst = severity.split(',').filter_map(|s| s.parse::<u32>().ok()).max().unwrap_or(0);
        assert!(worst < 0x0060_0000, "frame {}: {message}", n + 1);
        for status in [udp, icmp] {
            assert!(status.split(',').all(|s| s.is_empty() || s == "1"), "checksum of frame {}: {status}", n + 1);
        }
        let what = if protocols.contains("data") && fragment.is_empty() { "report or command" } else { protocols };
        *seen.entry(what.to_owned()).or_default() += 1;
        long += u32::from(length.split(',').any(|l| l == "708"));
    }
    let some = |part: &str| seen.iter().filter(|(p, _)| p.ends_with(part)).map(|s| s.1).sum::<u32>();
    assert!(long > 40, "{long} long reports put together: {seen:?}");
    assert!(some("ipv6:icmpv6") > 100 && some("udp:dhcpv6") > 30, "{seen:?}");
}

#[test]
fn only_the_chosen_nodes_are_captured() {
    if !tools::tshark() {
        return;
    }
    let folder = folders::empty();
    let (_, told) = captured(folder.path(), "some.pcapng", &["-o", "run", "--capture-nodes", "3,7"]);
    let frames = tshark(folder.path(), "some.pcapng", &told, &["wpan.src64", "wpan.dst64"]);
    assert!(frames.len() > 100, "{} frames", frames.len());
    for frame in &frames {
        let chosen = |address: &str| address.ends_with(":00:03") || address.ends_with(":00:07");
        assert!(frame.iter().any(|address| chosen(address)), "{frame:?}");
    }
}

#[test]
fn what_cannot_be_captured_is_said_before_the_run() {
    let folder = folders::empty();
    let unknown = run(folder.path(), "a.pcapng", &["--capture-nodes", "41", "-o", "a"]);
    let several = run(folder.path(), "b.pcapng", &["--variant", "computed", "-o", "b"]);
    for (output, words) in [
        (unknown, "there is no node 41 to capture; the nodes of this scenario are 0 to 40"),
        (several, "--capture takes the frames of one variant; choose it with --variant NAME"),
    ] {
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(words), "{text}");
    }
    assert!(std::fs::read_dir(folder.path()).expect("a folder").next().is_none(), "nothing was written");
}

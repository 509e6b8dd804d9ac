//! `[[replay]]` of logs as other systems write them, and of what nobody knows.

use amitwin_testkit::folders::folder;
use amitwin_testkit::program::{run, summary};
use std::fs;

/// What head-ends export, each in its own shape, of an outage of two of four meters: M000001 and M000002 are without power from 20:05:00 to 20:06:30 UTC.
const UIQ: (&str, &str) = (
    "\
enddeviceeventtypeid,reason
3.26.0.47,\"NIC power fail: MAC 00:13:50:05:00:00:00:01, reboot count 7, received 2026-01-01 20:05:00\"
3.26.9.185,\"NIC power fail: MAC 00:13:50:05:00:00:00:02, reboot count 3, received 2026-01-01 20:05:00\"
3.26.0.216,\"NIC restore: MAC 00:13:50:05:00:00:00:01, reboot count 8, received 2026-01-01 20:06:30\"
3.26.9.216,\"NIC restore: MAC 00:13:50:05:00:00:00:02, reboot count 4, received 2026-01-01 20:06:30\"
3.2.22.150,\"NIC battery: MAC 00:13:50:05:00:00:00:03, reboot count 1, received 2026-01-01 20:07:00\"
",
    "\
what,theirs,ours
column,\"reason|MAC *,\",device
column,reason|received *,time_utc
device,00:13:50:05:00:00:00:01,M000001
device,00:13:50:05:00:00:00:02,M000002
device,00:13:50:05:00:00:00:03,M000003
",
);
const ORACLE: (&str, &str) = (
    "\
Transaction;Device;Event Name;Event Time;Device Type;Location;Module Serial;Category;Severity
1;E-1;Power Outage;01/01/2026 03:05:00 PM;meter;Elm St 1;MOD1;Power;High
2;E-2;Power Outage;01/01/2026 03:05:00 PM;meter;Elm St 2;mod2;Power;High
3;E-1;Power Restored;01/01/2026 03:06:30 PM;meter;Elm St 1;MOD1;Power;Low
4;E-2;Power Restored;01/01/2026 03:06:30 PM;meter;Elm St 2;mod2;Power;Low
5;E-3;Door Opened;01/01/2026 03:07:00 PM;meter;Elm St 3;MOD3;Tamper;Low
",
    "\
what,theirs,ours
column,Module Serial,device
column,Event Name,code
column,Event Time,time_utc
time,%m/%d/%Y %I:%M:%S %p,America/New_York
code,power outage,power-down
code,*restored,power-up
code,Door*,ignore
devices,*,serial
",
);
const NURI: (&str, &str) = (
    "\
code,createdDateTime,severity,Assets.mRID,details
3.26.136.47,2026-01-02T05:05:00+09:00,HIGH,urn:1,last gasp
3.26.136.47,2026-01-02T05:05:00+09:00,HIGH,urn:2,last gasp
3.26.136.216,2026-01-02T05:06:30+09:00,LOW,urn:1,
3.26.136.216,2026-01-02T05:06:30+09:00,LOW,urn:2,
3.12.0.257,2026-01-02T05:07:00+09:00,LOW,urn:3,cover
",
    "\
what,theirs,ours
device,urn:1,M000001
device,urn:2,M000002
device,urn:3,M000003
",
);
const GXF: (&str, &str) = (
    "\
creation_time,device_identification,incoming,valid,data_size,decoded_message,encoded_message
2026-01-01 20:05:00.000,DEV1,true,true,60,EventNotification { event: POWER_FAILURE },7e
2026-01-01 20:05:00.000,DEV2,true,true,60,EventNotification { event: POWER_FAILURE },7e
2026-01-01 20:06:30.000,DEV1,true,true,60,EventNotification { event: POWER_RETURNED },7e
2026-01-01 20:06:30.000,DEV2,true,true,60,EventNotification { event: POWER_RETURNED },7e
2026-01-01 20:07:00.000,DEV3,false,true,60,GetConfigurationRequest,7e
",
    "\
what,theirs,ours
column,decoded_message,code
code,*power_failure*,power-down
code,*power_returned*,power-up
code,GetConfiguration*,ignore
device,DEV1,M000001
device,DEV2,M000002
device,DEV3,M000003
",
);

/// Four meters with a column of their own, and what happened by our own names.
fn four_meters() -> (String, &'static str) {
    let meters: String = (1..=4).map(|n| format!("M00000{n},meter,50.000{n},10.0,1.5,Mod{n}\n")).collect();
    let placement = format!("id,kind,lat,lon,height_m,serial\n{meters}G1,gateway,50.0,10.0,8,\n");
    let log = "time_utc,device,kind\n2026-01-01T20:05:00Z,M000001,power-down\n2026-01-01T20:05:00Z,M000002,power-down\n\
               2026-01-01T20:06:30Z,M000001,power-up\n2026-01-01T20:06:30Z,M000002,power-up\n2026-01-01T20:07:00Z,M000003,ignore\n";
    (placement, log)
}

const FOUR: &str = r#"
name = "four"
duration = "20min"
[placement]
file = "meters.csv"
[dlms]
start = "2026-01-01T20:00:00Z"
[traffic]
push = "5min"
[last_gasp]
"#;

#[test]
fn logs_of_other_systems_are_read_by_what_a_mapping_says() {
    let here = folder(&format!("{FOUR}[[replay]]\nname = \"log\"\nfile = \"log.csv\"\n"));
    let write = |name: &str, text: &str| fs::write(here.path().join(name), text).expect("written");
    let (placement, log) = four_meters();
    write("meters.csv", &placement);
    write("log.csv", log);
    let happens = ["5 lines, of which 2 outages, 0 restarts and 0 commands happen; 1 not to be played"];
    run(here.path(), &["run", "small.toml", "-o", "ours"]).expect(0).tells(&happens);
    let expected = summary(&here.path().join("ours"));
    assert_eq!(expected.variants[0].metrics["supplies_failed"], Some(2.0));
    write("mapped.toml", &format!("{FOUR}[[replay]]\nname = \"log\"\nfile = \"log.csv\"\nmapping = \"names.csv\"\n"));
    for (name, (log, mapping)) in [("uiq", UIQ), ("oracle", ORACLE), ("nuri", NURI), ("gxf", GXF)] {
        write("log.csv", log);
        write("names.csv", mapping);
        let done = run(here.path(), &["run", "mapped.toml", "-o", name]).expect(0).tells(&happens);
        assert!(!done.err.contains("warning"), "{name}: {}", done.err);
        assert_eq!(summary(&here.path().join(name)).fingerprint, expected.fingerprint, "{name}");
    }
    // Moved, the run has its mapping with it.
    fs::remove_file(here.path().join("names.csv")).expect("removed");
    run(here.path(), &["run", "gxf/scenario.resolved.toml", "-o", "again"]).expect(0);
    assert_eq!(summary(&here.path().join("again")).fingerprint, expected.fingerprint);
}

#[test]
fn a_mapping_that_cannot_be_right_says_where() {
    let here = folder(&format!("{FOUR}[[replay]]\nname = \"log\"\nfile = \"log.csv\"\nmapping = \"names.csv\"\n"));
    let write = |name: &str, text: &str| fs::write(here.path().join(name), text).expect("written");
    let (placement, log) = four_meters();
    write("meters.csv", &placement);
    write("log.csv", log);
    let check = |mapping: &str, code: i32, words: &[&str]| {
        write("names.csv", &format!("what,theirs,ours\n{mapping}"));
        run(here.path(), &["check", "small.toml"]).expect(code).tells(words);
    };
    let wrong = |mapping: &str, words: &[&str]| check(mapping, 3, words);
    wrong(
        "code,A,power-off\ncolumn,B,moment\n",
        &[
            "line 2: `power-off` is nothing that happens; did you mean `power-down`?",
            "line 3: `moment` is no column of a log",
        ],
    );
    wrong("device,A,M000001\ndevice,a,M000002\n", &["lines 2 and 3 both say what the device `a` is"]);
    wrong("column,A,device\ncolumn,B,device\n", &["line 3: both `A` and `B` are the column device"]);
    wrong(
        "column,MAC,device\n",
        &["the log `log.csv` has no column 'MAC', which is to be its device; its columns are time_utc, device, kind"],
    );
    wrong("devices,*,mac\n", &["line 2: the placement has no column `mac`; columns: serial"]);
    wrong("time,days,UTC\n", &["line 2: `days` is no format of times"]);
    wrong("time,%d.%m.%Y,UTC\n", &["the log `log.csv` has lines without a time: line 2 \"2026-01-01T20:05:00Z\""]);
    wrong("meter,A,B\n", &["the mapping `names.csv` says what `meter` is in line 2"]);
    write("meters.csv", &placement.replace("Mod2", "Mod1"));
    wrong(
        "devices,*,serial\n",
        &["line 2: the column `serial` of the placement says `mod1` of both M000001 and M000002"],
    );
    write("meters.csv", &placement);
    // What is about nothing is told, and the rest is played.
    let other = "device,M000001,M9\ncode,odd,ignore\ncode,power-down,power-down\n";
    check(
        other,
        0,
        &[
            "names devices that the placement does not have: line 2 `M9`",
            "has none of these codes of the mapping `names.csv`: line 3 `odd`",
        ],
    );
    check(
        "code,odd,ignore\ndevice,X,M000001\n",
        0,
        &["nothing of the log `log.csv` is called as the mapping `names.csv` says"],
    );
    fs::remove_file(here.path().join("names.csv")).expect("removed");
    run(here.path(), &["check", "small.toml"]).expect(3).tells(&["the mapping `names.csv` cannot be read"]);
}

/// What a log says that nobody knows stands in the summary, the results and the report.
#[test]
fn unknown_codes_and_devices_are_counted_and_listed() {
    let gates = "[[gate]]\nmetric = \"replay_unknown_codes\"\nmax = 2\n[[gate]]\nmetric = \"replay_unknown_devices\"\nmax = 0\n";
    let here = folder(&format!("{FOUR}[[replay]]\nname = \"log\"\nfile = \"log.csv\"\n{gates}"));
    let (placement, log) = four_meters();
    fs::write(here.path().join("meters.csv"), placement).expect("written");
    let more =
        "2026-01-01T20:07:00Z,M000003,door\n2026-01-01T20:08:00Z,M000003,door\n2026-01-01T20:08:00Z,M7,power-down\n";
    fs::write(here.path().join("log.csv"), format!("{log}{more}")).expect("written");
    // A gate that the unknown meter breaches.
    run(here.path(), &["run", "small.toml", "-o", "out"]).expect(4).tells(&[
        "2 of codes that mean nothing here",
        "(door: 2)",
        "1 of devices that the placement does not have (M7: 1)",
    ]);
    let variant = summary(&here.path().join("out")).variants[0].clone();
    let figure = |name: &str| variant.metrics[name];
    assert_eq!([figure("replay_lines"), figure("replay_happened")], [Some(8.0), Some(2.0)]);
    assert_eq!([figure("replay_unknown_codes"), figure("replay_unknown_devices")], [Some(2.0), Some(1.0)]);
    let told = &variant.replays[0];
    assert_eq!((told.outages, told.ignored, told.unknown_codes.names.clone()), (2, 1, vec![("door".to_owned(), 2)]));
    let report = fs::read_to_string(here.path().join("out/report.html")).expect("a report");
    for words in [
        "<h2>Replayed logs</h2>",
        "Unknown codes of log, with the lines of each: door: 2.",
        "Unknown devices of log, with the lines of each: M7: 1.",
    ] {
        assert!(report.contains(words), "{words}");
    }
}

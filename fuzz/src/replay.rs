//! Logs of head-ends, and the mappings that say what they call things.

use crate::{Input, folder};
use amitwin_scenarios::{Scenario, load_text};

/// A street with an image, so that every kind of line has something to go by.
const STREET: &str = "name = \"s\"\nduration = \"2h\"\n[placement]\ngenerator = \"grid\"\nmeters = 9\ngateways = 1\n\
                      [dlms]\nstart = \"2026-07-01T00:00:00Z\"\npayload = \"sized\"\n[last_gasp]\n\
                      [[campaign]]\nname = \"v2\"\nkind = \"firmware\"\nat = \"1h\"\nimage = \"1 kB\"\npreset = \"dlms\"\n\
                      [[replay]]\nname = \"log\"\nfile = \"log.csv\"\nfirmware = \"v2\"\n";

/// One input: a log, with a mapping or without.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let is_mapped = input.byte() & 1 == 1;
    let mapping = if is_mapped { input.piece(1_024) } else { &[] };
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder().join(name), bytes).expect("a folder to write to");
    write("log.csv", input.0);
    write("names.csv", mapping);
    let text = if is_mapped { format!("{STREET}mapping = \"names.csv\"\n") } else { STREET.to_owned() };
    let load = || load_text(&text, "street.toml", folder(), &[], None);
    match load() {
        Err(error) => {
            let said = error.to_string();
            assert!(!said.is_empty() && said.len() < 20_000, "a message of no use: {said}");
        }
        Ok(scenario) => {
            let again = load().expect("what was read before");
            assert_eq!(format!("{:?}", again.variants), format!("{:?}", scenario.variants));
            are_counted(&scenario);
        }
    }
}

/// No line of the log is counted twice, and none is left out: an outage has one or two of them, and so has a voltage.
fn are_counted(scenario: &Scenario) {
    for log in scenario.variants.iter().flat_map(|variant| &variant.replays) {
        let single = log.restarts
            + log.commands
            + log.ignored
            + log.repeated
            + log.outside
            + log.by_themselves
            + log.imageless
            + log.not_meters
            + log.unknown_codes.lines
            + log.unknown_devices.lines;
        let lasting = log.outages + log.voltages;
        assert!((single + lasting..=single + 2 * lasting).contains(&log.lines), "{log:?}");
    }
}

/// Logs of our own, of other systems with their mappings, and broken ones.
pub fn seeds() -> Vec<Vec<u8>> {
    let ours = "time_utc,received_utc,device,kind,code,source,detail\n";
    let lines = [
        "2026-07-01T00:10:00Z,,M000001,power-down,3.26.0.47,amitwin,\n2026-07-01T00:20:00Z,,M000001,power-up,3.26.0.216,amitwin,\n",
        "2026-07-01T00:10:00.25Z,,M000002,restart,,amitwin,cold\n2026-07-01 01:00:00+01:00,,M000002,restart,,amitwin,visit\n",
        "2026-07-01T00:01:00Z,,M000003,reset,,amitwin,cold heartbeat due=2026-07-01T00:06:00Z broadcast start=2026-07-01T00:06:00Z window=1min campaign=night\n",
        "2026-07-01T00:30:00Z,,M000004,write,,amitwin,price=2875 broadcast window=10min settle=5min campaign=tariff\n",
        "2026-07-01T00:30:00Z,,M000004,firmware,,amitwin,campaign=v2\n2026-07-01T00:30:00Z,,M000004,firmware,,amitwin,\n",
        "2026-07-01T00:30:00Z,,M000005,undervoltage,3.26.38.150,x,0.85\n2026-07-01T00:40:00Z,,M000005,voltage-normal,,x,\n",
        "2026-07-01T00:30:00Z,,M000005,keys,,x,\"master broadcast recover_after=4min, timeout=1min attempts=20 parallel=8 priority=9\"\n",
        "2026-07-01T00:30:00Z,,M000006,DOOR OPEN,,x,\n2026-07-01T00:30:00Z,,M9,ping,,x,\nyesterday,,M000006,ping,,x,\n",
    ];
    let plain = lines.iter().map(|lines| [&[0], ours.as_bytes(), lines.as_bytes()].concat());
    let mapping = "what,theirs,ours\ncolumn,type,code\ncolumn,\"reason|MAC *,\",device\ncolumn,reason|at *,time_utc\n\
                   time,%m/%d/%Y %I:%M:%S %p,America/New_York\ncode,OPERATOR RESET,reset\ncode,*door*,ignore\ndevice,00:13,M000001\n";
    let log = "type;reason\n3.26.0.47;fail: MAC 00:13, at 06/30/2026 08:10:00 PM\nOPERATOR RESET;jd: MAC 00:13, at 06/30/2026 08:30:00 PM\n";
    let numbers = "what,theirs,ours\ntime,unix-ms,UTC\ndevices,*,street\n";
    let mapped = [(mapping, log), (numbers, "time,device,kind\n1782864000000,M000001,ping\n"), ("what,theirs\n", log)];
    let mapped = mapped.iter().map(|(mapping, log)| {
        [&[1][..], &(mapping.len() as u16).to_be_bytes(), mapping.as_bytes(), log.as_bytes()].concat()
    });
    plain.chain(mapped).collect()
}

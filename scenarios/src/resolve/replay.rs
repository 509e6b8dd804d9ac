//! `[[replay]]`: lines of a log become events of the devices that they are about, and jobs of the head-end.

mod commands;
mod mapping;
mod tally;
mod voltages;

use super::placement::Placements;
use super::sites::Sites;
use super::{Context, show, word};
use crate::logged::{Command, What};
use crate::sections::replay::{ReplayKind, ReplaySection};
use amitwin_data::device_log::{Entry, When};
use amitwin_models::spec::{Act, CampaignSpec, EventSpec, PollSpec, PowerOff, ResetTier, Restart, Target};
use amitwin_models::terrain::{Placement, SiteKind};
use amitwin_sim_core::SimTime;
use commands::Commands;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use mapping::Mapping;
use std::collections::{BTreeMap, BTreeSet};
use tally::Tally;
use voltages::Voltages;

/// Events that a timeline tells apart, less some for those of the file.
const EVENTS_MAX: usize = 60_000;
/// CIM codes (type.domain.subdomain.action; IEC 61968-9) and words of our own export.
const CODES: [(&str, ReplayKind); 35] = [
    ("3.26.0.47", ReplayKind::PowerDown),
    ("3.26.9.185", ReplayKind::PowerDown),
    ("3.26.17.185", ReplayKind::PowerDown),
    ("3.26.136.47", ReplayKind::PowerDown),
    ("3.26.0.216", ReplayKind::PowerUp),
    ("3.26.9.216", ReplayKind::PowerUp),
    ("3.26.136.216", ReplayKind::PowerUp),
    ("power-down", ReplayKind::PowerDown),
    ("power-up", ReplayKind::PowerUp),
    ("restart", ReplayKind::Restart),
    ("ignore", ReplayKind::Ignore),
    ("read", ReplayKind::Read),
    ("ping", ReplayKind::Ping),
    ("reset", ReplayKind::Reset),
    ("write", ReplayKind::Write),
    ("disconnect", ReplayKind::Disconnect),
    ("reconnect", ReplayKind::Reconnect),
    ("time", ReplayKind::Time),
    ("keys", ReplayKind::Keys),
    ("firmware", ReplayKind::Firmware),
    // A remote connect switch has opened or closed its contacts.
    ("3.31.0.68", ReplayKind::Disconnect),
    ("3.31.0.42", ReplayKind::Reconnect),
    ("undervoltage", ReplayKind::Undervoltage),
    ("overvoltage", ReplayKind::Overvoltage),
    ("voltage-normal", ReplayKind::VoltageNormal),
    ("3.26.38.150", ReplayKind::Undervoltage),
    ("3.26.38.93", ReplayKind::Overvoltage),
    // A low battery, a hot terminal, a clock adrift, tampering, a radio of an access point, a handshake or an association that failed: known, and
    // nothing that a run plays.
    ("3.2.22.150", ReplayKind::Ignore),
    ("3.35.0.40", ReplayKind::Ignore),
    ("3.36.136.73", ReplayKind::Ignore),
    ("3.12.0.257", ReplayKind::Ignore),
    ("3.33.1.257", ReplayKind::Ignore),
    ("3.23.136.47", ReplayKind::Ignore),
    ("3.23.136.85", ReplayKind::Ignore),
    ("3.12.136.85", ReplayKind::Ignore),
];

/// The events of all logs in this placement; what the head-end does in them comes to its jobs.
pub(super) fn replays(
    cx: &mut Context<'_>,
    (placement, placements): (&Placement, &mut Placements),
    (campaigns, polls): (&mut Vec<CampaignSpec>, &mut Vec<PollSpec>),
) -> Vec<EventSpec> {
    let file = cx.file;
    let mut events = Vec::new();
    for replay in &file.replay {
        let place = ["replay", replay.name.as_str(), "file"];
        let Some(mut mapping) = mapped(cx, replay, placements) else { continue };
        if let Err(why) = mapping.by_column(placement) {
            let title = format!("the mapping `{}` is wrong: {why}", replay.mapping.as_deref().unwrap_or_default());
            let help = "a column of the placement that has one value for each meter, as the log has it";
            cx.error(&["replay", &replay.name, "mapping"], title, "this file", help);
            continue;
        }
        let mut columns = mapping.columns.clone();
        columns.extend(replay.columns.clone());
        match placements.log(&replay.file, &columns) {
            Ok(log) => {
                let more = replayed(cx, (replay, &log), (placement, &mapping), (campaigns, polls));
                events.extend(more);
            }
            Err(why) => {
                let help = "a CSV or Parquet file with the columns time_utc, device and code or kind; paths start at the scenario";
                cx.error(&place, format!("the log `{}` {why}", replay.file), "this file", help);
            }
        }
    }
    events
}

/// The mapping of a replay, if it has one; `None` after an error.
fn mapped(cx: &mut Context<'_>, replay: &ReplaySection, placements: &mut Placements) -> Option<Mapping> {
    let Some(file) = &replay.mapping else { return Some(Mapping::default()) };
    match placements.mapping(file) {
        Ok(rows) => Mapping::of(cx, replay, &rows),
        Err(why) => {
            let help = "a CSV file with the columns what, theirs and ours; paths start at the scenario";
            cx.error(&["replay", &replay.name, "mapping"], format!("the mapping `{file}` {why}"), "this file", help);
            None
        }
    }
}

fn replayed(
    cx: &mut Context<'_>,
    (replay, log): (&ReplaySection, &[Entry]),
    (placement, mapping): (&Placement, &Mapping),
    jobs: (&mut Vec<CampaignSpec>, &mut Vec<PollSpec>),
) -> Vec<EventSpec> {
    let start_s = replay.start_unix_s.unwrap_or(cx.file.dlms.start_unix_s);
    let (mut tally, mut timeless) = (Tally::default(), Vec::new());
    let asked: BTreeSet<&str> = log.iter().map(|entry| mapping.device(&entry.device)).collect();
    let sites = Sites::new(placement, &asked);
    // By device, in the order of time and of the file.
    let mut by_site: BTreeMap<u32, Vec<(i128, u64, Step)>> = BTreeMap::new();
    let device = &cx.file.device;
    let by_itself = [
        ("watchdog", device.hang.is_some()),
        ("brown-out", device.supply.is_some()),
        ("visit", cx.file.technicians.is_some()),
    ];
    let (mut commands, mut voltages) = (Commands::new(start_s), Voltages::default());
    for entry in log {
        let kind = match meaning((replay, mapping), entry) {
            Some(kind) => kind,
            None => {
                let name = if entry.code.is_empty() { &entry.kind } else { &entry.code };
                *tally.unknown.entry(name.clone()).or_default() += 1;
                continue;
            }
        };
        let wanted = replay.only.as_ref().is_none_or(|only| only.contains(&kind));
        if kind == ReplayKind::Ignore || !wanted {
            tally.ignored += 1;
            continue;
        }
        let Some((site, what)) = sites.of(mapping.device(&entry.device)) else {
            *tally.strangers.entry(entry.device.clone()).or_default() += 1;
            continue;
        };
        let Some(unix_ns) = unix_ns(mapping, &entry.time) else {
            timeless.push(format!("line {} \"{}\"", entry.line, entry.time));
            continue;
        };
        let ns = unix_ns - i128::from(start_s) * 1_000_000_000;
        if let Some(step) = Step::of(kind, &entry.detail, by_itself) {
            match step {
                Step::ByItself => tally.by_themselves += 1,
                step => by_site.entry(site).or_default().push((ns, entry.line, step)),
            }
            continue;
        }
        if matches!(kind, ReplayKind::Undervoltage | ReplayKind::Overvoltage | ReplayKind::VoltageNormal) {
            voltages.add(site, (ns, entry.line), kind, &entry.detail);
            continue;
        }
        let within = (0..i128::from(cx.file.duration.nanos())).contains(&ns);
        match Command::of(kind, &entry.detail) {
            None => *tally.unknown.entry(format!("{} {}", word(kind), entry.detail.trim())).or_default() += 1,
            Some(Command { what: What::Firmware, .. }) if replay.firmware.is_none() => tally.imageless += 1,
            Some(_) if what != SiteKind::Meter => tally.not_meters += 1,
            Some(_) if !within => tally.outside += 1,
            Some(command) => commands.add(command, site, SimTime::from_nanos(ns as u64)),
        }
    }
    if !timeless.is_empty() {
        let lines = if timeless.len() == 1 { "a line" } else { "lines" };
        let title = format!("the log `{}` has {lines} without a time: {}", replay.file, mapping::listed(&timeless));
        let help = "write it as 2026-07-01T20:15:30Z, with or without parts of a second; a mapping may have a line such as time,%m/%d/%Y %H:%M:%S,America/New_York";
        cx.error(&["replay", &replay.name, "file"], title, "this file", help);
        return Vec::new();
    }
    mapping.told(cx, replay, &sites);
    let (outages, restarts) = happenings(by_site, cx.file.duration, &mut tally);
    let meters = placement.count(SiteKind::Meter);
    let (happen, repeated) = commands.into_jobs(cx, (replay, meters), jobs);
    (tally.commands, tally.repeated) = (happen, tally.repeated + repeated);
    let first = outages.len() + restarts.len() + 1;
    let (disturbed, devices, unplayed) = voltages.into_events(&replay.name, first, cx.file.duration);
    tally.voltages = devices;
    (tally.outside, tally.repeated) = (tally.outside + unplayed.outside, tally.repeated + unplayed.repeated);
    let count = outages.len() + restarts.len() + disturbed.len();
    if count > EVENTS_MAX {
        let title =
            format!("the log `{}` has {count} outages, restarts and voltages with times of their own", replay.file);
        let help =
            format!("at most {EVENTS_MAX} can be played; round its times, replay a part of it, or `only` some of it");
        cx.error(&["replay", &replay.name, "file"], title, "too many", help);
        return Vec::new();
    }
    let summary = tally.summary(&replay.name, log.len());
    cx.note(tally::told(&summary));
    cx.replays.push(summary);
    if count == 0 && tally.commands == 0 {
        let from = Timestamp::from_second(start_s).map(|at| at.to_string()).unwrap_or_default();
        let text = format!(
            "nothing of it happens; the run covers {} from {from} on (replay.{}.start, else dlms.start)",
            show(cx.file.duration),
            replay.name
        );
        cx.warn(&["replay", &replay.name], text);
    }
    let event = |n: usize, (at, until): (SimTime, Option<SimTime>), act: Act, nodes: Vec<u32>| EventSpec {
        name: format!("{} {n}", replay.name),
        at,
        until,
        lasts: None,
        target: Target::default(),
        act,
        nodes,
        edges: Vec::new(),
    };
    let off = outages.into_iter().map(|(times, nodes)| (times, Act::PowerOff(PowerOff {}), nodes));
    let again = |((at, tier), nodes)| ((at, None), Act::Restart(Restart { tier: TIERS[tier] }), nodes);
    let all = off.chain(restarts.into_iter().map(again));
    let mut events: Vec<EventSpec> =
        (1..).zip(all).map(|(n, (times, act, nodes))| event(n, times, act, nodes)).collect();
    events.extend(disturbed);
    events
}

/// Sites by the times of their outages, and of their restarts.
type Outages = BTreeMap<(SimTime, Option<SimTime>), Vec<u32>>;
type Restarts = BTreeMap<(SimTime, usize), Vec<u32>>;

/// Depths of restarts.
const TIERS: [ResetTier; 3] = [ResetTier::Soft, ResetTier::Warm, ResetTier::Cold];

/// What the supply of a device does, or a device that restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Down,
    Up,
    /// To a depth, by its place in [`TIERS`].
    Again(usize),
    /// As it does in this run too.
    ByItself,
}

impl Step {
    /// Of a line; restarts are warm unless `detail` says otherwise, and what a crew does is cold. Some causes of restarts are there in a run without being told.
    fn of(kind: ReplayKind, detail: &str, by_itself: [(&str, bool); 3]) -> Option<Step> {
        match kind {
            ReplayKind::PowerDown => Some(Step::Down),
            ReplayKind::PowerUp => Some(Step::Up),
            ReplayKind::Restart => Some(match detail.trim() {
                cause if by_itself.contains(&(cause, true)) => Step::ByItself,
                "visit" => Step::Again(2),
                detail => Step::Again(TIERS.iter().position(|&tier| word(tier) == detail).unwrap_or(1)),
            }),
            _ => None,
        }
    }
}

fn happenings(
    by_site: BTreeMap<u32, Vec<(i128, u64, Step)>>,
    duration: SimTime,
    tally: &mut Tally,
) -> (Outages, Restarts) {
    let (mut outages, mut restarts) = (Outages::new(), Restarts::new());
    // What lies before the run is so when it begins.
    let time = |ns: i128| SimTime::from_nanos(ns.max(0) as u64);
    for (site, mut lines) in by_site {
        lines.sort_unstable_by_key(|&(ns, line, _)| (ns, line));
        let mut dark_since: Option<i128> = None;
        let mut outage = |tally: &mut Tally, since: i128, until: Option<i128>| {
            if until.is_some_and(|until| until <= 0) {
                tally.outside += 2;
            } else {
                tally.outages += 1;
                let until = until.filter(|&until| time(until) < duration).map(time);
                outages.entry((time(since), until)).or_default().push(site);
            }
        };
        for (ns, _, step) in lines {
            match (step, dark_since) {
                _ if ns >= i128::from(duration.nanos()) && dark_since.is_none() => tally.outside += 1,
                (Step::Down, None) => dark_since = Some(ns),
                (Step::Up, Some(since)) => {
                    outage(tally, since, Some(ns));
                    dark_since = None;
                }
                (Step::Again(tier), None) if ns >= 0 => {
                    tally.restarts += 1;
                    restarts.entry((time(ns), tier)).or_default().push(site);
                }
                (Step::Again(_), None) => tally.outside += 1,
                _ => tally.repeated += 1,
            }
        }
        if let Some(since) = dark_since {
            outage(tally, since, None);
        }
    }
    (outages, restarts)
}

/// What a line says happened, if that is known: by its code, else by its word.
fn meaning((replay, mapping): (&ReplaySection, &Mapping), entry: &Entry) -> Option<ReplayKind> {
    [&entry.code, &entry.kind].into_iter().filter(|name| !name.is_empty()).find_map(|name| {
        let known = || CODES.iter().find(|(code, _)| code.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind);
        replay.codes.get(name).copied().or_else(|| mapping.meaning(name)).or_else(known)
    })
}

/// Nanoseconds since 1970; a time without a zone is UTC unless a mapping says how times are written.
fn unix_ns(mapping: &Mapping, time: &When) -> Option<i128> {
    let text = match time {
        When::UnixNs(ns) => return Some(*ns),
        When::Text(text) => text,
    };
    if let Some(said) = mapping.unix_ns(text) {
        return said;
    }
    let utc = |at: DateTime| Offset::UTC.to_timestamp(at).ok();
    let at = text.parse::<Timestamp>().ok().or_else(|| text.parse::<DateTime>().ok().and_then(utc))?;
    Some(at.as_nanosecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Step::{Down, Up};

    #[test]
    fn lines_of_a_device_become_outages_and_restarts() {
        const S: i128 = 1_000_000_000;
        let lines = vec![
            // An outage before the run, and one that it begins in.
            (-90 * S, 1, Down),
            (-80 * S, 2, Up),
            (-10 * S, 3, Down),
            (20 * S, 4, Up),
            (30 * S, 5, Step::Again(2)),
            // Told twice, never taken back; what comes after the run is left out.
            (40 * S, 6, Down),
            (41 * S, 7, Down),
            (200 * S, 8, Up),
            (210 * S, 9, Step::Again(1)),
        ];
        let mut tally = Tally::default();
        let (outages, restarts) = happenings(BTreeMap::from([(7, lines)]), SimTime::from_secs(100), &mut tally);
        let s = SimTime::from_secs;
        let expected = [((s(0), Some(s(20))), vec![7]), ((s(40), None), vec![7])];
        assert_eq!(outages.into_iter().collect::<Vec<_>>(), expected);
        assert_eq!(restarts.into_iter().collect::<Vec<_>>(), [((s(30), 2), vec![7])]);
        assert_eq!((tally.outages, tally.restarts, tally.repeated, tally.outside), (2, 1, 1, 3));
    }

    #[test]
    fn restarts_are_as_deep_as_the_log_says() {
        let causes = [("watchdog", true), ("brown-out", false), ("visit", false)];
        let of = |detail| Step::of(ReplayKind::Restart, detail, causes);
        assert_eq!(["soft", "", "warm", " cold "].map(of), [0, 1, 1, 2].map(|tier| Some(Step::Again(tier))));
        // Its meters hang, so that a watchdog restarts them here too; their supplies do not sag.
        let expected = [Step::ByItself, Step::Again(1), Step::Again(2)];
        assert_eq!(["watchdog", "brown-out", "visit"].map(of), expected.map(Some));
        assert_eq!(Step::of(ReplayKind::Ping, "", causes), None);
    }

    #[test]
    fn times_have_a_zone_or_are_utc() {
        let text = |text: &str| unix_ns(&Mapping::default(), &When::Text(text.to_owned()));
        assert_eq!(text("1970-01-01T00:00:01.5Z"), Some(1_500_000_000));
        assert_eq!(text("1970-01-01T02:00:01+02:00"), Some(1_000_000_000));
        assert_eq!(text("1970-01-01 00:00:02"), Some(2_000_000_000));
        assert_eq!(text("yesterday"), None);
        assert_eq!(unix_ns(&Mapping::default(), &When::UnixNs(7)), Some(7));
    }
}

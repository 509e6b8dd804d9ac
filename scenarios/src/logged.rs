//! What the lines of a log say of commands: written by an export, read by a replay.
//!
//! The `detail` of a line has the words of its kind first (`cold heartbeat`, `profile`, `push-retries=5`), then options as `key=value`, in any order but for
//! `campaign=`, which takes the rest of the line.

use crate::resolve::{show, word as said};
use crate::sections::replay::ReplayKind;
use amitwin_models::spec::units::{self, Kind};
use amitwin_models::spec::{
    BackSign, PRIORITY_USUAL, PollContent, RelayAction, ResetTier, Setting, attempts_default, timeout_default,
};
use amitwin_sim_core::SimTime;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::fmt;

/// What a head-end has told a meter to do, or asked of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    Read(PollContent),
    Ping,
    Reset(ResetTier, BackSign),
    Write(Setting, i32),
    Relay(RelayAction),
    Time,
    Keys,
    Firmware,
}

/// On what terms the job of a command works.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Terms {
    /// One flood for all, in place of a command to each; of keys, a new broadcast key as well.
    pub broadcast: bool,
    /// Of keys, a new master key as well.
    pub master: bool,
    /// When the job begins, ns since 1970, and how long its schedule is.
    pub start_ns: Option<i128>,
    pub window: Option<SimTime>,
    pub attempts: Option<u8>,
    pub timeout: Option<SimTime>,
    pub parallel: Option<u32>,
    pub clusters: bool,
    pub give_up_after: Option<SimTime>,
    pub if_off_by: Option<SimTime>,
    pub recover_after: Option<SimTime>,
    /// Of a flood, how long after it meters are asked.
    pub settle: Option<SimTime>,
    pub visit: bool,
    pub priority: Option<u8>,
    /// What the head-end calls it.
    pub campaign: Option<String>,
}

/// A command as a line has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Command {
    pub what: What,
    pub terms: Terms,
    /// When its turn was, ns since 1970, if not at the time of the line.
    pub due_ns: Option<i128>,
}

/// A word of the language, if it is one of these.
fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_ascii_lowercase())).ok()
}

fn time(text: &str) -> Option<SimTime> {
    let ns = units::parse(Kind::Time, text).ok()?;
    (0.0..=1e18).contains(&ns).then(|| SimTime::from_nanos(ns as u64))
}

/// As [`time`] reads it, in units of seconds and more.
fn span(time: SimTime) -> String {
    let text = show(time);
    if text.ends_with("ns") || text.ends_with("us") { format!("{}s", time.secs_f64()) } else { text }
}

fn moment(text: &str) -> Option<i128> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_nanosecond)
}

impl What {
    /// By the kind of a line and the words of its detail; `None` if that is none, or says something that meters cannot do.
    fn of(kind: ReplayKind, words: &[&str]) -> Option<What> {
        match (kind, words) {
            (ReplayKind::Read, []) => Some(What::Read(PollContent::Registers)),
            (ReplayKind::Read, [what]) => word(what).map(What::Read),
            (ReplayKind::Reset, []) => Some(What::Reset(ResetTier::Warm, BackSign::Route)),
            (ReplayKind::Reset, [tier]) => Some(What::Reset(word(tier)?, BackSign::Route)),
            (ReplayKind::Reset, [tier, back]) => Some(What::Reset(word(tier)?, word(back)?)),
            (ReplayKind::Write, [what, value]) => {
                let (what, value): (Setting, i32) = (word(what)?, value.parse().ok()?);
                let (low, high) = what.range();
                (low..=high).contains(&value).then_some(What::Write(what, value))
            }
            (ReplayKind::Disconnect, _) => Some(What::Relay(RelayAction::Disconnect)),
            (ReplayKind::Reconnect, _) => Some(What::Relay(RelayAction::Reconnect)),
            (ReplayKind::Ping, _) => Some(What::Ping),
            (ReplayKind::Time, _) => Some(What::Time),
            (ReplayKind::Keys, _) => Some(What::Keys),
            (ReplayKind::Firmware, _) => Some(What::Firmware),
            _ => None,
        }
    }

    /// The kind of its line.
    pub fn kind(self) -> &'static str {
        match self {
            What::Read(_) => "read",
            What::Ping => "ping",
            What::Reset(..) => "reset",
            What::Write(..) => "write",
            What::Relay(RelayAction::Disconnect) => "disconnect",
            What::Relay(RelayAction::Reconnect) => "reconnect",
            What::Time => "time",
            What::Keys => "keys",
            What::Firmware => "firmware",
        }
    }

    /// Whether `broadcast` makes one flood of it that tells all.
    pub fn floods(self) -> bool {
        matches!(self, What::Reset(..) | What::Write(..) | What::Relay(_) | What::Time)
    }

    /// The words of its detail.
    fn words(self) -> String {
        match self {
            What::Read(what) => said(what),
            What::Reset(tier, BackSign::Route) => said(tier),
            What::Reset(tier, back) => format!("{} {}", said(tier), said(back)),
            What::Write(what, value) => format!("{}={value}", said(what)),
            What::Ping | What::Relay(_) | What::Time | What::Keys | What::Firmware => String::new(),
        }
    }

    /// What a job is called that does it and has no other name.
    pub fn name(self) -> String {
        format!("{} {}", self.kind(), self.words()).trim_end().to_owned()
    }
}

impl Terms {
    /// Takes over an option; `None` if there is none of this name, or if its value says nothing.
    fn take(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "start" => self.start_ns = Some(moment(value)?),
            "window" => self.window = Some(time(value)?),
            "attempts" => self.attempts = Some(value.parse().ok().filter(|n| (1..=20).contains(n))?),
            "timeout" => self.timeout = Some(time(value)?),
            "parallel" => self.parallel = Some(value.parse().ok().filter(|n| *n > 0)?),
            "give_up_after" => self.give_up_after = Some(time(value)?),
            "if_off_by" => self.if_off_by = Some(time(value)?),
            "recover_after" => self.recover_after = Some(time(value)?),
            "settle" => self.settle = Some(time(value)?),
            "priority" => self.priority = Some(value.parse().ok().filter(|n| *n <= 9)?),
            _ => return None,
        }
        Some(())
    }
}

impl fmt::Display for Terms {
    /// As a detail has them; what a replay takes without being told is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = |is: bool, word: &str| if is { format!(" {word}") } else { String::new() };
        let times = [
            ("window", self.window),
            ("timeout", self.timeout.filter(|timeout| *timeout != timeout_default())),
            ("give_up_after", self.give_up_after),
            ("if_off_by", self.if_off_by),
            ("recover_after", self.recover_after),
            ("settle", self.settle),
        ];
        let numbers = [
            ("attempts", self.attempts.filter(|n| *n != attempts_default()).map(u32::from)),
            ("parallel", self.parallel),
            ("priority", self.priority.filter(|n| *n != PRIORITY_USUAL).map(u32::from)),
        ];
        f.write_str(&flag(self.broadcast, "broadcast"))?;
        f.write_str(&flag(self.master, "master"))?;
        f.write_str(&flag(self.clusters, "clusters"))?;
        f.write_str(&flag(self.visit, "visit"))?;
        if let Some(start_ns) = self.start_ns {
            write_moment(f, "start", start_ns)?;
        }
        for (key, value) in times.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            write!(f, " {key}={}", span(value))?;
        }
        for (key, value) in numbers.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            write!(f, " {key}={value}")?;
        }
        match &self.campaign {
            Some(campaign) => write!(f, " campaign={campaign}"),
            None => Ok(()),
        }
    }
}

fn write_moment(f: &mut fmt::Formatter<'_>, key: &str, ns: i128) -> fmt::Result {
    let at = Timestamp::from_nanosecond(ns).map_err(|_| fmt::Error)?;
    write!(f, " {key}={at}")
}

/// A moment behind a key.
struct Moment(&'static str, i128);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_moment(f, self.0, self.1)
    }
}

impl Command {
    /// Of a line of this kind with this detail; `None` if it says something that meters cannot do.
    pub fn of(kind: ReplayKind, detail: &str) -> Option<Command> {
        // What else stands beside a ping or a relay is somebody's remark.
        let is_strict = matches!(kind, ReplayKind::Read | ReplayKind::Reset | ReplayKind::Write);
        let (detail, campaign) = match detail.split_once("campaign=") {
            Some((before, name)) => (before, Some(name.trim().to_owned()).filter(|name| !name.is_empty())),
            None => (detail, None),
        };
        let (mut terms, mut due_ns, mut words) = (Terms { campaign, ..Terms::default() }, None, Vec::new());
        for token in detail.split([' ', ',']).filter(|token| !token.is_empty()) {
            match token.split_once('=') {
                None if token.eq_ignore_ascii_case("broadcast") => terms.broadcast = true,
                None if token.eq_ignore_ascii_case("master") => terms.master = true,
                None if token.eq_ignore_ascii_case("clusters") => terms.clusters = true,
                None if token.eq_ignore_ascii_case("visit") => terms.visit = true,
                Some(("due", at)) if moment(at).is_some() => due_ns = moment(at),
                Some((key, value)) if terms.take(key, value).is_some() => {}
                _ => words.extend(token.split('=').filter(|word| !word.is_empty())),
            }
        }
        let what = What::of(kind, if is_strict { &words } else { &[] })?;
        let may_not_be = matches!(what, What::Read(_) | What::Ping | What::Firmware);
        (!terms.broadcast || !may_not_be).then_some(Command { what, terms, due_ns })
    }

    /// The detail of its line.
    pub fn detail(&self) -> String {
        let due = self.due_ns.map(|ns| Moment("due", ns).to_string()).unwrap_or_default();
        format!("{}{due}{}", self.what.words(), self.terms).trim_start().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_say_what_is_told() {
        let of = |kind, detail| Command::of(kind, detail).map(|command| command.what.name());
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(of(ReplayKind::Read, ""), name("read registers"));
        assert_eq!(of(ReplayKind::Read, "Profile"), name("read profile"));
        assert_eq!(of(ReplayKind::Reset, ""), name("reset warm"));
        assert_eq!(of(ReplayKind::Reset, "cold heartbeat"), name("reset cold heartbeat"));
        assert_eq!(of(ReplayKind::Write, "push-retries = 5"), name("write push-retries=5"));
        assert_eq!(of(ReplayKind::Disconnect, "unpaid bill"), name("disconnect"));
        assert_eq!(of(ReplayKind::Ping, "timeout=long"), name("ping"), "somebody's remark");
        for (kind, detail) in [
            (ReplayKind::Read, "everything"),
            (ReplayKind::Read, "registers broadcast"),
            (ReplayKind::Ping, "broadcast"),
            (ReplayKind::Reset, "deep"),
            (ReplayKind::Reset, "warm attempts=0"),
            (ReplayKind::Write, "push-retries"),
            // A byte.
            (ReplayKind::Write, "push-retries 256"),
            (ReplayKind::PowerUp, ""),
        ] {
            assert_eq!(of(kind, detail), None, "{detail}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (kind, detail) in [
            (
                ReplayKind::Reset,
                "cold heartbeat due=1970-01-01T00:00:07.25Z broadcast start=1970-01-01T00:00:05Z window=1min campaign=night = 2",
            ),
            (ReplayKind::Reset, "soft visit give_up_after=5min"),
            (ReplayKind::Read, "registers clusters timeout=30s attempts=1 parallel=8 priority=7"),
            (ReplayKind::Write, "push-retries=5 due=1970-01-01T00:00:01.000000001Z"),
            (ReplayKind::Reset, "warm window=1181.888090528s"),
            (ReplayKind::Time, "if_off_by=1s"),
            (ReplayKind::Keys, "recover_after=10min campaign=K"),
            (ReplayKind::Write, "price=2875 broadcast window=1h settle=5min"),
            (ReplayKind::Disconnect, "broadcast window=10min"),
            (ReplayKind::Ping, ""),
        ] {
            assert_eq!(Command::of(kind, detail).map(|command| command.detail()), Some(detail.to_owned()));
        }
        let reset = Command::of(ReplayKind::Reset, "Warm due=1970-01-01T00:00:02Z campaign=Night").expect("a reset");
        let terms = Terms { campaign: Some("Night".to_owned()), ..Terms::default() };
        let what = What::Reset(ResetTier::Warm, BackSign::Route);
        assert_eq!(reset, Command { what, terms, due_ns: Some(2_000_000_000) });
    }
}

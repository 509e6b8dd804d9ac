//! What the head-end did in a run, as lines of its log: kind, and detail as `[[replay]]` understands it.

use crate::logged::{Command, Terms, What};
use amitwin_data::rows::{Outcome, TransactionKind, TransactionRow};
use amitwin_models::spec::{
    CampaignSpec, Delivery, JobSpec, KeyChangeSpec, PaceSpec, PollSpec, ResetSpec, SpreadSpec, TimeSpec, Window,
    WorldSpec,
};
use amitwin_sim_core::SimTime;
use std::collections::BTreeMap;

/// The jobs of a run: what each does, and on what terms.
pub struct Jobs {
    campaigns: BTreeMap<String, (What, Terms)>,
    reads: BTreeMap<String, (What, Terms)>,
    start_unix_ns: i128,
}

/// Whether a transaction is something that the head-end has told a meter, or asked of it, or has had a turn for: of those that it never told anything, the ones
/// that it would tell nothing again.
pub fn is_command(row: &TransactionRow) -> bool {
    use TransactionKind::{Firmware, Keys, Ping, Read, Relay, Reset, Time, Write};
    let is_told = row.sent_s.is_some()
        || matches!(row.outcome, Outcome::Unreachable | Outcome::Expired)
        || row.outcome == Outcome::Pending && row.wave.0.is_none();
    is_told && matches!(row.kind, Firmware | Keys | Ping | Read | Relay | Reset | Time | Write)
}

impl Jobs {
    /// Of the world of a run: `replays` are the names of its logs, and `reset_window_s` is how long the schedule of its first reset was.
    pub fn of(world: &WorldSpec, replays: &[String], reset_window_s: Option<f64>) -> Jobs {
        let start_unix_ns = i128::from(world.dlms.start_unix_s) * 1_000_000_000;
        let since = |at: SimTime| Some(start_unix_ns + i128::from(at.nanos()));
        let first = world.campaigns.iter().position(|campaign| campaign.job.reset().is_some());
        let campaign = |(n, spec): (usize, &CampaignSpec)| {
            let (what, mut terms) = of_job(&spec.job)?;
            if let JobSpec::Reset(reset) = &spec.job {
                let window = reset_window_s.filter(|_| first == Some(n)).map(SimTime::from_secs_f64);
                terms.window = window.or(terms.window).filter(|window| *window > SimTime::ZERO);
                terms.start_ns = since(reset.at);
            }
            if let Some(settle) = spec.job.flood() {
                terms.broadcast = true;
                terms.settle = Some(settle).filter(|settle| *settle != SpreadSpec::default().settle);
                terms.window = spec.job.pace().and_then(|pace| pace.window);
            }
            terms.priority = Some(spec.priority);
            terms.campaign = called(&spec.name, what, replays);
            Some((spec.name.clone(), (what, terms)))
        };
        let read = |spec: &PollSpec| {
            let what = What::Read(spec.content);
            let terms = Terms {
                parallel: (spec.parallel < u16::MAX).then(|| spec.parallel.into()),
                clusters: spec.clusters,
                attempts: Some(spec.attempts),
                timeout: Some(spec.timeout),
                priority: Some(spec.priority),
                campaign: called(&spec.name, what, replays),
                ..Terms::default()
            };
            (spec.name.clone(), (what, terms))
        };
        Jobs {
            campaigns: world.campaigns.iter().enumerate().filter_map(campaign).collect(),
            reads: world.polls.iter().map(read).collect(),
            start_unix_ns,
        }
    }

    /// When a row's line is, s since the start, its kind and its detail; `None` if it belongs to no job.
    pub fn line(&self, row: &TransactionRow) -> Option<(f64, &'static str, String)> {
        let jobs = if row.kind == TransactionKind::Read { &self.reads } else { &self.campaigns };
        let (what, terms) = jobs.get(&*row.campaign)?;
        let told_s = row.sent_s.unwrap_or(row.planned_s);
        // Who waited for its link or its wave had its turn when it was told.
        let waited = row.held_by.0.is_some() || row.kind == TransactionKind::Firmware && row.wave.0.is_some();
        let due_ns = (!waited && told_s != row.planned_s)
            .then(|| self.start_unix_ns + i128::from(libm::round(row.planned_s * 1e9) as i64));
        let command = Command { what: *what, terms: terms.clone(), due_ns };
        Some((told_s, what.kind(), command.detail()))
    }
}

/// What the log calls a job: without the name of the replay that has made it, and nothing where the replay has had to find a name.
fn called(name: &str, what: What, replays: &[String]) -> Option<String> {
    let Some(own) = replays.iter().find_map(|replay| name.strip_prefix(replay)?.strip_prefix(' ')) else {
        return Some(name.to_owned());
    };
    let rest = own.strip_prefix(&what.name());
    let is_found = rest.is_some_and(|rest| rest.is_empty() || rest.trim_start().parse::<u32>().is_ok());
    (!is_found).then(|| own.to_owned())
}

/// What a campaign does, and on what terms; certificates are renewed when each meter's own wants it, which is no command of a log.
fn of_job(job: &JobSpec) -> Option<(What, Terms)> {
    let paced = |pace: &PaceSpec| Terms {
        attempts: pace.attempts,
        timeout: Some(pace.timeout),
        parallel: pace.waves.parallel,
        ..Terms::default()
    };
    Some(match job {
        JobSpec::Reset(reset) => (What::Reset(reset.tier, reset.back), of_reset(reset)),
        JobSpec::Ping(pace) => (What::Ping, paced(pace)),
        JobSpec::Firmware(_) => (What::Firmware, Terms::default()),
        JobSpec::Write(write) => (What::Write(write.what, write.value), paced(&write.pace)),
        JobSpec::Relay(relay) => (What::Relay(relay.action), paced(&relay.pace)),
        JobSpec::Time(time) => {
            let usual = TimeSpec::new(time.pace.clone()).if_off_by;
            let if_off_by = Some(time.if_off_by).filter(|own| *own != usual);
            (What::Time, Terms { if_off_by, ..paced(&time.pace) })
        }
        JobSpec::Keys(keys) => {
            let usual = KeyChangeSpec::new(keys.pace.clone()).recover_after;
            let recover_after = Some(keys.recover_after).filter(|own| *own != usual);
            (What::Keys, Terms { recover_after, master: keys.master, broadcast: keys.broadcast, ..paced(&keys.pace) })
        }
        JobSpec::Certificates(_) => return None,
    })
}

fn of_reset(reset: &ResetSpec) -> Terms {
    let window = match reset.window {
        Some(Window::Range(_, last)) if reset.waves.clusters.is_none() => Some(last),
        _ => None,
    };
    Terms {
        broadcast: reset.delivery == Delivery::Broadcast,
        window,
        give_up_after: reset.give_up_after,
        visit: reset.visit,
        ..Terms::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load_text;
    use amitwin_data::rows::TransactionKind::{Ping, Push, Read, Relay, Reset, Write};

    const FILE: &str = r#"
        name = "town"
        duration = "1h"
        [placement]
        generator = "suburb"
        meters = 10
        gateways = 1
        [dlms]
        start = "1970-01-01T00:00:00Z"
        [[campaign]]
        name = "night"
        kind = "reset"
        tier = "cold"
        back = "heartbeat"
        delivery = "unicast"
        at = "10s"
        window = ["0s", "20s"]
        give_up_after = "5min"
        [[campaign]]
        name = "all"
        kind = "reset"
        at = "20min"
        window = ["0s", "20s"]
        [[campaign]]
        name = "price"
        kind = "write"
        at = "1min"
        window = "1min"
        what = "push-retries"
        value = 5
        attempts = 1
        [[campaign]]
        name = "off"
        kind = "relay"
        at = "1min"
        window = "1min"
        parallel = 4
        action = "disconnect"
        [[read]]
        name = "day"
        what = "profile"
        every = "30min"
        [[variant]]
        name = "on"
        set = { "campaign.off.action" = "reconnect" }
    "#;

    #[test]
    fn a_line_says_what_the_job_did() {
        let scenario = load_text(FILE, "town.toml", ".".as_ref(), &[], None).expect("a scenario");
        let jobs = Jobs::of(&scenario.variants[0].spec, &[], Some(25.0));
        let line = |kind, campaign: &str, sent_s, planned_s| {
            let row = TransactionRow { campaign: campaign.into(), sent_s, ..TransactionRow::new(kind, 7, planned_s) };
            jobs.line(&row).map(|(time_s, kind, detail)| format!("{time_s} {kind}: {detail}"))
        };
        let said = |text: &str| Some(text.to_owned());
        // The first reset's schedule was 25 s long in the end, because the head-end was slow.
        assert_eq!(
            line(Reset, "night", Some(14.0), 12.5),
            said(
                "14 reset: cold heartbeat due=1970-01-01T00:00:12.5Z start=1970-01-01T00:00:10Z window=25s give_up_after=5min \
                 campaign=night"
            )
        );
        assert_eq!(
            line(Reset, "all", Some(900.0), 1_210.0),
            said(
                "900 reset: warm due=1970-01-01T00:20:10Z broadcast start=1970-01-01T00:20:00Z window=20s campaign=all"
            )
        );
        assert_eq!(line(Write, "price", Some(60.0), 60.0), said("60 write: push-retries=5 attempts=1 campaign=price"));
        assert_eq!(line(Relay, "off", Some(60.0), 60.0), said("60 reconnect: parallel=4 campaign=off"), "its variant");
        assert_eq!(line(Read, "day", None, 7.0), said("7 read: profile parallel=8 campaign=day"));
        assert_eq!(line(Ping, "clocks", Some(1.0), 1.0), None, "there is no such job");
        assert_eq!(line(Push, "", None, 1.0), None);
    }

    #[test]
    fn jobs_of_a_replay_are_called_as_its_log_calls_them() {
        let of = |name: &str| called(name, What::Ping, &["log".to_owned()]);
        assert_eq!([of("log night"), of("night")], [Some("night".to_owned()), Some("night".to_owned())]);
        assert_eq!([of("log ping"), of("log ping 2")], [None, None]);
        assert_eq!(of("log ping two"), Some("ping two".to_owned()));
    }
}

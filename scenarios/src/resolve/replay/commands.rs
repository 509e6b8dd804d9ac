//! Commands of a log become jobs of the head-end: each meter has its turn when the log has it, and is spoken to alone.

use super::super::Context;
use crate::sections::replay::{ReplayKind, ReplaySection};
use amitwin_models::spec::{
    BackSign, CampaignSpec, Delivery, FirmwareDelivery, JobSpec, KeyChangeSpec, PRIORITY_USUAL, PaceSpec, PollContent,
    PollSpec, RelayAction, RelaySpec, ResetSpec, ResetTier, Setting, Target, TimeSpec, WavesSpec, Window, WriteSpec,
};
use amitwin_sim_core::SimTime;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// Jobs that a log may make.
const JOBS_MAX: usize = 1_000;

/// What a head-end has told a meter to do, or asked of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Command {
    Read(PollContent),
    Ping,
    Reset(ResetTier, BackSign),
    Write(Setting, i32),
    Relay(RelayAction),
    Time,
    Keys,
    Firmware,
}

/// A word of the language, if it is one of these.
fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

impl Command {
    /// Of a line of this kind with this detail; `None` if that is none, or says something that meters cannot do.
    pub fn of(kind: ReplayKind, detail: &str) -> Option<Command> {
        let detail = detail.trim().to_ascii_lowercase();
        let words: Vec<&str> = detail.split([' ', '=', ',']).filter(|word| !word.is_empty()).collect();
        match (kind, &words[..]) {
            (ReplayKind::Read, []) => Some(Command::Read(PollContent::Registers)),
            (ReplayKind::Read, [what]) => word(what).map(Command::Read),
            (ReplayKind::Reset, []) => Some(Command::Reset(ResetTier::Warm, BackSign::Route)),
            (ReplayKind::Reset, [tier]) => Some(Command::Reset(word(tier)?, BackSign::Route)),
            (ReplayKind::Reset, [tier, back]) => Some(Command::Reset(word(tier)?, word(back)?)),
            (ReplayKind::Write, [what, value]) => {
                let (what, value): (Setting, i32) = (word(what)?, value.parse().ok()?);
                let (low, high) = what.range();
                (low..=high).contains(&value).then_some(Command::Write(what, value))
            }
            (ReplayKind::Disconnect, _) => Some(Command::Relay(RelayAction::Disconnect)),
            (ReplayKind::Reconnect, _) => Some(Command::Relay(RelayAction::Reconnect)),
            (ReplayKind::Ping, _) => Some(Command::Ping),
            (ReplayKind::Time, _) => Some(Command::Time),
            (ReplayKind::Keys, _) => Some(Command::Keys),
            (ReplayKind::Firmware, _) => Some(Command::Firmware),
            _ => None,
        }
    }

    /// What the job is called that does it, behind the name of the replay.
    fn name(self) -> String {
        use super::super::word as said;
        match self {
            Command::Read(what) => format!("read {}", said(what)),
            Command::Ping => "ping".to_owned(),
            Command::Reset(tier, BackSign::Route) => format!("reset {}", said(tier)),
            Command::Reset(tier, back) => format!("reset {} {}", said(tier), said(back)),
            Command::Write(what, value) => format!("write {}={value}", said(what)),
            Command::Relay(action) => said(action),
            Command::Time => "time".to_owned(),
            Command::Keys => "keys".to_owned(),
            Command::Firmware => "firmware".to_owned(),
        }
    }
}

/// The commands of a log: by name of their job, each with the meters that it is for and when.
#[derive(Default)]
pub(super) struct Commands(BTreeMap<String, (Command, Turns)>);

/// When each meter, by number of its site, has its turns.
type Turns = BTreeMap<u32, Vec<SimTime>>;

impl Commands {
    /// One more.
    pub fn add(&mut self, command: Command, site: u32, at: SimTime) {
        let (_, turns) = self.0.entry(command.name()).or_insert_with(|| (command, Turns::new()));
        turns.entry(site).or_default().push(at);
    }

    /// Jobs that do them beside the campaigns of the file, of which one brings images; says how many turns they have, or what is wrong.
    pub fn into_jobs(
        self,
        cx: &mut Context<'_>,
        (replay, meters): (&ReplaySection, usize),
        (campaigns, polls): (&mut Vec<CampaignSpec>, &mut Vec<PollSpec>),
    ) -> usize {
        let before = campaigns.len() + polls.len();
        let mut count = 0;
        let mut images = Turns::new();
        for (name, (command, mut turns)) in self.0 {
            turns.values_mut().for_each(|times| times.sort_unstable());
            count += turns.values().map(Vec::len).sum::<usize>();
            let name = format!("{} {name}", replay.name);
            match command {
                Command::Read(content) => polls.push(read(replay, name, content, &turns)),
                Command::Firmware => images = turns,
                // A campaign has each meter's turn once.
                command => campaigns.extend((0..).map_while(|n| job(replay, &name, command, n, &turns))),
            }
        }
        if let Some(name) = &replay.firmware {
            count = count.saturating_sub(by_log(cx, (replay, name), campaigns, (&images, meters)));
        }
        let jobs = campaigns.len() + polls.len() - before;
        if jobs > JOBS_MAX {
            let title = format!("the log `{}` makes {jobs} jobs of the head-end", replay.file);
            let help = format!("at most {JOBS_MAX} can be played; replay a part of it, or `only` some of it");
            cx.error(&["replay", &replay.name, "file"], title, "too many", help);
        }
        count
    }
}

/// The reads of a log.
fn read(replay: &ReplaySection, name: String, content: PollContent, turns: &Turns) -> PollSpec {
    let mut turns: Vec<(SimTime, u32)> =
        turns.iter().flat_map(|(&site, times)| times.iter().map(move |&at| (at, site))).collect();
    turns.sort_unstable();
    PollSpec {
        at: turns.first().map_or(SimTime::ZERO, |turn| turn.0),
        parallel: u16::MAX,
        attempts: replay.attempts,
        timeout: replay.timeout,
        turns,
        ..PollSpec::once(name, content)
    }
}

/// What becomes of the n-th of the same commands to each meter; `None` if nobody has so many.
fn job(replay: &ReplaySection, name: &str, command: Command, n: usize, turns: &Turns) -> Option<CampaignSpec> {
    let of_this = turns.iter().filter_map(|(&site, times)| Some((site, *times.get(n)?)));
    let (nodes, turns): (Vec<u32>, Vec<SimTime>) = of_this.unzip();
    let at = *turns.iter().min()?;
    let (target, waves) = (Target::of(nodes), WavesSpec { turns, ..WavesSpec::default() });
    let (window, attempts, timeout) = (SimTime::from_secs(1), replay.attempts, replay.timeout);
    let pace = || PaceSpec {
        attempts: Some(attempts),
        timeout,
        target: target.clone(),
        waves: waves.clone(),
        ..PaceSpec::new(at, window)
    };
    let job = match command {
        Command::Ping => JobSpec::Ping(pace()),
        Command::Reset(tier, back) => JobSpec::Reset(ResetSpec {
            tier,
            at,
            back,
            window: Some(Window::Range(SimTime::ZERO, SimTime::ZERO)),
            delivery: Delivery::Unicast,
            target,
            waves,
            ..ResetSpec::default()
        }),
        Command::Write(what, value) => JobSpec::Write(Box::new(WriteSpec { pace: pace(), what, value })),
        Command::Relay(action) => JobSpec::Relay(Box::new(RelaySpec { pace: pace(), action })),
        Command::Time => JobSpec::Time(Box::new(TimeSpec::new(pace()))),
        Command::Keys => JobSpec::Keys(Box::new(KeyChangeSpec::new(pace()))),
        Command::Read(_) | Command::Firmware => return None,
    };
    let name = if n == 0 { name.to_owned() } else { format!("{name} {}", n + 1) };
    Some(CampaignSpec { name, priority: PRIORITY_USUAL, role: None, job })
}

/// Lets a campaign of the file bring its image to the meters of a log at their times, and to nobody else; returns how many lines say again what another says.
fn by_log(
    cx: &mut Context<'_>,
    (replay, name): (&ReplaySection, &str),
    campaigns: &mut [CampaignSpec],
    (images, meters): (&Turns, usize),
) -> usize {
    let found = campaigns.iter_mut().find(|campaign| campaign.name == name).map(|campaign| &mut campaign.job);
    let Some(JobSpec::Firmware(firmware)) = found else {
        let title = format!("the replay `{}` has no firmware campaign `{name}` to go by", replay.name);
        let help = "name a `[[campaign]]` with kind = \"firmware\", whose image, preset and pace are meant";
        cx.error(&["replay", &replay.name, "firmware"], title, "not a firmware campaign", help);
        return 0;
    };
    let turns: Vec<SimTime> = images.values().filter_map(|times| times.first().copied()).collect();
    let is_flood = firmware.delivery() == FirmwareDelivery::Multicast && images.len() == meters;
    firmware.at = turns.iter().min().copied().unwrap_or(firmware.at);
    // A flood to everybody needs nobody to be told of it before.
    firmware.target = if is_flood { Target::default() } else { Target::of(images.keys().copied().collect()) };
    firmware.waves.turns = if is_flood { Vec::new() } else { turns };
    firmware.waves.shares = None;
    images.values().map(|times| times.len() - 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_say_what_is_told() {
        let of = |kind, detail| Command::of(kind, detail).map(Command::name);
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(of(ReplayKind::Read, ""), name("read registers"));
        assert_eq!(of(ReplayKind::Read, "Profile"), name("read profile"));
        assert_eq!(of(ReplayKind::Reset, ""), name("reset warm"));
        assert_eq!(of(ReplayKind::Reset, "cold heartbeat"), name("reset cold heartbeat"));
        assert_eq!(of(ReplayKind::Write, "push-retries = 5"), name("write push-retries=5"));
        assert_eq!(of(ReplayKind::Disconnect, "unpaid bill"), name("disconnect"));
        for (kind, detail) in [
            (ReplayKind::Read, "everything"),
            (ReplayKind::Reset, "deep"),
            (ReplayKind::Write, "push-retries"),
            // A byte.
            (ReplayKind::Write, "push-retries 256"),
            (ReplayKind::PowerUp, ""),
        ] {
            assert_eq!(of(kind, detail), None, "{detail}");
        }
    }
}

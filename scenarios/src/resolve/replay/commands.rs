//! Commands of a log become jobs of the head-end: each meter has its turn when the log has it, and is spoken to alone, or all are by one flood.

use super::super::Context;
use crate::logged::{Command, Terms, What};
use crate::sections::replay::ReplaySection;
use amitwin_models::spec::{
    CampaignSpec, Delivery, FirmwareDelivery, JobSpec, KeyChangeSpec, NOTICE, PRIORITY_USUAL, PaceSpec, PollContent,
    PollSpec, RelaySpec, ResetSpec, SpreadSpec, Target, TimeSpec, WavesSpec, Window, WriteSpec,
};
use amitwin_sim_core::SimTime;
use std::collections::BTreeMap;

/// Jobs that a log may make.
const JOBS_MAX: usize = 1_000;

/// Over this those are asked that a flood has told, where the log does not say.
const ASKED_OVER: SimTime = SimTime::from_secs(600);

/// The commands of a log, by what belongs into one job.
#[derive(Default)]
pub(super) struct Commands {
    of: BTreeMap<Key, Group>,
    start_unix_ns: i128,
}

/// What is done and on what terms, as a log has it; and when a flood was sent, of which each is a job.
type Key = (String, Option<SimTime>);

/// Commands that one job does.
struct Group {
    what: What,
    terms: Terms,
    turns: Turns,
}

/// When each meter, by number of its site, has its turns.
type Turns = BTreeMap<u32, Vec<SimTime>>;

impl Group {
    /// When the job begins: as the log says, but not after its first turn.
    fn at(&self, since_start: impl Fn(i128) -> SimTime) -> SimTime {
        let first = self.turns.values().flatten().min().copied().unwrap_or_default();
        self.terms.start_ns.map_or(first, |ns| since_start(ns).min(first))
    }
}

impl Commands {
    /// None yet; of a run that begins at that time.
    pub fn new(start_unix_s: i64) -> Commands {
        Commands { of: BTreeMap::new(), start_unix_ns: i128::from(start_unix_s) * 1_000_000_000 }
    }

    /// When in the run something is; what lies before is so when it begins.
    fn since_start(&self, unix_ns: i128) -> SimTime {
        SimTime::from_nanos(u64::try_from(unix_ns - self.start_unix_ns).unwrap_or_default())
    }

    /// One more, told at that time.
    pub fn add(&mut self, command: Command, site: u32, told: SimTime) {
        let Command { what, terms, due_ns } = command;
        let key = (format!("{} {terms}", what.name()), (terms.broadcast && what.floods()).then_some(told));
        let turn = due_ns.map_or(told, |ns| self.since_start(ns));
        let group = self.of.entry(key).or_insert_with(|| Group { what, terms, turns: Turns::new() });
        group.turns.entry(site).or_default().push(turn);
    }

    /// Jobs that do them beside the campaigns of the file, of which some bring images; says how many turns they have and how many lines say again what is so already, or what is wrong.
    pub fn into_jobs(
        mut self,
        cx: &mut Context<'_>,
        (replay, meters): (&ReplaySection, usize),
        (campaigns, polls): (&mut Vec<CampaignSpec>, &mut Vec<PollSpec>),
    ) -> (usize, usize) {
        let before = campaigns.len() + polls.len();
        let (mut count, mut repeated) = (0, 0);
        // By the campaign that brings them.
        let mut images: BTreeMap<String, Turns> =
            replay.firmware.iter().map(|name| (name.clone(), Turns::new())).collect();
        let mut names = Names::default();
        // As campaigns stand in a file: the first is the first one.
        let mut groups: Vec<(SimTime, Key, Group)> = std::mem::take(&mut self.of)
            .into_iter()
            .map(|(key, group)| (group.at(|ns| self.since_start(ns)), key, group))
            .collect();
        groups.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        for (at, (_, told), mut group) in groups {
            group.turns.values_mut().for_each(|times| times.sort_unstable());
            group.terms.visit &= cx.file.technicians.is_some();
            count += group.turns.values().map(Vec::len).sum::<usize>();
            let own = group.terms.campaign.clone().unwrap_or_else(|| group.what.name());
            let name = format!("{} {own}", replay.name);
            match group.what {
                What::Read(content) => polls.push(read(replay, names.next(&name), content, &group)),
                What::Firmware => {
                    let Some(campaign) = brought_by(replay, &group.terms, campaigns) else { continue };
                    let turns = images.entry(campaign).or_default();
                    for (site, times) in group.turns {
                        turns.entry(site).or_default().extend(times);
                    }
                }
                // A campaign has each meter's turn once.
                _ => {
                    let jobs = (0..).map_while(|n| job(replay, (at, told), n, &group));
                    campaigns.extend(jobs.map(|(priority, job)| CampaignSpec {
                        name: names.next(&name),
                        priority,
                        role: None,
                        job,
                    }));
                }
            }
        }
        for (name, mut turns) in images {
            turns.values_mut().for_each(|times| times.sort_unstable());
            repeated += by_log(cx, (replay, &name), campaigns, (&turns, meters));
        }
        let jobs = campaigns.len() + polls.len() - before;
        if jobs > JOBS_MAX {
            let title = format!("the log `{}` makes {jobs} jobs of the head-end", replay.file);
            let help = format!("at most {JOBS_MAX} can be played; replay a part of it, or `only` some of it");
            cx.error(&["replay", &replay.name, "file"], title, "too many", help);
        }
        (count.saturating_sub(repeated), repeated)
    }
}

/// Names of jobs, each once.
#[derive(Default)]
struct Names(BTreeMap<String, usize>);

impl Names {
    fn next(&mut self, name: &str) -> String {
        let had = self.0.entry(name.to_owned()).or_default();
        *had += 1;
        if *had == 1 { name.to_owned() } else { format!("{name} {had}") }
    }
}

/// The reads of a log.
fn read(replay: &ReplaySection, name: String, content: PollContent, group: &Group) -> PollSpec {
    let Group { terms, turns, .. } = group;
    let mut turns: Vec<(SimTime, u32)> =
        turns.iter().flat_map(|(&site, times)| times.iter().map(move |&at| (at, site))).collect();
    turns.sort_unstable();
    PollSpec {
        at: turns.first().map_or(SimTime::ZERO, |turn| turn.0),
        parallel: terms.parallel.and_then(|n| u16::try_from(n).ok()).unwrap_or(u16::MAX),
        clusters: terms.clusters,
        attempts: terms.attempts.unwrap_or(replay.attempts),
        timeout: terms.timeout.unwrap_or(replay.timeout),
        priority: terms.priority.unwrap_or(PRIORITY_USUAL),
        turns,
        ..PollSpec::once(name, content)
    }
}

/// What becomes of the n-th of the same commands to each meter, with its priority; `None` if nobody has so many. It begins at `at`; a flood was sent at `told`.
fn job(
    replay: &ReplaySection,
    (at, told): (SimTime, Option<SimTime>),
    n: usize,
    Group { what, terms, turns }: &Group,
) -> Option<(u8, JobSpec)> {
    let of_this = turns.iter().filter_map(|(&site, times)| Some((site, *times.get(n)?)));
    let (nodes, turns): (Vec<u32>, Vec<SimTime>) = of_this.unzip();
    let first = *turns.iter().min()?;
    let at = if n == 0 { at } else { first };
    let is_flood = terms.broadcast && what.floods();
    // Those that a flood has told are asked over a window.
    let asked = is_flood && !matches!(what, What::Reset(..));
    let turns = if asked { Vec::new() } else { turns };
    let window = if asked { terms.window.unwrap_or(ASKED_OVER) } else { SimTime::from_secs(1) };
    let settle = terms.settle.unwrap_or(SpreadSpec::default().settle);
    let spread = if is_flood { SpreadSpec { settle, ..SpreadSpec::broadcast() } } else { SpreadSpec::default() };
    let (target, waves) = (Target::of(nodes), WavesSpec { turns, ..WavesSpec::default() });
    let (attempts, timeout) = (terms.attempts.unwrap_or(replay.attempts), terms.timeout.unwrap_or(replay.timeout));
    let pace = || PaceSpec {
        attempts: Some(attempts),
        timeout,
        target: target.clone(),
        waves: WavesSpec { parallel: terms.parallel, ..waves.clone() },
        ..PaceSpec::new(at, window)
    };
    let job = match *what {
        What::Ping => JobSpec::Ping(pace()),
        What::Reset(tier, back) => JobSpec::Reset(ResetSpec {
            tier,
            at,
            back,
            window: Some(Window::Range(SimTime::ZERO, terms.window.unwrap_or_default())),
            delivery: if terms.broadcast { Delivery::Broadcast } else { Delivery::Unicast },
            give_up_after: terms.give_up_after,
            visit: terms.visit && terms.give_up_after.is_some(),
            notice: told.map_or(NOTICE, |told| at.saturating_sub(told)),
            target,
            waves,
            ..ResetSpec::default()
        }),
        What::Write(what, value) => {
            JobSpec::Write(Box::new(WriteSpec { spread, ..WriteSpec::new(pace(), what, value) }))
        }
        What::Relay(action) => JobSpec::Relay(Box::new(RelaySpec { spread, ..RelaySpec::new(pace(), action) })),
        What::Time => {
            let time = TimeSpec::new(pace());
            JobSpec::Time(Box::new(TimeSpec { if_off_by: terms.if_off_by.unwrap_or(time.if_off_by), spread, ..time }))
        }
        What::Keys => {
            let keys = KeyChangeSpec::new(pace());
            let recover_after = terms.recover_after.unwrap_or(keys.recover_after);
            let (master, broadcast) = (terms.master, terms.broadcast);
            JobSpec::Keys(Box::new(KeyChangeSpec { recover_after, master, broadcast, ..keys }))
        }
        What::Read(_) | What::Firmware => return None,
    };
    Some((terms.priority.unwrap_or(PRIORITY_USUAL), job))
}

/// The campaign of the file that brings the image of a line: the one that the line names, if there is one, else that of the replay.
fn brought_by(replay: &ReplaySection, terms: &Terms, campaigns: &[CampaignSpec]) -> Option<String> {
    let is_one = |name: &&String| campaigns.iter().any(|of| of.name == **name && of.job.firmware().is_some());
    terms.campaign.as_ref().filter(is_one).or(replay.firmware.as_ref()).cloned()
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

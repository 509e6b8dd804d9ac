//! Campaigns of a variant: how far each of their meters was at any time, who was stopped by what, and in which waves they were begun with.

use crate::human;
use amitwin_data::rows::{HeldBy, ImageState, Outcome, TransactionKind, TransactionRow};
use std::collections::BTreeMap;

/// How far a campaign is with a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Done.
    Done,
    /// It restarts, and has not been heard again.
    Restarting,
    /// It has verified the image.
    Verified,
    /// It has all blocks of the image.
    Complete,
    /// It has been told, asked, or is being served.
    UnderWay,
    /// Its turn has not come.
    Waiting,
    /// It refused.
    Refused,
    /// Given up.
    Failed,
    /// The campaign was halted.
    Halted,
    /// Its link was not what the campaign asks for, its turn did not come, its certificate had run out, or the job's role may not do that.
    NotMeant,
    /// It has no route.
    Unreachable,
}

impl State {
    /// All, from the bottom of a chart to its top.
    pub const ALL: [State; 11] = [
        State::Done,
        State::Restarting,
        State::Verified,
        State::Complete,
        State::UnderWay,
        State::Waiting,
        State::Refused,
        State::Failed,
        State::Halted,
        State::NotMeant,
        State::Unreachable,
    ];

    /// What a legend says.
    pub fn words(self) -> &'static str {
        match self {
            State::Done => "done",
            State::Restarting => "restarting",
            State::Verified => "image verified",
            State::Complete => "all blocks there",
            State::UnderWay => "begun",
            State::Waiting => "waiting",
            State::Refused => "refused",
            State::Failed => "failed",
            State::Halted => "halted",
            State::NotMeant => "left out",
            State::Unreachable => "no route",
        }
    }
}

/// Meters by state, in the order of [`State::ALL`].
pub type Counts = [u32; State::ALL.len()];

/// One meter of a campaign; times since the start of the run.
#[derive(Clone, Debug, PartialEq)]
struct Meter {
    node: u32,
    planned_s: f64,
    sent_s: Option<f64>,
    complete_s: Option<f64>,
    verified_s: Option<f64>,
    reset_s: Option<f64>,
    answered_s: Option<f64>,
    outcome: Outcome,
    image: Option<ImageState>,
    held_by: Option<HeldBy>,
    wave: Option<u16>,
}

impl Meter {
    fn of(row: &TransactionRow) -> Meter {
        Meter {
            node: row.node,
            planned_s: row.planned_s,
            sent_s: row.sent_s,
            complete_s: row.complete_s.0,
            verified_s: row.verified_s.0,
            reset_s: row.reset_s,
            answered_s: row.answered_s,
            outcome: row.outcome,
            image: row.image_state.0,
            held_by: row.held_by.0,
            wave: row.wave.0,
        }
    }

    /// The furthest that it is known to have come at a time.
    fn at(&self, time_s: f64) -> State {
        let since = |of: Option<f64>| of.is_some_and(|of| of <= time_s);
        match self.outcome {
            Outcome::Unreachable => State::Unreachable,
            Outcome::Ok if since(self.answered_s) => State::Done,
            Outcome::Refused if since(self.answered_s) => State::Refused,
            _ if since(self.reset_s) => State::Restarting,
            _ if since(self.verified_s) => State::Verified,
            _ if since(self.complete_s) => State::Complete,
            _ if since(self.sent_s) => State::UnderWay,
            _ => State::Waiting,
        }
    }

    /// What became of it.
    fn ended(&self) -> State {
        match self.outcome {
            Outcome::Ok => State::Done,
            Outcome::Refused => State::Refused,
            Outcome::Failed => State::Failed,
            Outcome::Halted => State::Halted,
            Outcome::LeftOut | Outcome::Skipped | Outcome::Forbidden | Outcome::Expired => State::NotMeant,
            Outcome::Unreachable => State::Unreachable,
            Outcome::Pending => self.at(f64::INFINITY),
        }
    }

    /// Why it is not done; `None` if it is.
    fn stopped_by(&self) -> Option<String> {
        let reached = self.at(f64::INFINITY).words();
        Some(match (self.outcome, self.image, self.held_by) {
            (Outcome::Ok, ..) => return None,
            (Outcome::Failed | Outcome::Pending, Some(ImageState::Bricked), _) => "bricked by the image".into(),
            (Outcome::Failed | Outcome::Pending, Some(ImageState::Running), _) => {
                "runs the image, which the head-end has not heard".into()
            }
            (Outcome::Halted, Some(ImageState::Running), _) => {
                "halted; runs the image, which the head-end has not heard".into()
            }
            (Outcome::Halted, Some(ImageState::RolledBack), _) => "halted; rolled back to the former image".into(),
            (Outcome::Failed, Some(ImageState::RolledBack), _) if self.reset_s.is_none() => {
                "never restarted, runs the former image".into()
            }
            (Outcome::Failed | Outcome::Pending, Some(ImageState::RolledBack), _) => {
                "rolled back to the former image".into()
            }
            (Outcome::Failed, Some(ImageState::Unverified), _) => {
                "did not verify the image: its digest or signature is wrong".into()
            }
            (Outcome::Failed, ..) => format!("gave no more answer ({reached})"),
            (Outcome::Halted, ..) => "halted, because too many others had failed".into(),
            (Outcome::Refused, Some(ImageState::HadIt), _) => "ran the image already".into(),
            (Outcome::Refused, ..) => "refused: another security suite or keys, or the meter denied it".into(),
            (Outcome::LeftOut, _, Some(HeldBy::Unknown)) => "left out: nothing known of its link".into(),
            (Outcome::LeftOut, _, Some(HeldBy::Loss)) => "left out: too many tries lost on its link".into(),
            (Outcome::LeftOut, _, Some(HeldBy::Firmware)) => "left out: its firmware was another one".into(),
            (Outcome::LeftOut, _, Some(HeldBy::NotHeard)) => "left out: not heard for too long".into(),
            (Outcome::LeftOut, _, Some(HeldBy::Silent)) => "left out: it had missed its keep-alives".into(),
            (Outcome::LeftOut, _, Some(HeldBy::Dark)) => "left out: its supply had failed".into(),
            (Outcome::LeftOut, _, Some(HeldBy::Voltage)) => "left out: its voltage was out of its band".into(),
            (Outcome::LeftOut, ..) => "left out: its signal was too weak".into(),
            (Outcome::Skipped, ..) => "its turn did not come".into(),
            (Outcome::Expired, ..) => "its certificate had run out".into(),
            (Outcome::Forbidden, ..) => "the job's role may not do that".into(),
            (Outcome::Unreachable, ..) => "had no route from the start".into(),
            (Outcome::Pending, ..) => format!("the run ended before ({reached})"),
        })
    }

    fn last_s(&self) -> Option<f64> {
        let times = [self.sent_s, self.complete_s, self.verified_s, self.reset_s, self.answered_s];
        times.into_iter().flatten().max_by(f64::total_cmp)
    }
}

/// A step of a funnel: its name, and whether a meter took it.
type Step = (&'static str, fn(&Meter) -> bool);

/// A campaign in one variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Each once, with its last turn.
    meters: Vec<Meter>,
    /// Where each is in that.
    places: BTreeMap<u32, usize>,
    /// The other turns of meters that have several, as they do where certificates run out again and again, in their order.
    before: BTreeMap<u32, Vec<Meter>>,
    /// Of firmware: when each round of a wave began, s.
    rounds_s: Vec<f64>,
}

/// The meters of a wave, or all of a campaign without waves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wave {
    /// Its number, from 1 on.
    pub number: u16,
    /// When the first was begun with, s.
    pub from_s: f64,
    /// When the last was begun with, s.
    pub begun_s: f64,
    /// When the last of them was heard of, s.
    pub until_s: f64,
    /// Meters.
    pub meters: u32,
    /// Of them done.
    pub done: u32,
}

/// What the head-end brought the meters of a wave, and how long that took from the first that was begun with, s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delivery {
    /// The wave.
    pub wave: Wave,
    /// Meters that had all blocks, and when 95 % of these had them.
    pub complete: (u32, Option<f64>),
    /// When 95 % of those that are done were.
    pub done_s: Option<f64>,
    /// Meters that have failed.
    pub failed: u32,
}

/// By when 95 % of them had come.
fn p95(mut times: Vec<f64>) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    let at = (times.len() * 95).div_ceil(100);
    times.get(at.checked_sub(1)?).copied()
}

impl Progress {
    /// Meters that it is for.
    pub fn meters(&self) -> usize {
        self.meters.len()
    }

    /// When it began and when the last was heard of, s.
    pub fn span_s(&self) -> (f64, f64) {
        let turns = || self.meters.iter().chain(self.before.values().flatten());
        let begun = turns().map(|m| m.sent_s.map_or(m.planned_s, |sent_s| sent_s.min(m.planned_s)));
        let from_s = begun.min_by(f64::total_cmp).unwrap_or_default();
        let last = turns().filter_map(Meter::last_s).max_by(f64::total_cmp);
        (from_s, last.unwrap_or(from_s).max(from_s))
    }

    /// Meters by state at a time, s.
    pub fn at(&self, time_s: f64) -> Counts {
        self.count(|meter| self.turn_at(meter, time_s).at(time_s))
    }

    /// Which of a meter's turns it is in at a time, or had last, s.
    fn turn_at<'a>(&'a self, last: &'a Meter, time_s: f64) -> &'a Meter {
        let before = self.before.get(&last.node).map_or(&[][..], |before| &before[..]);
        let mut turns = before.iter().chain([last]).rev();
        turns.find(|turn| turn.planned_s <= time_s).or(before.first()).unwrap_or(last)
    }

    /// Adds a turn of a meter.
    fn add(&mut self, meter: Meter) {
        let place = *self.places.entry(meter.node).or_insert(self.meters.len());
        let Some(last) = self.meters.get_mut(place) else { return self.meters.push(meter) };
        let before = self.before.entry(meter.node).or_default();
        before.push(meter);
        before.sort_by(|a, b| a.planned_s.total_cmp(&b.planned_s));
        if let Some(latest) = before.last_mut().filter(|latest| latest.planned_s > last.planned_s) {
            std::mem::swap(latest, last);
            before.sort_by(|a, b| a.planned_s.total_cmp(&b.planned_s));
        }
    }

    /// What became of them.
    pub fn ended(&self) -> Counts {
        self.count(Meter::ended)
    }

    fn count(&self, of: impl Fn(&Meter) -> State) -> Counts {
        let mut counts = Counts::default();
        self.meters.iter().for_each(|meter| counts[of(meter) as usize] += 1);
        counts
    }

    /// How many came how far: a name for each step, and the meters that took it or a later one.
    pub fn funnel(&self) -> Vec<(&'static str, u32)> {
        let steps: [Step; 5] = [
            ("begun with", |m| m.sent_s.is_some()),
            ("all blocks there", |m| m.complete_s.is_some()),
            ("image verified", |m| m.verified_s.is_some()),
            ("restarted", |m| m.reset_s.is_some()),
            ("done", |m| m.outcome == Outcome::Ok),
        ];
        let took: Vec<_> = steps.into_iter().filter(|(_, took)| self.meters.iter().any(took)).collect();
        let reached =
            |n: usize| self.meters.iter().filter(|m| took[n..].iter().any(|(_, took)| took(m))).count() as u32;
        let steps = took.iter().enumerate().map(|(n, (name, _))| (*name, reached(n)));
        [("meters", self.meters.len() as u32)].into_iter().chain(steps).collect()
    }

    /// Why meters are not done, most frequent first: the reason, how many, and up to `most` of them.
    pub fn stopped(&self, most: usize) -> Vec<(String, u32, Vec<u32>)> {
        let mut by: BTreeMap<String, (u32, Vec<u32>)> = BTreeMap::new();
        for meter in &self.meters {
            if let Some(why) = meter.stopped_by() {
                let (count, nodes) = by.entry(why).or_default();
                *count += 1;
                if nodes.len() < most {
                    nodes.push(meter.node);
                }
            }
        }
        let mut all: Vec<_> = by.into_iter().map(|(why, (count, nodes))| (why, count, nodes)).collect();
        all.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
        all
    }

    /// Its waves with which anybody was begun with; one without any.
    pub fn waves(&self) -> Vec<Wave> {
        let mut waves: BTreeMap<u16, Wave> = BTreeMap::new();
        for meter in &self.meters {
            let Some(sent_s) = meter.sent_s else { continue };
            let number = meter.wave.unwrap_or(1);
            let first = Wave { number, from_s: sent_s, begun_s: sent_s, until_s: sent_s, meters: 0, done: 0 };
            let wave = waves.entry(number).or_insert(first);
            (wave.from_s, wave.begun_s) = (wave.from_s.min(sent_s), wave.begun_s.max(sent_s));
            wave.until_s = wave.until_s.max(meter.last_s().unwrap_or(sent_s));
            wave.meters += 1;
            wave.done += u32::from(meter.outcome == Outcome::Ok);
        }
        waves.into_values().collect()
    }

    /// What came of each wave of images.
    pub fn deliveries(&self) -> Vec<Delivery> {
        let of = |wave: Wave| {
            let number = |meter: &&Meter| meter.sent_s.is_some() && meter.wave.unwrap_or(1) == wave.number;
            let meters = || self.meters.iter().filter(number);
            let after = |times: Vec<f64>| p95(times).map(|at_s| at_s - wave.from_s);
            let complete: Vec<f64> = meters().filter_map(|meter| meter.complete_s).collect();
            let is_done = |meter: &&Meter| meter.outcome == Outcome::Ok;
            let done = meters().filter(is_done).filter_map(|meter| meter.answered_s).collect();
            let failed = meters().filter(|meter| meter.outcome == Outcome::Failed).count() as u32;
            Delivery { wave, complete: (complete.len() as u32, after(complete)), done_s: after(done), failed }
        };
        self.waves().into_iter().map(of).collect()
    }

    /// When rounds of multicast began, s.
    pub fn rounds_s(&self) -> &[f64] {
        &self.rounds_s
    }

    /// What a legend says beside its name: how many are done.
    pub fn told(&self) -> String {
        let done = self.ended()[State::Done as usize];
        format!("{} of {} done", human::count(f64::from(done)), human::count(self.meters.len() as f64))
    }
}

/// All campaigns of a variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Campaigns {
    by_name: BTreeMap<String, Progress>,
}

impl Campaigns {
    /// Adds rows.
    pub fn add(&mut self, rows: &[TransactionRow]) {
        for row in rows.iter().filter(|row| is_of_campaign(row.kind)) {
            if !self.by_name.contains_key(&*row.campaign) {
                self.by_name.insert(row.campaign.to_string(), Progress::default());
            }
            if let Some(progress) = self.by_name.get_mut(&*row.campaign) {
                progress.add(Meter::of(row));
            }
        }
    }

    /// Adds when a round of a campaign began, s.
    pub fn add_round(&mut self, campaign: &str, time_s: f64) {
        if let Some(progress) = self.by_name.get_mut(campaign) {
            progress.rounds_s.push(time_s);
        }
    }

    /// Names, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The campaign of a name.
    pub fn get(&self, name: &str) -> Option<&Progress> {
        self.by_name.get(name)
    }

    /// Of all, when one was under way: from and until, s.
    pub fn spans_s(&self) -> Vec<(f64, f64)> {
        self.by_name.values().map(Progress::span_s).collect()
    }
}

/// Whether campaigns have such rows; reads and what meters say by themselves are none of theirs.
fn is_of_campaign(kind: TransactionKind) -> bool {
    use TransactionKind as K;
    !matches!(kind, K::Push | K::Read | K::LastGasp | K::PowerUp | K::Health | K::KeepAlive)
}

#[cfg(test)]
mod tests;

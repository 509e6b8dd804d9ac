//! `kind = "ping"`, `"write"`, `"relay"`, `"time"` and `"keys"`: campaigns that have something done by one meter after the other, in a few questions each.

use super::campaign::is_false;
use super::quantity::{Maybe, Time};
use super::reset::Delivery;
use super::target::Target;
use super::waves::WavesSpec;
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a campaign gets around its meters. Needs a `window` or `clusters`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaceSpec {
    /// When it starts.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "366d"))]
    pub at: SimTime,
    /// Time between the starts of two rounds, in each of which every meter has its turn, such as "1d"; one round when missing. A round that takes longer delays the next one, and one that is
    /// halted is the last.
    #[serde(default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "3h", "x-max" = "366d"))]
    pub every: Option<SimTime>,
    /// Time over which the turns of the meters of a wave are spread evenly.
    #[serde(default, with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1s", "x-max" = "366d"))]
    pub window: Option<SimTime>,
    /// How long the head-end waits for an answer.
    #[serde(default = "timeout_default", with = "Time")]
    #[schemars(extend("x-min" = "1s", "x-max" = "1h"))]
    pub timeout: SimTime,
    /// How often a question is asked at most before the meter counts as failed; 3 when missing, of a ping once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20))]
    pub attempts: Option<u8>,
    /// Which meters: those that fit all that is said, all of them when nothing is.
    #[serde(default, skip_serializing_if = "Target::is_empty")]
    pub target: Target,
    /// Whose turn is when, and when it is halted.
    #[serde(flatten)]
    pub waves: WavesSpec,
}

impl Default for PaceSpec {
    /// At the start of the run, within a minute.
    fn default() -> Self {
        PaceSpec::new(SimTime::ZERO, SimTime::from_secs(60))
    }
}

/// How long the head-end waits for an answer, when the file does not say.
pub fn timeout_default() -> SimTime {
    SimTime::from_secs(60)
}
/// How often it asks at most, when the file does not say.
pub fn attempts_default() -> u8 {
    3
}

impl PaceSpec {
    /// All meters over a window, with the defaults of everything.
    pub fn new(at: SimTime, window: SimTime) -> PaceSpec {
        PaceSpec {
            at,
            every: None,
            window: Some(window),
            timeout: timeout_default(),
            attempts: None,
            target: Target::default(),
            waves: WavesSpec::default(),
        }
    }
}

/// How a command gets to the meters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpreadSpec {
    /// To each meter alone, in its turn; or one flood tells all of them, and each is asked in its turn whether it has come, and told alone if it has not. A flood reaches every meter, so that it
    /// goes with no `target`, waves, `stop_at_failed` or `only_when`.
    #[serde(default = "delivery_default", skip_serializing_if = "is_alone")]
    pub delivery: Delivery,
    /// With delivery = "broadcast": how long after the flood the turns begin, in which meters are asked. A price takes two floods, one that sets and one that activates it.
    #[serde(default = "settle_default", with = "Time", skip_serializing_if = "is_usual_settle")]
    #[schemars(extend("x-min" = "1s", "x-max" = "1d"))]
    pub settle: SimTime,
}

const SETTLE: SimTime = SimTime::from_secs(120);

fn delivery_default() -> Delivery {
    Delivery::Unicast
}

fn is_alone(delivery: &Delivery) -> bool {
    *delivery == Delivery::Unicast
}

fn settle_default() -> SimTime {
    SETTLE
}

fn is_usual_settle(settle: &SimTime) -> bool {
    *settle == SETTLE
}

impl Default for SpreadSpec {
    /// To each meter alone.
    fn default() -> Self {
        SpreadSpec { delivery: delivery_default(), settle: SETTLE }
    }
}

impl SpreadSpec {
    /// By one flood, with the usual time until meters are asked.
    pub fn broadcast() -> SpreadSpec {
        SpreadSpec { delivery: Delivery::Broadcast, settle: SETTLE }
    }
}

/// A value is written into every meter, and read back; a price is then activated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WriteSpec {
    /// How it gets around.
    #[serde(flatten)]
    pub pace: PaceSpec,
    /// How it gets to the meters.
    #[serde(flatten)]
    pub spread: SpreadSpec,
    /// What is written.
    pub what: Setting,
    /// The value.
    #[schemars(range(min = -1_000_000, max = 1_000_000))]
    pub value: i32,
}

impl WriteSpec {
    /// To each meter alone.
    pub fn new(pace: PaceSpec, what: Setting, value: i32) -> WriteSpec {
        WriteSpec { pace, spread: SpreadSpec::default(), what, value }
    }
}

/// What of a meter's configuration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    /// Over how many seconds the meters spread what they push (push setup, attribute 5): 0 to 65535.
    PushSpread,
    /// How often a push is repeated (push setup, attribute 6): 0 to 255.
    PushRetries,
    /// Seconds between two repetitions (push setup, attribute 7): 0 to 65535.
    PushPause,
    /// Who may move the relay (disconnect control, attribute 4): 0 nobody, 2 and 4 the head-end.
    RelayMode,
    /// Price of a kWh in ten thousandths of the currency (charge, passive price, which is activated when it has been read back): 0 to 32767.
    Price,
}

impl Setting {
    /// Smallest and largest value.
    pub fn range(self) -> (i32, i32) {
        match self {
            Setting::PushSpread | Setting::PushPause => (0, 65_535),
            Setting::PushRetries => (0, 255),
            Setting::RelayMode => (0, 6),
            Setting::Price => (0, i32::from(i16::MAX)),
        }
    }
}

/// The relay of every meter opens or closes its contacts, and is asked whether it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RelaySpec {
    /// How it gets around.
    #[serde(flatten)]
    pub pace: PaceSpec,
    /// How it gets to the meters.
    #[serde(flatten)]
    pub spread: SpreadSpec,
    /// Which of the two. Where contacts are as they are to be already nothing moves.
    pub action: RelayAction,
}

impl RelaySpec {
    /// To each meter alone.
    pub fn new(pace: PaceSpec, action: RelayAction) -> RelaySpec {
        RelaySpec { pace, spread: SpreadSpec::default(), action }
    }
}

/// What a relay does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RelayAction {
    /// It opens its contacts.
    Disconnect,
    /// It closes them.
    Reconnect,
}

/// Every meter is asked for its clock, which is set if it is too far off, and asked for again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimeSpec {
    /// How it gets around.
    #[serde(flatten)]
    pub pace: PaceSpec,
    /// How it gets to the meters.
    #[serde(flatten)]
    pub spread: SpreadSpec,
    /// A clock that is further off than this is set. The head-end compares it with the middle of the time between question and answer, and clocks show whole seconds.
    #[serde(default = "if_off_by_default", with = "Time")]
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub if_off_by: SimTime,
}

impl TimeSpec {
    /// Clocks that are off by more than 10 s.
    pub fn new(pace: PaceSpec) -> TimeSpec {
        TimeSpec { pace, spread: SpreadSpec::default(), if_off_by: if_off_by_default() }
    }
}

fn if_off_by_default() -> SimTime {
    SimTime::from_secs(10)
}

/// Every meter gets a new unicast and a new authentication key, and others if that is said, wrapped under its master key, and is asked something under the new ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KeyChangeSpec {
    /// How it gets around.
    #[serde(flatten)]
    pub pace: PaceSpec,
    /// A new master key as well: it goes wrapped under the former one, and wraps the next ones.
    #[serde(default, skip_serializing_if = "is_false")]
    pub master: bool,
    /// A new broadcast key as well, the same for all. Floods go under it as soon as everybody has had his turn: until then those who have it understand no flood, from then on those who have not.
    #[serde(default, skip_serializing_if = "is_false")]
    pub broadcast: bool,
    /// A meter whose answer was lost may have the new keys or the former ones. It is asked under the new ones after this time, and under the former ones if it does
    /// not understand them, until it answers.
    #[serde(default = "recover_after_default", with = "Time")]
    #[schemars(extend("x-min" = "1s", "x-max" = "1d"))]
    pub recover_after: SimTime,
}

impl KeyChangeSpec {
    /// New keys, with the time that others take before they ask again.
    pub fn new(pace: PaceSpec) -> KeyChangeSpec {
        KeyChangeSpec { pace, master: false, broadcast: false, recover_after: recover_after_default() }
    }
}

fn recover_after_default() -> SimTime {
    SimTime::from_secs(240)
}

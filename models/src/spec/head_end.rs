//! `[head_end]`: how much the head-end can do at a time.

use super::broker::BrokerSpec;
use super::quantity::{Maybe, Share, Time, TimeRange};
use super::role::{Right, RoleSpec};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limits of the head-end. Without this section it has none: it takes in everything at once, and begins as many conversations as its jobs ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HeadEndSpec {
    /// A head-end whose defaults are published: its `sessions_per_second`, `permits`, `retry` and `broker` where these are not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<HeadEndPreset>,
    /// Instances of the head-end, each with its own workers, queues, permits and pace.
    #[serde(skip_serializing_if = "is_one")]
    #[schemars(range(min = 1, max = 1_000))]
    pub instances: u16,
    /// Which instance a session begins at, and one takes in what meters say by themselves.
    #[serde(skip_serializing_if = "Balance::is_default")]
    pub balance: Balance,
    /// Workers that take in what meters say, each one message at a time.
    #[schemars(range(min = 1, max = 10_000))]
    pub workers: u16,
    /// What a worker takes for a message, on average.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1us", "x-max" = "1h"))]
    pub service: SimTime,
    /// How these times spread.
    pub service_times: ServiceTimes,
    /// Standard deviation of lognormal times, in averages.
    #[serde(skip_serializing_if = "is_usual_spread")]
    #[schemars(range(min = 0.01, max = 20.0))]
    pub service_spread: f64,
    /// Measured times, milliseconds, of which each message gets one at random, instead of `service` and `service_times`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 10_000), inner(range(min = 0.0, max = 3_600_000.0)))]
    pub service_measured_ms: Vec<f64>,
    /// Messages that wait at most; what comes when so many do is refused and lost. Without it there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 4_000_000_000_u64))]
    pub queue_max: Option<u32>,
    /// Requests and commands to single meters that it begins in a second, at most; the others wait for their turn. Without it there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 1_000_000.0))]
    pub sessions_per_second: Option<f64>,
    /// Sessions that may be open at a time. A session is a conversation with one meter, from its first request or command to its answer or time-out. Those of
    /// firmware campaigns with single meters, which have `parallel` of their own besides, are among them; floods are not. Without it there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permits: Option<PermitsSpec>,
    /// How long the head-end waits before it asks a meter again that has not answered; at once without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetrySpec>,
    /// A meter that has not answered any of the tries of a job is a temporary failure: its tries begin anew so much later, again and again, for a read
    /// until its next round, for a reset until `give_up_after`, else to the end of the run. Without it the first such failure is final.
    #[serde(with = "Maybe::<Time>", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-min" = "1s", "x-max" = "366d"))]
    pub again_after: Option<SimTime>,
    /// What hands rows of load profiles on to the meter data management. Without it they are there as soon as the head-end has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker: Option<BrokerSpec>,
    /// Who may do what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub role: Vec<RoleSpec>,
}

impl HeadEndSpec {
    /// The role that keeps a job from what it is to do, if its own does.
    pub fn keeps_from<'a>(&self, right: Right, role: Option<&'a str>) -> Option<&'a str> {
        role.filter(|name| !self.role.iter().any(|role| role.name == *name && role.may.contains(&right)))
    }

    /// With what its preset says where the file says nothing.
    pub fn complete(mut self) -> HeadEndSpec {
        match self.preset {
            Some(HeadEndPreset::Gxf) => {
                self.sessions_per_second.get_or_insert(30.0);
                self.permits.get_or_insert_default();
                self.retry.get_or_insert_default();
                self.broker.get_or_insert_default();
            }
            None => {}
        }
        self
    }
}

/// A head-end whose defaults are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeadEndPreset {
    /// GXF (`osgp-adapter-protocol-dlms.properties`): 1,000 sessions open and 30 new ones a second for each adapter; who has waited 60 s for a permit
    /// comes again after 50 to 70 s, an urgent one after 2 s; retries after 30 s, 60 s and so on; a prefetch of 1, redelivery after 300 to 900 s.
    Gxf,
}

/// Permits of sessions. Who finds none waits for one, urgent jobs first, then those that came first; whoever has waited for too long is refused and
/// comes again later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PermitsSpec {
    /// Sessions open at a time, in all.
    #[schemars(range(min = 1, max = 4_000_000_000_u64))]
    pub open: u32,
    /// Sessions open at a time behind one border router. Without it there is no limit but that of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4_000_000_000_u64))]
    pub per_router: Option<u32>,
    /// How long a session waits for its permit and its turn before it is refused.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "366d"))]
    pub wait: SimTime,
    /// After which time, drawn from this range, one that was refused comes again.
    #[serde(with = "TimeRange")]
    pub again: (SimTime, SimTime),
    /// The same for sessions of urgent jobs, whose priority is above 4: how long one waits.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "366d"))]
    pub urgent_wait: SimTime,
    /// After which time an urgent one comes again.
    #[serde(with = "TimeRange")]
    pub urgent_again: (SimTime, SimTime),
}

impl Default for PermitsSpec {
    /// Those of GXF's `osgp-adapter-protocol-dlms.properties`.
    fn default() -> Self {
        let s = SimTime::from_secs;
        PermitsSpec {
            open: 1_000,
            per_router: None,
            wait: s(60),
            again: (s(50), s(70)),
            urgent_wait: s(10),
            urgent_again: (s(2), s(2)),
        }
    }
}

/// Pauses between the tries of a job, each longer than the one before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetrySpec {
    /// Pause after the first try that was not answered.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "366d"))]
    pub after: SimTime,
    /// How many times longer each pause is than the one before.
    #[schemars(range(min = 1.0, max = 100.0))]
    pub factor: f64,
    /// Longest pause.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "366d"))]
    pub cap: SimTime,
    /// Each pause is longer or shorter by a random share of itself, up to this.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub jitter: f64,
}

impl Default for RetrySpec {
    /// That of GXF, without jitter: 30 s, 60 s and so on.
    fn default() -> Self {
        RetrySpec { after: SimTime::from_secs(30), factor: 2.0, cap: SimTime::from_secs(900), jitter: 0.0 }
    }
}

impl RetrySpec {
    /// The pause after so many tries, of which `unit` in [0, 1) says how much longer or shorter it is.
    pub fn pause(&self, tries: u32, unit: f64) -> SimTime {
        let mut pause_ns = self.after.nanos() as f64;
        let cap_ns = self.cap.nanos() as f64;
        for _ in 1..tries {
            if pause_ns >= cap_ns {
                break;
            }
            pause_ns *= self.factor;
        }
        SimTime::from_nanos((pause_ns.min(cap_ns) * (1.0 + self.jitter * (2.0 * unit - 1.0))) as u64)
    }
}

/// Standard deviation of service times, in averages: that of exponential ones.
const SPREAD: f64 = 1.0;

fn is_usual_spread(spread: &f64) -> bool {
    *spread == SPREAD
}

/// Priority of a job whose scenario says none.
pub const PRIORITY_USUAL: u8 = 4;

/// For `serde`.
pub(super) fn priority_usual() -> u8 {
    PRIORITY_USUAL
}

/// For `serde`.
pub(super) fn is_usual(priority: &u8) -> bool {
    *priority == PRIORITY_USUAL
}

impl Default for HeadEndSpec {
    fn default() -> Self {
        HeadEndSpec {
            preset: None,
            instances: 1,
            balance: Balance::default(),
            workers: 8,
            service: SimTime::from_millis(5),
            service_times: ServiceTimes::Fixed,
            service_spread: SPREAD,
            service_measured_ms: Vec::new(),
            queue_max: None,
            sessions_per_second: None,
            permits: None,
            retry: None,
            again_after: None,
            broker: None,
            role: Vec::new(),
        }
    }
}

/// Who gets what among several instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    /// A balancer gives each of those that run its turn.
    #[default]
    RoundRobin,
    /// A balancer gives to the one that runs and has the fewest sessions, those that wait there among them.
    LeastLoaded,
    /// Each has border routers of its own, in turn by their ids; while it is down nobody stands in for it.
    ByRouter,
    /// Each has a range of meters of its own, by their ids; while it is down nobody stands in for it.
    ByMeter,
}

impl Balance {
    fn is_default(&self) -> bool {
        *self == Balance::default()
    }
}

fn is_one(instances: &u16) -> bool {
    *instances == 1
}

/// How service times spread around their average.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServiceTimes {
    /// All the same.
    #[default]
    Fixed,
    /// Exponentially distributed.
    Exponential,
    /// Lognormally distributed, `service_spread` wide: most are short, and a few very long.
    Lognormal,
}

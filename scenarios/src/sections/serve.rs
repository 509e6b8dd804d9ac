//! `[serve]`: where the meters answer on real sockets, and within what limits.

use super::quantity::{Share, Time, TimeOrOff};
use super::units::Kind;
use amitwin_sim_core::SimTime;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Deserializer;
use serde::de::value::StringDeserializer;
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;

/// The meters on real sockets, for `amitwin serve`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServeSection {
    /// How meters are told apart.
    pub addressing: Addressing,
    /// Address or range to answer at: "127.0.0.0/8", "10.1.0.0/16", "fd00:1:2:3::/64", or one address. The n-th meter of
    /// the placement has the n-th address after the range's first one. When missing, 127.0.0.0/8 for meters told apart
    /// by address, and 127.0.0.1 otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 64))]
    pub listen: Option<String>,
    /// Addresses that other hosts can reach are allowed. `amitwin serve` asks for --allow-remote as well.
    pub remote: bool,
    /// Addresses or ranges of the head-ends that the meters know, such as ["10.1.2.3", "10.2.0.0/16"]; everybody else is
    /// refused and logged. Empty: whoever can reach the meters is served.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub head_ends: Vec<String>,
    /// Port of TCP and UDP; 0 takes any that is free.
    #[schemars(range(min = 0, max = 65_535))]
    pub port: u16,
    /// What is spoken. A TCP connection that begins with 7E is HDLC, any other the wrapper.
    #[schemars(length(max = 3))]
    pub transports: Vec<Transport>,
    /// Time between a request and its answer, or "off"; or "mesh": request and answer take the way of their meter through
    /// the mesh of this scenario, which is simulated beside, paced to the clock. What is lost there is not answered.
    #[schemars(extend("x-min" = "0s", "x-max" = "1min"))]
    pub delay: Delay,
    /// Answers that leave spoilt, each by chance, to try a head-end on.
    pub faults: Faults,
    /// Most TCP connections at one time, and most associations over UDP whose proof is given; the system's limit on descriptors
    /// may be lower.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub connections: u32,
    /// Most TCP connections at one time to the address of one meter.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub connections_per_meter: u32,
    /// Most associations at one time over one TCP connection; the one that was not used for longest gives way to a new one.
    #[schemars(range(min = 1, max = 65_536))]
    pub associations: u32,
    /// A connection without a whole request for this long is closed.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "100ms", "x-max" = "7d"))]
    pub idle: SimTime,
    /// A request that has begun must be whole within this time, and an answer taken.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "100ms", "x-max" = "1h"))]
    pub frame_time: SimTime,
    /// Address and port of a head-end that takes what meters send on their own: "127.0.0.1:4060". Meters send a push setup
    /// when they are told to, readings by the clock if `push_every` says so, an alarm when their relay moves or an image
    /// becomes active, and a last gasp before a cold reset. Other hosts need `remote` and --allow-remote.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 64))]
    pub push_to: Option<String>,
    /// How often each meter pushes its readings (setup 0.0.25.9.0.255), or "off". Periods begin at multiples of this time
    /// since 1970, UTC; each meter starts at a random moment of its setup's window (attribute 5, 300 s as delivered, at most
    /// the period).
    #[serde(with = "TimeOrOff")]
    #[schemars(extend("x-min" = "1s", "x-max" = "31d"))]
    pub push_every: Option<SimTime>,
    /// What pushes travel over, in the wrapper: "udp" datagrams, sent once, or "tcp", a connection each, that must be open
    /// and written within `frame_time`; one that fails is tried again as the setup says (attributes 6 and 7).
    pub push_transport: PushTransport,
    /// What meters send on their own is authenticated and encrypted under their unicast key.
    pub push_ciphered: bool,
    /// State file: invocation counters, relays and clocks of meters that were talked to. Relative to the scenario file;
    /// when missing, `runs/serve-NAME.state` under the current directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4096))]
    pub state: Option<String>,
}

/// Share of the answers that each fault befalls; an answer has one at most.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// A bit of the authentication tag is wrong: of ciphered answers.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = "0 %", "x-max" = "100 %"))]
    pub flipped_tag: f64,
    /// A frame check sequence is wrong: of answers over HDLC.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = "0 %", "x-max" = "100 %"))]
    pub wrong_fcs: f64,
    /// The wrapper's header names one byte less than follows: of answers in a wrapper.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = "0 %", "x-max" = "100 %"))]
    pub short_length: f64,
    /// The closing flag is left out: of answers over HDLC.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = "0 %", "x-max" = "100 %"))]
    pub missing_flag: f64,
}

impl Faults {
    /// None ever happens.
    pub fn are_none(&self) -> bool {
        *self == Faults::default()
    }
}

impl Default for ServeSection {
    fn default() -> Self {
        ServeSection {
            addressing: Addressing::Address,
            listen: None,
            remote: false,
            head_ends: Vec::new(),
            port: 4_059,
            transports: vec![Transport::TcpWrapper, Transport::TcpHdlc, Transport::UdpWrapper],
            delay: Delay::Off,
            faults: Faults::default(),
            connections: 15_000,
            connections_per_meter: 32,
            associations: 1_024,
            idle: SimTime::from_secs(300),
            frame_time: SimTime::from_secs(10),
            push_to: None,
            push_every: None,
            push_transport: PushTransport::Udp,
            push_ciphered: true,
            state: None,
        }
    }
}

/// How meters are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Addressing {
    /// Each has an address of its own.
    Address,
    /// One address; meter n is destination port n of the wrapper, and physical address n of HDLC.
    Port,
    /// One address; the gateway form E6 names the meter: its number in one to four bytes, or its system title.
    Gateway,
}

/// A way to talk to a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// Wrapper over TCP.
    TcpWrapper,
    /// HDLC over TCP.
    TcpHdlc,
    /// Wrapper over UDP.
    UdpWrapper,
}

/// What pushes travel over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PushTransport {
    /// A datagram each, sent once.
    Udp,
    /// A connection each, tried again if it fails.
    Tcp,
}

/// A time, `"off"` or `"mesh"`: what the simulated way takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    /// None.
    Off,
    /// Always the same.
    Time(SimTime),
    /// That of the simulated mesh.
    Mesh,
}

impl Serialize for Delay {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Delay::Off => s.serialize_str("off"),
            Delay::Time(time) => Time::serialize(time, s),
            Delay::Mesh => s.serialize_str("mesh"),
        }
    }
}
impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        match text.as_str() {
            "off" => Ok(Delay::Off),
            "mesh" => Ok(Delay::Mesh),
            _ => Time::deserialize(StringDeserializer::new(text)).map(Delay::Time),
        }
    }
}
impl JsonSchema for Delay {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Delay".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = format!("{}|^off$|^mesh$", Kind::Time.pattern());
        json_schema!({"type": "string", "pattern": pattern, "x-quantity": "time", "x-words": ["off", "mesh"]})
    }
}

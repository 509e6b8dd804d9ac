//! A running world as bytes, and back: it goes on with the same fingerprint.
//!
//! A snapshot holds the engine's state ([`snapshot`]: time, pending events and messages, sequence numbers), the state of every
//! room, and a hash of each part of the specification. To go on, the same [`WorldSpec`] is built and started again, and the engine takes over
//! what was saved ([`restore`]); it stands between two windows, as the engine that was saved did.
//!
//! | room | saved | built anew |
//! | --- | --- | --- |
//! | air | radios, frames on the air, who is on which channel, what is overlaid | neighbours, ways through obstacles, error model, transmit powers |
//! | mac | jobs and queues of nodes, datagrams, sweeps under way | times, lengths, who is heard abroad |
//! | net | where nodes stand, routes, datagrams in pieces, floods | timers, limits |
//! | ideal | who is attached, messages on their way | latency, loss |
//! | meter | power, reports, what DLMS servers keep, answers that wait, resets done | plan, keys, lengths |
//! | gateway | supply, backhaul, who serves whom, what a slow backhaul carries | latency, boot times |
//! | fleet | faults of nodes and edges, by event | who stands where |
//! | timeline | the next entry, as a pending event | the list |
//! | books | sums, loads of the minute, count of frames | which frames are sampled |
//! | head-end | jobs, counters and replay windows, ledger, numbers of reads, delays, what waits for a worker or is served, what is known of links | plan, schedules, network |
//!
//! Rows belong to the driver: they are taken before ([`save`] refuses otherwise) and go on in its tables. Refused as well are a
//! bench of the link layer and a capture under way. Keys of meters that were changed are written sealed, under a key that follows from the run's own.
//!
//! What is read is checked before it is taken over: counts, numbers of radios, jobs and frames, links of queues and lists; so
//! are the pending events. Bytes from anywhere are refused or taken over, without a panic. Contents that are whole and wrong
//! are believed, and the run that goes on from them is as wrong: a counter years ahead, a frame that ends twice.
//!
//! Size: 5,000 meters behind five border routers are 266 bytes a meter at rest and 342 during a reset with reports, with encoded
//! payloads 284 and 382; to save them takes 10 ms and to restore them 12 ms, besides the 95 ms of building them again (a build
//! for tests, on one of two busy cores). It is written partition by partition, and read as a whole.
//!
//! What the driver has made of rows is not in it: the fingerprint so far and the sums behind the figures. Whoever goes on in the
//! same process keeps both. A program that goes on after another has ended has to save them as well; the files of tables are
//! no way back to the fingerprint, because their rows are sorted.
//!
//! Limitations: a snapshot is for the same program ([`CONTENTS`] changes with the shape of the state), the same specification,
//! its duration included, and the same division of partitions between engines. Sessions of clients outside the simulation
//! are not part of a world. Each part of the specification is hashed over the text that `Debug` gives, in which secrets are
//! hidden: two specifications that differ in nothing but keys count as the same.

use crate::cell::Part;
use crate::event::Event;
use crate::spec::WorldSpec;
use amitwin_sim_core::engine::{EngineState, States};
use amitwin_sim_core::{Engine, Exchange, Partition, SnapshotError, snapshot};
use std::fmt::{Debug, Write};

/// Number of the contents; a new one for every change of what is saved.
pub const CONTENTS: u32 = 18;

/// A world that cannot be saved, or does not go on from these bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Rows would be lost.
    #[error("partition {partition} has rows that nobody has taken; take them before the world is saved")]
    Rows {
        /// Which.
        partition: u32,
    },
    /// Not a world that can be saved.
    #[error("partition {partition} cannot be saved: {what}")]
    Refused {
        /// Which.
        partition: u32,
        /// Why.
        what: &'static str,
    },
    /// Another specification.
    #[error(
        "the snapshot is of another scenario or variant than this one, which differs in {}; go on with the files, settings \
         and seed that it was started with", differ.join(", ")
    )]
    Spec {
        /// Parts of the specification that are not the same, by the names that they have in the scenario language.
        differ: Vec<&'static str>,
    },
    /// Of the snapshot as such.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

/// Writes a world that runs; `spec` is what it was built from.
///
/// # Errors
/// Rows have not been taken, or it is a world that cannot be saved: see above.
pub fn save<X: Exchange<Event>>(engine: &Engine<Part, X>, spec: &WorldSpec) -> Result<Vec<u8>, StateError> {
    for part in engine.partitions() {
        let partition = part.id();
        if let Some(what) = part.refusal() {
            return Err(StateError::Refused { partition, what });
        }
        if part.has_rows() {
            return Err(StateError::Rows { partition });
        }
    }
    Ok(snapshot::encode(CONTENTS, &(hashes(spec).map(|part| part.1), engine.save()))?)
}

/// Takes over what [`save`] wrote. `engine` has been built from `spec`, with the same partitions; what it did before, its rows
/// included, is forgotten. After an error it must be thrown away.
///
/// # Errors
/// The bytes are no snapshot, of another version, damaged, of another specification, or contradict themselves.
pub fn restore<X: Exchange<Event>>(
    bytes: &[u8],
    spec: &WorldSpec,
    engine: &mut Engine<Part, X>,
) -> Result<(), StateError> {
    let (of, state): ([u64; PARTS], EngineState<States<Part>>) = snapshot::decode(CONTENTS, bytes)?;
    let parts = hashes(spec).into_iter().zip(of);
    let differ: Vec<_> = parts.filter(|((_, here), there)| here != there).map(|((name, _), _)| name).collect();
    if !differ.is_empty() {
        return Err(StateError::Spec { differ });
    }
    let events: Vec<(u32, Vec<Event>)> = state
        .partitions
        .iter()
        .map(|partition| (partition.id, partition.events.iter().map(|event| event.what.clone()).collect()))
        .collect();
    engine.restore(state)?;
    for (part, (partition, events)) in engine.partitions().zip(events) {
        if let Some(event) = events.iter().find(|event| !part.knows(event)) {
            let what = format!("an event is about something that is not there: {event:?}");
            return Err(SnapshotError::Refused { partition, what }.into());
        }
    }
    Ok(())
}

/// Parts of a specification.
const PARTS: usize = 22;

/// The parts of a specification with what tells each from others.
fn hashes(spec: &WorldSpec) -> [(&'static str, u64); PARTS] {
    // Whole, so that no part is forgotten.
    #[rustfmt::skip]
    let WorldSpec {
        seed, duration, placement, medium, ideal, radio, mac, mesh, device, backhaul, traffic, coupling, dlms, record, polls,
        campaigns, events, weather, surroundings, head_end,
    } = spec;
    let parts: [(&str, &dyn Debug); PARTS] = [
        ("seed", seed),
        ("duration", duration),
        ("placement", placement),
        ("medium", medium),
        ("ideal", ideal),
        ("radio", radio),
        ("mac", mac),
        ("mesh", mesh),
        ("device", device),
        ("backhaul", backhaul),
        ("traffic", traffic),
        ("coupling", coupling),
        ("dlms", dlms),
        ("record", record),
        ("read", polls),
        ("campaign", campaigns),
        ("event", events),
        ("weather", weather),
        ("ageing", &surroundings.ageing),
        ("interferer", &surroundings.interferers),
        ("obstacle", &surroundings.obstacles),
        ("head_end", head_end),
    ];
    parts.map(|(name, part)| (name, hash(part)))
}

fn hash(part: &dyn Debug) -> u64 {
    struct Into(blake3::Hasher);
    impl Write for Into {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.update(text.as_bytes());
            Ok(())
        }
    }
    let mut into = Into(blake3::Hasher::new());
    write!(into, "{part:?}").expect("a hash takes everything");
    let [a, b, c, d, e, f, g, h, ..] = *into.0.finalize().as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

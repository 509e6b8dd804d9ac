//! Why a snapshot cannot be written, read or taken over.

use crate::SimTime;

/// A snapshot that is of no use here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Other bytes.
    #[error("this is not a snapshot of a run: it does not begin like one")]
    Foreign,
    /// Another version of the format.
    #[error("the snapshot has format {found}, this program reads format {expected}; start the run anew")]
    Format {
        /// In the snapshot.
        found: u32,
        /// In this program.
        expected: u32,
    },
    /// Another version of the contents.
    #[error("the snapshot holds a world of version {found}, this program runs version {expected}; start the run anew")]
    Contents {
        /// In the snapshot.
        found: u32,
        /// In this program.
        expected: u32,
    },
    /// The end is missing.
    #[error("the snapshot is torn: {found} bytes of at least {expected}; it was not written to its end")]
    Torn {
        /// Bytes that are there.
        found: u64,
        /// Bytes that there should be.
        expected: u64,
    },
    /// Not what was written.
    #[error("the snapshot is damaged: its checksum is not that of its bytes")]
    Damaged,
    /// Not what it says.
    #[error("the snapshot does not hold the state of a run: {what}")]
    Unreadable {
        /// What the decoder says.
        what: String,
    },
    /// Contents that have no form.
    #[error("the state of the run cannot be written: {what} (this is a bug, please report it)")]
    Unwritable {
        /// What the encoder says.
        what: String,
    },
    /// Another lookahead.
    #[error("the snapshot is of another world: its lookahead is {saved}, here it is {built}")]
    Lookahead {
        /// In the snapshot.
        saved: SimTime,
        /// In the engine.
        built: SimTime,
    },
    /// Other partitions.
    #[error("the snapshot is of another world: {}", difference(.saved, .built))]
    Partitions {
        /// Those that only the snapshot has.
        saved: Vec<u32>,
        /// Those that only the engine has.
        built: Vec<u32>,
    },
    /// Other entities.
    #[error("the snapshot is of another world: the entities of partition {partition} are not those of the snapshot")]
    Entities {
        /// Where.
        partition: u32,
    },
    /// An event that should have been handled.
    #[error(
        "the snapshot contradicts itself: an event of partition {partition} lies before the time that the run reached"
    )]
    Past {
        /// Where.
        partition: u32,
    },
    /// Two events with one key, or in the wrong order.
    #[error("the snapshot contradicts itself: the events of partition {partition} are not in the order of their keys")]
    Order {
        /// Where.
        partition: u32,
    },
    /// A partition that does not take its state.
    #[error("partition {partition} cannot take over its state in the snapshot: {what}")]
    Refused {
        /// Where.
        partition: u32,
        /// What does not fit.
        what: String,
    },
}

/// Ids that are told of, at most.
const IDS_TOLD: usize = 8;

fn difference(saved: &[u32], built: &[u32]) -> String {
    let list = |ids: &[u32]| {
        let mut told: Vec<String> = ids.iter().take(IDS_TOLD).map(u32::to_string).collect();
        if ids.len() > IDS_TOLD {
            told.push(format!("{} more", ids.len() - IDS_TOLD));
        }
        told.join(", ")
    };
    match (saved, built) {
        ([], []) => "its partitions are not in the order of their ids".to_owned(),
        (_, []) => format!("it has partitions that are not here: {}", list(saved)),
        ([], _) => format!("it lacks partitions that are here: {}", list(built)),
        _ => format!("it has partitions that are not here: {}; and lacks some that are: {}", list(saved), list(built)),
    }
}

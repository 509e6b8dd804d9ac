//! Sums over the run, for the results table.

use serde::{Deserialize, Serialize};

/// Why a datagram was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loss {
    /// No room in a queue.
    QueueFull,
    /// All transmissions failed.
    Retries,
    /// Its holder was reset or switched off.
    Reset,
    /// No next hop.
    NoRoute,
    /// Too many hops.
    TooFar,
    /// All fragments arrived, but the receiver had no room for them or had given up.
    Reassembly,
    /// The backhaul was down, or lost it.
    Backhaul,
    /// It waited too long in a queue.
    TooOld,
}

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Sums over the run.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Counters {
            $($(#[doc = $doc])+ pub $name: u64,)+
            /// Datagrams lost, by [`Loss`].
            pub lost: [u64; 8],
            /// Last gasps lost, by [`Loss`].
            pub gasps_lost: [u64; 8],
        }

        impl Counters {
            /// Adds another partition's sums.
            pub fn add(&mut self, other: &Counters) {
                $(self.$name += other.$name;)+
                for (mine, theirs) in self.lost.iter_mut().zip(other.lost) {
                    *mine += theirs;
                }
                for (mine, theirs) in self.gasps_lost.iter_mut().zip(other.gasps_lost) {
                    *mine += theirs;
                }
            }
        }
    };
}

counters! {
    /// Data, broadcast and sweep frames sent.
    frames,
    /// Of them repetitions of unacknowledged ones.
    retries,
    /// Acknowledgements sent.
    acks,
    /// Sweeps asked for.
    sweeps,
    /// Frames of sweeps sent.
    sweep_frames,
    /// Frames of nodes that get keys sent, and repetitions.
    key_frames,
    /// Time that those were on the air, us.
    key_airtime_us,
    /// Receptions that succeeded.
    received,
    /// Receptions lost to other transmissions.
    collided,
    /// Receptions lost to noise.
    noise,
    /// Frames whose addressee was off, sending or busy with another frame.
    deaf,
    /// Copies recognised as such.
    duplicates,
    /// Attempts that found no free channel.
    access_failures,
    /// Datagrams that were cut into fragments for a hop.
    cut,
    /// Incomplete datagrams that a receiver gave up waiting for.
    reassembly_timeouts,
    /// Datagrams that a receiver had no room to put together.
    reassembly_full,
    /// Datagrams lost.
    dropped,
    /// Of them copies of floods at single radios: others may have passed them on.
    flood_copies_lost,
    /// Samples that meters held against a band.
    health_watched,
    /// Times that undisturbed values left their band, as meters saw it.
    health_false,
    /// Last gasps of meters whose supply only sagged.
    false_gasps,
    /// Requests whose answers did not fit into the window of their meter.
    window_overflows,
    /// Time on the air of frames that brought blocks of firmware images, ns.
    image_air_ns,
}

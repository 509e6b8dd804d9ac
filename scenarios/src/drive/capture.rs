//! The frames of a run as a pcapng file that Wireshark and tshark open.

use amitwin_data::files::FileError;
use amitwin_data::input;
use amitwin_data::pcapng::{LinkType, Pcapng};
use amitwin_dlms::KeyMaster;
use amitwin_models::cell::Part;
use amitwin_models::event::Event;
use amitwin_models::medium::mesh::net::stack::dodag;
use amitwin_models::medium::mesh::wire::capture::{Captured, application, dissector_option};
use amitwin_models::medium::mesh::wire::frame::Network;
use amitwin_models::spec::{PhyMode, WorldSpec};
use amitwin_sim_core::{Engine, Exchange, SimTime};
use std::fs::File;
use std::path::PathBuf;

/// What to capture, and where to.
#[derive(Clone, Debug)]
pub struct CaptureTo {
    /// The file; one that is there is replaced.
    pub path: PathBuf,
    /// Global ids: frames from or to these. `None`: all frames.
    pub nodes: Option<Vec<u32>>,
}

impl CaptureTo {
    /// Why a variant cannot be captured like this, if it cannot.
    pub fn refused(&self, spec: &WorldSpec) -> Option<String> {
        if spec.radio.phy == PhyMode::Oqpsk250 {
            return Some("frames of the 2.4 GHz mode are only sized, not encoded; capture a SUN FSK mode".to_owned());
        }
        let count = spec.placement.sites.len();
        let unknown = self.nodes.iter().flatten().find(|&&n| n as usize >= count)?;
        Some(format!("there is no node {unknown} to capture; the nodes of this scenario are 0 to {}", count - 1))
    }
}

/// The option that gives tshark and Wireshark the key of a variant's frames.
pub fn capture_key_option(spec: &WorldSpec) -> String {
    dissector_option(&Network::new(spec, dodag(spec)))
}

/// A frame is handed over so long after its first bit at most: those of a train when it ends.
const TOLD_AFTER: SimTime = SimTime::from_secs(1);

/// A capture file being written.
pub(super) struct Tape<'a> {
    to: &'a CaptureTo,
    file: Pcapng<File>,
    /// Frames that earlier ones may still follow.
    held: Vec<Captured>,
}

impl<'a> Tape<'a> {
    /// Opens the file and starts to capture.
    pub(super) fn start<X: Exchange<Event>>(
        to: &'a CaptureTo,
        spec: &WorldSpec,
        engine: &mut Engine<Part, X>,
    ) -> Result<Self, FileError> {
        let (network, test) = (Network::new(spec, dodag(spec)), matches!(spec.dlms.keys, KeyMaster::Test));
        let failed = |doing| move |error| FileError::io(&to.path, doing, error);
        let file = input::create(&to.path).map_err(failed("create the capture"))?;
        let file = Pcapng::new(file, LinkType::Ieee802154Tap, &application(&network, test));
        for part in engine.partitions_mut() {
            if let Part::Mesh(cell) = part {
                cell.start_capture(network.clone(), to.nodes.as_deref());
            }
        }
        Ok(Tape { to, file: file.map_err(failed("write the capture"))?, held: Vec::new() })
    }

    /// Writes what began before all that partitions may still hand over, if they have reached the same moment `now`; at the end of a run
    /// that is everything.
    pub(super) fn take<X: Exchange<Event>>(
        &mut self,
        engine: &mut Engine<Part, X>,
        now: SimTime,
    ) -> Result<(), FileError> {
        let mut frames = std::mem::take(&mut self.held);
        for part in engine.partitions_mut() {
            if let Part::Mesh(cell) = part {
                frames.extend(cell.take_captured());
            }
        }
        // Stable, so frames of the same moment stay in the order of partitions.
        frames.sort_by_key(|f| f.at);
        let written = frames.partition_point(|f| f.at + TOLD_AFTER <= now);
        self.held = frames.split_off(written);
        let mut write = || {
            frames.iter().try_for_each(|f| self.file.packet(f.at.nanos(), &f.bytes))?;
            self.file.flush()
        };
        write().map_err(|error| FileError::io(&self.to.path, "write the capture", error))
    }
}

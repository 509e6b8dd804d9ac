//! What all workers share: the meters, who is where, what they keep, and the files.

use super::addresses::{Destination, MeterIds};
use super::admission::Admission;
use super::capture::Capture;
use super::counters::Refused;
use super::disk::FileDisk;
use super::host_share::HostShare;
use super::mesh_delay::Transit;
use super::registry::Registry;
use super::served_clock::ServedClock;
use super::state::StateFile;
use amitwin_dlms::link::gateway_form;
use amitwin_dlms::{Fleet, Meter};
use amitwin_scenarios::served::{Addressing, Serve};
use dlms_cosem_rs::transport::hdlc::Address;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};

/// Bytes that protection may add to the largest APDU: a key agreed for one message, and a signature, of suite 2.
const CIPHERING: u16 = 512;

/// Memory for long answers and requests under way, of all clients.
const TRANSFER_BYTES_MAX: usize = 256 << 20;

/// Everything that workers share.
#[derive(Debug)]
pub struct ServedNetwork {
    /// The meters.
    pub fleet: Fleet,
    /// Which nodes they are.
    pub meters: MeterIds,
    /// How they are served.
    pub settings: Serve,
    /// Their time.
    pub clock: ServedClock,
    /// What they keep.
    pub registry: Registry,
    /// Where that is kept.
    pub state: Option<Mutex<StateFile<FileDisk>>>,
    /// Where traffic is copied to.
    pub capture: Option<Capture>,
    /// Whom to ask when answers are due, where that is simulated.
    pub transits: Option<Sender<Transit>>,
    /// Largest APDU that is taken, bytes.
    pub apdu_max: u16,
    /// Who is let in.
    pub admission: Admission,
    /// Room for long answers and requests.
    pub transfers: Arc<Mutex<HostShare>>,
    /// Pushes so far.
    invoked: AtomicU32,
    /// A worker cannot go on, and no other may.
    pub failed: AtomicBool,
}

impl ServedNetwork {
    /// A network of these parts, for so many workers.
    pub fn new(
        fleet: Fleet,
        meters: MeterIds,
        settings: Serve,
        registry: Registry,
        (state, capture): (Option<StateFile<FileDisk>>, Option<Capture>),
        workers: usize,
    ) -> ServedNetwork {
        let section = &settings.section;
        let most_to_meter =
            (section.addressing == Addressing::Address).then_some(section.connections_per_meter as usize);
        let admission = Admission::new(section.connections as usize, most_to_meter, workers);
        // An association request has no size agreed yet, so that small meters take a fair one too.
        let pdu_max = fleet.vendors.iter().map(|vendor| vendor.pdu_max).max().unwrap_or(0).max(1_024);
        ServedNetwork {
            fleet,
            meters,
            settings,
            clock: ServedClock::new(state.as_ref().and_then(StateFile::served_s)),
            registry,
            state: state.map(Mutex::new),
            capture,
            transits: None,
            apdu_max: pdu_max.saturating_add(CIPHERING),
            admission,
            transfers: Arc::new(Mutex::new(HostShare::new(TRANSFER_BYTES_MAX))),
            invoked: AtomicU32::new(0),
            failed: AtomicBool::new(false),
        }
    }

    /// A meter.
    pub fn meter(&self, number: u32) -> Meter<'_> {
        Meter { fleet: &self.fleet, number }
    }

    /// Place of the meter that an address belongs to; 0 where one address serves all.
    ///
    /// # Errors
    /// An address that belongs to nobody here, or a host that is not let in.
    pub fn place(&self, local: IpAddr, peer: IpAddr) -> Result<u64, Refused> {
        let listen = &self.settings.listen;
        if listen.is_loopback() && !peer.is_loopback() {
            return Err(Refused::NotOffered);
        }
        let known = &self.settings.head_ends;
        if !known.is_empty() && !known.iter().any(|range| range.contains(peer)) {
            return Err(Refused::Stranger);
        }
        let position = listen.position(local).ok_or(Refused::NotOffered)?;
        match self.settings.section.addressing {
            // One address is that of the first meter.
            Addressing::Address if listen.is_single() => Ok(1),
            Addressing::Address => self.meters.at(position).map(|_| position).ok_or(Refused::NoSuchMeter),
            Addressing::Port | Addressing::Gateway => Ok(0),
        }
    }

    /// The meter that a request is for, and the bytes in front of its APDU.
    ///
    /// # Errors
    /// One that no meter is meant by.
    pub fn route(&self, place: u64, destination: Destination, request: &[u8]) -> Result<(u32, usize), Refused> {
        let number = match self.settings.section.addressing {
            Addressing::Address if destination.is_management() => self.meters.at(place),
            Addressing::Port => self.meters.at(u64::from(match destination {
                Destination::Port(port) => port,
                Destination::Hdlc(Address::Single(address)) => u16::from(address),
                Destination::Hdlc(Address::Double { upper: 1, lower }) => u16::from(lower),
                Destination::Hdlc(Address::Quad { upper: 1, lower }) => lower,
                Destination::Hdlc(_) => 0,
            })),
            Addressing::Gateway if destination.is_management() => {
                let prefix = gateway_form::request(request).ok_or(Refused::NoSuchMeter)?;
                let number = match prefix.address {
                    [.., a, b, c, d] if prefix.address.len() == 8 => {
                        let number = u32::from_be_bytes([*a, *b, *c, *d]);
                        let title = self.meter(number).system_title();
                        (self.meters.has(number) && title.0 == prefix.address).then_some(number)
                    }
                    address => gateway_form::position(address).and_then(|n| self.meters.at(u64::from(n))),
                };
                return number.map(|number| (number, prefix.bytes)).ok_or(Refused::NoSuchMeter);
            }
            _ => None,
        };
        number.map(|number| (number, 0)).ok_or(Refused::NoSuchMeter)
    }

    /// Address of the meter at a place, 0 where one address serves all.
    pub fn source(&self, place: u64) -> IpAddr {
        let listen = &self.settings.listen;
        if listen.is_single() { listen.first } else { listen.at(place) }
    }

    /// Counts pushes, over all meters.
    pub fn next_invoke_id(&self) -> u32 {
        self.invoked.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// A worker cannot go on.
    pub fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }
}

//! Which meter is which: node ids in the order of the placement, and whom a request names.

use amitwin_models::terrain::{Placement, SiteKind};
use dlms_cosem_rs::transport::hdlc::Address;

/// The logical device that every meter is.
const MANAGEMENT: u16 = 1;

/// Node ids of the meters, in the order of the placement.
#[derive(Debug)]
pub enum MeterIds {
    /// One after the other from the first.
    Row {
        /// First id.
        first: u32,
        /// How many.
        count: u32,
    },
    /// Any.
    List(Vec<u32>),
}

impl MeterIds {
    /// Of a placement.
    pub fn of(placement: &Placement) -> MeterIds {
        let mut ids = placement.of_kind(SiteKind::Meter);
        let first = ids.next().unwrap_or(0);
        let list: Vec<u32> = placement.of_kind(SiteKind::Meter).collect();
        let count = list.len() as u32;
        match list.last() {
            Some(last) if last - first + 1 != count => MeterIds::List(list),
            _ => MeterIds::Row { first, count },
        }
    }

    /// How many meters.
    pub fn count(&self) -> u32 {
        match self {
            MeterIds::Row { count, .. } => *count,
            MeterIds::List(list) => list.len() as u32,
        }
    }

    /// Node id of the meter at a place, counted from 1.
    pub fn at(&self, place: u64) -> Option<u32> {
        let index = u32::try_from(place.checked_sub(1)?).ok()?;
        match self {
            MeterIds::Row { first, count } => (index < *count).then_some(first + index),
            MeterIds::List(list) => list.get(index as usize).copied(),
        }
    }

    /// Place of a meter, counted from 1; 0 for another node.
    pub fn place(&self, number: u32) -> u64 {
        let index = match self {
            MeterIds::Row { first, count } => number.checked_sub(*first).filter(|index| index < count).map(u64::from),
            MeterIds::List(list) => list.binary_search(&number).ok().map(|index| index as u64),
        };
        index.map_or(0, |index| index + 1)
    }

    /// Whether a node is a meter.
    pub fn has(&self, number: u32) -> bool {
        match self {
            MeterIds::Row { first, count } => number.checked_sub(*first).is_some_and(|index| index < *count),
            MeterIds::List(list) => list.binary_search(&number).is_ok(),
        }
    }
}

/// Whom a request is for, as the link says it.
#[derive(Clone, Copy, Debug)]
pub enum Destination {
    /// Destination port of a wrapper.
    Port(u16),
    /// Server address of HDLC.
    Hdlc(Address),
}

impl Destination {
    /// Whether it is the logical device that every meter is.
    pub fn is_management(self) -> bool {
        match self {
            Destination::Port(port) => port == MANAGEMENT,
            Destination::Hdlc(Address::Single(address)) => u16::from(address) == MANAGEMENT,
            Destination::Hdlc(Address::Double { upper, .. }) => u16::from(upper) == MANAGEMENT,
            Destination::Hdlc(Address::Quad { upper, .. }) => upper == MANAGEMENT,
        }
    }
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Destination::Port(port) => write!(f, "wrapper port {port}"),
            Destination::Hdlc(Address::Single(address)) => write!(f, "HDLC address {address}"),
            Destination::Hdlc(Address::Double { upper, lower }) => write!(f, "HDLC address {upper}/{lower}"),
            Destination::Hdlc(Address::Quad { upper, lower }) => write!(f, "HDLC address {upper}/{lower}"),
        }
    }
}

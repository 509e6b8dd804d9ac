//! Ranges of IP addresses, in which meters have their places.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of addresses, or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First address.
    pub first: IpAddr,
    /// Bits that all of them share.
    pub prefix: u8,
}

impl Range {
    /// From `ADDRESS/BITS` or `ADDRESS`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Range, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| format!("`{address}` is no IP address"))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match bits {
            None => most,
            Some(bits) => match bits.parse() {
                Ok(bits) if bits <= most => bits,
                _ => return Err(format!("`{bits}` is no number of bits from 0 to {most}")),
            },
        };
        let range = Range { first: address, prefix };
        match range.position(address) {
            Some(0) => Ok(range),
            _ => Err("the address has bits beyond the prefix".to_owned()),
        }
    }

    /// One address and no other.
    pub fn is_single(&self) -> bool {
        self.prefix == if self.first.is_ipv4() { 32 } else { 128 }
    }

    /// No other host can reach it.
    pub fn is_loopback(&self) -> bool {
        match self.first {
            IpAddr::V4(first) => first.is_loopback() && self.prefix >= 8,
            IpAddr::V6(first) => first.is_loopback() && self.prefix == 128,
        }
    }

    /// How many addresses come after the first; a broadcast address at the end is not counted.
    pub fn capacity(&self) -> u64 {
        match self.first {
            IpAddr::V4(_) => (1u64 << (32 - self.prefix)).saturating_sub(2),
            IpAddr::V6(_) => match 128 - self.prefix {
                64.. => u64::MAX,
                bits => (1u64 << bits) - 1,
            },
        }
    }

    /// Whether an address is one of the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                u32::from(first) & mask == u32::from(address) & mask
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                u128::from(first) & mask == u128::from(address) & mask
            }
            _ => false,
        }
    }

    /// Which address of the range this is, from 0; `None` outside of it. Of an IPv6 address the low 64 bits count.
    pub fn position(&self, address: IpAddr) -> Option<u64> {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                let (first, address) = (u32::from(first), u32::from(address));
                (first & mask == address & mask).then_some(u64::from(address.wrapping_sub(first & mask)))
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                let (first, address) = (u128::from(first), u128::from(address));
                // An address whole in the prefix is the only one of its range.
                let inside = address & !mask;
                (first & mask == address & mask).then(|| u64::try_from(inside).ok()).flatten()
            }
            _ => None,
        }
    }

    /// The address at a position; a position beyond the range wraps, which [`Range::capacity`] is there to prevent.
    pub fn at(&self, position: u64) -> IpAddr {
        match self.first {
            IpAddr::V4(first) => Ipv4Addr::from(u32::from(first).wrapping_add(position as u32)).into(),
            IpAddr::V6(first) => Ipv6Addr::from(u128::from(first).wrapping_add(u128::from(position))).into(),
        }
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_single() { write!(f, "{}", self.first) } else { write!(f, "{}/{}", self.first, self.prefix) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_the_first_address() {
        let range = Range::parse("127.0.0.0/8").expect("a range");
        assert!(range.is_loopback() && !range.is_single());
        assert_eq!(range.at(1), IpAddr::from([127, 0, 0, 1]));
        assert_eq!(range.position(IpAddr::from([127, 1, 0, 2])), Some(65_538));
        assert_eq!(range.position(IpAddr::from([128, 0, 0, 1])), None);
        assert_eq!(range.capacity(), (1 << 24) - 2);
        let range = Range::parse("fd00:1:2:3::/64").expect("a range");
        assert!(!range.is_loopback());
        assert_eq!(range.at(258).to_string(), "fd00:1:2:3::102");
        assert_eq!(range.position("fd00:1:2:3::ff".parse().expect("an address")), Some(255));
        assert_eq!(range.position("fd00:1:2:4::ff".parse().expect("an address")), None);
        assert_eq!(range.to_string(), "fd00:1:2:3::/64");
    }

    #[test]
    fn a_range_contains_what_shares_its_prefix() {
        let within = |range: &str, address: &str| {
            Range::parse(range).expect("a range").contains(address.parse().expect("an address"))
        };
        for (range, inside, outside) in [
            ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("fd00::/8", "fdff:1::1", "fe00::1"),
            ("::1", "::1", "::2"),
            ("::/0", "ffff::", "127.0.0.1"),
        ] {
            assert!(within(range, inside) && !within(range, outside), "{range}");
        }
    }

    #[test]
    fn one_address_is_a_range_of_one() {
        for (text, loopback) in [("127.0.0.1", true), ("::1", true), ("10.0.0.1", false), ("fd00::1", false)] {
            let range = Range::parse(text).expect("an address");
            assert!(range.is_single());
            assert_eq!((range.is_loopback(), range.position(range.first)), (loopback, Some(0)), "{text}");
            assert_eq!(range.to_string(), text);
        }
        assert!(!Range::parse("0.0.0.0/0").expect("a range").is_loopback());
        assert!(!Range::parse("126.0.0.0/7").expect("a range").is_loopback());
    }

    #[test]
    fn what_is_no_range_is_told() {
        for text in ["localhost", "127.0.0.1/8", "127.0.0.0/33", "::/129", "127.0.0.0/", ""] {
            assert!(Range::parse(text).is_err(), "{text}");
        }
    }
}

#![doc = include_str!("README.md")]

pub mod address;
pub mod capture;
pub mod datagram;
pub mod dhcpv6;
pub mod eapol;
pub mod elements;
pub mod frame;
pub mod icmpv6;
pub mod ip;
pub mod lengths;
pub mod security;
pub mod sixlowpan;
#[cfg(test)]
mod tests;

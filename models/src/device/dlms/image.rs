//! Firmware images on their way into a meter.

/// A transfer under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// Bytes of the image.
    pub bytes: u32,
    /// Identifier given by the client.
    pub identifier: Vec<u8>,
    /// Blocks received, one bit each.
    pub received: Vec<u64>,
}

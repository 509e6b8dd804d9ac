//! What the fuzz targets do with their bytes, and what must hold whatever these are.

pub mod association;
pub mod hdlc;
pub mod seeds;
pub mod wrapper;

/// Takes bytes off the front of an input, zeros when it is used up.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }
    /// The next bytes, fewer at the end.
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
    /// A length of two bytes, and so many.
    pub fn piece(&mut self, most: usize) -> &'a [u8] {
        let length = usize::from(u16::from_be_bytes([self.byte(), self.byte()]));
        self.take(length.min(most))
    }
}

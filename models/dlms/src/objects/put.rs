//! A-XDR values written one by one: nothing is built in memory first.

use dlms_cosem_rs::codec::{Encode, Writer};
use dlms_cosem_rs::cosem::CaptureObject;
use dlms_cosem_rs::obis::Obis;
use dlms_cosem_rs::xdlms::DataAccessResult;

/// Done, or why not.
pub type Answer = Result<(), DataAccessResult>;

/// Where a value goes. Its only error is a writer that is full.
pub struct Put<'w>(pub &'w mut dyn Writer);

impl Put<'_> {
    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> Answer {
        self.0.write_bytes(bytes).map_err(|_| DataAccessResult::OtherReason)
    }
    /// A tag and the length or the count that follows it.
    fn tagged(&mut self, tag: u8, length: usize) -> Answer {
        self.raw(&[tag])?;
        self.0.write_length(length).map_err(|_| DataAccessResult::OtherReason)
    }
    /// The opening of an array of `count` elements.
    pub fn array(&mut self, count: usize) -> Answer {
        self.tagged(1, count)
    }
    /// The opening of a structure of `count` fields.
    pub fn structure(&mut self, count: u8) -> Answer {
        self.raw(&[2, count])
    }
    /// The opening of a bit string of `bits` bits; their bytes follow, the first bit in the highest place.
    pub fn bit_string(&mut self, bits: usize) -> Answer {
        self.tagged(4, bits)
    }
    /// null-data.
    pub fn null(&mut self) -> Answer {
        self.raw(&[0])
    }
    /// boolean.
    pub fn boolean(&mut self, value: bool) -> Answer {
        self.raw(&[3, u8::from(value)])
    }
    /// double-long-unsigned.
    pub fn u32(&mut self, value: u32) -> Answer {
        let [a, b, c, d] = value.to_be_bytes();
        self.raw(&[6, a, b, c, d])
    }
    /// double-long.
    pub fn i32(&mut self, value: i32) -> Answer {
        let [a, b, c, d] = value.to_be_bytes();
        self.raw(&[5, a, b, c, d])
    }
    /// octet-string.
    pub fn octets(&mut self, bytes: &[u8]) -> Answer {
        self.tagged(9, bytes.len())?;
        self.raw(bytes)
    }
    /// A capture object definition.
    pub fn captured(&mut self, object: &CaptureObject) -> Answer {
        object.encode(self.0).map_err(|_| DataAccessResult::OtherReason)
    }
    /// A logical name as an octet-string.
    pub fn name(&mut self, name: Obis) -> Answer {
        self.octets(name.as_bytes())
    }
    /// integer.
    pub fn i8(&mut self, value: i8) -> Answer {
        self.raw(&[15, value as u8])
    }
    /// long.
    pub fn i16(&mut self, value: i16) -> Answer {
        let [a, b] = value.to_be_bytes();
        self.raw(&[16, a, b])
    }
    /// unsigned.
    pub fn u8(&mut self, value: u8) -> Answer {
        self.raw(&[17, value])
    }
    /// long-unsigned.
    pub fn u16(&mut self, value: u16) -> Answer {
        let [a, b] = value.to_be_bytes();
        self.raw(&[18, a, b])
    }
    /// enum.
    pub fn choice(&mut self, value: u8) -> Answer {
        self.raw(&[22, value])
    }
}

/// A short text put together without allocation.
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; 16],
    length: usize,
}

impl Text {
    /// `prefix` and then `number` in decimal.
    pub fn of(prefix: &[u8; 3], number: u32) -> Self {
        let mut text = Text { bytes: [0; 16], length: 3 };
        text.bytes[..3].copy_from_slice(prefix);
        text.decimal(number);
        text
    }
    /// `number` in decimal.
    pub fn number(number: u32) -> Self {
        let mut text = Text { bytes: [0; 16], length: 0 };
        text.decimal(number);
        text
    }
    fn decimal(&mut self, number: u32) {
        let (mut digits, mut left, mut at) = ([0u8; 10], number, 10);
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        let digits = &digits[at..];
        self.bytes[self.length..self.length + digits.len()].copy_from_slice(digits);
        self.length += digits.len();
    }
    /// Its characters.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

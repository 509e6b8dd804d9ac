//! Firmware images on their way into a meter: blocks in any order, one identity, at most one copy in flash.

use crate::vocabulary::moment::Moment;
use serde::{Deserialize, Serialize};

/// Largest image that a meter takes, bytes.
pub const BYTES_MAX: u32 = 4 << 20;

/// Smallest block that images are cut into, bytes: it bounds the map of blocks.
pub const BLOCK_BYTES_MIN: u32 = 16;

/// How fast a meter verifies an image, bytes a second: less than a second's worth is verified at once.
pub const VERIFIED_BYTES_PER_S: u32 = 64 << 10;

/// Longest identifier of an image, bytes.
pub const IDENTIFIER_MAX: usize = 64;

/// What a signed image ends with, bytes: r and s of ECDSA over P-256.
pub const SIGNATURE_BYTES: usize = 64;

/// Identifier of the firmware as delivered.
pub const DELIVERED: &[u8] = b"1.0.0";

/// An image that was activated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firmware {
    /// What tells it from others, never 0.
    pub identity: u64,
    /// Identifier given by the client that transferred it.
    pub identifier: Vec<u8>,
}

/// A transfer under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// Bytes of the image.
    pub bytes: u32,
    /// Identifier given by the client.
    pub identifier: Vec<u8>,
    /// Blocks received, one bit each.
    pub received: Vec<u64>,
    /// Sum of the hashes of the blocks received: the same in whatever order they came.
    pub digest: u64,
    /// What verifying it said.
    pub verdict: Verdict,
    /// When verifying it, once asked for, is done, ms since 1970, UTC.
    pub verified_ms: Option<i64>,
    /// Of a meter that wants its images signed.
    pub signature: Option<Box<Signature>>,
}

/// The signature that an image ends with, as far as it has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    /// The last bytes of the image.
    pub bytes: Vec<u8>,
    /// Sum of the hashes of the blocks received, with zeros in place of the signature.
    pub digest: u64,
    /// It has been checked, and is not the maker's.
    pub is_wrong: bool,
}

/// What a signature is over: identifier up to the digest that it may promise, size, and the digest with zeros in place of the signature.
pub fn signed(identifier: &[u8], bytes: u32, digest: u64) -> Vec<u8> {
    let name = if promises(identifier) { &identifier[..identifier.len() - 17] } else { identifier };
    [b"amitwin image", name, &bytes.to_be_bytes(), &digest.to_be_bytes()].concat()
}

/// Where a block of a signed image of so many bytes touches its signature: from which of its bytes on, and at which byte of the signature that is.
fn touches(bytes: u32, begin: u32, length: usize) -> Option<(usize, usize)> {
    let signature = bytes.checked_sub(SIGNATURE_BYTES as u32)?;
    let from = signature.saturating_sub(begin) as usize;
    (from < length).then(|| (from, begin.saturating_sub(signature) as usize))
}

/// What verifying a transfer said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Not asked yet, or blocks have come since.
    #[default]
    Open,
    /// All blocks are there, with the digest that the identifier promises, if it promises one.
    Good,
    /// The digest is not the one promised.
    Bad,
}

/// Why a step of a transfer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The value does not fit: size, identifier, block number or length.
    Value,
    /// Blocks are missing, the meter is busy verifying, or no transfer is under way: a later attempt can succeed.
    NotYet,
    /// The image is not the one that its identifier promises: only another transfer can succeed.
    Digest,
}

/// Digest of a whole image cut into blocks of `block_bytes`. An identifier that ends in `#` and this number in 16
/// hexadecimal digits promises it.
pub fn digest(image: &[u8], block_bytes: u32) -> u64 {
    let blocks = (0u64..).zip(image.chunks(block_bytes.max(BLOCK_BYTES_MIN) as usize));
    blocks.fold(0, |sum, (block, content)| sum.wrapping_add(hash(block + 1, content)))
}

/// The digest that an identifier promises.
fn promised(identifier: &[u8]) -> Option<u64> {
    let (_, tail) = identifier.split_at_checked(identifier.len().checked_sub(17)?)?;
    let digits = tail.strip_prefix(b"#")?;
    digits.iter().try_fold(0, |sum, digit| Some(sum << 4 | u64::from(char::from(*digit).to_digit(16)?)))
}

/// Whether an identifier promises a digest.
pub fn promises(identifier: &[u8]) -> bool {
    promised(identifier).is_some()
}

/// FNV-1a over bytes, its state stirred at the end (finaliser of SplitMix64).
fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let mut state = seed ^ 0xCBF2_9CE4_8422_2325;
    for byte in bytes {
        state = (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

impl Transfer {
    /// A transfer without blocks, or why the image cannot be taken; `block_bytes` as [`block_bytes`] gives it. The end of one that is to be `signed` is kept.
    pub fn begin(identifier: &[u8], bytes: u32, block_bytes: u32, signed: bool) -> Result<Self, Refused> {
        let least = if signed { SIGNATURE_BYTES as u32 + 1 } else { 1 };
        if !(least..=BYTES_MAX).contains(&bytes) || identifier.len() > IDENTIFIER_MAX {
            return Err(Refused::Value);
        }
        let signature = signed.then(|| Box::new(Signature { bytes: vec![0; SIGNATURE_BYTES], ..Signature::default() }));
        let words = bytes.div_ceil(block_bytes.max(BLOCK_BYTES_MIN)).div_ceil(64) as usize;
        let (identifier, received) = (identifier.to_vec(), vec![0; words]);
        Ok(Transfer { bytes, identifier, received, digest: 0, verdict: Verdict::Open, verified_ms: None, signature })
    }
    /// Blocks of the image.
    pub fn blocks(&self, block_bytes: u32) -> u32 {
        self.bytes.div_ceil(block_bytes)
    }
    /// A block has come.
    pub fn has(&self, block: u32) -> bool {
        self.received.get(block as usize / 64).is_some_and(|word| word >> (block % 64) & 1 == 1)
    }
    /// Lowest block that has not come; the count of blocks if all have.
    pub fn first_gap(&self, block_bytes: u32) -> u32 {
        let place = self.received.iter().position(|word| *word != u64::MAX).unwrap_or(self.received.len());
        let inside = self.received.get(place).map_or(0, |word| word.trailing_ones());
        (place as u32 * 64 + inside).min(self.blocks(block_bytes))
    }
    /// Takes one block; one that has come before changes nothing.
    pub fn take(&mut self, block: u32, content: &[u8], block_bytes: u32) -> Result<(), Refused> {
        if block >= self.blocks(block_bytes) {
            return Err(Refused::Value);
        }
        let length = (self.bytes - block * block_bytes).min(block_bytes);
        let Some(word) = self.received.get_mut(block as usize / 64).filter(|_| content.len() == length as usize) else {
            return Err(Refused::Value);
        };
        let bit = 1 << (block % 64);
        if *word & bit == 0 {
            *word |= bit;
            let of = hash(u64::from(block) + 1, content);
            self.digest = self.digest.wrapping_add(of);
            if let Some(signature) = &mut self.signature {
                let unsigned = touches(self.bytes, block * block_bytes, content.len()).map(|(from, at)| {
                    let end = &content[from..];
                    signature.bytes[at..at + end.len()].copy_from_slice(end);
                    hash(u64::from(block) + 1, &[&content[..from], &vec![0; end.len()]].concat())
                });
                signature.digest = signature.digest.wrapping_add(unsigned.unwrap_or(of));
            }
            self.verdict = Verdict::Open;
            self.verified_ms = None;
        }
        Ok(())
    }
    /// The meter is busy verifying it.
    pub fn is_busy(&self, now: Moment) -> bool {
        // A clock that is set back keeps nobody busy for longer.
        self.verified_ms.is_some_and(|done| (1..=self.takes_ms()).contains(&(done - now.unix_ms)))
    }
    /// How long verifying it takes, ms.
    pub fn takes_ms(&self) -> i64 {
        i64::from(self.bytes / VERIFIED_BYTES_PER_S) * 1_000
    }
    /// What verifying it said by now.
    pub fn verdict(&self, now: Moment) -> Verdict {
        match (self.verdict, self.verified_ms) {
            (Verdict::Open, Some(_)) if !self.is_busy(now) => self.judged(),
            (verdict, _) => verdict,
        }
    }
    fn judged(&self) -> Verdict {
        let kept = promised(&self.identifier).is_none_or(|promised| promised == self.digest)
            && self.signature.as_ref().is_none_or(|signature| !signature.is_wrong);
        if kept { Verdict::Good } else { Verdict::Bad }
    }
    /// What tells this image from others: never 0.
    pub fn identity(&self) -> u64 {
        let size = u64::from(self.bytes) << 32;
        self.digest.wrapping_add(hash(size, &self.identifier)).max(1)
    }
}

/// Block size in use for a manufacturer's setting, bytes.
pub fn block_bytes(setting: u16) -> u32 {
    u32::from(setting).max(BLOCK_BYTES_MIN)
}

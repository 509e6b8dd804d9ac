//! Firmware images: what the head-end says of one to a meter or to all, what a meter answers, as plain APDUs and as their lengths.

use super::ask::CONFIRMED;
use super::{Ask, Cosem};
use crate::node::SiteId;
use crate::purpose::IMAGE_FATE;
use crate::spec::{CampaignSpec, FirmwareSpec, GoesWrong, ImageTraits, Signer};
use amitwin_dlms::KeyMaster;
use amitwin_dlms::image::SIGNATURE_BYTES;
use amitwin_dlms::link::wrapper::HEADER_BYTES;
use amitwin_dlms::pairs::SIGNATURE_MAX;
use amitwin_sim_core::SimTime;
use amitwin_sim_core::rng::Stream;
use dlms_cosem_rs::obis::Obis;
use serde::{Deserialize, Serialize};

const TRANSFER: Obis = Obis::new(0, 0, 44, 0, 0, 255);
const ACTIVE_IDENTIFIER: Obis = Obis::new(1, 0, 0, 2, 0, 255);
/// Largest block, bytes.
const BLOCK_BYTES_MAX: usize = 1_024;

/// Room in a PDU around a block, bytes.
pub(super) const AROUND_BLOCK: u16 = 32;

/// What is in every block: where a byte stands, mixed.
const PATTERN: [u8; BLOCK_BYTES_MAX] = {
    let mut pattern = [0; BLOCK_BYTES_MAX];
    let mut at = 0;
    while at < BLOCK_BYTES_MAX {
        pattern[at] = (at as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0];
        at += 1;
    }
    pattern
};

/// An image that a campaign brings into meters.
#[derive(Clone, Debug)]
pub struct Image {
    /// Number of the job.
    pub job: u16,
    /// What meters know it by: its version or the campaign's name, and the digest that it promises.
    pub identifier: Vec<u8>,
    /// Its size.
    pub bytes: u32,
    /// Size of a block.
    pub block_bytes: u16,
    /// How long a meter that activates it is off before it boots.
    pub install: SimTime,
    /// What it is, and what it wants.
    pub is: ImageTraits,
    /// Its last blocks, which differ from others by its signature, and the number of the first of them; none without one.
    signed: (u32, Vec<u8>),
    /// With whom activations go wrong, and a number that is the campaign's whatever other jobs there are.
    goes_wrong: (Vec<GoesWrong>, u64),
}

/// What becomes of a meter that activates an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// It runs the new one.
    Runs,
    /// It runs the former one again.
    RollsBack,
    /// It never starts again.
    Bricks,
}

/// What a client wants with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageStep {
    /// A transfer is to begin.
    Initiate,
    /// A block.
    Block(u32),
    /// Which blocks have come?
    Received,
    /// The image is to be verified.
    Verify,
    /// It is to run.
    Activate,
    /// Which one runs?
    Identifier,
}

/// What a meter says of images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageSaid {
    /// The result of a method: 0 for success, 2 for a temporary failure.
    Result(u8),
    /// Which blocks have come, by bit, and how many there are; none without a transfer.
    Received(Vec<u64>, u32),
    /// Identifier of the active image.
    Identifier(Vec<u8>),
}

/// Result: a later attempt can succeed.
pub const TEMPORARY_FAILURE: u8 = 2;

impl Image {
    /// The images of a run's campaigns, whose jobs have these numbers and the next ones.
    pub fn all(campaigns: &[CampaignSpec], first_job: u16, keys: &KeyMaster) -> Vec<Image> {
        let firmware = campaigns.iter().filter_map(|campaign| Some((&campaign.name, campaign.job.firmware()?)));
        (first_job..).zip(firmware).map(|(job, (name, spec))| Image::of(name, spec, job, keys)).collect()
    }

    fn of(name: &str, spec: &FirmwareSpec, job: u16, keys: &KeyMaster) -> Image {
        let (bytes, block_bytes) = (spec.image_bytes, spec.block());
        // FNV-1a.
        let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        let goes_wrong = (spec.goes_wrong.clone(), name.bytes().fold(0xcbf2_9ce4_8422_2325, add));
        let install = spec.activation.install;
        let (is, signed) = (spec.is, (u32::MAX, Vec::new()));
        let mut image = Image { job, identifier: Vec::new(), bytes, block_bytes, install, is, signed, goes_wrong };
        let name = is.version.map_or_else(|| name.to_owned(), |version| version.to_string());
        // Room for 47 bytes of the name before the digest.
        let mut end = name.len().min(amitwin_dlms::image::IDENTIFIER_MAX - 17);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        let name = &name[..end];
        let mut whole: Vec<u8> = (0..image.blocks()).flat_map(|block| image.content(block)).copied().collect();
        let digest = |whole: &[u8]| amitwin_dlms::image::digest(whole, u32::from(block_bytes));
        if let Some(signer) = is.signature {
            let first = whole.len().saturating_sub(SIGNATURE_BYTES);
            whole[first..].fill(0);
            let mut signature = [0; SIGNATURE_MAX];
            let over = amitwin_dlms::image::signed(name.as_bytes(), bytes, digest(&whole));
            keys.image_key(signer == Signer::Other).sign(&over, &mut signature);
            let room = whole.len() - first;
            whole[first..].copy_from_slice(&signature[..room]);
            let block = first / usize::from(block_bytes);
            image.signed = (block as u32, whole[block * usize::from(block_bytes)..].to_vec());
        }
        image.identifier = format!("{name}#{:016x}", digest(&whole)).into_bytes();
        image
    }

    /// How many blocks it has.
    pub fn blocks(&self) -> u32 {
        self.bytes.div_ceil(u32::from(self.block_bytes))
    }

    /// What is in a block.
    pub fn content(&self, block: u32) -> &[u8] {
        if let Some(place) = block.checked_sub(self.signed.0) {
            let from = place as usize * usize::from(self.block_bytes);
            let to = (from + usize::from(self.block_bytes)).min(self.signed.1.len());
            return &self.signed.1[from.min(to)..to];
        }
        let from = u64::from(block) * u64::from(self.block_bytes);
        let left = u64::from(self.bytes).saturating_sub(from);
        &PATTERN[..left.min(u64::from(self.block_bytes)) as usize]
    }

    /// What becomes of a meter that activates it.
    pub fn fate(&self, seed: u64, meter: SiteId) -> Fate {
        let (groups, campaign) = &self.goes_wrong;
        let Some(wrong) = groups.iter().find(|wrong| wrong.target.means(meter.0)) else { return Fate::Runs };
        let place = Stream::new(seed, (campaign << 32) | u64::from(meter), IMAGE_FATE).unit();
        if place < wrong.bricks {
            Fate::Bricks
        } else if place < wrong.bricks + wrong.rolls_back {
            Fate::RollsBack
        } else {
            Fate::Runs
        }
    }

    /// The plain APDU of a step.
    pub(super) fn plain(&self, step: ImageStep, invoke: u8) -> Vec<u8> {
        let mut out = Vec::with_capacity(usize::from(self.block_bytes) + 40);
        let mut method = |number: u8, parameter: &mut dyn FnMut(&mut Vec<u8>)| {
            out.extend_from_slice(&[0xC3, 1, invoke, 0, 18]);
            out.extend_from_slice(&TRANSFER.0);
            out.extend_from_slice(&[number, 1]);
            parameter(&mut out);
        };
        match step {
            ImageStep::Initiate => method(1, &mut |out| {
                out.extend_from_slice(&[2, 2, 9]);
                put_octets(out, &self.identifier);
                out.push(6);
                out.extend_from_slice(&self.bytes.to_be_bytes());
            }),
            ImageStep::Block(block) => method(2, &mut |out| {
                out.extend_from_slice(&[2, 2, 6]);
                out.extend_from_slice(&block.to_be_bytes());
                out.push(9);
                put_octets(out, self.content(block));
            }),
            ImageStep::Verify => method(3, &mut |out| out.extend_from_slice(&[15, 0])),
            ImageStep::Activate => method(4, &mut |out| out.extend_from_slice(&[15, 0])),
            ImageStep::Received | ImageStep::Identifier => {
                let (class, name, attribute) = match step {
                    ImageStep::Received => (18, TRANSFER, 3),
                    _ => (1, ACTIVE_IDENTIFIER, 2),
                };
                out.extend_from_slice(&[0xC0, 1, invoke, 0, class]);
                out.extend_from_slice(&name.0);
                out.extend_from_slice(&[attribute, 0]);
            }
        }
        out
    }
}

pub(super) fn put_octets(out: &mut Vec<u8>, octets: &[u8]) {
    put_length(out, octets.len());
    out.extend_from_slice(octets);
}

/// A length as BER and A-XDR have it.
fn put_length(out: &mut Vec<u8>, length: usize) {
    let bytes = (length as u32).to_be_bytes();
    match length {
        0..=0x7F => out.push(bytes[3]),
        0x80..=0xFF => out.extend_from_slice(&[0x81, bytes[3]]),
        _ => out.extend_from_slice(&[0x82, bytes[2], bytes[3]]),
    }
}

const fn length_bytes(length: usize) -> usize {
    match length {
        0..=0x7F => 1,
        0x80..=0xFF => 2,
        _ => 3,
    }
}

/// Control byte, counter and tag around a ciphered text.
const SEALED: usize = 1 + 4 + 12;

/// What a request measures: wrapper, general-glo-ciphering with the client's title, and the ciphered text.
pub(super) fn sealed_bytes(plain: usize) -> u16 {
    (HEADER_BYTES + 1 + 1 + 8 + length_bytes(plain + SEALED) + plain + SEALED) as u16
}

/// Bytes of a plain answer with the clock: head, result, octet string of 12 bytes.
const CLOCK_PLAIN: usize = 4 + 2 + 12;

impl Cosem {
    /// What the answer to a step measures; of blocks received it depends on how many the image has, of an identifier on its length.
    pub fn image_answer_bytes(&self, meter: SiteId, said: &ImageSaid) -> u16 {
        let plain = match said {
            // The same as of any method that returns nothing.
            ImageSaid::Result(_) => return self.lengths(meter).of(Ask::Reset(crate::spec::ResetTier::Warm)).0,
            ImageSaid::Received(_, blocks) => {
                let bits = *blocks as usize;
                4 + 1 + length_bytes(bits) + bits.div_ceil(8)
            }
            ImageSaid::Identifier(name) => 4 + 1 + length_bytes(name.len()) + name.len(),
        };
        self.answer_bytes(meter, plain)
    }

    /// What an answer measures that is so long when it is plain.
    pub fn answer_bytes(&self, meter: SiteId, plain: usize) -> u16 {
        let clock = usize::from(self.lengths(meter).of(Ask::Clock).0);
        let around = clock - CLOCK_PLAIN - length_bytes(CLOCK_PLAIN + SEALED);
        (around + length_bytes(plain + SEALED) + plain) as u16
    }

    /// What a step measures, to one meter or to all.
    pub fn image_bytes(&self, image: u16, step: ImageStep) -> u16 {
        sealed_bytes(self.images[usize::from(image)].plain(step, CONFIRMED).len())
    }
}

/// What a plain APDU of a meter says of images; `None` if it says something else.
pub(super) fn understood(plain: &[u8]) -> Option<ImageSaid> {
    match plain {
        // A bit string.
        [0xC4, 1, _, 0, 4, rest @ ..] => {
            let (blocks, bits) = length(rest)?;
            if bits.len() != blocks.div_ceil(8) {
                return None;
            }
            let mut words = vec![0; blocks.div_ceil(64)];
            for block in (0..blocks).filter(|block| bits[block / 8] >> (7 - block % 8) & 1 == 1) {
                words[block / 64] |= 1 << (block % 64);
            }
            Some(ImageSaid::Received(words, blocks as u32))
        }
        // An octet string; one of 12 bytes is a clock.
        [0xC4, 1, _, 0, 9, rest @ ..] => {
            let (bytes, text) = length(rest)?;
            (text.len() == bytes && bytes != 12).then(|| ImageSaid::Identifier(text.to_vec()))
        }
        _ => None,
    }
}

pub(super) fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [short @ 0..=0x7F, rest @ ..] => Some((usize::from(*short), rest)),
        [0x81, low, rest @ ..] => Some((usize::from(*low), rest)),
        [0x82, high, low, rest @ ..] => Some((usize::from(*high) << 8 | usize::from(*low), rest)),
        _ => None,
    }
}

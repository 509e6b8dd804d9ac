//! What an APDU says beside its bytes, for who takes decisions without them.

use super::{Ask, Cosem, ImageSaid, ImageStep, Said, ask};
use crate::node::SiteId;
use amitwin_dlms::{Moment, Rest};
use serde::{Deserialize, Serialize};

/// What an APDU says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Word {
    /// From the head-end: something with a firmware image.
    AskImage {
        /// Which image of the run.
        image: u16,
        /// What is wanted.
        step: ImageStep,
        /// The meter is to answer.
        confirmed: bool,
    },
    /// From a meter whose payloads are sized, of a firmware image.
    SaidImage(ImageSaid),
    /// From the head-end whose payloads are sized: something of one object.
    Ask(Ask),
    /// From a meter whose payloads are sized: the plain APDU of its answer.
    Plain(Vec<u8>),
    /// From such a meter: it has other keys than those of the request.
    Undeciphered,
    /// From a meter that watches its voltage: it has left its band. Without it a health report says that it is back, or what it is.
    OutOfBand,
}

impl Word {
    /// What a meter says with it.
    pub fn said(&self) -> Option<Said> {
        match self {
            Word::SaidImage(said) => Some(Said::Image(said.clone())),
            Word::Plain(plain) => ask::understood(plain),
            Word::Undeciphered => Some(Said::Undeciphered),
            Word::AskImage { .. } | Word::Ask(_) | Word::OutOfBand => None,
        }
    }

    /// Whether it brings a block of an image.
    pub fn is_block(&self) -> bool {
        matches!(self, Word::AskImage { step: ImageStep::Block(_), .. })
    }
}

impl Cosem {
    /// A meter whose payloads are sized does what it is asked, by the rules of its objects; its answer, plain.
    pub fn carried_out(&self, meter: SiteId, rest: &mut Rest, now: Moment, ask: Ask) -> Vec<u8> {
        let meter = self.meter(meter);
        let service = ask.service(meter).expect("a word with a question is about one object");
        service.carried_out(meter, rest, now, ask::CONFIRMED)
    }

    /// What a request measures that is about one object, and whether a meter whose payloads are sized has to be told of it.
    pub fn asked_bytes(&self, meter: SiteId, ask: Ask) -> Option<u16> {
        let service = ask.service(self.meter(meter))?;
        Some(super::image::sealed_bytes(service.plain(ask::CONFIRMED).len()))
    }
}

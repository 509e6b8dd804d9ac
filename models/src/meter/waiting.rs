//! Answers that wait for their time, so that an event needs no more than their place.

use crate::medium::message::Message;

/// Messages by place; freed places are used again, the last one first.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    places: Vec<Option<Message>>,
    free: Vec<u32>,
}

impl Waiting {
    /// Keeps a message; returns its place.
    pub(super) fn keep(&mut self, message: Message) -> u32 {
        if let Some(place) = self.free.pop() {
            self.places[place as usize] = Some(message);
            return place;
        }
        self.places.push(Some(message));
        (self.places.len() - 1) as u32
    }

    /// Takes what is kept at a place.
    pub(super) fn take(&mut self, place: u32) -> Option<Message> {
        let message = self.places.get_mut(place as usize)?.take()?;
        self.free.push(place);
        Some(message)
    }
}

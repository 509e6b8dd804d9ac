//! HDLC frames of type 3 on a stream, as the secondary station: connections, windows, segments.
//!
//! One stream can carry links of several clients and meters, as on a bus. Frames come from
//! `dlms_cosem_rs::transport::hdlc`; the search for them is here, because each byte must be looked at a bounded number
//! of times, and so is the station, because it repeats what was not acknowledged.

use dlms_cosem_rs::codec::Encode;
use dlms_cosem_rs::transport::hdlc::{
    Address, Control, FLAG, Frame, LLC_REQUEST, LLC_RESPONSE, Parameters, decode_frame,
};
use thiserror::Error;

/// Largest frame with its flags, bytes.
pub const FRAME_BYTES_MAX: usize = 0x7FF + 2;
/// Largest information field that fits into a frame with the longest addresses, bytes.
pub const INFORMATION_BYTES_MAX: u16 = 2_030;
/// Shortest frame between its flags: format, two addresses, control, check sequence.
const FRAME_BYTES_MIN: usize = 7;

/// What is at the start of a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A whole frame with right check sequences, and the bytes to drop; its closing flag stays, as it may open the next.
    Frame(Frame<'a>, usize),
    /// Bytes that are no frame, to be dropped; the check sequence was wrong if so.
    Noise(usize, bool),
    /// The beginning of a frame, or nothing.
    Wait,
}

/// Looks at the start of `stream`. A closing flag may open the next frame.
pub fn find(stream: &[u8]) -> Found<'_> {
    let noise = stream.iter().position(|b| *b == FLAG).unwrap_or(stream.len());
    if noise > 0 {
        return Found::Noise(noise, false);
    }
    let [_, rest @ ..] = stream else { return Found::Wait };
    // Several flags in a row are one; a byte that cannot begin a frame ends the search there.
    let Some(format) = rest.first() else { return Found::Wait };
    if format & 0xF0 != 0xA0 {
        return Found::Noise(1, false);
    }
    let Some(low) = rest.get(1) else { return Found::Wait };
    let length = usize::from(format & 0x07) << 8 | usize::from(*low);
    if length < FRAME_BYTES_MIN {
        return Found::Noise(1, false);
    }
    match rest.get(length) {
        None => Found::Wait,
        Some(&FLAG) => match decode_frame(stream) {
            Ok((frame, bytes)) => Found::Frame(frame, bytes - 1),
            // The whole candidate goes, so that no byte is summed up twice; its closing flag may open another.
            Err(_) => Found::Noise(1 + length, true),
        },
        Some(_) => Found::Noise(1, false),
    }
}

/// Which link of the stream: the meter's address and the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Address of the meter.
    pub server: Address,
    /// Address of the client, its service access point.
    pub client: u8,
}

/// What a frame asks of the caller, beyond what the station has answered itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing.
    Idle,
    /// A link begins, or begins anew: associations over it are gone.
    Opened(Ends),
    /// A link has ended, and the associations over it with it.
    Closed(Ends),
    /// A request is complete: take it with [`Station::request`], answer with [`Station::reply`].
    Request(Ends),
    /// The frame was not acceptable.
    Refused(HdlcError),
}

/// Why a frame was not acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HdlcError {
    /// A client address of more than one byte.
    #[error("an HDLC client address of more than one byte")]
    Client,
    /// More links on the stream than are kept.
    #[error("more HDLC links on one stream than are kept")]
    Links,
    /// Parameters that are no list of parameters.
    #[error("HDLC parameters that cannot be read")]
    Parameters,
    /// A frame for a link that is not open.
    #[error("an HDLC frame on a link that is not open")]
    Disconnected,
    /// A control field that is unknown or does not belong here.
    #[error("an HDLC control field that does not belong here")]
    Control,
    /// Acknowledges what was not sent.
    #[error("an HDLC frame that acknowledges what was not sent")]
    Sequence,
    /// More in a frame, or in a unit, than was agreed.
    #[error("more in an HDLC frame or unit than was agreed")]
    Oversize,
    /// Not the header of a request to the application.
    #[error("an HDLC unit without the LLC header E6 E6 00")]
    Llc,
}

/// One link.
#[derive(Debug)]
struct Link {
    ends: Ends,
    agreed: Parameters,
    /// Number that the next frame from the client must carry.
    receive: u8,
    /// Number of the first frame of `sending` that is not acknowledged.
    acknowledged: u8,
    /// Frames sent and not acknowledged.
    outstanding: u8,
    /// Unit under way from the client.
    receiving: Vec<u8>,
    /// Unit under way to the client, without what is acknowledged.
    sending: Vec<u8>,
    /// The client waits for an answer.
    polled: bool,
    /// A frame was rejected: only a new beginning or an end is taken.
    rejected: Option<(u8, u8)>,
}

/// The meters' end of a stream.
#[derive(Debug)]
pub struct Station {
    links: Vec<Link>,
    own: Parameters,
    links_max: usize,
    unit_bytes_max: usize,
}

impl Station {
    /// A station that takes APDUs of `apdu_max` bytes on at most `links_max` links, in information fields of at most
    /// `information_max` bytes and windows of at most seven frames.
    pub fn new(apdu_max: u16, links_max: usize, information_max: u16) -> Self {
        let bytes = information_max.clamp(16, INFORMATION_BYTES_MAX);
        let own = Parameters { max_info_tx: bytes, max_info_rx: bytes, window_tx: 7, window_rx: 7 };
        Station { links: Vec::new(), own, links_max, unit_bytes_max: usize::from(apdu_max) + LLC_REQUEST.len() }
    }

    /// Takes a frame and appends what the station answers by itself.
    pub fn take(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) -> Event {
        let Address::Single(client) = frame.source else { return Event::Refused(HdlcError::Client) };
        let ends = Ends { server: frame.destination, client };
        let at = self.links.iter().position(|link| link.ends == ends);
        match (frame.control, at) {
            (Control::Snrm, _) => self.open(ends, at, frame.information, out),
            (Control::Disc, Some(at)) => {
                self.links.swap_remove(at);
                put(ends, Control::Ua, false, &[], out);
                Event::Closed(ends)
            }
            (Control::Ui, _) => Event::Refused(HdlcError::Control),
            (_, None) => {
                put(ends, Control::Dm, false, &[], out);
                Event::Refused(HdlcError::Disconnected)
            }
            (control, Some(at)) => self.links[at].take(control, frame, self.unit_bytes_max, out),
        }
    }

    fn open(&mut self, ends: Ends, at: Option<usize>, information: &[u8], out: &mut Vec<u8>) -> Event {
        let Ok(asked) = Parameters::decode(information) else {
            put(ends, Control::Dm, false, &[], out);
            return Event::Refused(HdlcError::Parameters);
        };
        let mut agreed = self.own.negotiate(asked);
        agreed.max_info_tx = agreed.max_info_tx.max(16);
        agreed.max_info_rx = agreed.max_info_rx.max(16);
        agreed.window_tx = agreed.window_tx.clamp(1, 7);
        agreed.window_rx = agreed.window_rx.clamp(1, 7);
        let link = Link {
            ends,
            agreed,
            receive: 0,
            acknowledged: 0,
            outstanding: 0,
            receiving: Vec::new(),
            sending: Vec::new(),
            polled: false,
            rejected: None,
        };
        match at {
            Some(at) => self.links[at] = link,
            None if self.links.len() < self.links_max => self.links.push(link),
            None => {
                put(ends, Control::Dm, false, &[], out);
                return Event::Refused(HdlcError::Links);
            }
        }
        let (group, used) = parameters(&agreed);
        put(ends, Control::Ua, false, &group[..used], out);
        Event::Opened(ends)
    }

    /// The APDU that [`Event::Request`] announced; empty when there is none.
    pub fn request(&mut self, ends: Ends) -> &mut [u8] {
        match self.links.iter_mut().find(|link| link.ends == ends) {
            Some(link) => link.receiving.get_mut(LLC_REQUEST.len()..).unwrap_or_default(),
            None => &mut [],
        }
    }

    /// Answers a request: the first window goes to `out`, the rest follows as the client asks for it.
    pub fn reply(&mut self, ends: Ends, apdu: &[u8], out: &mut Vec<u8>) {
        let Some(link) = self.links.iter_mut().find(|link| link.ends == ends) else { return };
        link.receiving = Vec::new();
        link.sending.clear();
        link.sending.extend_from_slice(&LLC_RESPONSE);
        link.sending.extend_from_slice(apdu);
        // What was on its way is given up: the client has asked something new.
        link.acknowledged = (link.acknowledged + link.outstanding) % 8;
        link.outstanding = 0;
        if std::mem::take(&mut link.polled) {
            link.send(out);
        }
    }

    /// Drops a request that is not answered.
    pub fn silence(&mut self, ends: Ends) {
        if let Some(link) = self.links.iter_mut().find(|link| link.ends == ends) {
            link.receiving = Vec::new();
            link.polled = false;
        }
    }

    /// Drops a request that is one part of several: the client is told to go on.
    pub fn wait(&mut self, ends: Ends, out: &mut Vec<u8>) {
        if let Some(link) = self.links.iter_mut().find(|link| link.ends == ends) {
            link.receiving = Vec::new();
            if std::mem::take(&mut link.polled) {
                link.ready(out);
            }
        }
    }

    /// Bytes held for all links.
    pub fn held_bytes(&self) -> usize {
        self.links.iter().map(|link| link.receiving.capacity() + link.sending.capacity()).sum()
    }
}

impl Link {
    fn take(&mut self, control: Control, frame: &Frame<'_>, unit_max: usize, out: &mut Vec<u8>) -> Event {
        if let Some(reject) = self.rejected {
            self.reject(reject.0, reject.1, out);
            return Event::Refused(HdlcError::Control);
        }
        match control {
            Control::I { ns, nr, pf } => self.information(ns, nr, pf, frame, unit_max, out),
            Control::Rr { nr, pf } => {
                if !self.acknowledge(nr) {
                    self.reject(control.as_u8(), 0x08, out);
                    return Event::Refused(HdlcError::Sequence);
                }
                match (pf, self.sending.is_empty()) {
                    (true, false) => self.send(out),
                    (true, true) => self.ready(out),
                    _ => {}
                }
                Event::Idle
            }
            Control::Rnr { nr, pf } => {
                if self.acknowledge(nr) && pf {
                    self.ready(out);
                }
                Event::Idle
            }
            _ => {
                self.reject(control.as_u8(), 0x01, out);
                Event::Refused(HdlcError::Control)
            }
        }
    }

    fn information(
        &mut self,
        ns: u8,
        nr: u8,
        pf: bool,
        frame: &Frame<'_>,
        unit_max: usize,
        out: &mut Vec<u8>,
    ) -> Event {
        let control = frame.control.as_u8();
        if frame.information.len() > usize::from(self.agreed.max_info_rx) {
            self.reject(control, 0x04, out);
            return Event::Refused(HdlcError::Oversize);
        }
        if !self.acknowledge(nr) {
            self.reject(control, 0x08, out);
            return Event::Refused(HdlcError::Sequence);
        }
        if ns != self.receive {
            // Something was lost: the client learns where to go on, or gets once more what it did not get.
            match (pf, self.sending.is_empty()) {
                (true, false) => self.send(out),
                (true, true) => self.ready(out),
                _ => {}
            }
            return Event::Idle;
        }
        self.receive = (ns + 1) % 8;
        if self.receiving.len() + frame.information.len() > unit_max {
            self.receiving = Vec::new();
            self.reject(control, 0x04, out);
            return Event::Refused(HdlcError::Oversize);
        }
        self.receiving.extend_from_slice(frame.information);
        if frame.segmented {
            if pf {
                self.ready(out);
            }
            return Event::Idle;
        }
        if !self.receiving.starts_with(&LLC_REQUEST) {
            self.receiving = Vec::new();
            if pf {
                self.ready(out);
            }
            return Event::Refused(HdlcError::Llc);
        }
        self.sending.clear();
        self.polled = pf;
        Event::Request(self.ends)
    }

    /// Takes note of what the client has; `false` if that was never sent.
    fn acknowledge(&mut self, nr: u8) -> bool {
        let taken = (nr + 8 - self.acknowledged) % 8;
        if taken > self.outstanding {
            return false;
        }
        let bytes = (usize::from(taken) * usize::from(self.agreed.max_info_tx)).min(self.sending.len());
        self.sending.drain(..bytes);
        self.acknowledged = nr;
        self.outstanding -= taken;
        if self.sending.is_empty() {
            self.sending = Vec::new();
        }
        true
    }

    /// Sends a window from the first byte that is not acknowledged.
    fn send(&mut self, out: &mut Vec<u8>) {
        let chunk = usize::from(self.agreed.max_info_tx);
        let frames = self.sending.len().div_ceil(chunk).min(self.agreed.window_tx as usize);
        for n in 0..frames {
            let end = self.sending.len().min((n + 1) * chunk);
            let ns = (self.acknowledged + n as u8) % 8;
            let control = Control::I { ns, nr: self.receive, pf: n + 1 == frames };
            put(self.ends, control, end < self.sending.len(), &self.sending[n * chunk..end], out);
        }
        self.outstanding = frames as u8;
    }

    fn ready(&self, out: &mut Vec<u8>) {
        put(self.ends, Control::Rr { nr: self.receive, pf: true }, false, &[], out);
    }

    /// Rejects a frame: its control field, the station's numbers, and why.
    fn reject(&mut self, control: u8, why: u8, out: &mut Vec<u8>) {
        self.rejected = Some((control, why));
        let send = (self.acknowledged + self.outstanding) % 8;
        put(self.ends, Control::Frmr, false, &[control, self.receive << 5 | send << 1, why], out);
    }
}

/// The parameter group of a UA: lengths in as few bytes as they need, windows in four.
fn parameters(agreed: &Parameters) -> ([u8; 23], usize) {
    let mut group = [0x81, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut at = 3;
    for (id, value) in [(5, agreed.max_info_tx), (6, agreed.max_info_rx)] {
        let [high, low] = value.to_be_bytes();
        let bytes: &[u8] = if high == 0 { &[id, 1, low] } else { &[id, 2, high, low] };
        group[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    }
    for (id, value) in [(7, agreed.window_tx), (8, agreed.window_rx)] {
        group[at..at + 2].copy_from_slice(&[id, 4]);
        group[at + 2..at + 6].copy_from_slice(&value.to_be_bytes());
        at += 6;
    }
    group[2] = (at - 3) as u8;
    (group, at)
}

fn put(ends: Ends, control: Control, segmented: bool, information: &[u8], out: &mut Vec<u8>) {
    let frame =
        Frame { segmented, destination: Address::Single(ends.client), source: ends.server, control, information };
    let begin = out.len();
    if frame.encode(out).is_err() {
        out.truncate(begin);
    }
}

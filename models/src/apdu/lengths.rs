//! How long each message is: measured once from the encoders and the meters' server, for each kind of meter.

use super::client::Under;
use super::{Ask, HEAD_END_PDU, HEAD_END_TITLE, PORT, Rows, Said, client};
use amitwin_dlms::link::wrapper::HEADER_BYTES;
use amitwin_dlms::objects::View;
use amitwin_dlms::{
    Call, Client, Effects, Fleet, Meter, Moment, OnCounterError, OnSuiteMismatch, Reaction, Rest, Scratch, Session,
    answer, push,
};
use dlms_cosem_rs::obis::Obis;

/// Lengths of the datagrams' payloads, wrapper header included, bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// Answer and request of each of [`Ask::FIXED`].
    fixed: [(u16, u16); Ask::FIXED.len()],
    /// Request for rows of the profile.
    pub rows_asked: u16,
    /// So many rows of the profile, from none to as many as an answer holds.
    pub rows: Vec<u16>,
    /// An exception about a counter; `None` if the meter says nothing then.
    pub refused: Option<u16>,
    /// An exception about a security suite; `None` if the meter says nothing then.
    pub undeciphered: Option<u16>,
    /// The pushed readings, without the digits of the meter's number in its name.
    readings: u16,
    /// The pushed alarm that tells of a restart, without these digits.
    alarm: u16,
    /// The confirmation of a notification.
    pub confirmation: u16,
}

impl Lengths {
    /// Rows that fit into one answer.
    pub fn rows_max(&self) -> u16 {
        (self.rows.len() - 1) as u16
    }

    /// The notification of a push setup.
    pub fn notification(&self, number: u32, setup: Obis) -> u16 {
        digits(number) + if setup == push::READINGS { self.readings } else { self.alarm }
    }

    /// The answer to a request, and the request.
    pub fn of(&self, ask: Ask) -> (u16, u16) {
        match (ask.fixed(), ask) {
            (Some(place), _) => self.fixed[place],
            (None, Ask::Rows(rows)) => (self.rows[usize::from(rows.count.min(self.rows_max()))], self.rows_asked),
            (None, ask) => unreachable!("{ask:?} is measured as it is asked"),
        }
    }

    /// Of the meter with this number, and of all of its kind: but for the number in a meter's name, everything has a fixed
    /// length.
    pub fn measure(fleet: &Fleet, number: u32) -> Self {
        let meter = Meter { fleet, number };
        let moment = Moment { unix_ms: fleet.time.start_unix_s * 1_000 };
        let length = |ask| (answered(meter, moment, ask).len() + HEADER_BYTES) as u16;
        let asked = |ask| client::request(meter, ask, Under::counter(1)).len() as u16;
        let newest = u32::try_from(fleet.time.start_unix_s.div_euclid(super::QUARTER_S)).unwrap_or(0);
        let of = |count: u16| Ask::Rows(Rows { first: newest.saturating_sub(u32::from(count)) + 1, count });
        let mut rows = vec![length(Ask::Rows(Rows { first: newest + 2, count: 1 }))];
        for count in 1.. {
            let bytes = answered(meter, moment, of(count));
            let whole = matches!(client::open(meter, 0, &client::wrapped(&bytes)), Some(Said::Rows(_)));
            if !whole {
                // The rest would come in blocks, which the head-end does not ask for.
                break;
            }
            rows.push((bytes.len() + HEADER_BYTES) as u16);
        }
        let pushed = |setup| pushed(meter, moment, setup).len() as u16 - digits(number);
        let tells = meter.vendor().on_suite_mismatch == OnSuiteMismatch::Exception;
        let explicit = meter.vendor().on_counter_error == OnCounterError::Exception;
        Lengths {
            fixed: Ask::FIXED.map(|ask| (length(ask), asked(ask))),
            rows_asked: asked(of(1)),
            rows,
            // Tag, state error, service error, counter.
            refused: explicit.then_some(HEADER_BYTES as u16 + 3 + 4),
            undeciphered: tells.then_some(HEADER_BYTES as u16 + 3),
            readings: pushed(push::READINGS),
            alarm: pushed(push::ALARM),
            confirmation: client::confirmation(meter, 0, Under::counter(1)).len() as u16,
        }
    }
}

fn digits(number: u32) -> u16 {
    number.checked_ilog10().map_or(1, |log| log as u16 + 1)
}

fn answered(meter: Meter<'_>, now: Moment, ask: Ask) -> Vec<u8> {
    let asked = client::request(meter, ask, Under::counter(1));
    let mut request = asked[HEADER_BYTES..].to_vec();
    let (mut rest, mut scratch, mut out) = (Rest::default(), Scratch::default(), Vec::new());
    let mut session = Some(Session::pre_established(meter, &rest, Client::Management, HEAD_END_TITLE, HEAD_END_PDU));
    let mut effects = Effects::default();
    let mut call = Call { meter, rest: &mut rest, now, scratch: &mut scratch, effects: &mut effects };
    let reaction = answer(&mut call, &mut session, PORT, &mut request, &mut out);
    assert_eq!(reaction, Reaction::Reply, "a meter answers {ask:?} of its own head-end");
    out
}

fn pushed(meter: Meter<'_>, now: Moment, setup: Obis) -> Vec<u8> {
    let view = View { meter, now, client: Client::Management, session: None };
    let mut rest = Rest::default();
    let apdu = push::sealed_notification(&view, &mut rest, setup, 1, &mut Effects::default());
    client::wrapped(&apdu.expect("a new meter has counters, and the setup exists"))
}

//! What meters send on their own: made while the meter is asked, sent when its counter is on the disk.

use super::capture::From;
use super::counters::{Counters, Refused};
use super::street::Street;
use amitwin_models::device::dlms::link::wrapper;
use amitwin_models::device::dlms::objects::View;
use amitwin_models::device::dlms::{Client, Effects, Moment, Rest, push};
use amitwin_models::spec::ResetTier;
use dlms_cosem_rs::obis::Obis;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Wrapper port of the head-end that listens.
const HEAD_END: u16 = 1;
/// Most that wait for one turn's end.
const WAITING_MAX: usize = 10_000;

/// Notifications that wait for the turn's end.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: Vec<(IpAddr, Vec<u8>)>,
    made: u32,
}

/// Push setups that a request has set off.
fn setups(effects: &Effects) -> impl Iterator<Item = Obis> {
    let alarm = effects.relay_moved.then_some(push::ALARM);
    let last_gasp = (effects.reset == Some(ResetTier::Cold)).then_some(push::LAST_GASP);
    [effects.push, alarm, last_gasp].into_iter().flatten()
}

impl Outbox {
    /// Makes what a meter at `place` sends because of a request; `port` is the wrapper port that it is known by.
    pub fn add(
        &mut self,
        street: &Street,
        (number, place, port): (u32, u64, u16),
        now: Moment,
        rest: &mut Rest,
        effects: &mut Effects,
    ) {
        if street.settings.push_to.is_none() {
            return;
        }
        let view = View { meter: street.meter(number), now, client: Client::Management, session: None };
        let asked = *effects;
        for setup in setups(&asked) {
            if self.waiting.len() >= WAITING_MAX {
                return;
            }
            self.made = self.made.wrapping_add(1);
            let apdu = if street.settings.push_ciphered {
                push::sealed_notification(&view, rest, setup, self.made, effects)
            } else {
                let mut out = Vec::new();
                push::notification(&view, rest, setup, self.made, &mut out).map(|()| out)
            };
            let mut bytes = Vec::new();
            if apdu.is_ok_and(|apdu| wrapper::put(port, HEAD_END, &apdu, &mut bytes)) {
                self.waiting.push((street.settings.listen.at(place), bytes));
            }
        }
    }

    /// Sends what waits, each from its meter's own address; what the system does not take is lost, as datagrams are.
    pub fn send(&mut self, street: &Street, counters: &mut Counters) {
        let Some(to) = street.settings.push_to else { return };
        for (from, bytes) in self.waiting.drain(..) {
            match send(from, to, &bytes) {
                Ok(here) => {
                    counters.pushes += 1;
                    counters.bytes_out += bytes.len() as u64;
                    if let Some(capture) = &street.capture
                        && capture.datagram(to, here, From::Local, &bytes).is_err()
                    {
                        street.fail();
                    }
                }
                Err(_) => counters.refused.count(Refused::System),
            }
        }
    }
}

fn send(from: IpAddr, to: SocketAddr, bytes: &[u8]) -> io::Result<SocketAddr> {
    let socket = UdpSocket::bind((from, 0))?;
    socket.set_nonblocking(true)?;
    socket.send_to(bytes, to)?;
    socket.local_addr()
}

//! What meters send on their own: made while the meter is held, sent when its counter is on the disk.

use super::capture::From;
use super::counters::{Counters, Refused};
use super::network::ServedNetwork;
use amitwin_dlms::link::wrapper;
use amitwin_dlms::objects::View;
use amitwin_dlms::{Client, Effects, Moment, Rest, push};
use amitwin_models::spec::ResetTier;
use dlms_cosem_rs::obis::Obis;
use socket2::{Domain, Socket, Type};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Wrapper port of the head-end that listens.
const HEAD_END: u16 = 1;
/// Most that wait to be sent.
const WAITING_MAX: usize = 10_000;
/// Most that wait before nothing is added by the clock or again.
const WAITING_FAIR: usize = 1_000;

/// Which meter sends, as it is known outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Node id.
    pub number: u32,
    /// Place in the range of addresses; 0 where one address serves all.
    pub place: u64,
    /// Wrapper port.
    pub port: u16,
}

/// One push: what an attempt is made of, so that nothing is kept of it but this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Push {
    /// Who sends.
    pub origin: Origin,
    /// What its setup lists.
    pub setup: Obis,
    /// The same for all attempts.
    pub invoke_id: u32,
    /// When the push was set off: values and time stamp are those of then.
    pub moment: Moment,
    /// Attempts that have failed.
    pub failed: u8,
}

/// A notification that may leave once the state file is written.
#[derive(Debug)]
pub struct Notification {
    /// What it is.
    pub push: Push,
    /// Its wrapper frame.
    pub bytes: Vec<u8>,
}

/// Notifications that wait for the turn's end.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: VecDeque<Notification>,
}

/// Push setups that a request has set off.
fn setups(effects: &Effects) -> impl Iterator<Item = Obis> {
    let alarm = (effects.relay_moved || effects.image_activated).then_some(push::ALARM);
    let last_gasp = (effects.reset == Some(ResetTier::Cold)).then_some(push::LAST_GASP);
    [effects.push, alarm, last_gasp].into_iter().flatten()
}

impl Outbox {
    /// Makes what a meter sends because of a request; how many could not be made.
    pub fn add(
        &mut self,
        network: &ServedNetwork,
        origin: Origin,
        moment: Moment,
        rest: &mut Rest,
        effects: &mut Effects,
    ) -> u64 {
        if network.settings.push_to.is_none() {
            return 0;
        }
        let asked = *effects;
        let pushes =
            setups(&asked).map(|setup| Push { origin, setup, invoke_id: network.next_invoke_id(), moment, failed: 0 });
        pushes.filter(|push| !self.make(network, *push, rest, effects)).count() as u64
    }

    /// Makes one attempt of a push under the meter's next counter, even where an earlier attempt has failed: how much of
    /// that was heard is unknown. `false` if it cannot be made, and is lost.
    pub fn make(&mut self, network: &ServedNetwork, push: Push, rest: &mut Rest, effects: &mut Effects) -> bool {
        if self.waiting.len() >= WAITING_MAX {
            return false;
        }
        let Push { origin, setup, invoke_id, moment, .. } = push;
        let view = View { meter: network.meter(origin.number), now: moment, client: Client::Management, session: None };
        let apdu = if network.settings.section.push_ciphered {
            push::sealed_notification(&view, rest, setup, invoke_id, effects)
        } else {
            let mut out = Vec::new();
            push::notification(&view, rest, setup, invoke_id, &mut out).map(|()| out)
        };
        let mut bytes = Vec::new();
        let made = apdu.is_ok_and(|apdu| wrapper::put(origin.port, HEAD_END, &apdu, &mut bytes));
        if made {
            self.waiting.push_back(Notification { push, bytes });
        }
        made
    }

    /// More may be added that nobody has asked for at this moment.
    pub fn has_room(&self) -> bool {
        self.waiting.len() < WAITING_FAIR
    }

    /// The next one that waits.
    pub fn next(&mut self) -> Option<Notification> {
        self.waiting.pop_front()
    }

    /// Sends all that wait as datagrams, each from its meter's own address; what the system does not take is lost.
    pub fn send(&mut self, network: &ServedNetwork, to: SocketAddr, counters: &mut Counters) {
        for Notification { push, bytes } in self.waiting.drain(..) {
            match send(network.source(push.origin.place), to, &bytes) {
                Ok(here) => {
                    counters.pushes += 1;
                    counters.bytes_out += bytes.len() as u64;
                    if let Some(capture) = &network.capture
                        && capture.datagram(to, here, From::Local, &bytes).is_err()
                    {
                        network.fail();
                    }
                }
                Err(_) => {
                    counters.refused.count(Refused::System);
                    counters.pushes_lost += 1;
                }
            }
        }
    }
}

/// A socket at a meter's address, on any port.
///
/// # Errors
/// As the system's.
pub fn socket(from: IpAddr, kind: Type) -> io::Result<Socket> {
    let domain = if from.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, kind, None)?;
    socket.set_nonblocking(true)?;
    if from.is_ipv6() {
        // No interface need have it.
        socket.set_freebind_v6(true)?;
    }
    socket.bind(&SocketAddr::new(from, 0).into())?;
    Ok(socket)
}

fn send(from: IpAddr, to: SocketAddr, bytes: &[u8]) -> io::Result<SocketAddr> {
    let socket: UdpSocket = socket(from, Type::DGRAM)?.into();
    socket.send_to(bytes, to)?;
    socket.local_addr()
}

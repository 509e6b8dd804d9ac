//! A head-end that reads one register of every meter once over UDP and releases no association.

use crate::dlms::{GET_ENERGY, aarq};
use crate::load::{READER, frame, nth};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Meters that are asked at one time.
const ASKED: u32 = 64;
/// How long answers are waited for before those that are missing are asked again.
const PATIENCE: Duration = Duration::from_millis(500);
const ATTEMPTS: u32 = 5;

/// What came back.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Meters whose register was read.
    pub read: u64,
    /// Requests sent again.
    pub repeated: u64,
    /// From the first request to the last answer, s.
    pub wall_s: f64,
}

/// Reads `meters`, of which the first is at `first`.
///
/// # Errors
/// Meters that do not answer as they should.
pub fn read_once(first: SocketAddr, meters: u32) -> Result<Outcome, String> {
    let told = |e: std::io::Error| e.to_string();
    let socket = UdpSocket::bind(("127.0.0.1", 0)).map_err(told)?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(told)?;
    let (began, mut outcome) = (Instant::now(), Outcome::default());
    let open = aarq(false, &mut |_| Vec::new());
    for from in (0..meters).step_by(ASKED as usize) {
        let asked = from..(from + ASKED).min(meters);
        let addresses: BTreeSet<SocketAddr> = asked.clone().map(|n| nth(first, n)).collect();
        ask(&socket, &addresses, &open, |answer| answer.first() == Some(&0x61), &mut outcome)?;
        let is_value = |answer: &[u8]| matches!(answer, [0xC4, 1, 0xC1, 0, 6, _, _, _, _]);
        ask(&socket, &addresses, &GET_ENERGY, is_value, &mut outcome)?;
        outcome.read += addresses.len() as u64;
    }
    outcome.wall_s = began.elapsed().as_secs_f64();
    Ok(outcome)
}

/// Asks all of them the same, until each has answered.
fn ask(
    socket: &UdpSocket,
    addresses: &BTreeSet<SocketAddr>,
    apdu: &[u8],
    holds: impl Fn(&[u8]) -> bool,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let (mut missing, mut request, mut buffer) = (addresses.clone(), Vec::new(), [0; 2_048]);
    frame(READER, apdu, &mut request);
    for attempt in 0..ATTEMPTS {
        for address in &missing {
            socket.send_to(&request, address).map_err(|e| e.to_string())?;
        }
        outcome.repeated += if attempt > 0 { missing.len() as u64 } else { 0 };
        while !missing.is_empty() {
            let (bytes, from) = match socket.recv_from(&mut buffer) {
                Ok(received) => received,
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                Err(e) => return Err(e.to_string()),
            };
            // A late answer to a request that was repeated is another.
            if holds(buffer.get(8..bytes).unwrap_or_default()) {
                missing.remove(&from);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
    }
    Err(format!("{} meters do not answer as they should, such as {:?}", missing.len(), missing.first()))
}

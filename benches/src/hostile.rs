//! Clients that ask for more than their share: each reads the whole load profile of a meter, over and over, without waiting
//! for answers.

use crate::dlms::aarq;
use crate::load::{READER, ask, frame, nth};
use clap::ValueEnum;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// GET of the whole load profile.
const GET_PROFILE: [u8; 13] = [0xC0, 1, 0xC1, 0, 7, 1, 0, 99, 1, 0, 255, 2, 0];
/// Requests that are written at once.
const BURST: usize = 64;
const PATIENCE: Duration = Duration::from_secs(10);

/// What such a client does with the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Hostile {
    /// It takes them.
    Greedy,
    /// It takes none, and connects anew when it is closed.
    Deaf,
}

impl Hostile {
    /// Its name.
    pub fn text(self) -> &'static str {
        match self {
            Hostile::Greedy => "greedy",
            Hostile::Deaf => "deaf",
        }
    }
}

/// Does `work` beside so many hostile clients, each of a meter of its own, the last of `meters`. Also the bytes that these
/// have sent.
///
/// # Errors
/// A connection that cannot be opened.
pub fn beside<T>(
    kind: Hostile,
    first: SocketAddr,
    meters: u32,
    count: u32,
    work: impl FnOnce() -> T,
) -> Result<(T, u64), String> {
    let open = |n: u32| connect(nth(first, meters - 1 - n % meters)).map_err(|e| format!("hostile client {n}: {e}"));
    let mut streams = (0..count).map(|n| Ok((n, open(n)?))).collect::<Result<Vec<_>, String>>()?;
    let (over, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut burst = Vec::new();
    (0..BURST).for_each(|_| frame(READER, &GET_PROFILE, &mut burst));
    let done = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut buffer = vec![0; 64 << 10];
            // Bytes of the burst under way that each has written.
            let mut written = vec![0; streams.len()];
            while !over.load(Ordering::Relaxed) {
                let round = Instant::now();
                for (n, stream) in &mut streams {
                    let closed = match kind {
                        Hostile::Greedy => drain(stream, &mut buffer),
                        Hostile::Deaf => false,
                    };
                    let at = &mut written[*n as usize];
                    match stream.write(&burst[*at..]) {
                        Ok(bytes) => {
                            *at = (*at + bytes) % burst.len();
                            sent.fetch_add(bytes as u64, Ordering::Relaxed);
                        }
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock && !closed => {}
                        Err(_) => {
                            if let Ok(again) = open(*n) {
                                (*stream, *at) = (again, 0);
                            }
                        }
                    }
                }
                // This program is not what is measured: it leaves the processor to others.
                std::thread::sleep(Duration::from_millis(5).saturating_sub(round.elapsed()));
            }
        });
        // The flood has begun before anything is measured.
        std::thread::sleep(Duration::from_millis(500));
        let done = work();
        over.store(true, Ordering::Relaxed);
        done
    });
    Ok((done, sent.into_inner()))
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    ask(&mut stream, READER, &aarq(false, &mut |_| Vec::new()))?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// Takes what has come; whether the other side has closed.
fn drain(stream: &mut TcpStream, buffer: &mut [u8]) -> bool {
    loop {
        match stream.read(buffer) {
            Ok(0) => return true,
            Ok(bytes) if bytes < buffer.len() => return false,
            Ok(_) => {}
            Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

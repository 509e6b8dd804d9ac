//! Lines on standard error that nobody waits for: who does not read them loses some, and is told how many.

use crate::talk::Talk;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Lines that wait at most.
const WAITING_MAX: usize = 1_024;
/// At the end the last ones have this long to be written.
const AT_THE_END: Duration = Duration::from_millis(500);

/// Lines that a thread of their own writes.
pub struct Lines {
    waiting: Mutex<Option<SyncSender<String>>>,
    dropped: Arc<AtomicU64>,
    written: Mutex<Receiver<()>>,
}

impl Lines {
    /// Lines that are said as `talk` says notes.
    pub fn new(talk: &Talk) -> Lines {
        let talk = talk.clone();
        let (waiting, lines) = sync_channel::<String>(WAITING_MAX);
        let (all, written) = sync_channel(1);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = dropped.clone();
        // It may wait for its reader for ever, and ends with the process.
        std::thread::spawn(move || {
            let told = |line: &str| {
                talk.note(line);
                match lost.swap(0, Ordering::Relaxed) {
                    0 => {}
                    lost => talk.warn(&format!("{lost} lines were dropped, because nobody took those before them")),
                }
            };
            lines.iter().for_each(|line| told(&line));
            let _ = all.send(());
        });
        Lines { waiting: Mutex::new(Some(waiting)), dropped, written: Mutex::new(written) }
    }

    /// A line, now or never.
    pub fn say(&self, line: &str) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.as_ref().is_none_or(|waiting| waiting.try_send(line.to_owned()).is_err()) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Whoever does not read does not hold up the end.
        let _ = self.written.get_mut().unwrap_or_else(PoisonError::into_inner).recv_timeout(AT_THE_END);
    }
}

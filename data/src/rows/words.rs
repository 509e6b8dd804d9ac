//! Words of enumerated columns, read back from files as the constants that rows hold.

use std::collections::BTreeSet;
use std::sync::Mutex;

/// Far above what all tables use together; a file with more is not ours.
const WORDS_MAX: usize = 4_096;
/// Longest word of an enumerated column, bytes.
const WORD_BYTES_MAX: usize = 64;

static WORDS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The constant for `word`. Each distinct word is kept for the life of the program, so their number is limited;
/// `None` above the limit.
pub fn intern(word: &str) -> Option<&'static str> {
    let mut words = WORDS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = words.get(word) {
        return Some(known);
    }
    if words.len() >= WORDS_MAX || word.len() > WORD_BYTES_MAX {
        return None;
    }
    let kept: &'static str = Box::leak(word.to_owned().into_boxed_str());
    words.insert(kept);
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::intern;

    #[test]
    fn a_word_is_kept_once_and_a_long_one_is_refused() {
        let first = intern("words-test-once").expect("room");
        let again = intern("words-test-once").expect("known");
        assert!(std::ptr::eq(first, again));
        assert_eq!(intern(&"x".repeat(65)), None);
    }
}

//! Counters of RPL that tell a restart from a lap (RFC 6550, 7.2): they start at 240, go on from 255 to 0 and from 127 to 0 again.

use std::cmp::Ordering;

/// First number after a restart.
pub(super) const INITIAL: u8 = 240;
/// Numbers further apart say nothing of their order.
const WINDOW: u8 = 16;
/// Numbers below are those of a counter that has run for long.
const LINEAR: u8 = 128;

/// The number after.
pub(super) fn next(number: u8) -> u8 {
    if number == LINEAR - 1 { 0 } else { number.wrapping_add(1) }
}

/// Whether a counter has gone round since its restart.
pub(super) fn is_in_circle(number: u8) -> bool {
    number < LINEAR
}

/// Order of two numbers, if they have one.
pub(super) fn compare(a: u8, b: u8) -> Option<Ordering> {
    match (is_in_circle(a), is_in_circle(b)) {
        _ if a == b => Some(Ordering::Equal),
        // From 240 on it is so many steps to a small number; a large one is that of a counter that has restarted since.
        (false, true) if b.wrapping_sub(a) <= WINDOW => Some(Ordering::Less),
        (false, true) => Some(Ordering::Greater),
        (true, false) => compare(b, a).map(Ordering::reverse),
        (true, true) => match a.wrapping_sub(b) % LINEAR {
            ahead if ahead <= WINDOW => Some(Ordering::Greater),
            ahead if ahead >= LINEAR - WINDOW => Some(Ordering::Less),
            _ => None,
        },
        (false, false) => (a.abs_diff(b) <= WINDOW).then(|| a.cmp(&b)),
    }
}

/// Whether a number is older than another for certain.
pub(super) fn is_older(a: u8, b: u8) -> bool {
    compare(a, b) == Some(Ordering::Less)
}

/// Whether a number is newer than another for certain.
pub(super) fn is_newer(a: u8, b: u8) -> bool {
    compare(a, b) == Some(Ordering::Greater)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_goes_once_through_the_end_of_its_line_and_then_round() {
        assert_eq!([240, 254, 255, 0, 126, 127].map(next), [241, 255, 0, 1, 127, 0]);
    }

    #[test]
    fn numbers_are_compared_as_the_standard_has_it() {
        // The examples of RFC 6550, 7.2: 240 is greater than 5 (256 + 5 - 240 = 21), 250 less (11).
        assert!(is_newer(240, 5) && is_older(250, 5) && is_newer(5, 250));
        // Round the circle: 0 follows 127; 17 steps say nothing.
        assert!(is_newer(0, 127) && is_older(127, 0) && is_newer(16, 0));
        assert_eq!((compare(17, 0), compare(0, 64)), (None, None));
        // On the line: 16 apart and 17.
        assert!(is_newer(250, 240) && is_older(239, 255));
        assert_eq!((compare(230, 247), compare(7, 7)), (None, Some(Ordering::Equal)));
    }
}

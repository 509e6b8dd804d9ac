//! Requests that are right, from which wrong ones are made, and what a refusal looks like.

use amitwin_testkit::wire::bytes;

/// Wrapper port of the reader: low-level security.
pub const READER: u8 = 0x11;

/// The reader asks for every service, with the password of the test keys.
pub const ASSOCIATE: &str =
    "6036A1090607608574050801018A0207808B0760857405080201AC0A80083132333435363738BE10040E01000000065F1F0400FFFFFFFFFF";

/// Reading the logical device name.
pub const NAME: &str = "C001C1000100002A0000FF0200";

/// One of each kind of request, by name.
pub fn requests() -> Vec<(&'static str, Vec<u8>)> {
    [
        ("AARQ", ASSOCIATE),
        ("RLRQ", "6203800100"),
        ("RLRQ with initiate", "6215800100BE10040E01000000065F1F0400FFFFFFFFFF"),
        ("GET", NAME),
        (
            "GET by range",
            "C001C100070100630100FF0201010204020412000809060000010000FF0F02120000090C07EA0101FFFFFFFFFF8000FF090C07EA0102FFFFFFFFFF8000FF0100",
        ),
        ("GET by entry", "C001C100070100630100FF02010202040600000001060000000212000112 0000"),
        ("GET with list", "C003C102000100002A0000FF020000080000010000FF0200"),
        ("GET next", "C002C100000001"),
        ("SET", "C101C100080000010000FF0200090C07EA0B1506100000FF8000FF"),
        ("SET first block", "C102C100080000010000FF0200000000000106090C07EA0B15"),
        ("SET next block", "C103C10100000002080610000FF8000FF0"),
        ("SET with list", "C104C101000800 00010000FF020001090C07EA0B1506100000FF8000FF"),
        ("ACTION", "C301C1004600006003 0AFF01010F00"),
        ("ACTION without parameter", "C301C1004600006003 0AFF0100"),
        ("ACTION first block", "C304C10046000060030AFF010000000001020F00"),
        ("ACTION with list", "C303C10100460000600 30AFF01010F00"),
        ("GET in a general block", "E081000100000DC001C1000100002A0000FF0200"),
        ("ACCESS", "D94000000100 01 01 000100002A0000FF02 01 00"),
        ("glo-get", "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"),
        ("general-glo", "DB084D4D4D0000BC614E1E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B"),
    ]
    .map(|(name, hex)| (name, bytes(&hex.replace(' ', ""))))
    .to_vec()
}

/// Whether an answer says no: an exception, a service error, or a result other than success.
pub fn says_no(answer: &[u8]) -> bool {
    match answer {
        [0xD8, state, service, ..] => *state > 0 && *service > 0,
        [0x0E, ..] => true,
        // AARE: A2 03 02 01 result.
        [0x61, ..] => answer.windows(5).any(|part| part[..4] == [0xA2, 3, 2, 1] && part[4] != 0),
        [0xC4, 1, _, choice, ..] => *choice == 1,
        [0xC4, 2, _, _, _, _, _, _, choice, ..] => *choice == 1,
        [0xC5, 1 | 3, _, result, ..] => *result != 0,
        [0xC7, 1, _, result, ..] => *result != 0,
        _ => false,
    }
}

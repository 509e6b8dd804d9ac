//! What fuzzing begins with: requests that are right, in the form that the targets read.

fn bytes(hex: &str) -> Vec<u8> {
    let hex: String = hex.split_whitespace().collect();
    (0..hex.len() / 2).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).expect("hexadecimal")).collect()
}

/// Requests in the clear.
const PLAIN: [&str; 19] = [
    "C0 01 C1 0001 00002A0000FF 02 00",
    "C0 01 C1 0008 0000010000FF 02 00",
    "C0 01 C1 000F 0000280000FF 02 00",
    "C0 01 C1 0007 0100630100FF 02 01 01 0204 0204 120008 09060000010000FF 0F02 120000 090C07EA0101FFFFFFFFFF8000FF 090C07EA0102FFFFFFFFFF8000FF 0100",
    "C0 01 C1 0007 0100630100FF 02 01 02 0204 0600000001 0600000002 120001 120000",
    "C0 02 C1 00000001",
    "C0 03 C1 02 0001 00002A0000FF 02 00 0008 0000010000FF 02 00",
    "C1 01 C1 0008 0000010000FF 02 00 090C07EA0B1506100000FF8000FF",
    "C1 02 C1 0008 0000010000FF 02 00 00 00000001 04 090C07EA",
    "C1 03 C1 01 00000002 04 0B150610",
    "C1 04 C1 01 0046 000060030AFF 04 00 01 1604",
    "C3 01 C1 0046 000060030AFF 01 01 0F00",
    "C3 01 C1 0009 00000A0000FF 01 01 120002",
    "C3 01 C1 0012 00002C0000FF 01 01 0202 0904696D6167 0600000100",
    "C3 01 C1 0012 00002C0000FF 02 01 0202 0600000000 090400010203",
    "C3 04 C1 0046 000060030AFF 01 00 00000001 01 0F",
    "C3 01 C1 000F 0000280000FF 01 01 0910 00112233445566778899AABBCCDDEEFF",
    "D9 50000001 00 03 01 0001 00002A0000FF 02 02 0046 000060030AFF 04 03 0046 000060030AFF 01 03 00 1604 0F00",
    "D9 60000002 0C 07EA0B15061000000000FF00 01 04 0007 0100630100FF 02 02 0204 0600000001 0600000002 120001 120000 01 00",
];

const AARQ: &str = "601DA109060760857404080101BE10040E01000000065F1F0400621E5DFFFF";
const HIGH: &str =
    "6036A1090607608574050801018A0207808B0760857405080203AC0A80083132333435363738BE10040E01000000065F1F0400FFFFFF0200";
const RLRQ: &str = "6203800100";

fn piece(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind], &(content.len() as u16).to_be_bytes()[..], content].concat()
}

/// Folder that seeds are written to, instead of fuzzing.
const FOLDER: &str = "AMITWIN_FUZZ_SEEDS";

/// Writes the seeds of a target to the folder that `AMITWIN_FUZZ_SEEDS` names, if it does, and ends the program.
pub fn write_if_asked(target: &str) {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = std::path::Path::new(&folder);
    for (n, seed) in of(target).iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{n:02}")), seed).expect("a folder to write to");
    }
    std::process::exit(0);
}

/// Seeds of a target.
fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "wrapper" => wrapper(),
        "hdlc" => hdlc(),
        "general" => general(),
        "state" => crate::state::seeds(),
        "placement" => crate::placement::seeds(),
        "parquet" => crate::parquet::seeds(),
        "replay" => crate::replay::seeds(),
        "scenario" => crate::scenario::seeds(),
        _ => association(),
    }
}

fn wrapper() -> Vec<Vec<u8>> {
    let frame = |apdu: &[u8]| [&[0, 1, 0, 0x11, 0, 1], &(apdu.len() as u16).to_be_bytes()[..], apdu].concat();
    let mut seeds: Vec<Vec<u8>> = PLAIN.iter().map(|hex| [vec![6], frame(&bytes(hex))].concat()).collect();
    seeds.push([vec![2], PLAIN.iter().flat_map(|hex| frame(&bytes(hex))).collect()].concat());
    seeds.push([vec![9], frame(&[&[0xE6, 0, 1, 7], &bytes(PLAIN[0])[..]].concat())].concat());
    seeds
}

fn hdlc() -> Vec<Vec<u8>> {
    let request = |hex: &str| [&[0xE6, 0xE6, 0][..], &bytes(hex)].concat();
    let open = piece(2, &[]);
    let mut seeds = vec![[vec![14], piece(0, &bytes("7EA0070321930F017E"))].concat()];
    for hex in PLAIN {
        // A link, one request, the answer's length, a poll for what is left.
        let rest = [0, 3, 0].to_vec();
        seeds.push([vec![14], open.clone(), piece(3, &request(hex)), rest, vec![1, 0x31, 0, 0]].concat());
    }
    let parts = bytes(PLAIN[3]);
    let (first, last) = parts.split_at(20);
    let first = [&[0xE6, 0xE6, 0], first].concat();
    seeds.push([vec![2], open, piece(7, &first), piece(3, last), vec![0, 1, 0]].concat());
    seeds
}

fn association() -> Vec<Vec<u8>> {
    let mut seeds = vec![piece(0, &bytes(AARQ)), piece(0, &bytes(HIGH)), piece(0, &bytes(RLRQ))];
    let every = |kind: u8| PLAIN.iter().flat_map(move |hex| piece(kind, &bytes(hex)));
    for (open, kind) in [(1, 0), (2, 3), (2, 4), (6, 3), (6, 4)] {
        seeds.push(std::iter::once(open).chain(every(kind)).collect());
        for hex in PLAIN {
            seeds.push([vec![open], piece(kind, &bytes(hex)), piece(kind, &bytes("C002C100000001"))].concat());
        }
    }
    seeds.push([vec![2, 5, 0x31, 0], (bytes(PLAIN[0]).len() as u16).to_be_bytes().to_vec(), bytes(PLAIN[0])].concat());
    // In general blocks: a request in one, in several, and the blocks of a long answer one by one.
    for open in [8, 9] {
        for hex in PLAIN {
            let whole = [&[11, open & 1, 5, 16], &piece(0, &bytes(hex))[1..]].concat();
            seeds.push([vec![open], whole].concat());
        }
        let ask = [&[10, 0x88, 0, 0], &piece(0, &bytes(PLAIN[2]))[1..]].concat();
        let confirm = [10, 0x83, 0, 0, 0, 0].repeat(4);
        seeds.push([vec![open], ask, confirm].concat());
    }
    // The forms that name both parties, from the client to the meter; nothing in them holds.
    let head = "08 0000000000000001 08 4845530000000001 08 414D490000000007 00 00";
    let agreed = format!("01 02 01 01 8180 {}", "00".repeat(128));
    for key in ["01 00 00", &format!("01 01 00 18 {}", "00".repeat(24)), "01 02 01 02 00", &agreed] {
        let apdu = format!("DD {head} {key} 1E 31 00000000 {}", "00".repeat(25));
        seeds.push([vec![6], piece(0, &bytes(&apdu))].concat());
    }
    let signed = format!("DF {head} 0D C001C1000100002A0000FF0200 40 {}", "00".repeat(64));
    seeds.push([vec![6], piece(0, &bytes(&signed))].concat());
    seeds
}

fn general() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    // Suite and client; then how it is protected, and what makes it fresh: a transaction, a counter, or nothing.
    for first in 0..4 {
        for (kind, step) in [(2, 2), (3, 5), (4, 5), (5, 5), (8, 0), (10, 2), (13, 5), (20, 5), (29, 6)] {
            let message = |hex: &str| [&[kind, step], &piece(0, &bytes(hex))[1..]].concat();
            let messages: Vec<u8> = PLAIN.iter().step_by(5).flat_map(|hex| message(hex)).collect();
            seeds.push([&[first][..], &messages].concat());
        }
        seeds.push([first, 7, 5, 0, 2, 90, 1, 6, 5, 0, 2, 30, 1].to_vec());
    }
    for (n, hex) in PLAIN.iter().enumerate() {
        seeds.push([&[n as u8 & 1, 4, 5], &piece(0, &bytes(hex))[1..], &[12, 5], &piece(0, &bytes(hex))[1..]].concat());
    }
    seeds
}

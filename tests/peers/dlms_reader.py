"""What both DLMS clients share: options, published test keys, a hard time limit, and how results are printed."""

import argparse
import json
import os
import signal
import socket
import sys
import time

STEPS = ["names", "registers", "profile", "objects", "push", "relay", "image", "reset"]
# Of dlms_keys.py.
STEPS += ["transfer", "agree", "message", "signed"]
# Of dlms_blocks.py.
STEPS += ["long", "list", "upload"]
MECHANISMS = ["none", "low", "md5", "sha1", "gmac", "sha256", "ecdsa"]

PASSWORD = b"12345678"
CLIENT_TITLE = b"MMM\0\0\0\0\1"
# The public client reads the highest counter that the meter has seen, so that a client need not remember its own.
COUNTER = (1, "0.0.43.1.0.255")

# What the object list must have, whatever else a manufacturer adds: class and logical name.
EXPECTED = {
    (8, "0.0.1.0.0.255"), (1, "0.0.42.0.0.255"), (1, "0.0.96.1.0.255"), (15, "0.0.40.0.0.255"),
    (3, "1.0.1.8.0.255"), (3, "1.0.2.8.0.255"), (7, "1.0.99.1.0.255"), (7, "0.0.98.1.0.255"),
    (70, "0.0.96.3.10.255"), (9, "0.0.10.0.0.255"), (18, "0.0.44.0.0.255"), (40, "0.0.25.9.0.255"),
    (64, "0.0.43.0.0.255"), (17, "0.0.41.0.0.255"), (7, "0.0.99.98.0.255"), (1, "1.0.0.2.0.255"), (1, "1.0.0.2.8.255"),
}

# Codes of the event log.
RESET, ACTIVATED, DISCONNECTED = 2, 18, 62

ROWS = 8


def own(chosen, name, test):
    """A key of the keys file, or the test one, unless it was changed since."""
    if name in getattr(chosen, "changed", {}):
        return chosen.changed[name]
    if not chosen.keys:
        return test
    with open(chosen.keys, encoding="utf-8") as file:
        return bytes.fromhex(json.load(file)[name])


def unicast_key(chosen):
    return own(chosen, "unicast", bytes(range(32 if chosen.suite == 2 else 16)))


def authentication_key(chosen):
    return own(chosen, "authentication", bytes(range(0xD0, 0xF0 if chosen.suite == 2 else 0xE0)))


def secret(chosen):
    return own(chosen, "secret", b"HLS-TEST-SECRET!")


def signing_scalar(of_client, suite):
    first = 0x41 if of_client else 1
    return bytes(range(first, first + (48 if suite == 2 else 32)))


def family(host):
    """Of an address written in digits."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class Wrong(Exception):
    """The meter answered, but not as it should."""


def options(about):
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--transport", choices=["tcp", "udp"], default="tcp")
    parser.add_argument("--framing", choices=["wrapper", "hdlc"], default="wrapper")
    parser.add_argument("--client", type=lambda text: int(text, 0), default=0x10, help="client address")
    parser.add_argument("--server", type=int, default=1, help="server address: destination port of the wrapper")
    parser.add_argument("--gateway", type=int, help="meter behind a gateway: its address there (gurux only)")
    parser.add_argument("--mechanism", choices=MECHANISMS, default="none")
    parser.add_argument("--suite", type=int, choices=[0, 1, 2], default=0)
    parser.add_argument("--keys", metavar="FILE", help="JSON with unicast, authentication and secret in hexadecimal digits,"
                        " instead of the test keys")
    parser.add_argument("--ciphered", choices=["no", "general", "service"], default="no")
    parser.add_argument("--protection", choices=["both", "authenticated", "encrypted"], default="both",
                        help="of what is ciphered (gurux only)")
    parser.add_argument("--pdu", type=int, default=65535, help="largest APDU that this client takes, bytes")
    parser.add_argument("--window", type=int, default=0, help="general blocks instead of those of a service, so many before"
                        " one is confirmed (dlms_blocks.py)")
    parser.add_argument("--steps", default="names", help=f"of {','.join(STEPS)}")
    parser.add_argument("--push-port", type=int, help="where the meters send what they send on their own")
    parser.add_argument("--push-transport", choices=["tcp", "udp"], default="udp")
    parser.add_argument("--limit", type=int, default=60, help="ends the program after so many seconds")
    chosen = parser.parse_args()
    chosen.steps = chosen.steps.split(",")
    if unknown := set(chosen.steps) - set(STEPS):
        parser.error(f"unknown steps: {', '.join(sorted(unknown))}")
    return chosen


def tell(step, **values):
    """Prints one JSON line."""
    print(json.dumps({"step": step, **values}, sort_keys=True), file=RESULTS, flush=True)


def expect(holds, what):
    if not holds:
        raise Wrong(what)


def steps_of(meter, chosen):
    """Runs the steps on a client that has `get`, `rows`, `objects`, `invoke`, `again`."""
    for step in chosen.steps:
        STEP[step](meter)


def names(meter):
    clock = meter.time()
    tell("names", name=meter.get(1, "0.0.42.0.0.255", 2).hex(), device=meter.get(1, "0.0.96.1.0.255", 2).hex(),
         clock_off_s=abs(round(clock - time.time())))


def registers(meter):
    found = {}
    for key, name in [("import", "1.0.1.8.0.255"), ("export", "1.0.2.8.0.255"), ("power", "1.0.1.7.0.255"),
                      ("current", "1.0.31.7.0.255"), ("voltage", "1.0.32.7.0.255")]:
        found[key] = meter.get(3, name, 2)
        found[key + "_unit"] = [int(part) for part in meter.get(3, name, 3)]
    tell("registers", **found)


def profile(meter):
    used = meter.get(7, "1.0.99.1.0.255", 7)
    by_entry = meter.rows("1.0.99.1.0.255", entries=(used - ROWS + 1, used))
    expect(len(by_entry) == ROWS, f"{len(by_entry)} rows by entry, expected {ROWS}")
    first, last = by_entry[0][0], by_entry[-1][0]
    by_range = meter.rows("1.0.99.1.0.255", between=(first, last))
    expect(by_range == by_entry, f"by range {by_range}, by entry {by_entry}")
    one = meter.rows("1.0.99.1.0.255", entries=(used, used))
    expect(len(one) == 1, f"{len(one)} rows for one entry")
    nothing = meter.rows("1.0.99.1.0.255", between=(last + 400 * 86400, last + 401 * 86400))
    expect(nothing == [], f"rows from next year: {nothing}")
    days = meter.rows("0.0.98.1.0.255", entries=(61, 62))
    midnight = days[-1][0]
    same = meter.rows("1.0.99.1.0.255", between=(midnight, midnight))
    expect(len(same) == 1, f"{len(same)} rows of the load profile at midnight")
    register = meter.get(3, "1.0.1.8.0.255", 2)
    tell("profile", rows=by_entry, midnight=days[-1], midnight_load=same[0], register=register,
         period_s=meter.get(7, "1.0.99.1.0.255", 4))


def objects(meter):
    listed = sorted(meter.objects())
    missing = EXPECTED - {(kind, name) for kind, _, name in listed}
    expect(not missing, f"the object list lacks {sorted(missing)}")
    tell("objects", listed=listed)


def push(meter):
    """The meter is told to push, and what comes is read."""
    chosen = meter.chosen
    take = taken_over_tcp if chosen.push_transport == "tcp" else taken_over_udp
    received, sender = take(("127.0.0.1", chosen.push_port), lambda: meter.invoke(40, "0.0.25.9.0.255", 1, 0, "int8"))
    expect(sender == chosen.host, f"a push from {sender}")
    length = int.from_bytes(received[6:8], "big")
    expect(len(received) == 8 + length, f"{len(received)} bytes, and the header says {length} after its own 8")
    setup, name, clock, imported, exported = meter.notification(received)
    tell("push", setup=".".join(map(str, setup)), name=bytes(name).hex(), clock_off_s=abs(round(clock - time.time())),
         ciphered=received[8] == 0xDB, exported=exported, imported=imported)


def taken_over_udp(address, ask):
    """One datagram, and who sent it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as head_end:
        head_end.bind(address)
        head_end.settimeout(10)
        ask()
        received, (sender, _) = head_end.recvfrom(65536)
    return received, sender


def taken_over_tcp(address, ask):
    """All bytes of one connection, which the meter ends, and who opened it."""
    with socket.create_server(address) as head_end:
        head_end.settimeout(10)
        ask()
        stream, (sender, _) = head_end.accept()
        with stream, stream.makefile("rb") as pushed:
            stream.settimeout(10)
            return pushed.read(), sender


def happened(meter, code):
    """How often an event happened, by the event log."""
    return sum(row[1] == code for row in meter.rows("0.0.99.98.0.255", entries=(1, 0)))


def relay(meter):
    name, states, began = "0.0.96.3.10.255", [], int(time.time())
    before = happened(meter, DISCONNECTED)
    for method in [1, 1, 2, 2]:
        meter.invoke(70, name, method, 0, "int8")
        states.append(bool(meter.get(70, name, 2)))
    # The newest two rows of the event log, with the times at which they happened.
    latest = meter.rows("0.0.99.98.0.255", between=(began - 2, began + 3600))[-2:]
    tell("relay", states=states, disconnections=happened(meter, DISCONNECTED) - before,
         codes=[code for _, code in latest], in_time=all(began - 2 <= at <= time.time() + 2 for at, _ in latest))


def image(meter):
    writes, active, named = [], [], []
    # Another image for each process: the meter may hold that of an earlier one.
    content = os.urandom(4) + bytes(range(256)) * 2
    before = happened(meter, ACTIVATED)
    for _ in range(2):
        identifier = "image-" + content[:4].hex()
        first_gap = meter.send_image(identifier, content)
        blocks = -(-len(content) // meter.get(18, "0.0.44.0.0.255", 2))
        expect(first_gap == blocks, f"first gap {first_gap} of {blocks} blocks")
        meter.invoke(18, "0.0.44.0.0.255", 3, 0, "int8")
        meter.invoke(18, "0.0.44.0.0.255", 4, 0, "int8")
        writes.append(happened(meter, ACTIVATED) - before)
        active.append(meter.get(1, "1.0.0.2.8.255", 2).hex())
        named.append(bytes(meter.get(1, "1.0.0.2.0.255", 2)) == identifier.encode())
    tell("image", flash_writes=writes, active_kept=active[0] == active[1], named=all(named), bytes=len(content))


def reset(meter):
    before = happened(meter, RESET)
    state = bool(meter.get(70, "0.0.96.3.10.255", 2))
    meter.invoke(9, "0.0.10.0.0.255", 1, 2, "uint16")
    meter.again()
    tell("reset", resets=happened(meter, RESET) - before,
         relay_kept=bool(meter.get(70, "0.0.96.3.10.255", 2)) == state)


STEP = {"names": names, "registers": registers, "profile": profile, "objects": objects, "push": push, "relay": relay,
        "image": image, "reset": reset}


def expire(_signal, frame):
    where = f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}" if frame else "?"
    print(f"out of time in {where}", file=sys.stderr, flush=True)
    # Not an exception: a library might catch it.
    os._exit(3)


def main(about, read):
    """Runs `read(options)`; exit code 0: all well, 1: the meter's answers are wrong, 3: out of time."""
    global RESULTS
    chosen = options(about)
    # The libraries print on their own.
    RESULTS, sys.stdout = sys.stdout, open(os.devnull, "w", encoding="utf-8")
    signal.signal(signal.SIGALRM, expire)
    signal.alarm(chosen.limit)
    try:
        read(chosen)
    except Wrong as wrong:
        print(f"wrong: {wrong}", file=sys.stderr)
        sys.exit(1)

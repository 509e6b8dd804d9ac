"""Opens the UDP payloads of a captured mesh with the package `dlms-cosem`, and prints what they are as JSON.

usage: dlms_air.py < PAYLOADS    lines of a payload in hexadecimal (wrapper header and ciphered APDU, under test keys), a
                                 blank and the IPv6 receivers

Prints how many messages there are of each kind (a message is counted once, however often it was on the air), and the
registers in answers and notifications as [meter, register in Wh].
"""

import collections
import json
import sys

from dlms_cosem import security, utils
from dlms_cosem.protocol.wrappers import WrapperHeader
from dlms_cosem.protocol.xdlms import GeneralGlobalCipher, GetRequestFactory, GetResponseFactory

UNICAST = bytes(range(16))
BROADCAST = bytes(15 - n for n in range(16))
AUTHENTICATION = bytes(range(0xD0, 0xE0))


def plain(payload):
    """Sender's title and plain APDU."""
    header = WrapperHeader.from_bytes(payload[:8])
    apdu = payload[8:]
    assert header.length == len(apdu), f"the wrapper says {header.length} B of {len(apdu)}"
    sealed = GeneralGlobalCipher.from_bytes(apdu)
    control = sealed.security_control
    key = BROADCAST if control.broadcast_key else UNICAST
    opened = security.decrypt(
        control, sealed.system_title, sealed.invocation_counter, key, sealed.ciphered_text, AUTHENTICATION
    )
    return bytes(sealed.system_title), bytes(opened)


def main():
    kinds, registers, seen = collections.Counter(), [], set()
    for line in sys.stdin:
        payload, receivers = line.split()
        # Under test keys requests to different meters can have the same bytes. The last address is the innermost.
        message = payload, receivers.split(",")[-1]
        if message in seen:
            continue
        seen.add(message)
        payload = bytes.fromhex(payload)
        title, apdu = plain(payload)
        meter = int.from_bytes(title[4:], "big")
        if apdu[0] == 0xC0:
            kinds[type(GetRequestFactory.from_bytes(apdu)).__name__] += 1
        elif apdu[0] == 0xC4:
            answer = GetResponseFactory.from_bytes(apdu)
            kinds[type(answer).__name__] += 1
            if apdu[1] == 1:
                rows = utils.parse_as_dlms_data(answer.data)
                registers += [[meter, row[2]] for row in rows]
        elif apdu[0] == 0x0F:
            # Tag, invoke id, length and date-time, then a structure.
            values = utils.parse_as_dlms_data(apdu[6 + apdu[5] :])
            kinds[f"DataNotification of {len(values)}"] += 1
            if len(values) == 5:
                registers.append([meter, values[3]])
        else:
            kinds[f"{apdu[0]:02X}"] += 1
    print(json.dumps({"kinds": kinds, "registers": registers}))


if __name__ == "__main__":
    main()

"""Changes a meter's keys and sends messages under agreed ones: the package `gurux-dlms` opens the association and transfers
keys; what it does not do, key agreement and signatures, is made with the package `cryptography` (OpenSSL).

usage: dlms_keys.py HOST PORT --client 1 --mechanism gmac --ciphered service [--suite 1] --steps transfer,agree,…

Prints one JSON line for each step: transfer, agree, message, signed, names. Exit codes as of dlms_gurux.py.
"""

import hashlib
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from gurux_dlms import GXByteBuffer
from gurux_dlms.enums import DataType
from gurux_dlms.objects import GXDLMSSecuritySetup
from gurux_dlms.objects.enums.GlobalKeyType import GlobalKeyType

import dlms_gurux as gurux
import dlms_reader as reader

SETUP = "0.0.43.0.0.255"
NAME = bytes.fromhex("C001C1000100002A0000FF0200")
UNICAST, MASTER = 0, 3


class Suite:
    """Curve, hash and lengths of a security suite."""

    def __init__(self, number):
        long = number == 2
        self.number = number
        self.curve, self.hash = (ec.SECP384R1(), hashes.SHA384()) if long else (ec.SECP256R1(), hashes.SHA256())
        self.digest = hashlib.sha384 if long else hashlib.sha256
        self.half, self.key_bytes = (48, 32) if long else (32, 16)

    def test_key(self, first):
        """A private key of the published test keys: consecutive bytes."""
        return ec.derive_private_key(int.from_bytes(bytes(range(first, first + self.half)), "big"), self.curve)

    def public(self, key):
        numbers = key.public_key().public_numbers()
        return numbers.x.to_bytes(self.half, "big") + numbers.y.to_bytes(self.half, "big")

    def sign(self, key, message):
        r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(self.hash)))
        return r.to_bytes(self.half, "big") + s.to_bytes(self.half, "big")

    def verify(self, key, message, signature):
        r, s = (int.from_bytes(signature[n:n + self.half], "big") for n in (0, self.half))
        key.public_key().verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(self.hash))

    def derive(self, own, theirs, sender, receiver, purpose=0):
        """NIST SP 800-56A, one step; purpose 0: AES-GCM, 2: key wrap."""
        point = ec.EllipticCurvePublicKey.from_encoded_point(self.curve, b"\4" + theirs)
        secret = own.exchange(ec.ECDH(), point)
        algorithm = bytes.fromhex("608574050803") + bytes([purpose + (self.number == 2)])
        return self.digest(b"\0\0\0\1" + secret + algorithm + sender + receiver).digest()[:self.key_bytes]


class Meter(gurux.Meter):
    """An association of `gurux-dlms`, and what goes beside it through the same socket."""

    def __init__(self, chosen):
        self.suite = Suite(chosen.suite)
        super().__init__(chosen)
        self.title = bytes(self.client.settings.sourceSystemTitle)
        self.transaction = int.from_bytes(os.urandom(4), "big")

    def name(self):
        return self.get(1, "0.0.42.0.0.255", 2).hex()

    def use(self, key):
        """From now on under another unicast key, and in a new association after that."""
        self.client.ciphering.blockCipherKey = key
        before = self.name()
        self.chosen.changed = {"unicast": key}
        self.close()
        self.open()
        reader.expect(self.name() == before, "another name under another key")
        return before

    def raw(self, apdu):
        """One APDU in a wrapper frame, and the one that comes back."""
        self.socket.sendall(bytes([0, 1, 0, self.chosen.client, 0, 1]) + len(apdu).to_bytes(2, "big") + apdu)
        received = b""
        while len(received) < 8 or len(received) < 8 + int.from_bytes(received[6:8], "big"):
            piece = self.socket.recv(65536)
            if not piece:
                raise gurux.Refused("the meter closed the connection")
            received += piece
        return received[8:]

    def head(self, to_meter):
        """Transaction and titles, as both general forms begin."""
        parties = [reader.CLIENT_TITLE, self.title]
        fields = [self.transaction.to_bytes(8, "big")] + (parties if to_meter else parties[::-1])
        return b"".join(bytes([len(field)]) + field for field in fields) + b"\0\0"


def length(count):
    if count < 0x80:
        return bytes([count])
    return bytes([0x81, count]) if count < 0x100 else b"\x82" + count.to_bytes(2, "big")


def taken(data):
    """A field with its length, and what follows."""
    if data[0] < 0x80:
        at, count = 1, data[0]
    else:
        at = 1 + (data[0] & 0x7F)
        count = int.from_bytes(data[1:at], "big")
    return data[at:at + count], data[at + count:]


def listed(keys):
    """The parameter of methods 2 and 3."""
    data = GXByteBuffer()
    data.setUInt8(DataType.ARRAY)
    data.setUInt8(len(keys))
    for number, content in keys:
        data.set(bytes([DataType.STRUCTURE, 2, DataType.ENUM, number, DataType.OCTET_STRING]) + length(len(content)) + content)
    return data


def transfer(meter):
    """A new unicast key, wrapped under the master key by the package itself where it can."""
    suite, chosen = meter.suite, meter.chosen
    new, master = os.urandom(suite.key_bytes), bytes(range(0x60, 0x60 + suite.key_bytes))
    setup = GXDLMSSecuritySetup(SETUP)
    if suite.key_bytes == 16:
        request = setup.globalKeyTransfer(meter.client, master, [(GlobalKeyType.UNICAST_ENCRYPTION, new)])
    else:
        request = meter.client.method(setup, 2, listed([(UNICAST, aes_key_wrap(master, new))]), DataType.ARRAY)
    meter.ask(request)
    reader.tell("transfer", name=meter.use(new), unicast=new.hex())


def agree(meter):
    """Two keys agreed on, each under ephemeral key pairs of both sides."""
    suite, signer, theirs = meter.suite, meter.suite.test_key(0x41), meter.suite.test_key(0x01)
    own, request = {}, []
    for number in (UNICAST, MASTER):
        own[number] = ec.generate_private_key(suite.curve)
        public = suite.public(own[number])
        request.append((number, public + suite.sign(signer, bytes([number]) + public)))
    reply = meter.ask(meter.client.method(GXDLMSSecuritySetup(SETUP), 3, listed(request), DataType.ARRAY))
    keys = {}
    for number, data in reply.value:
        public, signature = bytes(data[:2 * suite.half]), bytes(data[2 * suite.half:])
        suite.verify(theirs, bytes([number]) + public, signature)
        purpose = 2 if number == MASTER else 0
        keys[int(number)] = suite.derive(own[number], public, reader.CLIENT_TITLE, meter.title, purpose)
    reader.expect(sorted(keys) == [UNICAST, MASTER], f"keys {sorted(keys)}")
    name = meter.use(keys[UNICAST])
    # The new master key wraps the next one.
    new = os.urandom(suite.key_bytes)
    wrapped = listed([(UNICAST, aes_key_wrap(keys[MASTER], new))])
    meter.ask(meter.client.method(GXDLMSSecuritySetup(SETUP), 2, wrapped, DataType.ARRAY))
    reader.expect(meter.use(new) == name, "another name under the last key")
    reader.tell("agree", name=name, unicast=new.hex())


def message(meter):
    """GETs under keys agreed for one message: one-pass, then static; then again, counted and with no head authenticated."""
    suite, names = meter.suite, []
    signer, own, theirs = suite.test_key(0x41), suite.test_key(0xC1), suite.test_key(0x81)
    authentication = reader.authentication_key(meter.chosen)
    control = bytes([0x30 | suite.number])
    for scheme, count, bare in [(1, 0, False), (2, 0, False), (1, 1, True), (2, 2, True)]:
        meter.transaction += 1
        counter = count.to_bytes(4, "big")
        static = length(8) + meter.transaction.to_bytes(8, "big") if scheme == 2 else b""
        data, private = b"", own
        if scheme == 1:
            private = ec.generate_private_key(suite.curve)
            data = suite.public(private) + suite.sign(signer, suite.public(private))
        key = suite.derive(private, suite.public(theirs), reader.CLIENT_TITLE + static, meter.title)
        authenticated = control + authentication + (b"" if bare else meter.head(True))
        sealed = AESGCM(key).encrypt(reader.CLIENT_TITLE + counter, NAME, authenticated)
        content = control + counter + sealed[:len(NAME) + 12]
        answer = meter.raw(b"\xDD" + meter.head(True) + bytes([1, 2, 1, scheme]) + length(len(data)) + data
                           + length(len(content)) + content)
        head = b"\xDD" + meter.head(False) + bytes([1, 2, 1, scheme])
        reader.expect(answer.startswith(head), f"an answer that begins with {answer[:40].hex()}")
        data, content = taken(answer[len(head):])
        content, rest = taken(content)
        reader.expect(rest == b"", "something after the answer")
        public = suite.public(theirs)
        if scheme == 1:
            public, signature = data[:2 * suite.half], data[2 * suite.half:]
            suite.verify(suite.test_key(0x01), public, signature)
        key = suite.derive(own, public, meter.title + static, reader.CLIENT_TITLE)
        authenticated = control + authentication + (b"" if bare else meter.head(False))
        names.append(named(opened(key, meter.title, content, authenticated)))
    reader.tell("message", names=names)


def opened(key, title, content, authenticated):
    """The plain APDU of an answer; its tag has 12 bytes, so that it is made again and compared."""
    iv, text = title + content[1:5], content[5:-12]
    plain = AESGCM(key).encrypt(iv, text, None)[:len(text)]
    made = AESGCM(key).encrypt(iv, plain, authenticated)[len(text):][:12]
    reader.expect(made == content[-12:], "the tag does not hold")
    return plain


def named(plain):
    """The device name in an answer."""
    reader.expect(plain[:5] == bytes.fromhex("C401C10009"), f"an answer {plain.hex()}")
    return taken(plain[5:])[0].hex()


class Layers:
    """Signing and ciphering of what goes beside the client, each way."""

    def __init__(self, meter):
        self.meter, self.cipher = meter, meter.client.ciphering
        self.key = bytes(self.cipher.blockCipherKey)
        self.control = bytes([0x30 | meter.suite.number])
        self.authenticated = self.control + bytes(self.cipher.authenticationKey)

    def sealed(self, plain):
        """Control, counter, text and tag, with their length."""
        counter = self.cipher.invocationCounter.to_bytes(4, "big")
        self.cipher.invocationCounter += 1
        sealed = AESGCM(self.key).encrypt(reader.CLIENT_TITLE + counter, plain, self.authenticated)[:len(plain) + 12]
        content = self.control + counter + sealed
        return length(len(content)) + content

    def opened(self, content):
        content, rest = taken(content)
        reader.expect(rest == b"", "something after the answer")
        return opened(self.key, self.meter.title, content, self.authenticated)

    def signed(self, content):
        meter = self.meter
        meter.transaction += 1
        signature = meter.suite.sign(meter.suite.test_key(0x41), meter.head(True) + content)
        return b"\xDF" + meter.head(True) + length(len(content)) + content + length(len(signature)) + signature

    def verified(self, answer):
        """What a signed answer carries."""
        meter, head = self.meter, b"\xDF" + self.meter.head(False)
        reader.expect(answer.startswith(head), f"an answer that begins with {answer[:40].hex()}")
        content, rest = taken(answer[len(head):])
        signature, rest = taken(rest)
        reader.expect(rest == b"", "something after the answer")
        meter.suite.verify(meter.suite.test_key(0x01), meter.head(False) + content, signature)
        return content


def signed(meter):
    """A ciphered GET that is signed, and a signed one that is ciphered."""
    layers = Layers(meter)
    content = layers.verified(meter.raw(layers.signed(b"\xC8" + layers.sealed(NAME))))
    reader.expect(content[0] == 0xCC, f"content {content[:1].hex()}")
    names = [named(layers.opened(content[1:]))]
    form = b"\xDB" + length(8)
    answer = meter.raw(form + reader.CLIENT_TITLE + layers.sealed(layers.signed(NAME)))
    head = form + meter.title
    reader.expect(answer.startswith(head), f"an answer that begins with {answer[:40].hex()}")
    names.append(named(layers.verified(layers.opened(answer[len(head):]))))
    reader.tell("signed", names=names)


def read(chosen):
    reader.STEP.update(transfer=transfer, agree=agree, message=message, signed=signed)
    meter = Meter(chosen)
    reader.steps_of(meter, chosen)
    meter.close()


if __name__ == "__main__":
    reader.main(__doc__, read)

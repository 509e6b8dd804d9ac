"""Reads a meter with the client of the package `dlms-cosem`, and prints what it read, one JSON line for each step.

usage: dlms_cosem_client.py HOST PORT [--mechanism …] [--suite …] [--ciphered …] [--steps names,…]; see --help

The package brings HLS 5 and ciphers services in the general form only, up to 127 bytes of content, which an image block
exceeds: images go over a plain association. Mechanisms 3, 4, 6 and 7 are added here, through its interface for them, on the
`cryptography` package. It can wait for ever, so the time limit matters.

Exit code 0: the meter answered as it should; 1: it did not; 2: usage; 3: out of time.
"""

import datetime
import hashlib
import os
import socket
import time

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils as ec_utils
from dlms_cosem import cosem, dlms_data, enumerations, exceptions, security, utils
from dlms_cosem.client import ActionError, DataResultError, DlmsClient
from dlms_cosem.cosem.capture_object import CaptureObject
from dlms_cosem.cosem.selective_access import EntryDescriptor, RangeDescriptor
from dlms_cosem.hdlc.frames import HDLC_FLAG
from dlms_cosem.io import BlockingTcpIO, HdlcTransport, TcpTransport
from dlms_cosem.protocol.wrappers import WrapperProtocolDataUnit
from dlms_cosem.protocol.xdlms import DataNotification, GeneralGlobalCipher
from dlms_cosem.time import datetime_from_bytes

import dlms_reader as reader

WAIT_S = 8
TYPES = {"int8": dlms_data.IntegerData, "uint16": dlms_data.UnsignedLongData}


class Stream(BlockingTcpIO):
    """The package's own, which does not notice that a connection was closed."""

    def recv(self, amount=1):
        data = b""
        while len(data) < amount:
            piece = self.tcp_socket.recv(amount - len(data))
            if not piece:
                raise exceptions.CommunicationError("the meter closed the connection")
            data += piece
        return data


class Frames(HdlcTransport):
    """The package's own, which takes a last check byte of 7E for the beginning of another frame and waits for it."""

    def recv_frame(self):
        return self.io.recv_until(HDLC_FLAG)


class Datagrams:
    """UDP: what is received is handed out in pieces."""

    def __init__(self, host, port):
        self.address, self.rest = (host, port), b""

    def connect(self):
        self.socket = socket.socket(reader.family(self.address[0]), socket.SOCK_DGRAM)
        self.socket.settimeout(WAIT_S)
        self.socket.connect(self.address)

    def disconnect(self):
        self.socket.close()

    def send(self, data):
        self.socket.send(data)

    def recv(self, amount=1):
        if not self.rest:
            self.rest = self.socket.recv(65536)
        if len(self.rest) < amount:
            raise exceptions.CommunicationError("a datagram is shorter than it says")
        piece, self.rest = self.rest[:amount], self.rest[amount:]
        return piece


class Proofs:
    """High-level security 3, 4, 6 and 7."""

    def __init__(self, mechanism, chosen):
        self.authentication_method = enumerations.AuthenticationMechanism(reader.MECHANISMS.index(mechanism) + 1)
        self.mechanism, self.suite, self.secret = mechanism, chosen.suite, reader.secret(chosen)
        self.challenge = os.urandom(32)

    def get_calling_authentication_value(self):
        return self.challenge

    def hls_generate_reply_data(self, connection):
        titles = connection.client_system_title, connection.meter_system_title
        return self.proof(True, titles, connection.meter_to_client_challenge, self.challenge)

    def hls_meter_data_is_valid(self, data, connection):
        titles = connection.meter_system_title, connection.client_system_title
        if self.mechanism != "ecdsa":
            return data == self.proof(False, titles, self.challenge, connection.meter_to_client_challenge)
        signed = b"".join(titles) + self.challenge + connection.meter_to_client_challenge
        size = len(data) // 2
        signature = ec_utils.encode_dss_signature(int.from_bytes(data[:size], "big"), int.from_bytes(data[size:], "big"))
        try:
            self.key(False).public_key().verify(signature, signed, self.scheme())
        except InvalidSignature:
            return False
        return True

    def proof(self, of_client, titles, answered, asked):
        """`titles`: of who proves, of who verifies."""
        if self.mechanism == "md5":
            return hashlib.md5(answered + self.secret).digest()
        if self.mechanism == "sha1":
            return hashlib.sha1(answered + self.secret).digest()
        if self.mechanism == "sha256":
            return hashlib.sha256(self.secret + b"".join(titles) + answered + asked).digest()
        signature = self.key(of_client).sign(b"".join(titles) + answered + asked, self.scheme())
        size = 48 if self.suite == 2 else 32
        return b"".join(n.to_bytes(size, "big") for n in ec_utils.decode_dss_signature(signature))

    def key(self, of_client):
        curve = ec.SECP384R1() if self.suite == 2 else ec.SECP256R1()
        return ec.derive_private_key(int.from_bytes(reader.signing_scalar(of_client, self.suite), "big"), curve)

    def scheme(self):
        return ec.ECDSA(hashes.SHA384() if self.suite == 2 else hashes.SHA256())


class Entries(EntryDescriptor):
    """Selection by entry, which the package cannot encode yet."""

    def to_bytes(self):
        parts = [dlms_data.DoubleLongUnsignedData(self.from_entry), dlms_data.DoubleLongUnsignedData(self.to_entry),
                 dlms_data.UnsignedLongData(self.from_selected_value), dlms_data.UnsignedLongData(self.to_selected_value)]
        return b"\x02\x02\x04" + b"".join(part.to_bytes() for part in parts)


class Meter:
    """One association, opened again where the meter was away."""

    def __init__(self, chosen):
        self.chosen = chosen
        if chosen.ciphered == "service":
            raise SystemExit("this package ciphers services in the general form only")
        self.open()

    def open(self):
        chosen, counter = self.chosen, 0
        if chosen.ciphered != "no" or chosen.mechanism == "gmac":
            self.associate(0x10, "none", False, 0)
            counter = self.get(*reader.COUNTER, 2) + 1
            self.close()
        self.associate(chosen.client, chosen.mechanism, chosen.ciphered == "general", counter)

    def associate(self, address, mechanism, ciphered, counter):
        chosen = self.chosen
        if chosen.transport == "udp":
            line = Datagrams(chosen.host, chosen.port)
        else:
            line = Stream(host=chosen.host, port=chosen.port, timeout=WAIT_S)
        transport = Frames if chosen.framing == "hdlc" else TcpTransport
        if mechanism == "none":
            authentication = security.NoSecurityAuthentication()
        elif mechanism == "low":
            authentication = security.LowLevelSecurityAuthentication(secret=reader.PASSWORD)
        elif mechanism == "gmac":
            authentication = security.HighLevelSecurityGmacAuthentication()
        else:
            authentication = Proofs(mechanism, chosen)
        self.client = DlmsClient(
            transport=transport(client_logical_address=address, server_logical_address=chosen.server, io=line),
            authentication=authentication,
            encryption_key=reader.unicast_key(chosen) if ciphered else None,
            authentication_key=reader.authentication_key(chosen) if ciphered else None,
            security_suite=chosen.suite,
            max_pdu_size=chosen.pdu,
            client_system_title=reader.CLIENT_TITLE,
            client_initial_invocation_counter=counter,
        )
        self.client.connect()
        self.client.associate()

    def close(self):
        self.client.release_association()
        self.client.disconnect()

    def drop(self):
        try:
            self.client.transport.io.disconnect()
        except (OSError, exceptions.CommunicationError):
            pass

    def again(self):
        """Waits until the meter answers after a reset."""
        self.drop()
        end = time.monotonic() + 20
        while True:
            time.sleep(0.5)
            try:
                return self.open()
            except (OSError, exceptions.CommunicationError, exceptions.DlmsClientException):
                self.drop()
                if time.monotonic() > end:
                    raise

    def value(self, kind, name, attribute, selection=None):
        target = cosem.CosemAttribute(kind, cosem.Obis.from_string(name), attribute)
        return utils.parse_as_dlms_data(self.client.get(target, selection))

    def get(self, kind, name, attribute):
        value = self.value(kind, name, attribute)
        return bytes(value) if isinstance(value, bytearray) else value

    def time(self):
        return seconds(self.value(8, "0.0.1.0.0.255", 2))

    def rows(self, name, entries=None, between=None):
        if entries:
            selection = Entries(from_entry=entries[0], to_entry=entries[1])
        else:
            clock = cosem.CosemAttribute(
                enumerations.CosemInterface.CLOCK, cosem.Obis.from_string("0.0.1.0.0.255"), 2)
            first, last = (datetime.datetime.fromtimestamp(t, datetime.timezone.utc) for t in between)
            selection = RangeDescriptor(CaptureObject(clock), first, last)
        rows = self.value(7, name, 2, selection)
        return [[seconds(v) if isinstance(v, (bytes, bytearray)) else v for v in row] for row in rows]

    def objects(self):
        listed = self.value(15, "0.0.40.0.0.255", 2)
        return [[kind, version, ".".join(map(str, name))] for kind, version, name, _ in listed]

    def method(self, kind, name, method, encoded):
        target = cosem.CosemMethod(kind, cosem.Obis.from_string(name), method)
        self.client.action(target, encoded)

    def invoke(self, kind, name, method, value, of_type):
        self.method(kind, name, method, TYPES[of_type](value).to_bytes())

    def notification(self, frame):
        """Values of a push: a wrapper frame that stands alone."""
        data = WrapperProtocolDataUnit.from_bytes(frame).data
        if data[0] == GeneralGlobalCipher.TAG:
            keys = reader.unicast_key(self.chosen), reader.authentication_key(self.chosen)
            data = GeneralGlobalCipher.from_bytes(data).to_plain_apdu(*keys)
        values = utils.parse_as_dlms_data(DataNotification.from_bytes(data).body)
        setup, name, clock, imported, exported = values
        return bytes(setup), name, seconds(clock), imported, exported

    def send_image(self, identifier, content):
        name, block = "0.0.44.0.0.255", self.get(18, "0.0.44.0.0.255", 2)
        number = lambda n: dlms_data.DoubleLongUnsignedData(n).to_bytes()
        self.method(18, name, 1, b"\x02\x02" + octets(identifier.encode()) + number(len(content)))
        for count, at in enumerate(range(0, len(content), block)):
            self.method(18, name, 2, b"\x02\x02" + number(count) + octets(content[at:at + block]))
        return self.get(18, name, 4)


def octets(content):
    """An octet string; the package's own cannot be longer than 127 bytes."""
    return b"\x09" + dlms_data.encode_variable_integer(len(content)) + content


def seconds(date_time):
    return round(datetime_from_bytes(bytes(date_time))[0].timestamp())


def read(chosen):
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    meter = Meter(chosen)
    try:
        reader.steps_of(meter, chosen)
    except (ActionError, DataResultError) as refused:
        raise reader.Wrong(str(refused)) from refused
    meter.close()


if __name__ == "__main__":
    reader.main(__doc__, read)

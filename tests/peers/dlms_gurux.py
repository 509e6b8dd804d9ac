"""Reads a meter with the client of the package `gurux-dlms`, and prints what it read, one JSON line for each step.

usage: dlms_gurux.py HOST PORT [--mechanism …] [--suite …] [--ciphered …] [--steps names,registers,…]; see --help

Exit code 0: the meter answered as it should; 1: it did not; 2: usage; 3: out of time.
"""

import datetime
import os
import socket
import time

from gurux_dlms import GXByteBuffer, GXDateTime, GXReplyData
from gurux_dlms.GXDLMSGateway import GXDLMSGateway
from gurux_dlms.enums import Authentication, Conformance, DataType, InterfaceType, ObjectType, Security
from gurux_dlms.objects import GXDLMSData, GXDLMSImageTransfer, GXDLMSObject, GXDLMSProfileGeneric
from gurux_dlms.secure import GXDLMSSecureClient

import dlms_reader as reader

TYPES = {"int8": DataType.INT8, "uint16": DataType.UINT16}
PROTECTION = {"both": Security.AUTHENTICATION_ENCRYPTION, "authenticated": Security.AUTHENTICATION,
              "encrypted": Security.ENCRYPTION}
WAIT_S = 8


class Refused(Exception):
    """An error that the meter answered with."""


class Meter:
    """One association, opened again where the meter was away."""

    def __init__(self, chosen):
        self.chosen = chosen
        self.open()

    def open(self):
        chosen = self.chosen
        counter = None
        if chosen.ciphered != "no" or chosen.mechanism == "gmac":
            counter = self.last_counter() + 1
        self.associate(chosen.client, chosen.mechanism, chosen.ciphered, counter)

    def last_counter(self):
        """Read by the public client, over a connection of its own."""
        self.associate(0x10, "none", "no", None)
        last = self.get(*reader.COUNTER, 2)
        self.close()
        return last

    def associate(self, address, mechanism, ciphered, counter):
        chosen = self.chosen
        kind = socket.SOCK_DGRAM if chosen.transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(reader.family(chosen.host), kind)
        self.socket.settimeout(WAIT_S)
        self.socket.connect((chosen.host, chosen.port))
        framing = InterfaceType.HDLC if chosen.framing == "hdlc" else InterfaceType.WRAPPER
        authentication = Authentication(reader.MECHANISMS.index(mechanism) + (mechanism not in ("none", "low")))
        secret = reader.PASSWORD if mechanism == "low" else reader.secret(chosen)
        self.client = client = GXDLMSSecureClient(True, address, chosen.server, authentication, secret, framing)
        client.maxReceivePDUSize = chosen.pdu
        if chosen.gateway is not None:
            client.gateway = GXDLMSGateway()
            client.gateway.networkId = 0
            client.gateway.physicalDeviceAddress = chosen.gateway.to_bytes(2, "big")
        cipher = client.ciphering
        cipher.systemTitle = reader.CLIENT_TITLE
        cipher.securitySuite = chosen.suite
        cipher.blockCipherKey = reader.unicast_key(chosen)
        cipher.authenticationKey = reader.authentication_key(chosen)
        cipher.invocationCounter = counter or 1
        if ciphered != "no":
            cipher.security = PROTECTION[chosen.protection]
        if ciphered == "general":
            client.proposedConformance |= Conformance.GENERAL_PROTECTION
        else:
            client.proposedConformance &= ~Conformance.GENERAL_PROTECTION
        if mechanism == "ecdsa":
            self.sign()
        self.prepare(client)
        if framing == InterfaceType.HDLC:
            client.parseUAResponse(self.exchange(client.snrmRequest()).data)
        client.parseAareResponse(self.ask(client.aarqRequest()).data)
        if authentication > Authentication.LOW:
            client.parseApplicationAssociationResponse(self.ask(client.getApplicationAssociationRequest()).data)

    def prepare(self, client):
        """What else a client is told before it asks for an association."""

    def sign(self):
        """Key pairs, and a challenge as long as the standard wants it here."""
        from gurux_dlms.ecdsa.GXPrivateKey import GXPrivateKey

        own = GXPrivateKey.fromRawBytes(reader.signing_scalar(True, self.chosen.suite))
        meters = GXPrivateKey.fromRawBytes(reader.signing_scalar(False, self.chosen.suite))
        self.client.ciphering.signingKeyPair = (meters.getPublicKey(), own)
        self.client.settings.useCustomChallenge = True
        self.client.settings.ctoSChallenge = bytearray(os.urandom(32))

    def close(self):
        if self.chosen.framing == "wrapper":
            self.ask(self.client.releaseRequest())
        else:
            self.exchange(self.client.disconnectRequest())
        self.socket.close()

    def again(self):
        """Waits until the meter answers after a reset."""
        self.socket.close()
        end = time.monotonic() + 20
        while True:
            time.sleep(0.5)
            try:
                return self.open()
            except (OSError, Refused):
                self.socket.close()
                if time.monotonic() > end:
                    raise

    def exchange(self, frame):
        """One frame, and what comes back up to a whole frame."""
        reply, notify = GXReplyData(), GXReplyData()
        self.fill(frame, reply, notify)
        return reply

    def fill(self, frame, reply, notify):
        if frame is not None:
            self.socket.sendall(frame)
        received = GXByteBuffer()
        # At most as many turns as a frame has bytes.
        for _ in range(70_000):
            piece = self.socket.recv(65536)
            if not piece:
                raise Refused("the meter closed the connection")
            received.set(piece)
            if self.client.getData(received, reply, notify):
                break
        if reply.error != 0:
            raise Refused(f"error {reply.error}: {reply.getErrorMessage()}")

    def ask(self, frames):
        """All frames of a request, and all blocks of its answer."""
        reply, notify = GXReplyData(), GXReplyData()
        # Some requests of the library are lists of frames, some are one frame.
        for frame in [frames] if isinstance(frames, (bytes, bytearray)) else frames:
            reply.clear()
            self.fill(frame, reply, notify)
            while reply.isMoreData():
                more = None if reply.isStreaming() else self.client.receiverReady(reply)
                self.fill(more, reply, notify)
        return reply

    def object(self, kind, name):
        return GXDLMSObject(ObjectType(kind), name, 0)

    def get(self, kind, name, attribute):
        value = self.ask(self.client.read(self.object(kind, name), attribute)).value
        return bytes(value) if isinstance(value, (bytearray, bytes)) else value

    def time(self):
        value = self.get(8, "0.0.1.0.0.255", 2)
        return seconds(self.client.changeType(value, DataType.DATETIME) if isinstance(value, bytes) else value)

    def rows(self, name, entries=None, between=None):
        profile = GXDLMSProfileGeneric(name)
        columns = self.ask(self.client.read(profile, 3)).value
        self.client.updateValue(profile, 3, columns)
        if entries:
            first, last = entries
            request = self.client.readRowsByEntry(profile, first, last - first + 1 if last else 0)
        else:
            first, last = (GXDateTime(datetime.datetime.fromtimestamp(t, datetime.timezone.utc)) for t in between)
            request = self.client.readRowsByRange(profile, first, last)
        reply = self.ask(request)
        self.client.updateValue(profile, 2, reply.value)
        return [[seconds(v) if isinstance(v, GXDateTime) else v for v in row] for row in profile.buffer]

    def objects(self):
        reply = self.ask(self.client.getObjectsRequest())
        found = self.client.parseObjects(reply.data, False, False)
        return [[int(o.objectType), o.version, o.logicalName] for o in found]

    def invoke(self, kind, name, method, value, of_type):
        self.ask(self.client.method(self.object(kind, name), method, value, TYPES[of_type]))

    def notification(self, frame):
        """Values of a push: a wrapper frame that stands alone."""
        client = GXDLMSSecureClient(True, 1, 1, Authentication.NONE, None, InterfaceType.WRAPPER)
        client.ciphering.blockCipherKey = reader.unicast_key(self.chosen)
        client.ciphering.authenticationKey = reader.authentication_key(self.chosen)
        client.ciphering.securitySuite = self.chosen.suite
        reply, notify = GXReplyData(), GXReplyData()
        client.getData(GXByteBuffer(frame), reply, notify)
        setup, name, clock, imported, exported = notify.value
        return bytes(setup), name, seconds(client.changeType(clock, DataType.DATETIME)), imported, exported

    def send_image(self, identifier, content):
        image = GXDLMSImageTransfer("0.0.44.0.0.255")
        image.imageBlockSize = self.get(18, image.logicalName, 2)
        self.ask(image.imageTransferInitiate(self.client, identifier, len(content)))
        for frames in image.imageBlockTransfer(self.client, content, None):
            self.ask(frames)
        return self.get(18, image.logicalName, 4)


def seconds(moment):
    return round(moment.value.timestamp())


def read(chosen):
    meter = Meter(chosen)
    reader.steps_of(meter, chosen)
    meter.close()


if __name__ == "__main__":
    reader.main(__doc__, read)

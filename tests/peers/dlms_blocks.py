"""Reads a meter by general block transfer and by the service ACCESS, with the client of the package `gurux-dlms`.

usage: dlms_blocks.py HOST PORT [--window 5] [--client …] [--ciphered …] --steps long,list,upload

Prints one JSON line for each step. Exit codes as of dlms_gurux.py.
"""

from gurux_dlms.GXDLMSAccessItem import GXDLMSAccessItem
from gurux_dlms import GXReplyData
from gurux_dlms.GXDLMSSettings import GXDLMSSettings
from gurux_dlms.enums import AccessServiceCommandType, Conformance
from gurux_dlms.objects import GXDLMSClock, GXDLMSData, GXDLMSRegister

import dlms_gurux as gurux
import dlms_reader as reader

# The package (1.0.203) confirms a general block with an attribute of its settings that these do not have: it means the
# number of the client's next block.
GXDLMSSettings.blockNumber = property(lambda settings: settings.blockIndex)

SERVICE_BLOCKS = (Conformance.BLOCK_TRANSFER_WITH_GET_OR_READ | Conformance.BLOCK_TRANSFER_WITH_SET_OR_WRITE
                  | Conformance.BLOCK_TRANSFER_WITH_ACTION)
GENERAL_BLOCK = 0xE0
HEADER_BYTES = 8


class Meter(gurux.Meter):
    """An association, and how many general blocks have come through it."""

    blocks = 0

    def prepare(self, client):
        if self.chosen.window:
            client.proposedConformance &= ~SERVICE_BLOCKS
            client.proposedConformance |= Conformance.GENERAL_BLOCK_TRANSFER
            client.settings.gbtWindowSize = self.chosen.window

    def fill(self, frame, reply, notify):
        super().fill(frame, reply, notify)
        self.blocks += reply.blockNumber != 0

    def upload(self, frames):
        """A request in blocks: all but the last are confirmed by a block of the meter that says nothing."""
        *first, last = frames
        for frame in first:
            self.fill(frame, GXReplyData(), GXReplyData())
        return self.ask(last)

    def access(self, items):
        # As the package does before every GET, but not here: blocks of a new request begin with 1.
        self.client.settings.resetBlockIndex()
        frames = self.client.accessRequest(None, items)
        reply = self.upload(frames)
        self.client.parseAccessResponse(items, reply.data)
        return len(frames), [str(item.error).rsplit(".", 1)[-1] for item in items]


def long(meter):
    meter.blocks = 0
    rows = meter.rows("1.0.99.1.0.255", entries=(1, 96))
    objects = sorted(meter.objects())
    reader.tell("long", rows=rows, objects=objects, by_blocks=meter.blocks > 0)


def get(target, index):
    return GXDLMSAccessItem(AccessServiceCommandType.GET, target, index)


def list_(meter):
    name, energy, clock = GXDLMSData("0.0.42.0.0.255"), GXDLMSRegister("1.0.1.8.0.255"), GXDLMSClock("0.0.1.0.0.255")
    nothing = GXDLMSRegister("1.0.99.99.0.255")
    items = [get(name, 2), get(energy, 3), get(energy, 2), get(nothing, 2), get(clock, 2)]
    _, errors = meter.access(items)
    reader.tell("list", errors=errors, name=bytes(items[0].value).hex(), unit=list(items[1].value), import_=items[2].value)


def upload(meter):
    """More than an APDU of the meter holds, each of 11 bytes."""
    energy = GXDLMSRegister("1.0.1.8.0.255")
    frames, errors = meter.access([get(energy, 3) for _ in range(120)])
    reader.tell("upload", frames=frames, errors=sorted(set(errors)))


def read(chosen):
    meter = Meter(chosen)
    reader.STEP.update({"long": long, "list": list_, "upload": upload})
    reader.steps_of(meter, chosen)
    meter.close()


if __name__ == "__main__":
    reader.main(__doc__, read)

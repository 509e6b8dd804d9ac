"""Reads local time of a meter: its clock (attributes 2 to 8), a day in its load profile and billing; and ends its summer time.

usage: dlms_zones.py gurux|cosem FROM TO HOST PORT [--client 1] [--mechanism sha256] …; see --help

The day is that between two moments (seconds since 1970, UTC). Exit code 0: the meter answered; 1: it did not; 2: usage; 3:
out of time.
"""

import sys

import dlms_reader as reader

CLOCK = "0.0.1.0.0.255"


def gurux(chosen):
    """The client of `gurux-dlms`, and what its object for clocks makes of the attributes."""
    import dlms_gurux
    from gurux_dlms.objects import GXDLMSClock

    meter, clock = dlms_gurux.Meter(chosen), GXDLMSClock(CLOCK)

    def understood():
        for attribute in [2, 3, 5, 6, 7, 8]:
            meter.client.updateValue(clock, attribute, meter.ask(meter.client.read(clock, attribute)).value)
        return [dlms_gurux.seconds(clock.time), clock.timeZone, clock.deviation, clock.enabled]

    def disable():
        clock.enabled = False
        meter.ask(meter.client.write(clock, 8))

    return meter, understood, disable


def cosem(chosen):
    """The client of `dlms-cosem`."""
    import dlms_cosem_client
    import structlog
    from dlms_cosem import cosem as names, enumerations

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    meter = dlms_cosem_client.Meter(chosen)

    def understood():
        return [meter.time(), meter.get(8, CLOCK, 3), meter.get(8, CLOCK, 7), bool(meter.get(8, CLOCK, 8))]

    def disable():
        attribute = names.CosemAttribute(enumerations.CosemInterface.CLOCK, names.Obis.from_string(CLOCK), 8)
        result = meter.client.set(attribute, b"\x03\x00").result
        reader.expect(result == enumerations.DataAccessResult.SUCCESS, f"writing attribute 8: {result}")

    return meter, understood, disable


def raw(meter, attribute):
    value = meter.get(8, CLOCK, attribute)
    return value.hex() if isinstance(value, bytes) else value


def read(chosen):
    meter, understood, disable = {"gurux": gurux, "cosem": cosem}[package](chosen)
    clock, dates = understood(), [raw(meter, attribute) for attribute in [4, 5, 6]]
    quarters = meter.rows("1.0.99.1.0.255", between=(begin, end))
    days = meter.rows("0.0.98.1.0.255", between=(begin, end))
    disable()
    after, status = understood(), raw(meter, 4)
    meter.close()
    reader.tell("zones", clock=clock, dates=dates, quarters=quarters, days=days, after=after, status=status)


if __name__ == "__main__":
    package, begin, end = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    del sys.argv[1:4]
    reader.main(__doc__, read)

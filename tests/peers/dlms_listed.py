"""Reads every attribute of every object that a meter lists, with the client of the package `pydlms-client`.

usage: dlms_listed.py HOST PORT [--client 0x11] [--mechanism low] …; see --help

What the list says must be so: what may be read is read and has the form of its class, what may not is denied, and behind the
last attribute of a class there is none. Exit code 0: it is; 1: it is not; 2: usage; 3: out of time.
"""

from pydlms import DlmsClient, Mechanism, SecurityContext
from pydlms.cosem.interface_classes import lookup
from pydlms.exceptions import ServiceError

import dlms_reader as reader

DENIED, UNDEFINED = 3, 4
MECHANISM = {"none": Mechanism.NONE, "low": Mechanism.LLS, "sha256": Mechanism.HLS_SHA256, "gmac": Mechanism.HLS_GMAC}
# Classes whose names this package knows in another version than the meter has: they are read, and their form is not judged.
OTHER_VERSION = {40}


def refusal(ask):
    """The result that an attribute is refused with; None if it is read."""
    try:
        ask()
    except ServiceError as error:
        return int(error.result)
    return None


def read(chosen):
    more = {}
    if chosen.mechanism == "low":
        more["password"] = reader.PASSWORD
    elif chosen.mechanism != "none":
        with DlmsClient.tcp(chosen.host, chosen.port) as public:
            counter = public.get(reader.COUNTER[1], reader.COUNTER[0]).value
        more["security"] = SecurityContext(
            encryption_key=reader.unicast_key(chosen), authentication_key=reader.authentication_key(chosen),
            client_system_title=reader.CLIENT_TITLE, invocation_counter=counter + 1)
        more["password"] = reader.secret(chosen)
    read_count, denied, absent = 0, [], 0
    more["mechanism"], more["hdlc"] = MECHANISM[chosen.mechanism], chosen.framing == "hdlc"
    with DlmsClient.tcp(chosen.host, chosen.port, client_sap=chosen.client, **more) as meter:
        view = meter.get_association_view()
        for entry in view:
            name, kind = entry.logical_name, entry.class_id
            what = f"class {kind} version {entry.version} {name}"
            reader.expect(entry.rights is not None, f"{what}: its rights are not understood")
            listed = [right.attribute_id for right in entry.rights.attributes]
            known = lookup(kind, entry.version)
            if known and not known.approximate:
                reader.expect(listed == list(range(1, len(known.attributes) + 1)),
                              f"{what}: lists the attributes {listed}, and the class has {len(known.attributes)}")
            reader.expect(known is None or known.approximate == (kind in OTHER_VERSION),
                          f"{what}: the version is not one that this client knows")
            for attribute in listed:
                value = refusal(lambda: meter.get(name, kind, attribute))
                expected = None if entry.rights.can_read(attribute) else DENIED
                reader.expect(value == expected, f"{what}, attribute {attribute}: {value}, expected {expected}")
                if expected is None:
                    read_count += 1
                    if known and not known.approximate:
                        meter.object(name, kind, entry.version).get(attribute)
                else:
                    denied.append([kind, attribute])
            for attribute in [listed[-1] + 1, listed[-1] + 2, 127]:
                absent += 1
                value = refusal(lambda: meter.get(name, kind, attribute))
                reader.expect(value == UNDEFINED, f"{what}, attribute {attribute}, which there is not: {value}")
    reader.tell("listed", objects=len(view), read=read_count, denied=sorted(denied), absent=absent,
                listed=sorted([entry.class_id, entry.version, str(entry.logical_name)] for entry in view))


if __name__ == "__main__":
    reader.main(__doc__, read)

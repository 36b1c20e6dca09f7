# SPDX-License-Identifier: MIT
"""More of what stranger.py does: records at the edges of what they may be,
in pieces and out of order, and protobuf that says things oddly.

FAULTS is as in strangefaults.py. Who does it has the key of a member, or of
a client that is listed.
"""

import pb
from strangefaults import CLOSED, MALFORMED, first_bytes

# a KeepAlive as the first message after the Hello: Op 3, MsgN 2
ALIVE = b"\x08\x03\x10\x02"
UNKNOWN = 99


def odd(message):
    """One message behind the Hello, byte for byte."""
    def act(a):
        talk = a.join()
        talk.send_raw(message)
        talk.sent_n += 1
        return talk.next_is(2)
    return act


def long_record(size):
    """A KeepAlive made long by a field that nobody knows."""
    def act(a):
        rest = size - len(ALIVE)
        field = pb.field(UNKNOWN, 2, bytes(rest - 4))
        assert len(field) == rest
        return odd(ALIVE + field)(a)
    return act


def pieces(talk, data, at):
    """Both go out by themselves; the second when the first has been read."""
    talk.link.split = at
    talk.link.send(data)
    talk.link.split = None


def split_record(a):
    """At each byte."""
    talk = a.join()
    at = size = 1
    while at <= size:
        record = talk.seal("KeepAlive")
        size = len(record) - 1
        pieces(talk, record, at)
        outcome = talk.next_is(talk.sent_n)
        if outcome != "Ack":
            return "%s at %d" % (outcome, at)
        at += 1
    return "Ack"


def split_hello(a):
    """The Hello of the session and that of the member."""
    for at in (1, 2, 3, 17, 255):
        talk = a.connect()
        talk.link.split = at
        talk.open()
        outcome = talk.ask("Hello", **a.hello(talk))
        if outcome != "Ack":
            return "%s at %d" % (outcome, at)
        talk.close()
    return "Ack"


def records(*order):
    """Two records, sent in this order."""
    def act(a):
        talk = a.join()
        sealed = [talk.seal("KeepAlive") for _ in range(2)]
        talk.link.send(b"".join(sealed[i] for i in order))
        outcome = "Ack"
        n = 1
        while outcome == "Ack":
            n += 1
            outcome = talk.next_is(n)
        return outcome
    return act


def cut_record(a):
    talk = a.join()
    talk.link.send(talk.seal("KeepAlive")[:-1])
    talk.half_close()
    return talk.next_is(-1)


def behind_hello(a):
    """What follows does not wait for the Ack."""
    talk = a.connect().open()
    talk.link.send(talk.seal("Hello", **a.hello(talk))
                   + talk.seal("KeepAlive") + talk.seal("KeepAlive"))
    return " ".join(talk.next_is(n) for n in (1, 2, 3))


def end_behind_hello(a):
    talk = a.connect().open()
    talk.link.send(talk.seal("Hello", **a.hello(talk)))
    talk.half_close()
    return talk.next_is(1) + " " + talk.next_is(-1)


def acks(*numbers):
    """Acks of nothing, or once more; what a KeepAlive gets then."""
    def act(a):
        talk = a.join()
        for n in numbers:
            talk.send("Ack", YourMsgN=n)
        return a.alive(talk)
    return act


def byes(*more):
    def act(a):
        talk = a.join()
        talk.link.send(talk.seal("Bye")
                       + b"".join(talk.seal(op) for op in more))
        return talk.next_is(2) + " " + talk.next_is(-1)
    return act


def stolen(a):
    """The IDs of all members, up or down, with a signature that is none of
    theirs."""
    ends = set()
    for member in a.roster.members:
        if member is not a.roster.own:
            talk = a.connect().open()
            ends.add(talk.ask("Hello", **dict(a.hello(talk), ID=member.id)))
    return " ".join(sorted(ends))


ODD = {
    "op-overlong": (("Ack",), b"\x08\x83\x80\x80\x00\x10\x02"),
    "op-33-bits": (MALFORMED, b"\x08\x83\x80\x80\x80\x10\x10\x02"),
    "op-65-bits": (MALFORMED, b"\x08" + b"\xff" * 9 + b"\x7f\x10\x02"),
    "op-11-bytes": (MALFORMED, b"\x08\x83" + b"\x80" * 9 + b"\0\x10\x02"),
    "op-as-bytes": (MALFORMED, b"\x0a\x01\x03\x10\x02"),
    "op-twice": (("Ack",), b"\x08\x04" + ALIVE),
    "msgn-as-fixed64": (MALFORMED, b"\x08\x03\x11\x02" + bytes(7)),
    "id-as-number": (MALFORMED, ALIVE + b"\x18\x05"),
    "wire-type-6": (MALFORMED, ALIVE + b"\x9e\x06"),
    "wire-type-7": (MALFORMED, ALIVE + b"\x9f\x06"),
    "end-of-no-group": (MALFORMED, ALIVE + b"\x9c\x06"),
    "unknown-fixed32": (("Ack",), ALIVE + b"\x9d\x06abcd"),
    "unknown-fixed32-cut": (MALFORMED, ALIVE + b"\x9d\x06abc"),
    "unknown-cut": (MALFORMED, ALIVE + b"\x9a\x06\x05abc"),
    "unknown-4-gib": (MALFORMED, ALIVE + b"\x9a\x06\xff\xff\xff\xff\x0fabc"),
    "unknown-64-bits": (MALFORMED, ALIVE + b"\x9a\x06" + b"\xff" * 9 +
                        b"\x01abc"),
}


def on_the_cluster_port():
    f = {name: (wanted, odd(message))
         for name, (wanted, message) in ODD.items()}
    f.update({
        "record-16399": (("Ack",), long_record(16383)),
        "record-16400": (("Ack",), long_record(16384)),
        "record-16401": (CLOSED, long_record(16385)),
        "record-17": (MALFORMED, odd(b"\x08")),
        "record-split": (("Ack",), split_record),
        "record-cut": (CLOSED, cut_record),
        "records-swapped": (CLOSED, records(1, 0)),
        "records-one-twice": (CLOSED, records(0, 0)),
        "records-one-left-out": (CLOSED, records(1)),
        "hello-split": (("Ack",), split_hello),
        "hello-and-more": (("Ack Ack Ack",), behind_hello),
        "hello-and-end": (("Ack closed",), end_behind_hello),
        "hello-stolen-ids": (CLOSED, stolen),
        "ack-ahead": (("closed", "alive"), acks(1 << 60)),
        "ack-zero": (("closed", "alive"), acks(0)),
        "ack-twice": (("closed", "alive"), acks(1, 1)),
        "bye-twice": (("Ack closed",), byes("Bye")),
        "bye-and-more": (("Ack closed",), byes("KeepAlive", "App")),
    })
    return f


def table():
    out = {"cluster/" + name: ("cluster",) + fault
           for name, fault in on_the_cluster_port().items()}
    for name, (wanted, message) in ODD.items():
        # who did not say who it is gets no answer to that either
        if wanted is MALFORMED:
            out["client/first-" + name] = ("client", CLOSED,
                                           first_bytes(message))
            out["cluster/first-" + name] = ("cluster", CLOSED,
                                            first_bytes(message))
    return out


FAULTS = table()

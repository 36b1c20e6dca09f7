# SPDX-License-Identifier: MIT
"""What stranger.py does to a member, and how the member may answer.

FAULTS maps a name to (port, wanted, act). port: "cluster" or "client".
act(attack) does it and gives the outcome in words; wanted are the outcomes
that are right, with * for any text. Words: "closed" (before the Hello's
X
the name of a message, "Error TEXT", "alive" (the session goes on and answers).
"""

import os
import random
import struct

import cluster
import ident
import pb
import xlwire

CLOSED = ("closed",)
MALFORMED = ("Error malformed message",)
# where xl-protocol(7) leaves open whether one more word is said
REFUSED = ("closed", "Error *")


# --- before the Reply ---

def sends(data, half_close=False):
    def act(a):
        talk = a.connect()
        talk.link.send(data(a) if callable(data) else data)
        if half_close:
            talk.half_close()
        return talk.raw_end()
    return act


def hello_of(dialect, ck=None):
    return lambda a: xlwire.Initiator(dialect, ck(a) if ck else
                                      a.ck()).hello


def plaintext(size):
    return lambda a: a.ck().encrypt(os.urandom(size), xlwire.OAEP)


def low_order(a):
    plain = os.urandom(40) + bytes((0, 0, 0, 2)) + bytes(32)
    return a.ck().encrypt(plain, xlwire.OAEP)


def with_tail(a):
    return hello_of("sealed")(a) + b"\0"


def right_hello_from_outside(a):
    talk = a.connect(source=a.outside)
    talk.start()
    return talk.raw_end()


def nothing_from_outside(a):
    return a.connect(source=a.outside).raw_end()


def garbage_from_outside(a):
    """Bytes that may be there before the member has taken the connection:
    the end is the same."""
    ends = set()
    for _ in range(50):
        talk = a.connect(source=a.outside)
        talk.link.send(bytes(256))
        ends.add(talk.raw_end())
    return " ".join(sorted(ends))


# --- the first message ---

def first(op, **fields):
    def act(a):
        talk = a.connect().open()
        talk.send(op, **fields)
        return talk.raw_end()
    return act


def first_wire(change):
    """The record of a right Hello, changed; change gives wire bytes."""
    def act(a):
        talk = a.connect().open()
        talk.link.send(change(talk.seal("Hello", **a.hello(talk))))
        return talk.raw_end()
    return act


def first_bytes(message):
    def act(a):
        talk = a.connect().open()
        talk.send_raw(message)
        return talk.raw_end()
    return act


def hello(**changes):
    """A Hello with other fields; a function is called with the attack."""
    def act(a):
        talk = a.connect().open()
        fields = dict(a.hello(talk), **{
            k: v(a) if callable(v) else v for k, v in changes.items()})
        return talk.ask("Hello", **fields)
    return act


def signed(sign):
    """A Hello with another signature: sign(attack, bind, right one)."""
    def act(a):
        talk = a.connect().open()
        fields = a.hello(talk)
        fields["DigSig"] = sign(a, talk.session.bind, fields["DigSig"])
        return talk.ask("Hello", **fields)
    return act


def peer_sign(a, bind, key=None, cluster_id=None, who=None, to=None):
    return ident.sign(key or a.folder.sk, "sha256", cluster.peer_bytes(
        bind, cluster_id or a.roster.id, who or a.folder.id,
        to or a.target.id))


def stolen(a):
    """Another member's ID, as its roster has it, with our own key."""
    talk = a.connect().open()
    return talk.ask("Hello", **dict(
        a.hello(talk), ID=a.other().id, DigSig=peer_sign(
            a, talk.session.bind, who=a.other().id)))


def reflected(a):
    """The member's own ID."""
    talk = a.connect().open()
    return talk.ask("Hello", **dict(
        a.hello(talk), ID=a.target.id, DigSig=peer_sign(
            a, talk.session.bind, who=a.target.id)))


def unknown_id(a):
    talk = a.connect().open()
    new = os.urandom(32)
    return talk.ask("Hello", **dict(
        a.hello(talk), ID=new,
        DigSig=peer_sign(a, talk.session.bind, who=new)))


def other_cluster(a):
    talk = a.connect().open()
    new = os.urandom(32)
    return talk.ask("Hello", **dict(
        a.hello(talk), ClusterID=new,
        DigSig=peer_sign(a, talk.session.bind, cluster_id=new)))


def replayed_hello(a):
    """Someone in the middle repeats what it saw, byte for byte."""
    old = a.connect().open()
    record = old.seal("Hello", **a.hello(old))
    old.link.send(record)
    if old.next_is(1) != "Ack":
        return "no Ack"
    old.close()
    talk = a.connect()
    talk.link.send(old.initiator.hello)
    talk.initiator = old.initiator
    if not talk.finish():
        return "closed"  # a member may remember a Hello
    talk.link.send(record)
    return talk.raw_end()


def replayed_signature(a):
    """A Hello of the same keys, and the signature of the session before."""
    old = a.connect().open()
    fields = a.hello(old)
    if old.ask("Hello", **fields) != "Ack":
        return "no Ack"
    old.close()
    talk = a.connect()
    talk.link.send(old.initiator.hello)
    talk.initiator = old.initiator
    if not talk.finish():
        return "closed"
    return talk.ask("Hello", **fields)


def says_nothing(a):
    return a.connect().open().raw_end()


# --- when the session is open ---

def then(op, **fields):
    """One message; and whether the session lives on after an Ack."""
    def act(a):
        talk = a.join()
        fields2 = {k: v(a) if callable(v) else v for k, v in fields.items()}
        outcome = talk.ask(op, **fields2)
        if outcome != "Ack":
            return outcome
        return "Ack " + a.alive(talk)
    return act


def then_unanswered(op, **fields):
    """One message that wants no Ack: what the next KeepAlive gets."""
    def act(a):
        talk = a.join()
        talk.send(op, **fields)
        return a.alive(talk)
    return act


def then_bytes(message):
    def act(a):
        talk = a.join()
        talk.send_raw(message)
        return talk.next_is(-1)
    return act


def then_wire(change):
    def act(a):
        talk = a.join()
        talk.link.send(change(talk.seal("KeepAlive")))
        return talk.next_is(-1)
    return act


def replayed_record(a):
    talk = a.join()
    record = talk.seal("KeepAlive")
    talk.link.send(record)
    outcome = talk.next_is(talk.sent_n)
    talk.link.send(record)
    return outcome + " " + talk.next_is(-1)


def flood(a):
    """Many at once: all are answered, in order."""
    talk = a.join()
    wire = b"".join(talk.seal("KeepAlive") for _ in range(1000))
    start = talk.sent_n - 1000
    talk.link.send(wire)
    for n in range(1000):
        outcome = talk.next_is(start + n + 1)
        if outcome != "Ack":
            return outcome
    return "Ack " + a.alive(talk)


def flood_unread(a):
    """Many whose Acks nobody reads, until no more can be sent."""
    talk = a.join()
    talk.link.sock.settimeout(0.5)
    sent = 0
    try:
        while sent < 32 << 20:
            sent += talk.link.sock.send(
                b"".join(talk.seal("KeepAlive") for _ in range(500)))
    except OSError:
        pass
    return "full" if sent < 16 << 20 else "took %d bytes" % sent


def second_session(a):
    """The same member again, and the first one dead: it is up at once, and
    the first is closed, with or without a question before."""
    old = a.join()
    talk = a.join()
    outcome = a.alive(talk)
    end = "KeepAlive"
    while end in ("KeepAlive", "Suspect"):
        end = old.receive_any()[0]
    return "%s %s" % (outcome, end)


def end_of_file(a):
    talk = a.join()
    talk.half_close()
    return talk.next_is(-1)


def reset(a):
    a.join().reset()
    return a.alive(a.join())


def crowd(a):
    """More connections than there can be, all of which say nothing."""
    for _ in range(600):
        a.connect()
    return a.alive(a.join())


def many_sessions(a):
    """One after the other, and none is closed."""
    for _ in range(40):
        talk = a.join()
    return a.alive(talk)


def storm(a):
    """Messages that are nearly right, in sessions that are."""
    rng = random.Random(7)
    for n in range(120):
        talk = a.join()
        for op in rng.sample(sorted(cluster.OP), 3):
            msg = bytearray(cluster.encode(talk.number(
                op, {"ID": a.other().id, "Contents": b"storm" * n,
                     "YourMsgN": n % 5, "ErrDesc": b"busy"})))
            for _ in range(n % 4):
                msg[rng.randrange(len(msg))] = rng.randrange(256)
            talk.send_raw(bytes(msg[:rng.choice((1, len(msg)))]))
        talk.close()
    return a.lives(a.join())


def goodbye(a):
    talk = a.join()
    outcome = talk.ask("Bye")
    return outcome + " " + talk.next_is(-1)


def flipped(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def oversize(_):
    return struct.pack(">H", 16401) + bytes(16401)


def undersize(_):
    return struct.pack(">H", 16) + bytes(16)


CONTENTS = bytes(range(250)) * 64  # 16,000 bytes
# a field that nobody knows: larger than any member's, or than a message
EXTRA = pb.field(99, 2, b"new")


def on_the_cluster_port():
    f = {
        "outside": (CLOSED, right_hello_from_outside),
        "outside-silent": (CLOSED, nothing_from_outside),
        "outside-garbage": (CLOSED, garbage_from_outside),
        "hello-right": (("Ack",), hello()),
        "hello-replayed": (CLOSED, replayed_hello),
        "hello-replayed-signature": (CLOSED, replayed_signature),
        "hello-stolen-id": (CLOSED, stolen),
        "hello-own-id": (CLOSED, reflected),
        "hello-unknown-id": (CLOSED, unknown_id),
        "hello-other-cluster": (CLOSED, other_cluster),
        "hello-no-id": (CLOSED, hello(ID=None)),
        "hello-empty-id": (CLOSED, hello(ID=b"")),
        "hello-short-id": (CLOSED, hello(ID=lambda a: a.folder.id[:20])),
        "hello-19-id": (CLOSED, hello(ID=bytes(19))),
        "hello-long-id": (REFUSED, hello(ID=bytes(33))),
        "hello-no-cluster": (CLOSED, hello(ClusterID=None)),
        "hello-empty-cluster": (CLOSED, hello(ClusterID=b"")),
        "hello-cluster-cut": (CLOSED, hello(
            ClusterID=lambda a: a.roster.id[:20])),
        "sig-none": (CLOSED, hello(DigSig=None)),
        "sig-empty": (CLOSED, hello(DigSig=b"")),
        "sig-zeros": (CLOSED, hello(DigSig=bytes(256))),
        "sig-512": (CLOSED, hello(DigSig=b"\1" * 512)),
        "sig-513": (REFUSED, hello(DigSig=bytes(513))),
        "sig-flipped": (CLOSED, signed(lambda a, bind, s: flipped(s))),
        "sig-cut": (CLOSED, signed(lambda a, bind, s: s[1:])),
        "sig-other-key": (CLOSED, signed(
            lambda a, bind, s: peer_sign(a, bind, key=a.folder.ck))),
        "sig-other-bind": (CLOSED, signed(
            lambda a, bind, s: peer_sign(a, os.urandom(32)))),
        "sig-other-responder": (CLOSED, signed(
            lambda a, bind, s: peer_sign(a, bind, to=a.other().id))),
        "sig-of-client": (CLOSED, signed(
            lambda a, bind, s: ident.sign(
                a.folder.sk, "sha256",
                cluster.client_bytes(bind, a.target.id)))),
        "sig-ids-swapped": (CLOSED, signed(
            lambda a, bind, s: peer_sign(a, bind, who=a.target.id,
                                         to=a.folder.id))),
        "msgn-repeated": (CLOSED, then("KeepAlive", MsgN=1)),
        "msgn-skipped": (CLOSED, then("KeepAlive", MsgN=3)),
        "msgn-none": (CLOSED, then("KeepAlive", MsgN=None)),
        "msgn-zero": (CLOSED, then("KeepAlive", MsgN=0)),
        "msgn-huge": (CLOSED, then("KeepAlive", MsgN=(1 << 64) - 1)),
        "keepalive": (("Ack alive",), then("KeepAlive")),
        "keepalive-odd": (("Ack alive",), then(
            "KeepAlive", ID=bytes(32), Salt=bytes(32), ErrDesc=b"\x1b[2J",
            Contents=b"x", _raw=EXTRA)),
        "keepalive-flood": (("Ack alive",), flood),
        "keepalive-flood-unread": (("full",), flood_unread),
        "second-hello": (REFUSED, lambda a: (
            lambda talk: talk.ask("Hello", **dict(a.hello(talk),
                                                  MsgN=2)))(a.join())),
        "second-session": (("alive Bye", "alive closed"), second_session),
        "ack-of-nothing": (("alive",) + REFUSED,
                           then_unanswered("Ack", YourMsgN=9)),
        "ack-without-number": (("alive",) + REFUSED,
                               then_unanswered("Ack")),
        "error": (("alive",) + REFUSED, then_unanswered(
            "Error", ErrDesc=b"\x1b]0;owned\x07\r\nxl-member: up")),
        "data": (REFUSED, then("Data", Contents=b"x")),
        "eof": (REFUSED, then("Eof")),
        "suspect-unknown": (("Ack alive",) + REFUSED,
                            then("Suspect", ID=bytes(32))),
        "suspect-receiver": (("Ack alive",), then(
            "Suspect", ID=lambda a: a.target.id)),
        "suspect-sender": (("Ack alive",), then(
            "Suspect", ID=lambda a: a.folder.id)),
        "suspect-nobody": (("Ack alive",) + REFUSED, then("Suspect")),
        "suspect-19": (("Ack alive",) + REFUSED,
                       then("Suspect", ID=bytes(19))),
        "app-16000": (("Ack alive",), then("App", Contents=CONTENTS)),
        "app-16001": (MALFORMED, then("App", Contents=CONTENTS + b"x")),
        "app-empty": (("Ack alive",), then("App", Contents=b"")),
        "app-nothing": (("Ack alive",) + REFUSED, then("App")),
        "app-nul": (("Ack alive",), then("App", Contents=b"\0\n\0")),
        "crowd": (("alive",), crowd),
        "many-sessions": (("alive",), many_sessions),
        "end-of-file": (("closed", "Bye"), end_of_file),
        "reset": (("alive",), reset),
        "bye": (("Ack closed",), goodbye),
    }
    for op in cluster.OPS.values():
        if op != "Hello":
            f["first-" + op.lower()] = (CLOSED, first(
                op, Contents=b"x", ID=bytes(32)))
    return f


def on_the_client_port():
    """Where clients are listed; attack.sk is the key of one."""
    f = {
        "hello-right": (("Ack",), hello()),
        "hello-replayed": (CLOSED, replayed_hello),
        "hello-replayed-signature": (CLOSED, replayed_signature),
        "hello-no-id": (CLOSED, hello(ID=None)),
        "hello-empty-id": (CLOSED, hello(ID=b"")),
        "hello-short-id": (CLOSED, hello(
            ID=lambda a: cluster.client_id(a.sk)[:20])),
        "hello-unlisted": (CLOSED, unlisted),
        "hello-of-member": (CLOSED, of_member),
        "sig-none": (CLOSED, hello(DigSig=None)),
        "sig-zeros": (CLOSED, hello(DigSig=bytes(256))),
        "sig-flipped": (CLOSED, signed(lambda a, bind, s: flipped(s))),
        "sig-other-key": (CLOSED, signed(
            lambda a, bind, s: client_sign(a, bind, key=a.folder.ck))),
        "sig-other-bind": (CLOSED, signed(
            lambda a, bind, s: client_sign(a, os.urandom(32)))),
        "sig-other-member": (CLOSED, signed(
            lambda a, bind, s: client_sign(a, bind, to=a.other().id))),
        "sig-of-peer": (CLOSED, signed(
            lambda a, bind, s: ident.sign(
                a.sk, "sha256", cluster.peer_bytes(
                    bind, a.roster.id, cluster.client_id(a.sk),
                    a.target.id)))),
        "second-hello": (REFUSED, lambda a: (
            lambda talk: talk.ask("Hello", **dict(a.hello(talk),
                                                  MsgN=2)))(a.join())),
        "suspect": (REFUSED, then("Suspect", ID=bytes(32))),
        "app": (REFUSED, then("App", Contents=b"x")),
        "data-16001": (MALFORMED, then("Data", Contents=CONTENTS + b"x")),
    }
    for op in cluster.OPS.values():
        if op != "Hello":
            f["first-" + op.lower()] = (CLOSED, first(op, Contents=b"x"))
    return f


def client_sign(a, bind, key=None, to=None):
    return ident.sign(key or a.sk, "sha256", cluster.client_bytes(
        bind, to or a.target.id))


def unlisted(a):
    """A right Hello of a key that nobody has listed."""
    talk = a.connect().open()
    return talk.ask("Hello", **fields_of(cluster.client_hello(
        a.folder.ck, talk.session.bind, a.target.id)))


def of_member(a):
    """What a member says to a member."""
    talk = a.connect().open()
    return talk.ask("Hello", **fields_of(cluster.peer_hello(
        a.folder.sk, talk.session.bind, a.roster.id, a.folder.id,
        a.target.id)))


def fields_of(msg):
    return {k: v for k, v in msg.items() if k not in ("Op", "MsgN")}


def on_both():
    """What comes before it matters who is there, and what never matters."""
    return {
        "garbage": (CLOSED, sends(lambda a: os.urandom(
            a.ck().key_size // 8))),
        "above-modulus": (CLOSED, sends(lambda a: b"\xff" * (
            a.ck().key_size // 8))),
        "zeros": (CLOSED, sends(lambda a: bytes(a.ck().key_size // 8))),
        "http": (CLOSED, sends(b"GET / HTTP/1.0\r\n\r\n", True)),
        "short": (CLOSED, sends(lambda a: hello_of("sealed")(a)[:-1], True)),
        "tail": (CLOSED, sends(with_tail)),
        "end-at-once": (CLOSED, sends(b"", True)),
        "documented": (CLOSED, sends(hello_of("documented"))),
        "prefixed": (CLOSED, sends(hello_of("prefixed"))),
        "other-key": (CLOSED, sends(hello_of(
            "sealed", lambda a: a.other().ck))),
        "sig-key": (CLOSED, sends(hello_of("sealed", lambda a: a.target.sk))),
        "plaintext-0": (CLOSED, sends(plaintext(0))),
        "plaintext-75": (CLOSED, sends(plaintext(75))),
        "plaintext-77": (CLOSED, sends(plaintext(77))),
        "low-order": (CLOSED, sends(low_order)),
        "first-undecodable": (CLOSED, first_bytes(b"\x0a\xff")),
        "first-no-op": (CLOSED, first_bytes(b"\x10\x01")),
        "first-unknown-op": (CLOSED, first(99)),
        "first-flipped": (CLOSED, first_wire(flipped)),
        "first-oversize": (CLOSED, first_wire(oversize)),
        "first-undersize": (CLOSED, first_wire(undersize)),
        "first-cut": (CLOSED, first_cut),
        "hello-msgn-0": (CLOSED, hello(MsgN=0)),
        "hello-msgn-2": (CLOSED, hello(MsgN=2)),
        "record-flipped": (CLOSED, then_wire(flipped)),
        "record-oversize": (CLOSED, then_wire(oversize)),
        "record-undersize": (CLOSED, then_wire(undersize)),
        "undecodable": (MALFORMED, then_bytes(b"\x0a\xff")),
        "no-op": (MALFORMED, then_bytes(b"\x10\x02")),
        "zero-behind": (MALFORMED, then_bytes(b"\x08\x03\x10\x02\x00")),
        "unknown-op": (REFUSED, then(99)),
        "op-0": (REFUSED, then(0)),
    }


def first_cut(a):
    """Half a record, and the end of the file."""
    talk = a.connect().open()
    talk.link.send(talk.seal("Hello", **a.hello(talk))[:-9])
    talk.half_close()
    return talk.raw_end()


def table():
    """The faults by port and name; those of one port count before both's."""
    out = {}
    for port, own in (("cluster", on_the_cluster_port()),
                      ("client", on_the_client_port())):
        for name, (wanted, act) in sorted({**on_both(), **own}.items()):
            out["%s/%s" % (port, name)] = (port, wanted, act)
    out["cluster/record-replayed"] = ("cluster", ("Ack closed",),
                                      replayed_record)
    # what takes its time, or does much: only when it is asked for
    for port in ("cluster", "client"):
        out[port + "/slow-storm"] = (port, ("alive",), storm)
        out[port + "/slow-says-nothing"] = (port, CLOSED, says_nothing)
        out[port + "/slow-half-hello"] = (port, CLOSED, sends(
            lambda a: hello_of("sealed")(a)[:100]))
    return out


FAULTS = table()

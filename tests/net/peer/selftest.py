#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The oracle against tests/data, which openssl made, and against itself.

TAP on standard output. Every dialect is run in memory, initiator against
responder, with the bytes of each exchange split at every point.
"""

import hashlib
import sys

import ident
import pb
import xlwire

COUNT = 0
FAILED = 0


def ok(condition, text):
    global COUNT, FAILED
    COUNT += 1
    FAILED += not condition
    print("%sok %d - %s" % ("" if condition else "not ", COUNT, text))


def closes(run):
    try:
        run()
        return False
    except xlwire.Closed:
        return True


# --- against the vectors ---

def check_keys():
    for name in ("rsa1024-1", "rsa2048-1", "rsa2048-e3", "rsa4096-1"):
        key = ident.load_key(name)
        v = ident.vectors("key-%s.hex" % name)
        with open("%s/%s.pub" % (ident.DATA, name), encoding="ascii") as f:
            line = f.read().strip()
        ok(ident.spki(key) == v["spki"]
           and ident.ssh_line(key) == " ".join(line.split()[:2])
           and ident.spki(ident.parse_ssh_line(line)) == v["spki"],
           name + ": SubjectPublicKeyInfo and ssh-rsa line")


def check_signatures():
    v = ident.vectors("sign.hex")
    ck, sk = ident.load_key("rsa2048-3"), ident.load_key("rsa2048-4")
    token = ident.make_token(ck, sk, v["name"], 0x0102030405060708,
                             v["member_id"], [v["end_0"], v["end_1"]])
    ok(hashlib.sha1(ident.covered(token)).digest() == v["covered_sha1"],
       "the bytes a token's signature covers")
    ok(token["DigSig"] == v["token_sig"], "token signature")
    del token["MyEnds"]
    ok(ident.sign(sk, "sha1", ident.covered(token)) ==
       v["token_no_ends_sig"], "token signature without end points")
    token["MyEnds"] = [v["end_0"], v["end_1"]]
    ok(ident.sign(sk, "sha256", ident.member_bytes(v["bind"], token)) ==
       v["member_sig"], "Member signature")
    for dialect, name in (("sealed", "return_sealed_sig"),
                          ("documented", "return_sig")):
        s = xlwire.Session(dialect, None, None, b"", v["salt2"], bytes(4),
                           v["bind"])
        kind, data = ident.return_bytes(s, v["member_id"],
                                        ident.load_key("rsa2048-1"))
        ok(ident.sign(sk, kind, data) == v[name],
           "return signature, " + dialect)


def check_hellos():
    v = ident.vectors("hello.hex")
    for dialect in xlwire.DIALECTS:
        for key in ("rsa2048-1", "rsa1024-1"):
            block = v["%s_%s" % (dialect, key.replace("-", "_"))]
            ok(xlwire.open_hello(block, ident.load_key(key)) ==
               (dialect, v[dialect + "_plaintext"]),
               "Hello opens: %s, %s" % (dialect, key))
    for name in ("unknown", "empty", "above"):
        block = v[name + "_rsa2048_1"]
        ok(closes(lambda: xlwire.open_hello(
            block, ident.load_key("rsa2048-1"))), name + " Hello closes")


def vector_initiator(dialect, v):
    """An initiator that sent the Hello of hello.hex."""
    h = ident.vectors("hello.hex")
    ck = ident.load_key("rsa2048-1")
    i = xlwire.Initiator(dialect, ck.public_key())
    i.hello = h[dialect + "_rsa2048_1"]
    i.iv1, i.key1, i.salt1 = v.get("iv1", b""), v["key1"], v["salt1"]
    if dialect == "sealed":
        i.private = xlwire.x25519.X25519PrivateKey.from_private_bytes(
            v["e_c_private"])
    return i, ck


def check_replies():
    for dialect in xlwire.DIALECTS:
        v = ident.vectors(dialect + ".hex")
        i, ck = vector_initiator(dialect, v)
        iv = v.get("iv2", v.get("reply_iv", b""))
        reply, server = xlwire.answer(
            i.hello, ck,
            fixed=(iv, v["key2"], v["salt2"], v.get("e_s_private", b"")))
        ok(reply == v["reply"], dialect + ": Reply")
        client = i.finish(v["reply"])
        ok(client.salt2 == v["salt2"] and client.version ==
           xlwire.OUR_VERSION[dialect] and client.bind == v.get("bind", b""),
           dialect + ": what the client reads in it")
        if "reply_wrong_salt" in v:
            ok(closes(lambda: i.finish(v["reply_wrong_salt"])),
               dialect + ": another salt1 closes")
        check_messages(dialect, v, client, server)
    v = ident.vectors("documented.hex")
    i, ck = vector_initiator("documented", v)
    ok(i.finish(v["reply_swapped"]).version == "1.0",
       "documented: salt1 and version in the other order")


def check_messages(dialect, v, client, server):
    if dialect == "prefixed":
        got = [list(server.feed(v["wire_%d" % n])) for n in range(3)]
        ok(got == [[v["message_%d" % n]] for n in range(3)],
           "prefixed: three messages open")
        return
    for n in range(3):
        for d, sender, receiver in (("c2s", client, server),
                                    ("s2c", server, client)):
            m, w = v["%s_message_%d" % (d, n)], v["%s_wire_%d" % (d, n)]
            ok(sender.seal(m) == w and list(receiver.feed(w)) == [m],
               "%s: %s message %d" % (dialect, d, n))
    if dialect == "sealed":
        client.out.counter = server.into.counter = xlwire.REKEY_AFTER - 1
        m = v["c2s_message_2"]
        ok(client.seal(m) == v["c2s_wire_last"]
           and client.seal(m) == v["c2s_rekeyed_wire_0"]
           and list(server.feed(v["c2s_wire_last"]
                                + v["c2s_rekeyed_wire_0"])) == [m, m],
           "sealed: rekey")
        points = [v[k] for k in v if k.startswith("low_order")]
        private = xlwire.x25519.X25519PrivateKey.generate()
        ok(len(points) == 7 and all(
            closes(lambda p=p: xlwire.product(private, p)) for p in points),
           "sealed: points of low order close")


# --- against itself ---

def check_codec():
    token = {"Name": b"a\0b", "Attrs": (1 << 64) - 1, "MyEnds": [b"x", b""]}
    msg = {"Op": 5, "MemberSpecs": token, "Tokens": [token, {}],
           "Which": 1 << 63, "ErrDesc": b""}
    wire = pb.encode(msg)
    ok(pb.decode(wire) == msg, "codec: there and back")
    bad = 0
    for n in range(len(wire)):
        try:
            pb.decode(wire[:n])
        except pb.Malformed:
            bad += 1
    ok(bad == len(wire) - 6, "codec: cut anywhere but between fields")
    odd = pb.encode({"Op": 11, "_fields": [(99, 2, b"x"), (1, 0, 5)]})
    ok(pb.decode(odd) == {"Op": 11, "_unknown": [(99, 2, b"x")]},
       "codec: unknown fields, and the last of a repeated scalar")


def check_splits():
    """Client and server in memory, each exchange split at every point."""
    ck = ident.load_key("rsa1024-1")
    short, long = pb.encode({"Op": 11}), pb.encode(
        {"Op": 10, "Tokens": [{"CommsKey": bytes(294)}] * 3})
    for dialect in xlwire.DIALECTS:
        i = xlwire.Initiator(dialect, ck.public_key())
        reply, server = xlwire.answer(i.hello, ck)
        client = i.finish(reply)
        good = wires = 0
        for m in (short, long):
            at, w = 0, b""
            while at <= len(w):
                w = server.seal(m)
                got = list(client.feed(w[:at])) + list(client.feed(w[at:]))
                good += got == [m]
                wires += 1
                at += 1
        ok(good == wires > 100, "%s: a message split at each of %d points"
           % (dialect, wires))
        w = server.seal(long)
        got = [m for b in w for m in client.feed(bytes([b]))]
        ok(got == [long], dialect + ": one byte at a time")


def check_faults():
    ck = ident.load_key("rsa1024-1")
    for dialect in xlwire.DIALECTS:
        i = xlwire.Initiator(dialect, ck.public_key())
        reply, server = xlwire.answer(i.hello, ck)
        other = xlwire.Initiator(dialect, ck.public_key())
        ok(closes(lambda: i.finish(reply[:-1]))
           and closes(lambda: i.finish(reply + b"\0"))
           and closes(lambda: other.finish(reply)),
           dialect + ": a Reply of another length or session closes")
        client = i.finish(reply)
        w = bytearray(client.seal(pb.encode({"Op": 11})))
        w[-1] ^= 1
        if dialect == "sealed":
            ok(closes(lambda: list(server.feed(bytes(w)))),
               "sealed: a flipped bit closes")
        else:
            ok(list(server.feed(bytes(w))) == [],
               dialect + ": wrong padding is silence")
            ok(closes(lambda: list(server.feed(bytes(16384 + 16)))),
               dialect + ": 16,384 bytes without a message close")


def main():
    check_keys()
    check_signatures()
    check_hellos()
    check_replies()
    check_codec()
    check_splits()
    check_faults()
    print("1..%d" % COUNT)
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Members' messages as this folder makes them, against the vectors that
openssl made. TAP on standard output."""

import sys

import cluster
import ident
import pb
import selftest
from selftest import ok


def malformed(data):
    try:
        cluster.decode(data)
        return False
    except pb.Malformed:
        return True


def check_hello(v):
    sk = ident.load_key("rsa2048-4")
    msg = cluster.peer_hello(sk, v["bind"], v["cluster_id"], v["from_id"],
                             v["to_id"])
    ok(msg["DigSig"] == v["peer_sig"], "signature of a member's Hello")
    ok(cluster.encode(msg) == v["hello"], "a member's Hello")
    msg = cluster.client_hello(sk, v["bind"], v["from_id"])
    ok(msg["DigSig"] == v["client_sig"], "signature of a client's Hello")
    ok(cluster.encode(msg) == v["client_hello"], "a client's Hello")


def check_messages(v):
    name = cluster.OP
    for key, msg in (
            ("ack", {"Op": name["Ack"], "MsgN": 1, "YourMsgN": 1}),
            ("keepalive", {"Op": name["KeepAlive"], "MsgN": 300}),
            ("bye", {"Op": name["Bye"], "MsgN": (1 << 64) - 1}),
            ("error", {"Op": name["Error"], "MsgN": 7, "YourMsgN": 9,
                       "ErrCode": 7, "ErrDesc": b"busy"}),
            ("app", {"Op": name["App"], "MsgN": 5,
                     "Contents": b"good morning"}),
            ("app_empty", {"Op": name["App"], "MsgN": 5, "Contents": b""}),
            ("data", {"Op": name["Data"], "Contents": bytes(range(256))}),
            ("eof", {"Op": name["Eof"]}),
            ("suspect", {"Op": name["Suspect"], "MsgN": 6,
                         "ID": v["to_id"]})):
        ok(cluster.encode(msg) == v[key] and cluster.decode(v[key]) == msg,
           key)


def check_limits():
    for field, limit in cluster.LIMITS.items():
        if field in ("Op", "ErrCode"):
            good, bad = {field: limit - 1}, {field: limit}
        else:
            good, bad = {field: bytes(limit)}, {field: bytes(limit + 1)}
        ok(cluster.decode(cluster.encode(dict({"Op": 3}, **good)))
           and malformed(cluster.encode(dict({"Op": 3}, **bad))),
           "%s at its limit, and over it" % field)
    ok(malformed(b"") and malformed(b"\x10\x01"), "no Op")


def main():
    v = ident.vectors("cluster.hex")
    check_hello(v)
    check_messages(v)
    check_limits()
    print("1..%d" % selftest.COUNT)
    return 1 if selftest.FAILED else 0


if __name__ == "__main__":
    sys.exit(main())

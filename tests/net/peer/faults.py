# SPDX-License-Identifier: MIT
"""The ways in which hostile.py can misbehave.

FAULTS maps a name to (statuses, dialects, stage, change): the exit statuses
with which xl-join may answer, the dialects in which it makes sense, where
it strikes, and what it does there. Stages: "hello" (Hello come in; change
gives CLOSE or SILENCE), "reply" (the Reply's bytes), an op name (the answer
to that request, a dict), "wire OP" (that answer's bytes on the wire). A
change gives the new value, or CLOSE, SILENCE, or (bytes, CLOSE): send, then
close. A request may also be answered by a list of dicts.
"""

import os

import pb
from xlwire import DIALECTS

CLOSE, SILENCE = "close", "silence"
OLD, SEALED = ("documented", "prefixed"), ("sealed",)
REQUESTS = ("Member", "Create", "Join", "GetCluster")

ESCAPES = b"\x1b]0;owned\x07\x1b[2J\r\nxl-join: joined\x9b31m\x7f"


def put(**changes):
    """Other values for fields of the message; None takes one away."""
    def change(msg):
        out = dict(msg, **{k: v for k, v in changes.items()
                           if v is not None})
        for key in (k for k, v in changes.items() if v is None):
            out.pop(key, None)
        return out
    return change


def error(text):
    def change(_):
        msg = {"Op": pb.OP["Error"]}
        if text is not None:
            msg["ErrDesc"] = text
        return msg
    return change


def first_token(**changes):
    """Other values in the first token of a roster, another's than ours."""
    def change(msg):
        tokens = msg["Tokens"]
        return dict(msg, Tokens=[put(**changes)(tokens[0])] + tokens[1:])
    return change


def last_token(**changes):
    """The same in the last one, which is ours."""
    def change(msg):
        tokens = msg["Tokens"]
        return dict(msg, Tokens=tokens[:-1] + [put(**changes)(tokens[-1])])
    return change


def damaged_signature(msg):
    sig = msg["Tokens"][0]["DigSig"]
    return first_token(DigSig=sig[:-1] + bytes([sig[-1] ^ 1]))(msg)


def other_key(msg):
    """Our own place, under our name and ID, with someone else's keys."""
    other = msg["Tokens"][0]
    return last_token(SigKey=other["SigKey"], CommsKey=other["CommsKey"],
                      DigSig=None)(msg)


def without_ours(msg):
    return dict(msg, Tokens=msg["Tokens"][:-1],
                Which=(1 << len(msg["Tokens"]) - 1) - 1)


def flipped(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def low_order(reply):
    return bytes(32) + reply[32:]


def table():
    f = {
        # the Hello and its Reply
        "none": ("0", DIALECTS, None, None),
        "bytewise": ("0", DIALECTS, None, None),
        "wrong-version": ("0", DIALECTS, None, None),
        "swapped": ("0", ("documented",), None, None),
        "wrong-salt": ("76", ("documented", "sealed"), None, None),
        "hello-close": ("69", DIALECTS, "hello", lambda _: CLOSE),
        "hello-silence": ("75", DIALECTS, "hello", lambda _: SILENCE),
        "reply-short": ("69,76", DIALECTS, "reply",
                        lambda r: (r[:-1], CLOSE)),
        "reply-long": ("76", DIALECTS, "reply", lambda r: r + b"\0"),
        "reply-flipped": ("76", SEALED, "reply", flipped),
        "reply-garbage": ("76", ("documented", "sealed"), "reply",
                          lambda r: os.urandom(len(r))),
        "reply-low-order": ("76", SEALED, "reply", low_order),
        # the cluster as a whole
        "cluster-id-none": ("76", DIALECTS, "Join", put(ClusterID=None)),
        "cluster-id-19": ("76", DIALECTS, "Join", put(ClusterID=bytes(19))),
        "cluster-id-other": ("76", DIALECTS, "GetCluster",
                             put(ClusterID=bytes(range(32)))),
        "cluster-name-other": ("76", DIALECTS, "Join",
                               put(ClusterName=b"beta")),
        "cluster-name-escape": ("76", DIALECTS, "Join",
                                put(ClusterName=ESCAPES)),
        "create-name-other": ("76", DIALECTS, "Create",
                              put(ClusterName=b"beta")),
        "size-0": ("76", DIALECTS, "Join", put(ClusterMaxSize=0)),
        "size-1": ("76", DIALECTS, "Join", put(ClusterMaxSize=1)),
        "size-65": ("76", DIALECTS, "Join", put(ClusterMaxSize=65)),
        "size-huge": ("76", DIALECTS, "Join", put(ClusterMaxSize=2**32 - 1)),
        "create-size-65": ("76", DIALECTS, "Create",
                           put(ClusterMaxSize=65)),
        "ends-0": ("76", DIALECTS, "Join", put(EndPointCount=0)),
        "ends-3": ("76", DIALECTS, "Join", put(EndPointCount=3)),
        # who we are
        "id-none": ("76", DIALECTS, "Member", put(MemberID=None)),
        "id-19": ("76", DIALECTS, "Member", put(MemberID=bytes(19))),
        "id-33": ("76", SEALED, "Member", put(MemberID=bytes(33))),
        "id-other": ("76", DIALECTS, "Member", put(MemberID=bytes(32))),
        # texts
        "error-escape": ("1", DIALECTS, "Member", error(ESCAPES)),
        "error-long": ("76", SEALED, "Member", error(b"x" * 257)),
        "error-nul": ("1", DIALECTS, "Member", error(b"a\0b")),
        "error-without-text": ("1", DIALECTS, "Member", error(None)),
        # the roster
        "which-one-more": ("76", DIALECTS, "GetCluster",
                           lambda m: put(Which=m["Which"] | 4)(m)),
        "which-unsized": ("76", DIALECTS, "GetCluster", lambda m: put(
            Which=m["Which"] | 4, ClusterSize=None)(m)),
        "which-one-less": ("76", DIALECTS, "GetCluster", put(Which=1)),
        "which-beyond": ("76", DIALECTS, "GetCluster",
                         put(Which=1 | 1 << 63)),
        "which-none": ("76", DIALECTS, "GetCluster", put(Which=None)),
        "roster-size-65": ("76", DIALECTS, "GetCluster",
                           put(ClusterMaxSize=65)),
        "roster-size-0": ("76", DIALECTS, "GetCluster",
                          put(ClusterMaxSize=0)),
        "tokens-65": ("76", SEALED, "GetCluster",
                      lambda m: put(Tokens=[{"Name": b"a"}] * 65)(m)),
        "token-twice": ("76", DIALECTS, "GetCluster", lambda m: put(
            Tokens=[m["Tokens"][-1]] * len(m["Tokens"]))(m)),
        "token-same-name": ("76", DIALECTS, "GetCluster", lambda m:
                            first_token(Name=m["Tokens"][-1]["Name"],
                                        DigSig=None)(m)),
        "token-same-id": ("76", DIALECTS, "GetCluster", lambda m:
                          first_token(ID=m["Tokens"][-1]["ID"])(m)),
        "token-sig-wrong": ("76", DIALECTS, "GetCluster",
                            damaged_signature),
        "token-sig-none": ("0", DIALECTS, "GetCluster",
                           first_token(DigSig=None)),
        "token-extra-field": ("0", DIALECTS, "GetCluster",
                              first_token(_raw=pb.field(77, 2, b"new"))),
        "own-missing": ("75,76", DIALECTS, "GetCluster", without_ours),
        "own-other-key": ("76", DIALECTS, "GetCluster", other_key),
        "error-escape-join": ("1", DIALECTS, "Join", error(ESCAPES)),
        "undecodable": ("75", OLD, "Member", put(_raw=b"\x0a\xff")),
        "undecodable-roster": ("75", OLD, "GetCluster", put(Op=None)),
        # a roster that never comes to an end
        "size-promised": ("0,75,76", DIALECTS, "GetCluster",
                          put(ClusterSize=3)),
        "size-above-max": ("76", DIALECTS, "GetCluster",
                           put(ClusterSize=4)),
        "roster-larger": ("76", DIALECTS, "GetCluster",
                          put(ClusterMaxSize=5)),
        "drip": ("75", DIALECTS, None, None),
        # the goodbye, when all is done
        "close-bye": ("0", DIALECTS, "Bye", lambda _: CLOSE),
        "silence-bye": ("0", SEALED, "Bye", lambda _: SILENCE),
        "error-bye": ("0,76", DIALECTS, "Bye", error(b"no")),
        "extra-reply": ("0,76", SEALED, "Member", lambda m: [m, m]),
    }
    for name, value in (("none", None), ("31", bytes(31)), ("0", b"")):
        f["token-id-" + name] = ("76", DIALECTS, "GetCluster",
                                 first_token(ID=value))
    for name, value in (("none", None), ("escape", ESCAPES),
                        ("dash", b"-rf"), ("slash", b"../x"),
                        ("quote", b"a'b"), ("nul", b"other\0-0")):
        f["token-name-" + name] = ("76", DIALECTS, "GetCluster",
                                   first_token(Name=value, DigSig=None))
    for name, value in (("none", None), ("port-0", [b"127.0.0.1:0"]),
                        ("port-65536", [b"127.0.0.1:65536"]),
                        ("escape", [b"127.0.0.1" + ESCAPES + b":1"]),
                        ("newline", [b"127.0.0.1:7001\nx"])):
        f["token-end-" + name] = ("76", DIALECTS, "GetCluster",
                                  first_token(MyEnds=value, DigSig=None))
    for key in ("CommsKey", "SigKey"):
        for name, value in (("none", None), ("garbage", b"\x30\x82\xff")):
            f["token-%s-%s" % (key.lower(), name)] = (
                "76", DIALECTS, "GetCluster",
                first_token(DigSig=None, **{key: value}))
    for op in REQUESTS:
        f.update(at_each(op))
    f.update(credentials())
    return f


def credentials():
    """What is wrong with the credential that --cred asks for."""
    changes = {
        "none": put(Tokens=None),
        "two": lambda m: put(Tokens=m["Tokens"] * 2)(m),
        "name-escape": first_token(Name=ESCAPES),
        "name-none": first_token(Name=None),
        "id-31": first_token(ID=bytes(31)),
        "id-none": first_token(ID=None),
        "id-other": first_token(ID=bytes(32)),
        "ck-none": first_token(CommsKey=None),
        "ck-garbage": first_token(CommsKey=b"\x30\x03\x02\x01\x00"),
        "ck-other": lambda m: first_token(
            CommsKey=m["Tokens"][0]["SigKey"])(m),
        "sk-other": lambda m: first_token(
            SigKey=m["Tokens"][0]["CommsKey"])(m),
        "end-escape": first_token(MyEnds=[b"127.0.0.1" + ESCAPES + b":1"]),
        "end-none": first_token(MyEnds=None),
        "wrong-op": put(Op=4),
        "version-none": put(Version=None),
    }
    return {"cred-" + name: (
        "0,76" if name == "version-none" else "76", DIALECTS,
        "RegCredRequest", change) for name, change in changes.items()}


def at_each(op):
    """What can go wrong with the answer to any request."""
    at = op.lower().replace("getcluster", "get")
    other = pb.OP["JoinReply" if op == "Member" else "MemberOK"]
    return {
        "wrong-op-" + at: ("76", DIALECTS, op, put(Op=other)),
        "op-99-" + at: ("76", DIALECTS, op, put(Op=99)),
        "request-op-" + at: ("76", DIALECTS, op, put(Op=pb.OP[op])),
        "error-" + at: ("1", DIALECTS, op, error(b"no, because")),
        "close-" + at: ("69", DIALECTS, op, lambda _: CLOSE),
        "silence-" + at: ("75", DIALECTS, op, lambda _: SILENCE),
        "cut-" + at: ("69,76", DIALECTS, "wire " + op,
                      lambda w: (w[:-1], CLOSE)),
        "flipped-" + at: ("76", SEALED, "wire " + op, flipped),
        "garbage-" + at: ("69,76", DIALECTS, "wire " + op,
                          lambda w: (os.urandom(len(w)), CLOSE)),
        "oversize-" + at: ("76", DIALECTS, "wire " + op,
                           lambda w: b"\xff" * 17000),
        "no-op-" + at: ("76", SEALED, op, put(Op=None)),
        "malformed-" + at: ("76", SEALED, op, put(_raw=b"\x0a\xff")),
    }


FAULTS = table()

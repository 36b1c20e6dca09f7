# SPDX-License-Identifier: MIT
"""The ways in which a member that is dialled can misbehave.

REPLY maps a name to what becomes of the Reply: a function of it and the
Hello that gives the bytes to send. ACK maps a name to a function that does
something else than to ack the Hello of a session, and STREAM to one that
does something else than to echo Data on the client port. A name that ends in
-close closes behind it; in all other cases that is for the other side.
"""

import os
import struct

import cluster


def flipped(data):
    return data[:-1] + bytes([data[-1] ^ 1])


REPLY = {
    "hello-close": lambda reply, hello: b"",
    "reply-short-close": lambda reply, hello: reply[:-1],
    "reply-flipped": lambda reply, hello: flipped(reply),
    "reply-key-flipped": lambda reply, hello:
        bytes([reply[0] ^ 1]) + reply[1:],
    "reply-garbage": lambda reply, hello: os.urandom(100),
    "reply-low-order": lambda reply, hello: bytes(32) + reply[32:],
    "reply-echo": lambda reply, hello: hello,
    "reply-older-close": lambda reply, hello: os.urandom(80),
    "reply-and-garbage": lambda reply, hello: reply + b"\x00\x20" +
        os.urandom(32),
    "reply-and-undersize": lambda reply, hello: reply + b"\0\x10" + bytes(16),
    "reply-and-oversize": lambda reply, hello: reply + struct.pack(
        ">H", 16401),
    "reply-close": lambda reply, hello: reply,
}


def sends(op, **fields):
    """A message with the next number, or with the one that is given."""
    def act(conn, _):
        msg = dict({"Op": cluster.OP.get(op, op), "MsgN": 1}, **fields)
        raw(conn, cluster.encode({k: v for k, v in msg.items()
                                  if v is not None}))
    return act


def raw(conn, message):
    conn.put(conn.session.seal(message))


def echo(conn, msg):
    raw(conn, cluster.encode(msg))


def damaged(conn, _):
    conn.put(flipped(conn.session.seal(b"\x08\x02\x10\x01\x20\x01")))


ACK = {
    "ack-of-nothing": sends("Ack"),
    "ack-of-0": sends("Ack", YourMsgN=0),
    "ack-of-2": sends("Ack", YourMsgN=2),
    "ack-of-huge": sends("Ack", YourMsgN=(1 << 64) - 1),
    "ack-numbered-2": sends("Ack", MsgN=2, YourMsgN=1),
    "ack-unnumbered": sends("Ack", MsgN=None, YourMsgN=1),
    "ack-flipped": damaged,
    "ack-undecodable": lambda conn, _: raw(conn, b"\x0a\xff"),
    "ack-without-op": lambda conn, _: raw(conn, b"\x10\x01\x20\x01"),
    "says-nothing-close": lambda conn, _: None,
    "says-hello": echo,
    "says-keepalive": sends("KeepAlive"),
    "says-bye": sends("Bye"),
    "says-error": sends("Error", YourMsgN=1,
                        ErrDesc=b"\x1b]0;owned\x07\r\nxl-member: up"),
    "says-app": sends("App", Contents=b"x"),
    "says-data": sends("Data", MsgN=None, Contents=b"x"),
    "says-eof": sends("Eof", MsgN=None),
    "says-suspect": sends("Suspect", ID=bytes(32)),
    "says-99": sends(99),
}

# To a client's first Data, in place of their echo.
STREAM = {
    "data-close": lambda conn, _: None,
    "data-half-close": lambda conn, _: conn.put(
        conn.session.seal(b"\x08\x07\x42\x05hello")[:-1]),
    "data-flipped": lambda conn, _: conn.put(
        flipped(conn.session.seal(b"\x08\x07\x42\x05hello"))),
    "data-16001": sends("Data", MsgN=None, Contents=bytes(16001)),
    "data-undecodable": lambda conn, _: raw(conn, b"\x0a\xff"),
    "data-as-app": sends("App", MsgN=2, Contents=b"hello"),
    "data-as-keepalive": sends("KeepAlive", MsgN=2),
    "data-as-hello": sends("Hello", MsgN=2, ID=bytes(32)),
    "data-as-error": sends("Error", MsgN=2, YourMsgN=1,
                           ErrDesc=b"\x1b]0;owned\x07\r\nno"),
    # the reason is another message's, and an Ack has none
    "data-as-bare-error": lambda conn, _: (
        sends("Ack", MsgN=2, YourMsgN=1, ErrDesc=b"service unavailable")(
            conn, _),
        sends("Error", MsgN=3)(conn, _)),
    "data-as-99": sends(99),
}

FAULTS = list(REPLY) + list(ACK) + list(STREAM)

# SPDX-License-Identifier: MIT
"""A connection to a registry: sockets beneath xlwire, messages above it."""

import socket
import time

import ident
import pb
import xlwire

CLOSED = {"op": "closed"}
SILENCE = {"op": "silence"}


class Link:
    """Bytes to and from a server, cut as a test asks.

    split N: every write goes out in two sends, the second only after the
    server has read the first; bytewise: one byte a send, in the same way.
    source: the address to come from.
    """

    def __init__(self, address, split=None, bytewise=False, timeout=20,
                 source=None):
        self.sock = socket.create_connection(
            address, timeout, (source, 0) if source else None)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.split, self.bytewise = split, bytewise
        self.was_reset = False

    def send(self, data):
        try:
            pieces = list(self.pieces(data))
            for n, piece in enumerate(pieces):
                self.sock.sendall(piece)
                if n < len(pieces) - 1:
                    wait_read(self.sock)
        except OSError:
            pass  # the server has closed: the next read tells

    def pieces(self, data):
        if self.bytewise:
            for b in data:
                yield bytes([b])
            return
        at = self.split or 0
        yield from (p for p in (data[:at], data[at:]) if p)

    def read(self, timeout=None):
        """Some bytes, b"" when the peer has closed, None for silence."""
        if timeout is not None:
            self.sock.settimeout(timeout)
        try:
            return self.sock.recv(65536)
        except socket.timeout:
            return None
        except OSError:
            self.was_reset = True
            return b""

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.sock.close()


def wait_read(sock):
    """Until the peer has taken what was sent, as the kernel tells it."""
    ends = ["%04X" % end[1] for end in (sock.getpeername(),
                                        sock.getsockname())]
    path = "/proc/net/tcp6" if sock.family == socket.AF_INET6 \
        else "/proc/net/tcp"
    for _ in range(5000):
        if unread(path, *ends) == 0:
            return
        time.sleep(0.0002)


def unread(path, here, there):
    """Bytes that wait in one end of a connection of this machine."""
    with open(path, encoding="ascii") as f:
        for line in f:
            words = line.split()
            if words[1].endswith(":" + here) \
                    and words[2].endswith(":" + there):
                return int(words[4].split(":")[1], 16)
    return 0


class Client:
    """One session with a registry."""

    def __init__(self, cred, dialect, ck=None, sk=None, **link_options):
        self.cred, self.dialect, self.ck, self.sk = cred, dialect, ck, sk
        self.link = Link(cred.address(), **link_options)
        self.session = None
        self.ready = []

    def open(self, change_hello=None, version=None):
        """Hello and Reply; None, or CLOSED or SILENCE."""
        i = xlwire.Initiator(self.dialect, self.cred.ck, version)
        self.hello = i.hello
        hello = change_hello(i.hello) if change_hello else i.hello
        self.link.send(hello)
        reply = b""
        while len(reply) < xlwire.REPLY_LEN[self.dialect]:
            data = self.link.read()
            if not data:
                if reply:
                    raise xlwire.Closed("a Reply of %d bytes" % len(reply))
                return SILENCE if data is None else CLOSED
            reply += data
        self.reply = reply
        self.session = i.finish(reply)
        return None

    def seal(self, msg):
        data = msg if isinstance(msg, bytes) else pb.encode(msg)
        return self.session.seal(data)

    def send(self, msg):
        self.link.send(self.seal(msg))

    def receive(self, timeout=None):
        """The next message with its length on the wire, or how it ended."""
        while not self.ready:
            data = self.link.read(timeout)
            if not data:
                return SILENCE if data is None else CLOSED
            for raw in self.session.feed(data):
                self.ready.append(self.decode(raw))
        return self.ready.pop(0)

    def decode(self, raw):
        msg = pb.decode(raw)
        msg["op"] = pb.OPS.get(msg.get("Op"), "none")
        msg["wire"] = self.session.last_wire
        return msg

    def ask(self, msg):
        self.send(msg)
        return self.receive()

    def member(self, name, attrs=0, node_id=None, ends=(), ck=None, sk=None):
        """A Member message as it should be."""
        token = ident.make_token(ck or self.ck, sk or self.sk, name, attrs,
                                 node_id, ends)
        return self.with_binding({"Op": pb.OP["Member"],
                                  "MemberSpecs": token}, sk or self.sk)

    def with_binding(self, msg, sk):
        if self.dialect == "sealed":
            msg["DigSig"] = ident.sign(sk, "sha256", ident.member_bytes(
                self.session.bind, msg["MemberSpecs"]))
        return msg

    def returning(self, member_id, sk=None):
        digest, data = ident.return_bytes(self.session, member_id,
                                          self.cred.ck)
        return {"Op": pb.OP["Member"], "MemberID": member_id,
                "DigSig": ident.sign(sk or self.sk, digest, data)}

    def close(self):
        self.link.close()


def readable(msg):
    """A message as what JSON can show: names as text, the rest as hex."""
    out = {}
    for key, value in msg.items():
        if key == "Tokens":
            out["count"] = len(value)
            out[key] = [dict(readable(t), signature=ident.token_signature(t))
                        for t in value]
        elif key in ("Name", "MemberName", "ClusterName", "ErrDesc"):
            out[key] = value.decode("utf-8", "backslashreplace")
        elif key == "MyEnds":
            out[key] = [e.decode("utf-8", "backslashreplace") for e in value]
        elif isinstance(value, bytes):
            out[key] = value.hex()
        elif key == "_unknown":
            out[key] = len(value)
        else:
            out[key] = value
    return out

# SPDX-License-Identifier: MIT
"""One connection of member.py, which serves all of them in one loop."""

import socket

import cluster
import memberfaults
import pb
import xlwire


class Conn:
    """One connection: bytes in and out, Hello and Reply, numbered messages.

    Who makes it tells what it is for by three functions: first_message (of
    a responder), message (each one later), and opened (of an initiator).
    """

    count = 0

    def __init__(self, owner, sock, who, initiator=None):
        Conn.count += 1
        self.number = Conn.count
        self.owner, self.sock, self.who = owner, sock, who
        self.initiator, self.session = initiator, None
        self.buf, self.unsent = b"", b""
        self.sent_n = self.got_n = 0
        self.open = self.leaving = self.closed = False
        self.touched = self.struck = False
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log(self, event, *more):
        self.owner.log(event, self.who, "#%d" % self.number, *more)

    # --- bytes ---

    def put(self, data):
        self.unsent += data
        self.flush()

    def flush(self):
        try:
            while self.unsent:
                self.unsent = self.unsent[self.sock.send(self.unsent):]
        except BlockingIOError:
            pass
        except OSError:
            self.close("closed")
            return
        if self.leaving and not self.unsent:
            self.close("closed")
        self.owner.watch(self)

    def close(self, event, *more):
        if self.closed:
            return
        self.closed, self.open = True, False
        self.owner.forget(self)
        self.sock.close()
        self.log(event, *more)

    def readable(self):
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close("closed" if self.touched else "knock")
            return
        self.touched = True
        try:
            self.take(data)
        except (xlwire.Closed, pb.Malformed) as why:
            self.close("bad", str(why).replace(" ", "_"))

    def take(self, data):
        if self.session is None:
            if "mute" in self.owner.modes and self.initiator is None:
                return
            self.buf += data
            data = self.take_reply() if self.initiator else self.take_hello()
        if self.session is None:
            return
        for raw in self.session.feed(data):
            if self.leaving:
                return
            self.take_message(raw)
            if self.closed or self.leaving:
                return

    def take_hello(self):
        size = self.owner.folder.ck.key_size // 8
        if len(self.buf) > size:
            raise xlwire.Closed("bytes behind a Hello")
        if len(self.buf) < size:
            return b""
        reply, session = xlwire.answer(self.buf, self.owner.folder.ck)
        if session.dialect != "sealed":
            raise xlwire.Closed("dialect " + session.dialect)
        self.session = session
        change = memberfaults.REPLY.get(self.owner.fault)
        self.put(change(reply, self.buf) if change else reply)
        if change:
            self.strike()
        return b""

    def strike(self):
        """The fault of this run has been done."""
        self.struck = True
        self.log("struck", self.owner.fault)
        if self.owner.fault.endswith("-close"):
            self.leave("fault")

    def take_reply(self):
        if len(self.buf) < xlwire.REPLY_LEN["sealed"]:
            return b""
        reply, rest = self.buf[:100], self.buf[100:]
        self.session = self.initiator.finish(reply)
        self.opened(self)
        return rest

    # --- messages ---

    def send(self, op, **fields):
        msg = dict(fields, Op=cluster.OP[op])
        if op not in cluster.UNNUMBERED:
            self.sent_n += 1
            msg["MsgN"] = self.sent_n
        self.put(self.session.seal(cluster.encode(msg)))
        return self.sent_n

    def error(self, text, **fields):
        self.send("Error", ErrDesc=text, **fields)

    def take_message(self, raw):
        try:
            msg = cluster.decode(raw)
        except pb.Malformed:
            if self.initiator is None and self.got_n == 0:
                raise xlwire.Closed("malformed first message")
            self.error(b"malformed message")
            self.leave("malformed")
            return
        op = cluster.op_name(msg)
        if op not in cluster.UNNUMBERED:
            self.got_n += 1
            if msg.get("MsgN") != self.got_n:
                raise xlwire.Closed("MsgN %s, not %d" % (
                    msg.get("MsgN"), self.got_n))
        self.message(self, op, msg)

    def leave(self, why):
        """Closes when all is sent."""
        self.log("leave", why)
        self.leaving = True
        self.flush()

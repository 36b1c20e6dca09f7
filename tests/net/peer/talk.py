# SPDX-License-Identifier: MIT
"""One session with a member, as its initiator: blocking, numbered, and as
wrong as a test asks."""

import socket

import cluster
import link
import pb
import xlwire


class Talk:
    """A connection to address, whose owner's key is ck."""

    def __init__(self, address, ck, source=None, timeout=20):
        self.link = link.Link(address, source=source, timeout=timeout)
        self.ck, self.session = ck, None
        self.sent_n = self.got_n = 0
        self.got = b""
        self.ready = []

    def start(self):
        """Sends a Hello."""
        self.initiator = xlwire.Initiator("sealed", self.ck)
        self.link.send(self.initiator.hello)

    def finish(self):
        """Takes the Reply; False when the other end closed before it."""
        while len(self.got) < xlwire.REPLY_LEN["sealed"]:
            data = self.link.read()
            if not data:
                return False
            self.got += data
        reply, self.got = self.got[:100], self.got[100:]
        self.session = self.initiator.finish(reply)
        for raw in self.session.feed(self.got):
            self.ready.append(raw)
        return True

    def open(self):
        self.start()
        if not self.finish():
            raise xlwire.Closed("no Reply")
        return self

    # --- messages ---

    def number(self, op, fields):
        """A message with the next MsgN."""
        msg = dict(fields, Op=cluster.OP.get(op, op))
        if op not in cluster.UNNUMBERED and "MsgN" not in fields:
            self.sent_n += 1
            msg["MsgN"] = self.sent_n
        return {k: v for k, v in msg.items() if v is not None}

    def seal(self, op, **fields):
        """Fields that are None are left out."""
        return self.session.seal(cluster.encode(self.number(op, fields)))

    def send(self, op, **fields):
        self.link.send(self.seal(op, **fields))
        return self.sent_n

    def send_raw(self, message):
        self.link.send(self.session.seal(message))

    def receive(self):
        """The next message as (name, dict), or ("closed" or "silence", {}).
        What a member asks of its own accord is answered and passed over."""
        while True:
            op, msg = self.receive_any()
            if op not in ("KeepAlive", "Suspect"):
                return op, msg
            self.send("Ack", YourMsgN=self.got_n)

    def receive_any(self):
        while not self.ready:
            data = self.link.read()
            if data:
                self.ready += self.session.feed(data)
            elif self.session.buf:
                return "%d bytes" % len(self.session.buf), {}
            else:
                return "silence" if data is None else self.end(), {}
        msg = cluster.decode(self.ready.pop(0))
        op = cluster.op_name(msg)
        if op not in cluster.UNNUMBERED:
            self.got_n += 1
            if msg.get("MsgN") != self.got_n:
                return "%s with MsgN %s" % (op, msg.get("MsgN")), msg
        return op, msg

    def next_is(self, wanted):
        """The next message in words: its name; of an Error its text too."""
        name, msg = self.receive()
        if name == "Error" and msg.get("YourMsgN", wanted) != wanted > 0:
            return "Error of %d, not %d" % (msg["YourMsgN"], wanted)
        if name == "Error":
            return "Error " + msg.get("ErrDesc", b"").decode("utf-8",
                                                            "replace")
        if name == "Ack" and msg.get("YourMsgN") != wanted:
            return "Ack of %s, not %d" % (msg.get("YourMsgN"), wanted)
        return name

    def ask(self, op, **fields):
        return self.next_is(self.send(op, **fields))

    def raw_end(self):
        """How it ends before any message: "closed", or what came."""
        if self.session is not None:
            return self.next_is(0)
        while True:
            data = self.link.read()
            if data is None:
                return "silence"
            if not data:
                break
            self.got += data
        return "%d bytes" % len(self.got) if self.got else self.end()

    def end(self):
        """How the other end has closed: a reset tells that bytes of ours
        were not read."""
        return "reset" if self.link.was_reset else "closed"

    def half_close(self):
        try:
            self.link.half_close()
        except OSError:
            pass  # the other end was quicker

    def close(self):
        self.link.close()

    def reset(self):
        """Closes so that the other end reads an error."""
        self.link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  b"\1\0\0\0\0\0\0\0")
        self.link.close()

#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""A member of a cluster that does what it is told, to test xl-member.

member.py -d DIR [options] [COMMAND...]

Listens on the cluster port of the node in DIR, and on its client port if
there is --clients; keeps to the protocol but for what the commands say, and
never dials, keeps alive, suspects or says Bye by itself. Commands come from
the arguments and then from --commands FIFO, one a line; NAME is a member or
#N, one of its connections:

  knock NAME        connect and close
  dial NAME         connect, Hello, wait for its Ack
  half NAME         connect and exchange Hello and Reply, nothing more
  send NAME TEXT    App
  flood NAME N      N App messages at once
  keepalive NAME    suspect NAME OTHER    data NAME TEXT
  bye NAME          and close when the Ack is there
  drop NAME         close without a word
  hang, resume      answer nothing; from now on again
  deaf, hear        do not read at all
  busy, idle        answer App with Error busy
  mute, speak       leave the Hello of new connections unanswered
  slam, open        close new connections at once
  refuse, listen    close the listening socket; open it again
  fault NAME        of memberfaults.py, to who dials from now on; or none
  echo TEXT         into the log
  quit              Bye to all, and end

The log on standard output is one line an event: what it is, NAME, #N, and
more: accept, knock (a connection closed before a byte came), open in|out,
recv OP MsgN ..., closed, bad WHY (ours to close), refused, ran COMMAND.
"""

import argparse
import errno
import os
import selectors
import socket
import sys

import cluster
import ident
import memberfaults
import xlwire
from conn import Conn

# Each begins by a command of its name, and ends by the one in front.
MODES = {"resume": "hang", "hear": "deaf", "idle": "busy", "speak": "mute",
         "open": "slam"}


def listen_at(end, backlog=128):
    sock = socket.socket(socket.AF_INET6 if ":" in end[0] else
                         socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(end)
    sock.listen(backlog)
    sock.setblocking(False)
    return sock


def end(sock):
    """Closes; who still sends gets an end all the same, and no reset."""
    try:
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # it is gone
    sock.close()


class Cluster:
    """What is said on the cluster port."""

    def __init__(self, owner):
        self.owner, self.folder = owner, owner.folder
        self.roster = owner.folder.roster

    def accept(self, sock, address):
        who = self.roster.find(address=address[0])
        if who is None:
            self.owner.log("stranger", address[0])
            end(sock)
            return
        if "slam" in self.owner.modes:
            self.owner.log("slammed", who.name)
            sock.close()
            return
        conn = Conn(self.owner, sock, who.name)
        conn.message = self.first
        self.owner.add(conn)
        conn.log("accept")

    def dial(self, name, then):
        who = self.roster.find(name=name)
        sock = socket.socket()
        sock.settimeout(10)
        sock.bind((self.folder.ends[0][0], 0))
        try:
            sock.connect(who.ends[0])  # here, it is there or it is not
        except OSError as why:
            sock.close()
            self.owner.log("refused", name, errno.errorcode.get(why.errno, "timeout"))
            return
        if then is None:
            sock.close()
            return
        i = xlwire.Initiator("sealed", who.ck)
        conn = Conn(self.owner, sock, name, i)
        conn.opened, conn.message = then, self.wait_ack
        self.owner.add(conn)
        conn.put(i.hello)

    def half(self, conn):
        conn.log("half")

    def hello(self, conn):
        who = self.roster.find(name=conn.who)
        msg = cluster.peer_hello(self.folder.sk, conn.session.bind,
                                 self.roster.id, self.folder.id, who.id)
        del msg["Op"], msg["MsgN"]
        conn.send("Hello", **msg)

    def wait_ack(self, conn, op, msg):
        if op != "Ack" or msg.get("YourMsgN") != 1:
            raise xlwire.Closed(op + " in place of Ack")
        self.now_open(conn, "out")

    def now_open(self, conn, direction):
        """One that dials again has lost the session before."""
        conn.message, conn.direction = self.message, direction
        for old in [c for c in self.owner.conns if c.open and
                    (c.who, c.direction) == (conn.who, direction)]:
            old.send("Bye")
            old.leave("replaced")
        conn.open = True
        conn.log("open", direction)

    def first(self, conn, op, msg):
        """The Hello of who has dialled."""
        who = self.roster.find(id=msg.get("ID"))
        if op != "Hello" or who is None or who is self.roster.own or \
                msg.get("ClusterID") != self.roster.id:
            raise xlwire.Closed(op + " as the first message")
        if not ident.verifies(who.sk, "sha256", msg.get("DigSig", b""),
                              cluster.peer_bytes(
                                  conn.session.bind, self.roster.id, who.id,
                                  self.folder.id)):
            raise xlwire.Closed("signature")
        conn.who = who.name
        fault = memberfaults.ACK.get(self.owner.fault)
        if fault:
            fault(conn, msg)
            conn.strike()
            return
        conn.send("Ack", YourMsgN=1)
        self.now_open(conn, "in")

    def message(self, conn, op, msg):
        conn.log("recv", op, msg.get("MsgN", "-"), *self.details(op, msg))
        if "hang" in self.owner.modes:
            return
        if op in ("KeepAlive", "Suspect"):
            conn.send("Ack", YourMsgN=conn.got_n)
        elif op == "App" and "busy" in self.owner.modes:
            conn.error(b"busy", YourMsgN=conn.got_n)
        elif op == "App":
            conn.send("Ack", YourMsgN=conn.got_n)
        elif op == "Bye":
            conn.send("Ack", YourMsgN=conn.got_n)
            conn.leave("Bye")
        elif op == "Ack":
            if conn.sent_bye and msg.get("YourMsgN") == conn.sent_bye:
                conn.leave("Ack")
        elif op != "Error":
            conn.error(b"invalid message", YourMsgN=conn.got_n)
            conn.leave(op)

    def details(self, op, msg):
        if op == "Suspect":
            who = self.roster.find(id=msg.get("ID"))
            return [who.name if who else msg.get("ID", b"").hex() or "-"]
        if op == "App":
            text = msg.get("Contents", b"")
            return [str(len(text)), printable(text[:60])]
        if op in ("Ack", "Error"):
            return [str(msg.get("YourMsgN", "-")),
                    printable(msg.get("ErrDesc", b""))]
        return []


class Clients:
    """What is said on the client port: the service is an echo."""

    def __init__(self, owner, listed):
        self.owner, self.listed = owner, None
        if listed != "any":
            with open(listed, encoding="ascii") as f:
                keys = [ident.parse_ssh_line(line) for line in f
                        if line.strip()]
            self.listed = {cluster.client_id(k): k for k in keys}

    def accept(self, sock, address):
        conn = Conn(self.owner, sock, "client")
        conn.message = self.first
        conn.heard_eof = False
        self.owner.add(conn)
        conn.log("accept", address[0])

    def first(self, conn, op, msg):
        if op != "Hello" and self.listed is None:
            conn.message = self.message
            self.message(conn, op, msg)
            return
        if op != "Hello":
            raise xlwire.Closed(op + " as the first message")
        if self.listed is not None:
            key = self.listed.get(msg.get("ID"))
            if key is None or not ident.verifies(
                    key, "sha256", msg.get("DigSig", b""),
                    cluster.client_bytes(conn.session.bind,
                                         self.owner.folder.id)):
                raise xlwire.Closed("client")
        conn.message = self.message
        fault = memberfaults.ACK.get(self.owner.fault)
        if fault:
            fault(conn, msg)
            conn.strike()
            return
        conn.send("Ack", YourMsgN=1)
        conn.log("open", "in")

    def message(self, conn, op, msg):
        fault = memberfaults.STREAM.get(self.owner.fault)
        if op == "Data" and fault:
            if not conn.struck:
                fault(conn, msg)
                conn.strike()
        elif op == "Data" and not conn.heard_eof:
            conn.send("Data", Contents=msg.get("Contents", b""))
        elif op == "Eof" and not conn.heard_eof:
            conn.heard_eof = True
            conn.send("Eof")
            conn.leave("Eof")
        else:
            raise xlwire.Closed(op + " on the client port")


def printable(data):
    return "".join(chr(b) if 32 < b < 127 else "%%%02X" % b for b in data)


class Owner:
    """The loop, the sockets, and the commands."""

    def __init__(self, folder, clients=None):
        self.folder = folder
        self.ended = False
        self.modes = set()
        self.fault = "none"
        self.conns = []
        self.selector = selectors.DefaultSelector()
        self.cluster = Cluster(self)
        self.listeners = {}
        self.clients = Clients(self, clients) if clients else None
        self.command_listen()
        if self.clients:
            self.listen("clients", folder.ends[1], self.clients.accept)

    def log(self, *words):
        print(*words, flush=True)

    # --- sockets ---

    def listen(self, name, end, accept):
        sock = listen_at(end)
        self.listeners[name] = sock
        self.selector.register(sock, selectors.EVENT_READ,
                               lambda _: self.accept(sock, accept))

    def accept(self, listener, then):
        try:
            sock, address = listener.accept()
        except OSError:
            return
        then(sock, address)

    def add(self, conn):
        conn.sent_bye = None
        self.conns.append(conn)
        self.selector.register(conn.sock, self.interest(conn),
                               lambda mask: self.serve(conn, mask))

    def interest(self, conn):
        mask = selectors.EVENT_WRITE if conn.unsent else 0
        return mask if "deaf" in self.modes else mask | selectors.EVENT_READ

    def watch(self, conn):
        if conn.closed:
            return
        mask = self.interest(conn)
        known = conn.sock in self.selector.get_map()
        if mask and known:
            self.selector.modify(conn.sock, mask,
                                 lambda m: self.serve(conn, m))
        elif mask:
            self.selector.register(conn.sock, mask,
                                   lambda m: self.serve(conn, m))
        elif known:
            self.selector.unregister(conn.sock)

    def serve(self, conn, mask):
        if mask & selectors.EVENT_WRITE:
            conn.flush()
        if mask & selectors.EVENT_READ and not conn.closed:
            conn.readable()

    def forget(self, conn):
        self.conns.remove(conn)
        if conn.sock in self.selector.get_map():
            self.selector.unregister(conn.sock)

    def run(self):
        while not self.ended:
            for key, mask in self.selector.select():
                key.data(mask)

    # --- commands ---

    def read_commands(self, path):
        # both ways open, so that there is no end of file
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.pending = b""
        self.selector.register(fd, selectors.EVENT_READ,
                               lambda _: self.take_commands(fd))

    def take_commands(self, fd):
        self.pending += os.read(fd, 4096)
        *lines, self.pending = self.pending.split(b"\n")
        for line in lines:
            self.command(line.decode())

    def command(self, line):
        word, *args = line.split(" ", 2)
        if not self.switch(word):
            getattr(self, "command_" + word)(*args)
        self.log("ran", line)

    def switch(self, word):
        """Begins or ends a mode; False: the word is none of these."""
        if word in MODES.values():
            self.modes.add(word)
        elif word in MODES:
            self.modes.discard(MODES[word])
        else:
            return False
        for conn in self.conns:
            self.watch(conn)
        return True

    def conn(self, name):
        """The latest open connection with this member, or that number."""
        for conn in reversed(self.conns):
            if "#%d" % conn.number == name or conn.open and conn.who == name:
                return conn
        raise SystemExit("member.py: no session with " + name)

    def command_knock(self, name):
        self.cluster.dial(name, None)

    def command_dial(self, name):
        self.cluster.dial(name, self.cluster.hello)

    def command_half(self, name):
        self.cluster.dial(name, self.cluster.half)

    def command_send(self, name, text):
        self.conn(name).send("App", Contents=text.encode())

    def command_flood(self, name, count):
        conn = self.conn(name)
        for n in range(int(count)):
            conn.send("App", Contents=b"flood %d" % n)

    def command_keepalive(self, name):
        self.conn(name).send("KeepAlive")

    def command_suspect(self, name, other):
        who = self.folder.roster.find(name=other)
        self.conn(name).send("Suspect", ID=who.id)

    def command_data(self, name, text):
        self.conn(name).send("Data", Contents=text.encode())

    def command_bye(self, name):
        conn = self.conn(name)
        conn.sent_bye = conn.send("Bye")

    def command_drop(self, name):
        self.conn(name).close("dropped")

    def command_refuse(self):
        sock = self.listeners.pop("cluster")
        self.selector.unregister(sock)
        sock.close()

    def command_listen(self):
        self.listen("cluster", self.folder.ends[0], self.cluster.accept)

    def command_fault(self, name):
        if name != "none" and name not in memberfaults.FAULTS:
            raise SystemExit("member.py: no such fault: " + name)
        self.fault = name

    def command_echo(self, *words):
        pass

    def command_quit(self):
        for conn in self.conns:
            if conn.open:
                conn.send("Bye")
        self.ended = True


def parser():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("-d", dest="dir")
    p.add_argument("--commands", metavar="FIFO")
    p.add_argument("--clients", metavar="FILE", help="ssh-rsa lines, or any")
    p.add_argument("--list", action="store_true", help="the faults")
    p.add_argument("command", nargs="*")
    return p


def main():
    options = parser().parse_args()
    if options.list:
        print("\n".join(memberfaults.FAULTS))
        return 0
    owner = Owner(cluster.Folder(options.dir), options.clients)
    if options.commands:
        owner.read_commands(options.commands)
    owner.log("ready", owner.folder.name)
    for command in options.command:
        owner.command(command)
    owner.run()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        pass

#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""A registry that is faithful until told otherwise, to test xl-join.

hostile.py --cred FILE [--port N] [--fault NAME] [--members N]
hostile.py --list

Writes its credential to FILE, prints "ready PORT" and serves on 127.0.0.1
until it is ended. --members: how many others are in each new cluster
already. --fault-file names a file with "NAME [N]", read anew for each
connection; another text than before makes the registry forget all, but for
--remember. --list prints each fault with the exit statuses that xl-join may
give, the dialects in which it makes sense, and where it strikes.
"""

import argparse
import socket
import sys
import threading
import time

import ident
import link
import pb
import xlwire
from faults import CLOSE, FAULTS, SILENCE
from registry import Refused, Registry, check_limits


class Conn:
    """One connection, served by a thread of its own."""

    def __init__(self, sock, registry, options, lock):
        self.sock, self.registry, self.options = sock, registry, options
        self.lock = lock
        self.fault = options.fault
        self.split = options.split
        if options.fault_file:
            self.fault = read_fault(options, registry)
            self.split = options.split
        _, _, self.stage, self.change = FAULTS[self.fault]
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def serve(self):
        try:
            self.talk()
        except (xlwire.Closed, pb.Malformed, OSError) as why:
            if self.options.verbose:
                print("closed: %r" % why, file=sys.stderr, flush=True)
        finally:
            self.sock.close()

    def bent(self, stage, value):
        """value as the fault of this run changes it at this stage."""
        return self.change(value) if stage == self.stage else value

    def put(self, data):
        """Sends; False when the fault ends the conversation here."""
        if data == SILENCE:
            while self.sock.recv(65536):
                pass
            return False
        if data == CLOSE:
            return False
        data, then = data if isinstance(data, tuple) else (data, None)
        self.put_pieces(data)
        if then == CLOSE:
            self.sock.shutdown(socket.SHUT_WR)
            while self.sock.recv(65536):
                pass
        return then != CLOSE

    def put_pieces(self, data):
        if self.fault in ("bytewise", "drip"):
            for b in data:
                self.sock.sendall(bytes([b]))
                if self.fault == "drip":
                    time.sleep(0.1)
            return
        if 0 < self.split < len(data):
            self.sock.sendall(data[:self.split])
            link.wait_read(self.sock)
            data = data[self.split:]
        self.sock.sendall(data)

    def read_hello(self):
        size = self.registry.ck.key_size // 8
        hello = b""
        while len(hello) < size:
            data = self.sock.recv(65536)
            if not data:
                raise xlwire.Closed("end of file in Hello")
            hello += data
        if len(hello) > size:
            raise xlwire.Closed("bytes behind a Hello")
        return hello

    def talk(self):
        hello = self.read_hello()
        version = "254.253.252.251" if self.fault == "wrong-version" else None
        reply, session = xlwire.answer(hello, self.registry.ck, version,
                                       self.fault)
        if self.options.dialects and \
                session.dialect not in self.options.dialects:
            return
        ended = self.bent("hello", b"")
        if ended and not self.put(ended):
            return
        if not self.put(self.bent("reply", reply)):
            return
        state = {"session": session}
        while True:
            data = self.sock.recv(65536)
            if not data:
                return
            messages = list(session.feed(data))
            if session.dialect != "sealed" and messages and \
                    (len(messages) > 1 or session.buf):
                raise xlwire.Closed("a second message before the answer")
            for raw in messages:
                if not self.answer(state, raw):
                    return

    def answer(self, state, raw):
        """Answers one message; False when that was the last one."""
        session = state["session"]
        try:
            msg = pb.decode(raw)
            check_limits(msg)
        except pb.Malformed:
            if session.dialect != "sealed":
                return self.put(SILENCE)
            self.put(session.seal(pb.encode(
                {"Op": pb.OP["Error"], "ErrDesc": b"malformed message"})))
            return False
        op = pb.OPS.get(msg.get("Op"), "none")
        if self.options.verbose:
            print("%s: %s" % (session.dialect, op), file=sys.stderr,
                  flush=True)
        last = op == "Bye"
        try:
            with self.lock:
                reply = self.registry.handle(state, msg)
        except Refused as why:
            reply = {"Op": pb.OP["Error"], "ErrDesc": str(why).encode()}
            last = True
        reply = self.bent(op, reply)
        if reply in (CLOSE, SILENCE):
            return self.put(reply)
        for one in reply if isinstance(reply, list) else [reply]:
            wire = session.seal(pb.encode(one))
            if not self.put(self.bent("wire " + op, wire)):
                return False
        return not last


def read_fault(options, registry):
    text = ""
    while not text:  # it may be about to be written
        with open(options.fault_file, encoding="ascii") as f:
            text = f.read().strip()
    if text != options.fault:
        options.fault = text
        if not options.remember:
            registry.forget()
    fault, _, split = text.partition(" ")
    options.split = int(split or 0)
    return fault


def listen(options, registry):
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", options.port))
    server.listen(256)
    port = server.getsockname()[1]
    end = "127.0.0.1:%d" % port
    registry.ends = [end.encode()]
    if options.cred:
        ident.write_cred(options.cred, registry.name.decode(), registry.id,
                         registry.ck, registry.sk, [end])
    return server, port


def serve(server, registry, options):
    lock = threading.Lock()
    while True:
        try:
            sock, _ = server.accept()
        except OSError:
            return  # closed by a test in this process
        conn = Conn(sock, registry, options, lock)
        threading.Thread(target=conn.serve, daemon=True).start()


def parser():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cred")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--ck", default="rsa2048-1", help="KEY of tests/data, PEM")
    p.add_argument("--sk", default="rsa2048-2")
    p.add_argument("--fault", choices=sorted(FAULTS), default="none",
                   metavar="NAME")
    p.add_argument("--fault-file")
    p.add_argument("--remember", action="store_true",
                   help="forget nothing when --fault-file changes")
    p.add_argument("--split", type=int, default=0, metavar="N",
                   help="cut every write in two behind N bytes")
    p.add_argument("--members", type=int, default=0)
    p.add_argument("--dialects", type=lambda s: s.split(","))
    p.add_argument("--verbose", action="store_true")
    p.add_argument("--list", action="store_true")
    return p


def main():
    options = parser().parse_args()
    if options.list:
        for name, (statuses, dialects, stage, _) in FAULTS.items():
            print(name, statuses, ",".join(dialects), stage or "-")
        return 0
    registry = Registry(ident.load_key(options.ck),
                        ident.load_key(options.sk), members=options.members)
    server, port = listen(options, registry)
    print("ready %d" % port, flush=True)
    try:
        serve(server, registry, options)
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Joins without end, and a look at whether all that was acknowledged is there.

load.py load --cred regCred.dat --out FILE [--threads N] [--until TEXT]
        [--count N]
    Nodes join clusters of 64, made as they are needed. Each JoinReply becomes
    a line of FILE: cluster, member, ID. When the registry is gone it reads
    the credential again and goes on with the next. An Error with TEXT ends
    it with status 0; any other Error with 1. Ends after N joins.

load.py hold --cred regCred.dat --count N [--known]
    Opens N sessions, of nodes that say who they are if known, and holds them
    until its standard input ends; then each asks something, and unless all
    are answered it ends with 1.

load.py hello --cred regCred.dat --dialect DIALECT --count N
    Opens N sessions one after the other and closes each at once.

load.py flood --cred regCred.dat --dialect DIALECT --count N
    Makes N Hellos, then opens as many sessions with them, 64 at a time, and
    prints how many were opened in a second.

load.py check --cred regCred.dat --out FILE
    Prints how many of FILE's members are in their clusters, and those that
    are not, as comments of TAP. Ends with 1 unless all are there, each once.
"""

import argparse
import os
import selectors
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "peer"))

import ident  # noqa: E402
import link   # noqa: E402
import pb     # noqa: E402
import xlwire  # noqa: E402

SIZE = 64
AT_ONCE = 64
GONE = (OSError, xlwire.Closed, IndexError, ValueError)


class Over(Exception):
    """An Error came: its text."""


class Load:
    def __init__(self, o):
        self.o = o
        self.ck, self.sk = ident.load_key("rsa2048-3"), ident.load_key(
            "rsa2048-4")
        self.lock = threading.Lock()
        self.over = None
        self.left = o.count or float("inf")
        self.out = open(o.out, "a", encoding="ascii")

    def ask(self, c, msg):
        r = c.ask(msg)
        if r["op"] == "Error":
            raise Over(r["ErrDesc"].decode())
        if r["op"] in ("closed", "silence"):
            raise xlwire.Closed(r["op"])
        return r

    def join(self, cluster, name):
        c = link.Client(ident.Cred(self.o.cred), "sealed", self.ck, self.sk)
        try:
            if c.open() is not None:
                raise xlwire.Closed("Hello")
            me = self.ask(c, c.member(name, 0, os.urandom(32),
                                      [b"127.0.0.1:7001"]))["MemberID"]
            self.ask(c, {"Op": pb.OP["Create"], "ClusterName": cluster,
                         "ClusterMaxSize": SIZE})
            self.ask(c, {"Op": pb.OP["Join"], "ClusterName": cluster})
        finally:
            c.close()
        with self.lock:
            print(cluster.decode(), name.decode(), me.hex(), file=self.out,
                  flush=True)
            self.left -= 1

    def run(self, thread):
        count = 0
        while self.over is None and self.left > 0:
            # a join that was lost may have got its place: names differ
            cluster = b"load-%d-%d" % (thread, count // SIZE)
            try:
                self.join(cluster, b"n%d" % count)
            except Over as why:
                self.over = str(why)
            except GONE:
                time.sleep(0.01)
            count += 1

    def main(self):
        threads = [threading.Thread(target=self.run, args=(n,))
                   for n in range(self.o.threads)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if self.over != self.o.until:
            print("load.py: " + self.over, file=sys.stderr)
            return 1
        return 0


def roster(c, cluster):
    """Name and ID of every member of a cluster, in hex."""
    members, missing = [], (1 << SIZE) - 1
    while missing:
        r = c.ask({"Op": pb.OP["GetCluster"], "ClusterName": cluster.encode(),
                   "Which": missing})
        if r["op"] != "ClusterMembers" or not r.get("Which"):
            break
        missing &= ~r["Which"]
        members += [(t["Name"].decode(), t["ID"].hex()) for t in r["Tokens"]]
    return members


def hold(o):
    key = ident.load_key("rsa2048-5")
    held = [link.Client(ident.Cred(o.cred), "sealed", key, key)
            for _ in range(o.count)]
    for c in held:
        c.open()
        if o.known:
            c.ask(c.member(b"holder"))
    print("held", flush=True)
    sys.stdin.read()
    answers = [c.ask({"Op": pb.OP["RegCredRequest"]})["op"] for c in held]
    return 0 if set(answers) == {"RegCredReply"} else 1


def hello(o):
    cred = ident.Cred(o.cred)
    for _ in range(o.count):
        c = link.Client(cred, o.dialect)
        if c.open() is not None:
            return 1
        c.close()
    return 0


def flood(o):
    cred = ident.Cred(o.cred)
    hellos = [xlwire.Initiator(o.dialect, cred.ck, None).hello
              for _ in range(o.count)]
    ready = selectors.DefaultSelector()
    opened = 0
    began = time.monotonic()
    while hellos or ready.get_map():
        while hellos and len(ready.get_map()) < AT_ONCE:
            s = socket.create_connection(cred.address())
            s.sendall(hellos.pop())
            ready.register(s, selectors.EVENT_READ)
        for key, _ in ready.select():
            ready.unregister(key.fileobj)
            opened += len(key.fileobj.recv(4096)) > 0
            key.fileobj.close()
    print("%.0f" % (opened / (time.monotonic() - began)))
    return 0 if opened == o.count else 1


def check(o):
    with open(o.out, encoding="ascii") as f:
        lines = [line.split() for line in f]
    key = ident.load_key("rsa2048-5")
    c = link.Client(ident.Cred(o.cred), "sealed", key, key)
    c.open()
    c.ask(c.member(b"checker", 5))
    rosters = {name: roster(c, name) for name in {x[0] for x in lines}}
    lost = [x for x in lines if rosters[x[0]].count((x[1], x[2])) != 1]
    print("#", len(lines) - len(lost), "of", len(lines), "are there")
    for x in lost:
        print("# lost:", *x)
    return 1 if lost or not lines else 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("job", choices=("load", "hold", "hello", "flood",
                                   "check"))
    p.add_argument("--cred", required=True)
    p.add_argument("--out")
    p.add_argument("--threads", type=int, default=4)
    p.add_argument("--until")
    p.add_argument("--dialect", choices=xlwire.DIALECTS, default="sealed")
    p.add_argument("--count", type=int, default=0)
    p.add_argument("--known", action="store_true")
    o = p.parse_args()
    if o.job == "load":
        return Load(o).main()
    return {"hold": hold, "hello": hello, "flood": flood,
            "check": check}[o.job](o)


if __name__ == "__main__":
    sys.exit(main())

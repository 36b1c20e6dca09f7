#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Behaves like the published Go clients, of 2014 and of 2015 and later.

goclient.py --cred FILE --generation 2014|2015 [--members N] [--name C]

They register an admin node first (Attrs 7, no end points) to Create, put
the first field of their version first on the wire whatever the dialect,
take what one read returns for one message, cannot take more than 16,384
bytes, and ask for Which = 2^size - 1, then for what is still missing, at
most 32 times. 2014: documented, no NodeID, end points with "TcpEndPoint: ",
joins by name. 2015: prefixed, a NodeID of 20 bytes, joins by ID.
Prints one JSON line with what the last member saw.
"""

import argparse
import json
import os
import sys
import threading

import ident
import link
import pb
import xlwire

KEYS = ["rsa2048-%d" % n for n in (3, 4, 5, 6, 7, 8)] + ["rsa2048-e3"]


class Failed(Exception):
    """A Go client would have failed here."""


class GoClient(link.Client):
    """One read is one message, whatever the read returns."""

    def receive(self, timeout=None):
        data = self.link.sock.recv(16384)
        if not data:
            return link.CLOSED
        messages = list(self.session.feed(data))
        if len(messages) != 1 or self.session.buf:
            raise Failed("one read of %d bytes was not one message"
                         % len(data))
        return self.decode(messages[0])

    def want(self, op, msg):
        reply = self.ask(msg)
        if reply["op"] != op:
            raise Failed("%s, not %s" % (link.readable(reply), op))
        return reply


class Node:
    def __init__(self, o, number):
        self.o, self.number = o, number
        self.old = o.generation == "2014"
        key = KEYS[number % len(KEYS)] if self.old else KEYS[1]
        self.keys = ident.load_key("rsa2048-3"), ident.load_key(key)
        self.id = None if self.old else os.urandom(20)
        self.tokens = {}

    def open(self):
        dialect = "documented" if self.old else "prefixed"
        c = GoClient(ident.Cred(self.o.cred), dialect, *self.keys,
                     timeout=self.o.timeout)
        # 1.0.0.0 with 1 first, which reads as 0.0.0.1 in documented
        version = "0.0.0.1" if self.old else "1.0"
        if c.open(version=version) is not None:
            raise Failed("Hello not answered")
        return c

    def create(self):
        c = self.open()
        c.want("MemberOK", c.member(b"admin", 7, self.id))
        reply = c.want("CreateReply", {
            "Op": pb.OP["Create"], "ClusterName": self.o.name,
            "ClusterMaxSize": self.o.members, "ClusterAttrs": 0,
            "EndPointCount": 1})
        c.want("Ack", {"Op": pb.OP["Bye"]})
        c.close()
        return reply["ClusterID"]

    def join(self, cluster_id):
        self.client = c = self.open()
        end = b"127.0.0.1:%d" % (7001 + self.number)
        end = b"TcpEndPoint: " + end if self.old else end
        c.want("MemberOK", c.member(b"go-%02d" % self.number, 0, self.id,
                                    [end]))
        where = {"ClusterName": self.o.name} if self.old else \
            {"ClusterID": cluster_id}
        reply = c.want("JoinReply", dict(where, Op=pb.OP["Join"]))
        if reply["ClusterID"] != cluster_id:
            raise Failed("another cluster")

    def poll(self, cluster_id):
        missing = (1 << self.o.members) - 1
        for _ in range(32):
            reply = self.client.want("ClusterMembers", {
                "Op": pb.OP["GetCluster"], "ClusterID": cluster_id,
                "Which": missing})
            bits = [n for n in range(64) if reply["Which"] >> n & 1]
            self.tokens.update(zip(bits, reply.get("Tokens", [])))
            missing &= ~reply["Which"]
            if not missing:
                break
        self.client.want("Ack", {"Op": pb.OP["Bye"]})
        self.client.close()


def run(o):
    cluster_id = Node(o, 0).create()
    nodes = [Node(o, n) for n in range(o.members)]
    errors = []

    def one(node):
        try:
            node.join(cluster_id)
        except Exception as why:  # told to the main thread
            errors.append(why)
    threads = [threading.Thread(target=one, args=(n,)) for n in nodes]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]
    for node in nodes:
        node.poll(cluster_id)
    for node in nodes:
        if sorted(node.tokens) != list(range(o.members)):
            raise Failed("saw %s" % sorted(node.tokens))
    ends = [e for t in nodes[-1].tokens.values() for e in t["MyEnds"]]
    if any(e.startswith(b"Tcp") for e in ends):
        raise Failed("end points with TcpEndPoint, which 2015 cannot read")
    signed = {ident.token_signature(t) for t in nodes[-1].tokens.values()}
    return {"members": len(nodes[-1].tokens), "signatures": sorted(signed)}


def main():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cred", required=True)
    p.add_argument("--generation", choices=("2014", "2015"), required=True)
    p.add_argument("--members", type=int, default=3)
    p.add_argument("--name", type=str.encode, default=b"alpha")
    p.add_argument("--timeout", type=float, default=30)
    o = p.parse_args()
    try:
        print(json.dumps(run(o)))
    except (Failed, xlwire.Closed, pb.Malformed, OSError) as why:
        print("goclient.py: %s" % why, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

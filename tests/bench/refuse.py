# SPDX-License-Identifier: MIT
"""How long a member takes to refuse what (refuse.sh).

refuse.py TIMES DIR NAME OUTSIDE CLIENT-SK...

The stranger has the node in DIR and asks the member NAME; OUTSIDE is no
member's address. All are tried by turns, so that what else the machine does
falls on all of them.
"""

import gc
import os
import random
import socket
import sys
import time

import cluster
import ident
import xlwire
from talk import Talk

WRONG = os.urandom(255)


class Stranger:
    def __init__(self, folder, name, outside):
        self.folder = cluster.Folder(folder)
        self.roster = self.folder.roster
        self.target = self.roster.find(name=name)
        self.outside = outside
        self.home = self.folder.ends[0][0]
        self.wrong = ident.sign(self.folder.sk, "sha256", WRONG)

    def talk(self, port, source=None):
        return Talk(self.target.ends[port], self.target.ck,
                    source or self.home)

    def ids(self):
        """Of members that could be asked about, by name."""
        return {m.name: m.id for m in self.roster.members}


def ended(sock, data):
    """Sends data; how long until it is over, in us, and how."""
    began = time.perf_counter_ns()
    try:
        sock.sendall(data)
        end = "%d bytes" % len(sock.recv(100))
    except OSError:
        end = "reset"
    return (time.perf_counter_ns() - began) / 1000, \
        "end" if end == "0 bytes" else end


def before(stranger, port, data, source=None):
    """What comes in place of a Hello. One is made in any case: what the
    processor did last tells in the times."""
    def act():
        talk = stranger.talk(port, source)
        xlwire.Initiator("documented", stranger.target.ck)
        try:
            return ended(talk.link.sock, data())
        finally:
            talk.close()
    return act


def behind(stranger, port, record):
    """What comes behind a right Hello and its Reply."""
    def act():
        talk = stranger.talk(port).open()
        try:
            return ended(talk.link.sock, record(talk))
        finally:
            talk.close()
    return act


def hello(stranger, port, **fields):
    def record(talk):
        own = {"DigSig": stranger.wrong, "ID": stranger.folder.id}
        if port == 0:
            own["ClusterID"] = stranger.roster.id
        own.update({k: v() if callable(v) else v for k, v in fields.items()})
        return talk.seal("Hello", **own)
    return behind(stranger, port, record)


def new_id():
    return os.urandom(32)


def groups(s, keys):
    """Names of groups, and what they have: name and act."""
    size = s.target.ck.key_size // 8
    for port in (0, 1):
        yield "a Hello that is none, port %d" % port, {
            "random bytes": before(s, port, lambda: b"\0" + os.urandom(
                size - 1)),
            "above the modulus": before(s, port, lambda: b"\xff" * size),
            "another dialect": before(s, port, lambda: xlwire.Initiator(
                "documented", s.target.ck).hello),
            "75 bytes inside": before(s, port, lambda: s.target.ck.encrypt(
                os.urandom(75), xlwire.OAEP)),
        }
    yield "an address that is no member's", {
        "at once": before(s, 0, lambda: b"", s.outside),
        "random bytes": before(s, 0, lambda: os.urandom(size), s.outside),
    }
    yield "a member's Hello", {
        "an ID that is nobody's": hello(s, 0, ID=new_id),
        **{"that of " + name: hello(s, 0, ID=value)
           for name, value in s.ids().items()},
        "another cluster": hello(s, 0, ClusterID=new_id),
    }
    yield "a client's Hello", {
        "an ID that is nobody's": hello(s, 1, ID=new_id),
        **{"listed, %d" % n: hello(s, 1, ID=cluster.client_id(
            ident.load_key(key))) for n, key in enumerate(keys, 1)},
    }
    for port in (0, 1):
        yield "what is no Hello, port %d" % port, {
            "KeepAlive": behind(s, port, lambda t: t.seal("KeepAlive")),
            "not to be decoded": behind(s, port, lambda t: t.session.seal(
                b"\x0a\xff")),
            "not to be opened": behind(s, port, lambda t: bytes(
                [0, 32]) + bytes(32)),
        }


def longer(sample, other):
    """Per cent of pairs in which the one of sample is longer."""
    ranked = sorted([(v, 0) for v in other] + [(v, 1) for v in sample])
    ranks = sum(n for n, (_, own) in enumerate(ranked, 1) if own)
    pairs = ranks - len(sample) * (len(sample) + 1) / 2
    return 100 * pairs / (len(sample) * len(other))


def show(name, sample, first):
    times = sorted(t for t, _ in sample)
    at = [times[int(q * (len(times) - 1))] for q in (0.5, 0.25, 0.75)]
    print("refuse:   %-24s %5.0f us (%.0f to %.0f), longer in %2.0f %%; %s" % (
        name, *at, longer(times, [t for t, _ in first]),
        ", ".join(sorted({end for _, end in sample}))))


def main():
    times = int(sys.argv[1])
    stranger = Stranger(*sys.argv[2:5])
    gc.disable()
    for group, acts in groups(stranger, sys.argv[5:]):
        taken = {name: [] for name in acts}
        for _ in range(times):
            for name in random.sample(sorted(acts), len(acts)):
                taken[name].append(acts[name]())
        print("refuse: %s (%d times each)" % (group, times))
        first = taken[next(iter(acts))]
        for name, sample in taken.items():
            show(name, sample, first)


if __name__ == "__main__":
    socket.setdefaulttimeout(20)
    main()

#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Who knocks at a member's ports and means no good.

stranger.py -d DIR --at NAME [options] [FAULT...]
stranger.py --list

Does each FAULT of strangefaults.py and bytefaults.py (default: all but slow
ones) to the member NAME of the cluster in DIR, whose node it pretends to be,
from that node's own address; one line each: "ok FAULT" or "not ok FAULT:
OUTCOME, not WANTED". FAULT may be PORT/ for all of a port.
"""

import argparse
import fnmatch
import sys

import bytefaults
import cluster
import ident
import pb
import strangefaults
import xlwire
from strangefaults import fields_of
from talk import Talk

FAULTS = {**strangefaults.FAULTS, **bytefaults.FAULTS}


class Attack:
    """Where a fault strikes, and what it needs for it."""

    def __init__(self, options, port):
        self.folder = cluster.Folder(options.dir)
        self.roster = self.folder.roster
        self.target = self.roster.find(name=options.at)
        self.outside, self.timeout = options.outside, options.timeout
        self.source = options.source or self.folder.ends[0][0]
        self.sk = ident.load_key(options.client_sk) \
            if options.client_sk else None
        self.port = port
        self.talks = []

    def ck(self):
        return self.target.ck

    def other(self):
        """A third member."""
        return next(m for m in self.roster.members
                    if m is not self.roster.own and m is not self.target)

    def connect(self, source=None):
        talk = Talk(self.target.ends[self.port == "client"], self.ck(),
                    source or self.source, self.timeout)
        self.talks.append(talk)
        return talk

    def hello(self, talk):
        """The fields of a right Hello."""
        bind = talk.session.bind
        if self.port == "client":
            return fields_of(cluster.client_hello(self.sk, bind,
                                                  self.target.id))
        return fields_of(cluster.peer_hello(
            self.folder.sk, bind, self.roster.id, self.folder.id,
            self.target.id))

    def join(self):
        """A session with a Hello that was acked."""
        talk = self.connect().open()
        outcome = talk.ask("Hello", **self.hello(talk))
        if outcome != "Ack":
            raise xlwire.Closed("a right Hello: " + outcome)
        return talk

    def alive(self, talk):
        """Whether the session still answers; what else it says first."""
        outcome = talk.ask("KeepAlive")
        return "alive" if outcome == "Ack" else outcome

    def lives(self, talk):
        """The same on either port: a client has nothing to ask with, but
        that it was let in is enough."""
        return self.alive(talk) if self.port == "cluster" else "alive"

    def end(self):
        for talk in self.talks:
            talk.close()


def one(options, name):
    """What is wrong with the answer to this fault, or None."""
    port, wanted, act = FAULTS[name]
    attack = Attack(options, port)
    try:
        outcome = act(attack)
    except (xlwire.Closed, pb.Malformed, OSError) as why:
        outcome = "%s: %s" % (type(why).__name__, why)
    finally:
        attack.end()
    if any(fnmatch.fnmatchcase(outcome, w) for w in wanted):
        return None
    return "%s, not %s" % (outcome, " or ".join(wanted))


def chosen(words):
    names = [n for n in FAULTS if "/slow-" not in n]
    if not words:
        return names
    return [n for w in words
            for n in ([w] if w in FAULTS else
                      [n for n in names if n.startswith(w)])]


def parser():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("-d", dest="dir")
    p.add_argument("--at", metavar="NAME")
    p.add_argument("--outside", metavar="ADDR", default="127.0.0.1",
                   help="an address that is no member's")
    p.add_argument("--source", metavar="ADDR",
                   help="come from there, not from the node's own address")
    p.add_argument("--client-sk", metavar="PEM",
                   help="the key of a client that is listed")
    p.add_argument("--timeout", type=float, default=20)
    p.add_argument("--list", action="store_true")
    p.add_argument("fault", nargs="*")
    return p


def main():
    options = parser().parse_args()
    if options.list:
        print("\n".join(FAULTS))
        return 0
    failed = 0
    for name in chosen(options.fault):
        wrong = one(options, name)
        failed += wrong is not None
        print("not ok %s: %s" % (name, wrong) if wrong else "ok " + name,
              flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

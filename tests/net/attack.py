#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""What one session can do to a registry that would spoil others' service.

attack.py JOB --cred regCred.dat [options]

  flood --pid PID --log FILE --requests N
      Requests without end to a registry that is told to stop: it does not
      answer them all first.
  crowd --sessions N --stage connect|hello
      So many connections that do no more than that: one that has something
      to say is served while they are held.

Each prints one line and ends with 0 when the registry did as it should.
"""

import argparse
import os
import select
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "peer"))

import ident  # noqa: E402
import link   # noqa: E402
import pb     # noqa: E402


def must(condition, text):
    if not condition:
        print("attack.py: " + text, file=sys.stderr)
        sys.exit(1)


def client(o, dialect="sealed"):
    c = link.Client(ident.Cred(o.cred), dialect, ident.load_key("rsa2048-3"),
                    ident.load_key(o.sk))
    must(c.open() is None, "Hello not answered")
    return c


def flood(o):
    """Answers that are not read hold the registry up until it is told."""
    c = client(o)
    ask = {"Op": pb.OP["RegCredRequest"]}
    size = c.ask(ask)["wire"]
    requests = b"".join(c.seal(ask) for _ in range(o.requests))
    threading.Thread(target=c.link.send, args=(requests,),
                     daemon=True).start()
    select.select([c.link.sock], [], [])
    os.kill(o.pid, signal.SIGTERM)
    while "stopping" not in open(o.log, encoding="utf-8").read():
        time.sleep(0.01)
    answers = 0
    while data := c.link.read():
        answers += len(data) / size
    must(answers < o.requests / 2, "%d answers after SIGTERM" % answers)
    return int(answers)


def crowd(o):
    held = []
    for _ in range(o.sessions):
        one = link.Client(ident.Cred(o.cred), "prefixed")
        if o.stage == "hello":
            one.open()
        held.append(one)
    c = client(o)
    must(c.ask(c.member(b"late", 5))["op"] == "MemberOK", "not served")
    must(c.ask({"Op": pb.OP["Bye"]})["op"] == "Ack", "no Ack")
    return len(held)


JOBS = {"flood": flood, "crowd": crowd}


def main():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("job", choices=sorted(JOBS))
    p.add_argument("--cred", required=True)
    p.add_argument("--sk", default="rsa2048-4")
    p.add_argument("--pid", type=int)
    p.add_argument("--log")
    p.add_argument("--requests", type=int, default=30000)
    p.add_argument("--sessions", type=int, default=40)
    p.add_argument("--stage", choices=("connect", "hello"))
    o = p.parse_args()
    print(o.job, JOBS[o.job](o))
    return 0


if __name__ == "__main__":
    sys.exit(main())

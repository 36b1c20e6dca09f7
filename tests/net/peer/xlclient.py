#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""A client of a cluster: standard input and output joined to the service of
a member, as xl-member connect does it.

xlclient.py --roster cluster.dat --at NAME [--sk PEM] [options] <INPUT >OUTPUT

Sends Hello when there is --sk. The end of the input is sent as Eof, and the
member's Eof ends the run, with status 0; anything else, with 1 and why on
standard error.
"""

import argparse
import os
import sys
import threading

import cluster
import ident
import pb
import xlwire
from talk import Talk


class Broken(Exception):
    """The member did not end the stream as it should."""


def send_input(talk, options):
    """In a thread: an echo that nobody reads must not stop it."""
    while True:
        data = os.read(0, options.piece)
        if not data:
            break
        talk.send("Data", Contents=data)
    if not options.keep_open:
        talk.send("Eof")


def write_output(talk, options):
    """Up to the Eof."""
    while True:
        op, msg = talk.receive()
        if op == "Eof":
            return
        if op == "Ack" and options.anyone and msg.get("YourMsgN") == 1:
            continue
        if op != "Data":
            raise Broken("%s %s" % (op, msg.get("ErrDesc", b"").decode()))
        sys.stdout.buffer.write(msg.get("Contents", b""))
        sys.stdout.buffer.flush()


def join(talk, options):
    threading.Thread(target=send_input, args=(talk, options),
                     daemon=True).start()
    write_output(talk, options)


def parser():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--roster", required=True)
    p.add_argument("--at", metavar="NAME", required=True)
    p.add_argument("--sk", metavar="PEM")
    p.add_argument("--anyone", action="store_true",
                   help="no clients are listed: Data may come before the Ack")
    p.add_argument("--source", metavar="ADDR")
    p.add_argument("--piece", type=int, default=16000,
                   help="at most so many bytes a Data (16000)")
    p.add_argument("--keep-open", action="store_true",
                   help="no Eof at the end of the input")
    p.add_argument("--timeout", type=float, default=60)
    return p


def main():
    options = parser().parse_args()
    member = cluster.Roster(options.roster).find(name=options.at)
    try:
        talk = Talk(member.ends[1], member.ck, options.source,
                    options.timeout).open()
        if options.sk:
            hello = cluster.client_hello(ident.load_key(options.sk),
                                         talk.session.bind, member.id)
            del hello["Op"], hello["MsgN"]
            if options.anyone:
                talk.send("Hello", **hello)
            elif talk.ask("Hello", **hello) != "Ack":
                raise Broken("no Ack of our Hello")
        join(talk, options)
    except (Broken, xlwire.Closed, pb.Malformed, OSError) as why:
        print("xlclient.py: %s" % why, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

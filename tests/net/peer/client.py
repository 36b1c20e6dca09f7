#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""A scriptable client of a registry, for the black-box tests.

client.py --cred regCred.dat [options] WORD...

Each WORD is NAME or NAME:VALUE or NAME:KEY=VALUE,KEY=VALUE; %XX in a value
stands for that byte. Requests wait for their answer, which is printed as
one JSON line. An Error, a close or silence ends the run with status 1,
unless the next word expects it.

requests
  regcred
  member:name=,end=,end=,attrs=,id=,ck=,sk=,sig=,msgsig=,bind=
      sig, msgsig: none, wrong, or hex; bind=wrong; ck, sk: KEY of
      tests/data, or spki:NAME of spki.hex; id: hex, @FILE
  member-token:file=,index=      the token of a roster kept by keep-tokens
  return:id=,sig=,name=          MemberID and DigSig; id defaults to mine
  create:name=,size=,epc=,attrs=  join:name=,id=  get:which=,name=,id=,wait=
  leave:name=,id=  bye  op:N  noop  msg:HEX  tokens:N
  read                           wait for one more message
before a request
  nowait        do not wait for its answer
  hold, flush   put what follows together, then send it in one piece
  filler:N      make it N bytes long with a field nobody knows
  unknown  repeat  badpad:first|last|zero|long  flip:BIT  cut:N  tail:HEX
others
  raw:HEX  half-close
  expect:KEY=VALUE,...           of the last answer
  expect-error:TEXT              Error with this text, then the close
  expect-close  expect-silence   (a close: not one more byte)
  drain:N                        until the close, at most N more answers
  save:KEY=FILE  keep-tokens:FILE

With --cases, standard input has one session a line, "NAME | [OPTION...]
WORD..."; each gives a line "ok NAME" or "not ok NAME: WHY", and answers are
not printed.
"""

import argparse
import shlex
import sys

import pb
import xlwire
from words import Failed, Run


def parser():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--cred", required=True)
    p.add_argument("--dialect", choices=xlwire.DIALECTS, default="sealed")
    p.add_argument("--ck", default="rsa2048-3", help="KEY of tests/data, PEM")
    p.add_argument("--sk", default="rsa2048-4")
    p.add_argument("--split", type=int)
    p.add_argument("--bytewise", action="store_true")
    p.add_argument("--timeout", type=float, default=20)
    p.add_argument("--hello", help="flip=BIT cut=N tail=HEX raw=HEX")
    p.add_argument("--version", help="the version to propose")
    p.add_argument("--tries", type=int, default=1,
                   help="so often a session may be tried: a limit of a "
                   "second may be over before all is said")
    p.add_argument("--cases", action="store_true")
    p.add_argument("words", nargs="*")
    return p


def one(options):
    """One session; what went wrong, or None."""
    try:
        run = Run(options)
        run.run(options.words)
        run.client.close()
    except (Failed, xlwire.Closed, pb.Malformed, OSError) as why:
        return "%s" % why
    return None


def tried(options):
    """The same, of the last of its tries."""
    for _ in range(options.tries):
        wrong = one(options)
        if not wrong:
            break
    return wrong


def cases(words):
    for line in sys.stdin:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, rest = line.partition("|")
        wrong = tried(parser().parse_args(words + shlex.split(rest)))
        print("not ok %s: %s" % (name.strip(), wrong) if wrong else
              "ok " + name.strip(), flush=True)
    return 0


def main():
    options = parser().parse_args()
    if options.cases:
        return cases(sys.argv[1:])
    wrong = tried(options)
    if wrong:
        print("client.py: " + wrong, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

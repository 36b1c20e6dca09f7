#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""What takes more than one session with a registry, one job a run.

racer.py JOB --cred regCred.dat [--dialect D] [options]

  race     --joiners N --places N: all join at once; exactly N get in
  crowd    --members N: fill a cluster, fetch its roster as far as it comes
  idle     --sessions N: hold so many open; one more is served as ever
  replay   one Hello on two connections: the Replies share no key
  storm    --count N: damaged Hellos and messages; no answer, no crash
  mutate   --count N: well sealed, but with bytes of the message changed
  splits   one session a split point, for each of its messages
  keys     every key of spki.hex in a Member: "bad key" but for good_*
  stop     hold one session idle until standard input ends, then end it

Each prints one JSON line and ends with 0 when all was as it should be, at one
of its --tries, of which there is one: a limit of the registry of a second may
be over before all is said.
"""

import argparse
import json
import os
import random
import resource
import sys
import threading

import ident
import link
import pb
import xlwire


class Failed(Exception):
    """Not as it should be."""


def must(condition, text):
    if not condition:
        raise Failed(text)


class Crew:
    """Makes sessions of nodes that share a pair of keys, not an ID."""

    def __init__(self, o):
        self.o = o
        self.cred = ident.Cred(o.cred)
        self.ck, self.sk = ident.load_key(o.ck), ident.load_key(o.sk)

    def client(self, **link_options):
        c = link.Client(self.cred, self.o.dialect, self.ck, self.sk,
                        timeout=self.o.timeout, **link_options)
        must(c.open() is None, "Hello not answered")
        return c

    def member(self, name, ends=1, **link_options):
        c = self.client(**link_options)
        r = c.ask(c.member(name, 0, os.urandom(32), [
            b"127.0.0.1:%d" % (7001 + n) for n in range(ends)]))
        must(r["op"] == "MemberOK", "Member: %s" % r)
        return c

    def create(self, name, size):
        c = self.member(b"admin", 0)
        r = c.ask({"Op": pb.OP["Create"], "ClusterName": name,
                   "ClusterMaxSize": size, "EndPointCount": 1})
        must(r["op"] == "CreateReply" and r["ClusterMaxSize"] == size,
             "Create: %s" % r)
        bye(c)

    def roster(self, c, name, size):
        """Every member, asking again for what a reply left out."""
        tokens, rounds, longest = {}, 0, 0
        missing = (1 << size) - 1
        while missing and rounds < 32:
            r = c.ask({"Op": pb.OP["GetCluster"], "ClusterName": name,
                       "Which": missing})
            must(r["op"] == "ClusterMembers", "GetCluster: %s" % r)
            bits = [n for n in range(64) if r.get("Which", 0) >> n & 1]
            must(len(bits) == len(r.get("Tokens", [])), "Which and tokens")
            must(r.get("Which", 0) & ~missing == 0, "tokens not asked for")
            tokens.update(zip(bits, r.get("Tokens", [])))
            longest = max(longest, r["wire"])
            rounds += 1
            if not bits:
                break
            missing &= ~r["Which"]
        return tokens, rounds, longest


def bye(c):
    must(c.ask({"Op": pb.OP["Bye"]})["op"] == "Ack", "no Ack")
    must(c.receive() == link.CLOSED, "open after Ack")
    c.close()


def together(run, count):
    """run(n) in count threads; their results or exceptions."""
    results = [None] * count

    def one(n):
        try:
            results[n] = run(n)
        except Exception as why:  # told to the main thread
            results[n] = why
    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results


# --- jobs ---

def job_race(crew, o):
    crew.create(o.name, o.places)
    gate = threading.Barrier(o.joiners)

    def one(n):
        c = crew.member(b"racer-%d" % n)
        gate.wait(60)
        r = c.ask({"Op": pb.OP["Join"], "ClusterName": o.name})
        c.close()
        return r["op"] if r["op"] != "Error" else r["ErrDesc"].decode()
    got = together(one, o.joiners)
    c = crew.client()
    r = c.ask(c.member(b"looker", 5))
    tokens, _, _ = crew.roster(c, o.name, 64)
    names = {t["Name"] for t in tokens.values()}
    out = {"joined": got.count("JoinReply"),
           "full": got.count("cluster is full"), "roster": len(names)}
    must(r["op"] == "MemberOK" and out == {
        "joined": o.places, "full": o.joiners - o.places,
        "roster": o.places} and sorted(tokens) == list(range(o.places)),
         "%s %s" % (out, [str(g) for g in got]))
    return out


def job_crowd(crew, o):
    crew.create(o.name, o.members)
    names = []
    for n in range(o.members):
        names.append((b"member-%02d-" % n).ljust(64, b"x"))
        c = crew.member(names[-1])
        r = c.ask({"Op": pb.OP["Join"], "ClusterName": o.name})
        must(r["op"] == "JoinReply" and r["ClusterSize"] == n + 1,
             "Join %d: %s" % (n, r))
        if n < o.members - 1:
            c.close()
    tokens, rounds, longest = crew.roster(c, o.name, o.members)
    must([tokens[n]["Name"] for n in sorted(tokens)] == names,
         "%d members in the roster" % len(tokens))
    must(all(ident.token_signature(t) == "valid" for t in tokens.values()),
         "signatures")
    limit = 16384 if o.dialect != "sealed" else 16384 + 18
    must(longest <= limit, "a reply of %d bytes" % longest)
    bye(c)
    return {"members": len(tokens), "rounds": rounds, "longest": longest}


def job_idle(crew, o):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = [link.Link(crew.cred.address()) for _ in range(o.sessions)]
    for n, one in enumerate(held):
        if n % 2:
            one.send(os.urandom(n % 200))
    c = crew.member(b"late")
    bye(c)
    for one in held:
        one.close()
    return {"sessions": o.sessions, "served": 1}


def job_replay(crew, o):
    first, second = (link.Client(crew.cred, o.dialect, timeout=o.timeout)
                     for _ in range(2))
    i = xlwire.Initiator(o.dialect, crew.cred.ck)
    replies, sessions = [], []
    for c in (first, second):
        c.link.send(i.hello)
        reply = b""
        while len(reply) < xlwire.REPLY_LEN[o.dialect]:
            data = c.link.read()
            must(data, "Hello not answered")
            reply += data
        replies.append(reply)
        sessions.append(i.finish(reply))
    a, b = sessions
    must(a.salt2 != b.salt2, "salt2 is shared")
    must(replies[0][:32] != replies[1][:32], "e_s or iv is shared")
    if o.dialect == "sealed":
        must(a.bind != b.bind and a.out.key != b.out.key
             and a.into.key != b.into.key, "keys are shared")
    # a message sealed for one session says nothing to the other
    second.session = b
    second.link.send(a.seal(pb.encode({"Op": pb.OP["RegCredRequest"]})))
    second.link.half_close()
    must(second.receive() == link.CLOSED, "another session's message")
    return {"replies": 2, "shared": 0}


def job_storm(crew, o):
    """Damage of every kind; the registry may close, and say nothing."""
    rand = random.Random(o.seed)
    open_links = []
    for n in range(o.count):
        kind = rand.choice(("noise", "flip-hello", "flip", "cut", "noise-in",
                            "both"))
        if kind in ("noise", "flip-hello"):
            one = link.Link(crew.cred.address(), timeout=o.timeout)
            one.send(damaged_hello(crew, rand, kind))
        else:
            one = damaged_session(crew, rand, kind)
        open_links.append((kind, one))
    silent = 0
    for kind, one in open_links:
        try:
            one.half_close()
        except OSError:
            pass
        data = one.read()
        must(data == b"", "%s was answered: %r" % (kind, data))
        silent += 1
        one.close()
    c = crew.member(b"after-the-storm")
    bye(c)
    return {"damaged": silent, "answered": 0}


def damaged_hello(crew, rand, kind):
    size = crew.cred.ck.key_size // 8
    if kind == "noise":
        return rand.randbytes(rand.choice((1, size - 1, size, size + 1,
                                           5000)))
    hello = bytearray(xlwire.Initiator(crew.o.dialect, crew.cred.ck).hello)
    hello[rand.randrange(size)] ^= 1 << rand.randrange(8)
    return bytes(hello)


def damaged_session(crew, rand, kind):
    c = crew.client()
    wire = bytearray(c.seal({"Op": pb.OP["RegCredRequest"]}))
    if kind in ("flip", "both"):
        # of a CBC message the last block: its padding cannot survive
        first = 0 if crew.o.dialect == "sealed" else len(wire) - 16
        at = rand.randrange(first, len(wire))
        wire[at] ^= 1 << rand.randrange(8)
    if kind in ("cut", "both"):
        del wire[-rand.randrange(1, 16):]
    if kind == "noise-in":
        wire = rand.randbytes(rand.choice((1, 16, 17, 4096)))
    c.link.send(bytes(wire))
    return c.link


def job_mutate(crew, o):
    """Whatever is asked, the answer is one of the protocol's."""
    rand = random.Random(o.seed)
    texts = {"refused": 0, "answered": 0, "silent": 0}
    for n in range(o.count):
        c = crew.client() if n % 2 else crew.member(b"mutant")
        asked = [c.member(b"mutant", 0, os.urandom(32), [b"127.0.0.1:1"]),
                 {"Op": 5, "ClusterName": b"mutant", "ClusterMaxSize": 3,
                  "ClusterAttrs": 1, "EndPointCount": 1},
                 {"Op": 7, "ClusterName": b"mutant"},
                 {"Op": 9, "ClusterName": b"mutant", "Which": 7},
                 c.returning(bytes(32))][rand.randrange(5)]
        data = bytearray(pb.encode(asked))
        for _ in range(rand.randrange(1, 4)):
            at = rand.randrange(min(len(data), rand.choice((8, 80, 9999))))
            data[at] = rand.choice((0, 1, 0x7f, 0x80, 0xff, data[at] ^ 1,
                                    rand.randrange(256)))
        c.send(bytes(data))
        c.link.half_close()
        r = c.receive()
        must(r["op"] in pb.OPS.values() or r == link.CLOSED, "%s" % r)
        must(r["op"] != "Error" or r.get("ErrDesc"), "Error without a text")
        texts[{"Error": "refused", "closed": "silent"}.get(
            r["op"], "answered")] += 1
        c.close()
    must(texts["refused"], "nothing was refused")
    bye(crew.member(b"after-it"))
    return texts


def job_splits(crew, o):
    """Member and the rest with each write cut at each N."""
    runs = 0
    for at in range(o.first, o.last + 1, o.step):
        c = crew.member(b"split", split=at)
        bye(c)
        runs += 1
    return {"sessions": runs}


def job_keys(crew, _):
    tried = 0
    keys = ident.vectors("spki.hex")
    if crew.o.dialect != "sealed":  # too long a field: never answered
        keys.pop("bad_4104")
    for name, der in keys.items():
        for place in ("CommsKey", "SigKey"):
            c = crew.client()
            msg = c.member(b"keys", 5)
            token = msg["MemberSpecs"]
            token[place] = der
            token["DigSig"] = ident.sign(c.sk, "sha1", ident.covered(token))
            r = c.ask(c.with_binding(msg, c.sk))
            good = b"bad key"
            if name.startswith("good"):
                mine = place == "CommsKey" or der == ident.spki(c.sk)
                good = None if mine else b"bad digital signature"
            elif len(der) > 550:
                good = b"malformed message"
            must(r["op"] == ("Error" if good else "MemberOK")
                 and r.get("ErrDesc") == good, "%s in %s: %s" % (
                     name, place, r))
            c.close()
            tried += 1
    return {"tried": tried}


def job_stop(crew, _):
    c = crew.member(b"idle")
    print(json.dumps({"op": "ready"}), flush=True)
    sys.stdin.read()
    bye(c)
    return {"ended": 1}


JOBS = {"race": job_race, "crowd": job_crowd, "idle": job_idle,
        "replay": job_replay, "storm": job_storm, "splits": job_splits,
        "keys": job_keys, "mutate": job_mutate, "stop": job_stop}


def main():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("job", choices=sorted(JOBS))
    p.add_argument("--cred", required=True)
    p.add_argument("--dialect", choices=xlwire.DIALECTS, default="sealed")
    p.add_argument("--ck", default="rsa2048-3")
    p.add_argument("--sk", default="rsa2048-4")
    p.add_argument("--name", type=str.encode, default=b"alpha")
    p.add_argument("--timeout", type=float, default=30)
    for word, value in (("joiners", 16), ("places", 4), ("members", 64),
                        ("sessions", 500), ("count", 200), ("seed", 1),
                        ("first", 1), ("last", 255), ("step", 1),
                        ("tries", 1)):
        p.add_argument("--" + word, type=int, default=value)
    o = p.parse_args()
    for _ in range(o.tries):
        try:
            out = JOBS[o.job](Crew(o), o)
        except (Failed, xlwire.Closed, pb.Malformed, OSError) as why:
            print("racer.py: %s: %s" % (o.job, why), file=sys.stderr)
            continue
        print(json.dumps(dict(out, job=o.job, dialect=o.dialect)))
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())

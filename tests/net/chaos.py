#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Members that are killed, stopped, continued and told to leave at random.

chaos.py SEED ROUNDS SIZE

The members' folders are c/m0, c/m1, ... of the present one, XLBOX is the
program. In each round things happen to them for some seconds, while each sends
messages to all; then they are left alone until all see all. What their logs,
hooks and senders have seen must agree; that is printed as checks.
"""

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

XLBOX = os.environ["XLBOX"].split()
SECONDS = 4     # of a round
PATIENCE = 120  # s until all see all, which takes moments
HOOK = r"""
words=
[ "$XL_EVENT" != message ] || { read -r words; sum=$(md5sum); }
echo "$XL_SEQ $XL_EVENT ${XL_MEMBER:--} $XL_UP $XL_QUORUM $words ${sum%% *}" \
    >>"$CHAOS_LOG"
"""
EVENT = re.compile(r"\S+Z (start|member-up|member-down|message|quorum|no-quorum"
                   r"|roster|stop)(?: (\S+))? \((\d+) of (\d+) up\)"
                   r"(?:: .+)?$")  # why who is down is so
DICE = random.Random(sys.argv[1])
faults = {}


def check(good, what, *about):
    """Notes whether something holds, for the end."""
    faults.setdefault(what, [])
    if not good:
        faults[what].append(" ".join(str(word) for word in about))


class Life:
    """One run of a member."""

    def __init__(self, name, number):
        self.name = name
        self.log = f"{name}.{number}.err"
        self.hooks = f"{name}.{number}.hooks"
        self.killed = False
        self.began, self.ended = time.monotonic(), float("inf")
        env = dict(os.environ, CHAOS_LOG=os.path.abspath(self.hooks))
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*XLBOX, "xl-member", "-d", f"c/{name}", "-v", "-x", HOOK,
                 "--insecure-test-key", "--workers", "1"],
                stdin=subprocess.DEVNULL, stderr=log, env=env)

    def lines(self):
        with open(self.log, encoding="ascii") as file:
            return file.read().splitlines()

    def events(self):
        found = [EVENT.match(line) for line in self.lines()]
        return [(m[1], m[2] or "-", int(m[3]), int(m[4]))
                for m in found if m]

    def told(self):
        try:
            with open(self.hooks, encoding="ascii") as file:
                return [line.split() for line in file]
        except FileNotFoundError:
            return []

    def end(self):
        status = self.process.wait()
        self.ended = time.monotonic()
        return status

    def tells_all(self):
        """Whether its hooks had to be told of everything."""
        return not self.killed and \
            not any("not told" in line for line in self.lines())


class Member:
    def __init__(self, index):
        self.name = f"m{index}"
        self.lives = []
        self.life = None
        self.sent = []

    def start(self):
        if not self.life:
            self.life = Life(self.name, len(self.lives))
            self.lives.append(self.life)

    def signal(self, signo):
        if self.life:
            self.life.process.send_signal(signo)

    def kill(self):
        if self.life:
            self.life.killed = True
            self.signal(signal.SIGKILL)
            self.life.end()
            self.life = None

    def leave(self):
        if not self.life or not self.life.events():
            return  # signals may not be caught yet
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        status = self.life.end()
        check(status == 0, "SIGTERM ends each with 0", self.name, status)
        self.life = None

    def ask(self, *words, stdin=b""):
        return subprocess.run([*XLBOX, "xl-member", "-d", f"c/{self.name}",
                               *words], input=stdin, capture_output=True,
                              check=False)

    def sees_all(self):
        return self.ask("wait", "all", "-w", str(PATIENCE)).returncode == 0

    def count_files(self):
        return len(os.listdir(f"/proc/{self.life.process.pid}/fd"))

    def send(self, number, size):
        rest = os.urandom(16) * (size // 16)
        began = time.monotonic()
        done = self.ask("send", "-a", "-w", "5",
                        stdin=f"{self.name} {number}\n".encode() + rest)
        answers = dict(line.split(": ", 1)
                       for line in done.stdout.decode().splitlines())
        # Its daemon may be gone before it has told of all.
        check(done.returncode != 0 or
              list(answers.values()) == ["ok"] * (int(sys.argv[3]) - 1),
              "send succeeds when all have it", answers)
        self.sent.append((hashlib.md5(rest).hexdigest(), answers, began,
                          time.monotonic()))


def keep_sending(member, busy, over):
    number = 0
    dice = random.Random(member.name)
    while not over.is_set():
        busy.wait()
        member.send(number, dice.choice([16, 1000, 15900]))
        number += 1
        time.sleep(0.05)


def disturb(members):
    """Does something to one or all."""
    member = DICE.choice(members)
    what = DICE.choice(["kill", "kill", "leave", "stop", "stop", "reload",
                        "two", "all"])
    if what == "kill":
        member.kill()
    elif what == "leave":
        member.leave()
    elif what == "stop":
        member.signal(signal.SIGSTOP)
        time.sleep(DICE.choice([0.1, 0.5, 2.5, 3.5]))
        member.signal(signal.SIGCONT)
    elif what == "reload" and member.life and member.life.events():
        member.signal(signal.SIGHUP)
    elif what in ("two", "all"):
        some = DICE.sample(members, 2 if what == "two" else len(members))
        for each in some:
            each.kill()
        for each in some:
            each.start()
    if DICE.random() < 0.7:
        member.start()


def settle(members):
    for member in members:
        member.start()
    for member in members:
        check(member.life.process.poll() is None, "nobody ends by itself",
              member.life.log)
        check(member.sees_all(), "all see all when they are left alone",
              member.life.log)
    tries = 0
    while len({m.count_files() for m in members}) > 1 and tries < 600:
        tries += 1
        time.sleep(0.1)
    check(tries < 600, "no descriptor stays open",
          [m.count_files() for m in members])


def check_events(life):
    """Ups and downs alternate, and the counts and the quorum follow them."""
    up = set()
    quorum = False
    for event, who, count, size in life.events():
        if event in ("member-up", "member-down"):
            check((who in up) == (event == "member-down"),
                  "up and down alternate", life.log, event, who)
            up ^= {who}
        if event in ("quorum", "no-quorum"):
            check((event == "quorum") == (not quorum) == (2 * count > size),
                  "quorum and no-quorum alternate", life.log, event, count)
            quorum = event == "quorum"
        if event == "stop":
            return  # who says Bye then is no event any more
        check(count == len(up) + 1, "the count is that of the events",
              life.log, event, count)


def check_hooks(life):
    """Hooks are told the same in the same order, and the last of all."""
    events = life.events()
    last, numbers = {}, {}
    for seq, event, who, count, quorum, *_ in life.told():
        lane = event == "message"
        number = int(seq) - 1
        check(number > numbers.get(lane, -1), "hooks are told in order",
              life.hooks, seq)
        numbers[lane] = number
        if number >= len(events):
            check(life.killed, "and nothing else", life.hooks, seq)
            continue
        check(events[number][:3] == (event, who, int(count)),
              "hooks are told what the log tells", life.hooks, seq)
        check(int(quorum) == (2 * int(count) > events[number][3]),
              "and what the quorum is", life.hooks, seq)
        last[who, event == "message"] = event
    if not life.tells_all():
        return
    for event, who, *_ in events:
        if event in ("member-up", "member-down"):
            final = [e[0] for e in events
                     if e[1] == who and e[0] != "message"][-1]
            check(last.get((who, False)) == final,
                  "the last state of each is told", life.hooks, who)


def check_messages(members):
    """Each is told once and in order; what each member has been told."""
    has = {}
    for member in members:
        for life in member.lives:
            numbers = {}
            for words in life.told():
                if words[1] != "message":
                    continue
                sender, number, digest = words[5], int(words[6]), words[7]
                check(sender == words[2], "XL_MEMBER is the sender", words)
                check(number > numbers.get(sender, -1),
                      "messages come in order", life.hooks, number)
                numbers[sender] = number
                key = member.name, sender, number
                check(key not in has, "and once", key)
                has[key] = digest, life
    return has


def check_answers(members, has):
    """Who is said to have a message has it, and nobody else."""
    lives = {member.name: member.lives for member in members}
    for member in members:
        for number, (digest, answers, began, ended) in enumerate(member.sent):
            for name, answer in answers.items():
                about = name, member.name, number, answer
                got = has.get((name, member.name, number))
                lost = [life for life in lives[name] if not life.tells_all()
                        and life.began < ended and life.ended > began]
                check(not got or got[0] == digest,
                      "a message is told whole", *about)
                check(not got or answer in ("ok", "unknown"),
                      "who is said not to have it has it not", *about)
                check(answer != "ok" or got or lost,
                      "who is said to have it has it", *about)


def main():
    members = [Member(i) for i in range(int(sys.argv[3]))]
    busy, over = threading.Event(), threading.Event()
    for member in members:
        threading.Thread(target=keep_sending, args=(member, busy, over),
                         daemon=True).start()
    for _ in range(int(sys.argv[2])):
        for member in DICE.sample(members, len(members)):
            member.start()
        busy.set()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            disturb(members)
            time.sleep(DICE.random() / 2)
        busy.clear()
        settle(members)
    over.set()
    for member in members:
        member.leave()
    for member in members:
        for life in member.lives:
            check_events(life)
            check_hooks(life)
    check_answers(members, check_messages(members))
    for what, wrong in faults.items():
        print("not ok" if wrong else "ok", what)
        for line in wrong[:5]:
            print("#", line)


main()

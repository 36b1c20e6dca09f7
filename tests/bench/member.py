#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Figures of xl-member, and of others that know who is up.

member.py PROGRAM SIZE MEASURE [RUNS]

PROGRAM     xl-member, serf or tinc; its folders m0, m1, ... are in the
            present one
all         how long until all see all when all start together
kill        how long until all know that one was killed, and until all have
            it again after its restart
hang        how long until all know that one was stopped
idle        traffic, wake-ups and processor time at rest, in RUNS seconds
memory      of one process
calm        false alarms beside 16 processes that take what processor time
            they can get, in RUNS seconds
send        messages between two
script      how long until the scripts of all others know

XLBOX is the program, NET the first three numbers of the addresses, PAIR_MS the
processor time that a pair cannot do without, and FIGURES a file for what the
figures of others are compared with.
"""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import fleet     # noqa: E402
import messages  # noqa: E402

BURNERS = 16
SETTLE = 3  # seconds after which buffers are given back


def argv_member(net, *more):
    del net
    return lambda i: [*os.environ["XLBOX"].split(), "xl-member", "-d",
                      f"m{i}", *more]


def argv_serf(net):
    def argv(i):
        join = [f"-join={net}.{j + 1}:7003" for j in range(3) if j != i]
        return ["serf", "agent", f"-node=m{i}", f"-bind={net}.{i + 1}:7003",
                f"-rpc-addr={net}.{i + 1}:7004", "-log-level=info",
                "-retry-interval=1s",
                *[option.replace("-join", "-retry-join") for option in join]]
    return argv


def argv_tinc(net):
    del net
    return lambda i: ["tincd", "-c", f"m{i}/tinc", "-D", "-d5",
                      f"--pidfile={os.getcwd()}/m{i}/tinc/pid"]


PROGRAMS = {
    "xl-member": (argv_member, rb" member-(?:up (?P<up>\S+)"
                               rb"|down (?P<down>\S+)) \("),
    "serf": (argv_serf, rb"EventMember(?:Join: (?P<up>\S+)"
                        rb"|Failed: (?P<down>\S+))"),
    "tinc": (argv_tinc, rb"Node (?:(?P<up>\S+) \([^)]*\) became reachable"
                        rb"|(?P<down>\S+) \([^)]*\) became unreachable)"),
}


def ms(seconds):
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


class Bench:
    def __init__(self, program, size):
        self.program = program
        self.size = size
        self.net = os.environ["NET"]

    def say(self, text):
        print(f"member: {self.program}, {self.size} members: {text}",
              flush=True)

    def give_up(self, fleet_, what):
        fleet_.end()
        self.say(what)
        sys.exit(0 if self.program != "xl-member" else 1)

    def fleet(self, *more):
        argv, pattern = PROGRAMS[self.program]
        return fleet.Fleet(self.size, argv(self.net, *more), pattern)

    def started(self, *more):
        f = self.fleet(*more)
        f.start_all()
        if f.sees_all() is None:
            self.give_up(f, "they do not see each other")
        f.rest(SETTLE)
        return f

    def compared(self, what, value):
        """Notes a figure of xl-member; says how much another's differs."""
        path = os.environ.get("FIGURES", os.devnull)
        key = f"{what} {self.size}"
        if self.program == "xl-member":
            with open(path, "a", encoding="ascii") as file:
                print(key, value, file=file)
            return ""
        with open(path, encoding="ascii") as file:
            words = [line.rsplit(" ", 1) for line in file]
        ours = [float(figure) for name, figure in words if name == key]
        return f", {value / ours[-1]:.2f} of xl-member's" if ours else ""

    def spread(self, what, values):
        worst, median = fleet.worst_and_median(values)
        return (f"worst of {len(values)} {ms(worst)}, median {ms(median)}" +
                self.compared(what, median))

    def all(self, runs):
        walls, costs, others = [], [], []
        for _ in range(runs):
            f = self.fleet()
            began = f.start_all()
            ended = f.sees_all()
            if ended is None:
                self.give_up(f, "they do not see each other")
            cost = f.processor_time() - f.spent
            others.append(max(0, fleet.machine_time() - f.machine - cost))
            walls.append(ended - began)
            costs.append(cost)
            f.end()
        worst, median = fleet.worst_and_median(walls)
        cost = fleet.worst_and_median(costs)[1]
        self.say(f"all see all: {self.spread('all', walls)}; "
                 f"{cost:.2f} s of processor time, "
                 f"{sum(others) / runs:.2f} s went to others")
        pair = float(os.environ.get("PAIR_MS", 0)) / 1000
        if self.program != "xl-member" or pair == 0:
            return
        pairs = self.size * (self.size - 1) // 2
        cores = os.cpu_count()
        limit = pairs * pair / cores
        alone = fleet.worst_and_median([wall - other / cores for wall, other
                                        in zip(walls, others)])[1]
        self.say(f"cryptography alone: {pairs} pairs, {pair * 1000:.2f} ms "
                 f"each, on {cores} cores: {ms(limit)}; ratios: worst "
                 f"{worst / limit:.2f}, median {median / limit:.2f}, median "
                 f"less what went to others {alone / limit:.2f}, "
                 f"processor time {cost / cores / limit:.2f}")

    def kill(self, runs):
        f = self.started()
        downs, ups = [], []
        for n in range(runs):
            i = (7 * n + 3) % self.size
            f.look()
            began = time.monotonic()
            f.kill(i)
            ended = f.all_others(i, False, 120)
            if ended is None:
                self.give_up(f, f"m{i} was killed and is not missed")
            downs.append(ended - began)
            f.bury(i)
            f.rest(1)
            began = time.monotonic()
            f.start(i)
            ended = f.all_others(i, True, 120)
            if ended is None:
                self.give_up(f, f"m{i} does not come back")
            ups.append(ended - began)
            if f.sees_all() is None:
                self.give_up(f, f"m{i} does not see all")
            f.rest(0.5)
        f.end()
        self.say(f"kill -9 known to all: {self.spread('kill', downs)}")
        self.say(f"restarted and up for all: {self.spread('restart', ups)}")

    def hang(self, runs):
        f = self.started()
        times = []
        for n in range(runs):
            i = (5 * n + 1) % self.size
            f.look()
            began = time.monotonic()
            f.kill(i, signal.SIGSTOP)
            ended = f.all_others(i, False, 120)
            f.kill(i, signal.SIGCONT)
            if ended is None:
                self.give_up(f, f"m{i} was stopped and is not missed")
            times.append(ended - began)
            if f.sees_all() is None:
                self.give_up(f, f"m{i} does not come back")
            f.rest(2)
        f.end()
        self.say("a stopped process known to all: "
                 f"{self.spread('hang', times)}")

    def idle(self, seconds):
        f = self.started()
        pids = list(f.pids.values())
        ours = self.program == "xl-member"
        sent = [messages.bytes_sent(f"m{i}") for i in f.pids] if ours else []
        f.rest(1)
        woken = [fleet.wakeups(pid) for pid in pids]
        spent = [fleet.processor_time(pid) for pid in pids]
        began = time.monotonic()
        f.rest(seconds)
        took = time.monotonic() - began
        woken = [(fleet.wakeups(pid) - was) / took
                 for pid, was in zip(pids, woken)]
        spent = [(fleet.processor_time(pid) - was) / took
                 for pid, was in zip(pids, spent)]
        if ours:
            sent = [(messages.bytes_sent(f"m{i}") - was) / (took + 1)
                    for i, was in zip(f.pids, sent)]
        f.end()
        mean = sum(spent) / self.size
        bytes_text = f"{max(sent):.0f} bytes/s sent, " if ours else ""
        self.say(f"at rest, the busiest: {bytes_text}{max(woken):.1f} "
                 f"wake-ups/s, {max(spent) * 100:.3f} % of a core; the mean: "
                 f"{sum(woken) / self.size:.1f} wake-ups/s, "
                 f"{mean * 3600:.1f} s of processor time an hour" +
                 self.compared("rest", mean))

    def memory(self, _):
        f = self.started()
        kib = [fleet.memory(pid) for pid in f.pids.values()]
        f.end()
        rss, pss = (max(values) for values in zip(*kib))
        self.say(f"memory of the main process, the largest: {rss} KiB "
                 f"resident, {pss} KiB proportional" +
                 self.compared("memory", rss))

    def calm(self, seconds):
        f = self.started()
        burners = [os.posix_spawn("/bin/sh", ["sh", "-c",
                                              "while :; do :; done"],
                                  os.environ) for _ in range(BURNERS)]
        f.rest(seconds)
        for pid in burners:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        f.rest(4)
        alarms = f.downs
        f.end()
        self.say(f"{alarms} false alarms in {seconds} s beside {BURNERS} "
                 f"processes that burn")

    def send(self, runs):
        f = self.started("-x", messages.SLOW, "--queue-bytes", "67108864",
                         "--hook-timeout", "600")
        for line in messages.measure_sends("m0", "m1", runs):
            self.say(line)
        f.end()

    def script(self, runs):
        fifo = messages.Fifo("events")
        f = self.started("-x", fifo.command)
        sends, kills = [], []
        others = self.size - 1
        for n in range(runs):
            fifo.clear()
            began = time.monotonic()
            messages.send("m0", "*", b"x")
            sends.append(fifo.wait("message", others) - began)
            i = (3 * n + 1) % self.size
            began = time.monotonic()
            f.kill(i)
            kills.append(fifo.wait("member-down", others) - began)
            f.bury(i)
            f.start(i)
            f.all_others(i, True, 60)
            f.sees_all()
            f.rest(0.3)
        f.end()
        self.say("a message to all, until the scripts of all have run: "
                 f"{self.spread('message', sends)}")
        self.say("a kill -9, until the scripts of all have run: "
                 f"{self.spread('script', kills)}")


def main():
    # So that what was started ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    program, size, measure = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    runs = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    getattr(Bench(program, size), measure)(runs)


if __name__ == "__main__":
    main()

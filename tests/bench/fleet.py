# SPDX-License-Identifier: MIT
"""Programs that tell in their logs who is up, many of one kind at a time.

Times are seconds of the monotonic clock at which a line was read, which is at
most some 2 ms after it was written: between two looks this process sleeps, so
as to take little from those that it looks at.
"""

import atexit
import os
import re
import select
import signal
import time

NAP = 0.001
BUSY = (0, 1, 2, 5, 6)  # user, nice, system and interrupts, of /proc/stat


def threads(pid):
    """The folders of a process's threads."""
    try:
        return [f"/proc/{pid}/task/{name}"
                for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def processor_time(pid):
    """Seconds that a process had, its children included."""
    seconds = 0
    for thread in threads(pid):
        with open(f"{thread}/schedstat", encoding="ascii") as file:
            seconds += int(file.read().split()[0]) / 1e9
        with open(f"{thread}/children", encoding="ascii") as file:
            children = file.read().split()
        seconds += sum(processor_time(int(child)) for child in children)
    return seconds


def machine_time():
    """Seconds that all processors together were busy."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:]]
    return sum(fields[i] for i in BUSY) / os.sysconf("SC_CLK_TCK")


def table(path):
    """The numbers of a file of `Key: value` lines."""
    values = {}
    with open(path, encoding="ascii") as file:
        for line in file:
            key, _, rest = line.partition(":")
            word = rest.split()[:1]
            if word and word[0].isdigit():
                values[key] = int(word[0])
    return values


def memory(pid):
    """KiB that are resident, and the process's share of them."""
    return (table(f"/proc/{pid}/status")["VmRSS"],
            table(f"/proc/{pid}/smaps_rollup")["Pss"])


def wakeups(pid):
    return sum(table(f"{thread}/status")["voluntary_ctxt_switches"]
               for thread in threads(pid))


class Fleet:
    """SIZE programs; argv(i) starts one, and pattern matches what it says.

    Its groups are `up` or `down`, one of which is the other's name.
    """

    def __init__(self, size, argv, pattern):
        self.size = size
        self.argv = argv
        self.pattern = re.compile(pattern)
        self.poller = select.epoll()
        self.ends = {}  # descriptor: [index, what is left of a line]
        self.pids = {}
        self.up = [set() for _ in range(size)]
        self.changed = 0  # when somebody was last up or down
        self.downs = 0
        atexit.register(self.end)

    def name(self, i):
        return f"m{i}"

    def start(self, i, gate=None):
        """Starts one; with a gate, as soon as that is closed."""
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        argv = self.argv(i)
        files = [(os.POSIX_SPAWN_DUP2, theirs, fd) for fd in (1, 2)]
        if gate is not None:
            files.append((os.POSIX_SPAWN_DUP2, gate, 0))
            argv = ["/bin/sh", "-c", 'read _; exec "$@" </dev/null', "sh",
                    *argv]
        self.pids[i] = os.posix_spawnp(argv[0], argv, os.environ,
                                       file_actions=files)
        os.close(theirs)
        self.up[i].clear()
        self.ends[ours] = [i, b""]
        self.poller.register(ours, select.EPOLLIN)

    def start_all(self):
        """Starts all of them together and returns when that was."""
        gate, opener = os.pipe()
        for i in range(self.size):
            self.start(i, gate)
        os.close(gate)
        time.sleep(0.2)
        self.spent = self.processor_time()
        self.machine = machine_time()
        began = time.monotonic()
        os.close(opener)
        return began

    def note(self, i, line):
        match = self.pattern.search(line)
        if not match:
            return
        name = (match["up"] or match["down"]).decode()
        if name == self.name(i):
            return
        if match["up"]:
            self.up[i].add(name)
        else:
            self.up[i].discard(name)
            self.downs += 1
        self.changed = time.monotonic()

    def look(self, wait=0):
        """Reads what has been written."""
        for fd, _ in self.poller.poll(wait):
            try:
                data = os.read(fd, 65536)
            except BlockingIOError:
                continue
            if not data:
                self.poller.unregister(fd)
                os.close(fd)
                del self.ends[fd]
                continue
            i, rest = self.ends[fd]
            *lines, self.ends[fd][1] = (rest + data).split(b"\n")
            for line in lines:
                self.note(i, line)

    def until(self, holds, limit):
        """When it was that holds() became true; None: it did not."""
        end = time.monotonic() + limit
        while not holds():
            if time.monotonic() > end:
                return None
            self.look(0.2)
            time.sleep(NAP)
        return self.changed

    def sees_all(self, limit=120):
        return self.until(lambda: all(len(up) == self.size - 1
                                      for up in self.up), limit)

    def all_others(self, i, up, limit):
        """When all others hold one for up, or for down."""
        name = self.name(i)
        return self.until(lambda: all((name in self.up[j]) == up
                                      for j in range(self.size) if j != i),
                          limit)

    def rest(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look(max(0, end - time.monotonic()))

    def processor_time(self):
        return sum(processor_time(pid) for pid in self.pids.values())

    def kill(self, i, signo=signal.SIGKILL):
        os.kill(self.pids[i], signo)

    def bury(self, i):
        os.waitpid(self.pids.pop(i), 0)

    def end(self):
        for i in list(self.pids):
            self.kill(i)
        for i in list(self.pids):
            self.bury(i)
        for fd in self.ends:
            os.close(fd)
        self.ends = {}
        self.poller.close()


def worst_and_median(values):
    values = sorted(values)
    return values[-1], values[(len(values) - 1) // 2]

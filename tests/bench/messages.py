# SPDX-License-Identifier: MIT
"""Talks to daemons over their control sockets (applets/member/control.h)."""

import os
import selectors
import socket
import time

import fleet

# The first message's command lasts, and the others are queued behind it.
SLOW = 'case $XL_EVENT in message) exec sleep 600;; esac'
SECONDS = 2  # for messages a second
AT_ONCE = 4


def connect(folder):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(f"{folder}/control")
    return s


def lines_of(s):
    while line := s.recv(4096):
        yield line.decode()


def bytes_sent(folder):
    """What a member has sent to all others, on the wire."""
    with connect(folder) as s:
        s.send(b"status")
        words = [line.split() for line in lines_of(s)]
    return sum(int(w[9]) for w in words if w[0] == "member")


def ask_to_send(folder, names, contents):
    s = connect(folder)
    s.send(b"send 10000 " + names.encode() + b"\n" + contents)
    return s


def take_answers(s):
    """Ends with the last answer; all have to have it."""
    for line in lines_of(s):
        word, *rest = line.split()
        if word == "end":
            break
        if word != "answer" or rest[1] != "ok":
            raise RuntimeError(f"send: {line}")
    s.close()


def send(folder, names, contents):
    take_answers(ask_to_send(folder, names, contents))


def percentiles(times):
    times.sort()
    return (f"p50 {times[len(times) // 2] * 1e6:.0f} us, "
            f"p99 {times[len(times) * 99 // 100] * 1e6:.0f} us")


def latencies(sender, receiver, runs):
    """Until the sender has the answer, and the receiver has told of it."""
    answered, told = [], []
    with connect(receiver) as watch:
        watch.send(b"watch")
        for _ in range(runs):
            began = time.monotonic()
            s = ask_to_send(sender, receiver, bytes(100))
            while " message " not in watch.recv(4096).decode():
                pass
            told.append(time.monotonic() - began)
            take_answers(s)
            answered.append(time.monotonic() - began)
    return answered, told


def rate(sender, receiver, contents):
    """Messages a second."""
    count = 0
    began = time.monotonic()
    selector = selectors.DefaultSelector()
    for _ in range(AT_ONCE):
        selector.register(ask_to_send(sender, receiver, contents),
                          selectors.EVENT_READ)
    while (now := time.monotonic()) < began + SECONDS:
        for key, _ in selector.select(1):
            selector.unregister(key.fileobj)
            take_answers(key.fileobj)
            count += 1
            selector.register(ask_to_send(sender, receiver, contents),
                              selectors.EVENT_READ)
    for key in list(selector.get_map().values()):
        take_answers(key.fileobj)
    return count / (now - began)


def measure_sends(sender, receiver, runs):
    answered, told = latencies(sender, receiver, runs)
    yield f"a message of 100 bytes, until it is told of: {percentiles(told)}"
    yield f"until it is acknowledged: {percentiles(answered)}"
    yield (f"messages of 100 bytes, {AT_ONCE} at a time: "
           f"{rate(sender, receiver, bytes(100)):.0f} a second")


class Fifo:
    """What scripts write into."""

    def __init__(self, path):
        if os.path.exists(path):
            os.unlink(path)
        os.mkfifo(path)
        self.fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.command = f'echo "$XL_EVENT" >{os.path.abspath(path)}'
        self.rest = b""

    def read(self):
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return []
        *lines, self.rest = (self.rest + data).split(b"\n")
        return [line.decode() for line in lines]

    def clear(self):
        while self.read():
            pass

    def wait(self, event, count, limit=30):
        """When so many scripts have written this."""
        end = time.monotonic() + limit
        while count > 0:
            count -= self.read().count(event)
            if time.monotonic() > end:
                raise RuntimeError(f"{event}: {count} are missing")
            if count > 0:
                time.sleep(fleet.NAP / 2)
        return time.monotonic()

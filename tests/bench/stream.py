#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One stream of bytes through whatever forwards it.

stream.py serve PORT		sends zeros to who connects, until it goes
stream.py fetch PORT BYTES	receives so many: MB/s
stream.py hold PORT COUNT	opens so many connections, each of which has got
				a byte, says so, and holds them until standard
				input ends
"""

import socket
import sys
import threading
import time

HOST = "127.0.0.1"
ZEROS = bytes(1 << 18)


def send(conn):
    try:
        while True:
            conn.sendall(ZEROS)
    except OSError:
        conn.close()


def serve(port):
    listener = socket.create_server((HOST, port), backlog=1024)
    print("ready", flush=True)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=send, args=(conn,), daemon=True).start()


def fetch(port, count):
    space = bytearray(1 << 18)
    conn = socket.create_connection((HOST, port))
    got = conn.recv_into(space)  # the handshake is over
    start = time.monotonic()
    first = got
    while got < count:
        n = conn.recv_into(space)
        if n == 0:
            sys.exit("stream: the stream ended")
        got += n
    print(round((got - first) / (time.monotonic() - start) / 1e6))


def hold(port, count):
    conns = [socket.create_connection((HOST, port)) for _ in range(count)]
    for conn in conns:
        conn.sendall(b"x")
        if conn.recv(1) != b"x":
            sys.exit("stream: a connection was closed")
    print("held", flush=True)
    sys.stdin.read()


def echo(port):
    listener = socket.create_server((HOST, port), backlog=1024)
    print("ready", flush=True)
    held = []
    while True:
        conn, _ = listener.accept()
        held.append(conn)
        threading.Thread(target=reply, args=(conn,), daemon=True).start()


def reply(conn):
    while True:
        data = conn.recv(4096)
        if not data:
            return
        conn.sendall(data)


if __name__ == "__main__":
    job, *numbers = sys.argv[1:]
    {"serve": serve, "fetch": fetch, "hold": hold, "echo": echo}[job](
        *map(int, numbers)
    )

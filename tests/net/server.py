#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Plain TCP, for tests of what xl-member forwards.

server.py echo ADDR:PORT|unix:PATH   prints where it listens, and echoes; the
                                     end of a stream too
server.py reset ADDR:PORT            echoes some bytes and resets
server.py full ADDR:PORT             prints where it listens, once its queue is
                                     full and the kernel drops what comes
server.py tight unix:PATH            an echo whose queue has room for one, and is
                                     full until SIGUSR1
server.py join ADDR:PORT             standard input there, and what comes back
                                     to standard output; 1 when it is reset
server.py many ADDR:PORT N           N connections at once, each of which has
                                     to be answered
"""

import os
import selectors
import signal
import socket
import struct
import sys
import threading


def parse(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


def listen(where):
    if where.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(where[5:])
        sock.listen(4096)
        print(where, flush=True)
        return sock
    sock = socket.create_server(parse(where), backlog=4096)
    print("%s:%d" % sock.getsockname()[:2], flush=True)
    return sock


def echo(conn):
    try:
        while True:
            data = conn.recv(65536)
            if not data:
                break
            conn.sendall(data)
        conn.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    conn.close()


def reset(conn):
    conn.sendall(conn.recv(65536))
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    conn.close()


def tight(where):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(where[5:])
    sock.listen(0)
    with socket.socket(socket.AF_UNIX) as first:
        first.connect(where[5:])
        print(where, flush=True)
        signal.sigwait({signal.SIGUSR1})
    serve(echo, sock)


def serve(handle, sock):
    threading.stack_size(65536)
    while True:
        conn, _ = sock.accept()
        threading.Thread(target=handle, args=(conn,), daemon=True).start()


def full(where):
    sock = socket.create_server(parse(where), backlog=0)
    held = []
    while True:  # until one finds no place
        conn = socket.socket()
        conn.settimeout(0.5)
        held.append(conn)
        try:
            conn.connect(sock.getsockname())
        except OSError:
            break
    print("%s:%d" % sock.getsockname()[:2], flush=True)
    signal.pause()


def join(where):
    conn = socket.create_connection(parse(where))
    broke = []  # a reset is told to one of the two alone

    def send():
        try:
            for data in iter(lambda: os.read(0, 65536), b""):
                conn.sendall(data)
            conn.shutdown(socket.SHUT_WR)
        except OSError as why:
            broke.append(why)
    threading.Thread(target=send, daemon=True).start()
    for data in iter(lambda: conn.recv(65536), b""):
        os.write(1, data)
    if broke:
        raise broke[0]


def many(where, count):
    waiting = selectors.DefaultSelector()
    conns = [socket.create_connection(parse(where)) for _ in range(count)]
    left = {}
    for n, conn in enumerate(conns):
        left[conn] = b"connection %d\n" % n
        conn.sendall(left[conn])
        waiting.register(conn, selectors.EVENT_READ)
    answered = 0
    while answered < count:
        for key, _ in waiting.select():
            data = key.fileobj.recv(100)
            if not data or not left[key.fileobj].startswith(data):
                raise OSError("not an echo: %r" % data)
            left[key.fileobj] = left[key.fileobj][len(data):]
            answered += not left[key.fileobj]
    for conn in conns:  # all at once are there now
        conn.shutdown(socket.SHUT_WR)
    for conn in conns:
        while conn.recv(100):
            pass
    print("%d answered" % answered)


def main():
    mode, where = sys.argv[1:3]
    try:
        if mode == "join":
            join(where)
        elif mode == "full":
            full(where)
        elif mode == "tight":
            tight(where)
        elif mode == "many":
            many(where, int(sys.argv[3]))
        else:
            serve({"echo": echo, "reset": reset}[mode], listen(where))
    except OSError as why:
        print("server.py: %s" % why, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # whatever its threads do

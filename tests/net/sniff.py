#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""Says which TCP segments an interface sends and receives.

sniff.py [--ready-fd N] INTERFACE [PORT]

One line a segment, of this port if one is given:

    FROM PORT TO PORT FLAGS BYTES

FLAGS are out of SAFRP (SYN, ACK, FIN, RST, PSH), BYTES those of payload.
A segment that is sent again is seen again. SIGTERM ends it when all that was
sent before has been written, with a line "end N": so many packets were missed.
"""

import argparse
import os
import select
import signal
import socket
import struct
import sys

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_STATISTICS = 6
TCP = 6
FLAGS = (("S", 2), ("A", 16), ("F", 1), ("R", 4), ("P", 8))


def network(packet):
    """(from, to, TCP header and length behind the IP header) or None."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        header = (packet[0] & 15) * 4
        total = struct.unpack_from("!H", packet, 2)[0]
        fragment = struct.unpack_from("!H", packet, 6)[0] & 0x1fff
        if packet[9] != TCP or fragment:
            return None
        return (socket.inet_ntop(socket.AF_INET, packet[12:16]),
                socket.inet_ntop(socket.AF_INET, packet[16:20]),
                packet[header:], total - header)
    if len(packet) >= 40 and packet[0] >> 4 == 6 and packet[6] == TCP:
        return (socket.inet_ntop(socket.AF_INET6, packet[8:24]),
                socket.inet_ntop(socket.AF_INET6, packet[24:40]),
                packet[40:], struct.unpack_from("!H", packet, 4)[0])
    return None


def tell(packet, port):
    found = network(packet)
    if not found or len(found[2]) < 20:
        return
    source, target, tcp, length = found
    sport, dport = struct.unpack_from("!HH", tcp)
    if port and port not in (sport, dport):
        return
    flags = "".join(name for name, bit in FLAGS if tcp[13] & bit)
    print(source, sport, target, dport, flags or "-",
          length - (tcp[12] >> 4) * 4, flush=True)


def main():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--ready-fd", type=int)
    p.add_argument("interface")
    p.add_argument("port", type=int, nargs="?")
    args = p.parse_args()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGTERM, lambda *_: None)
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                         socket.htons(ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind((args.interface, ETH_P_ALL))
    sock.setblocking(False)
    if args.ready_fd is not None:
        os.write(args.ready_fd, b"\n")
        os.close(args.ready_fd)
    while True:
        ready = select.select([sock, woken], [], [])[0]
        try:
            while True:
                tell(sock.recv(128), args.port)
        except BlockingIOError:
            pass
        except OSError as e:
            print(e, file=sys.stderr)  # the interface went down
        if woken in ready:
            break
    stats = sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
    print("end", struct.unpack("II", stats)[1])


main()

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
#
# memory.py PID KEY.pem...: says which parts of the private keys are in the
# memory of a process, one a line, each number in either byte order, and each
# line of the file itself. Exit status 2: it may not be looked at.

import sys

from cryptography.hazmat.primitives.serialization import load_pem_private_key


def parts(path):
    with open(path, "rb") as file:
        text = file.read()
    key = load_pem_private_key(text, None).private_numbers()
    numbers = {
        "p": key.p,
        "q": key.q,
        "d": key.d,
        "dp": key.dmp1,
        "dq": key.dmq1,
        "iq": key.iqmp,
    }
    for name, number in numbers.items():
        data = number.to_bytes((number.bit_length() + 7) // 8, "big")
        yield name, data
        yield name, data[::-1]
        # Part of it is as bad: what is left when the rest was written over.
        yield name + ", the first half", data[: len(data) // 2]
        yield name + ", the second half", data[len(data) // 2 :]
    # Those behind the modulus, which is no secret.
    lines = text.splitlines()
    for line in lines[len(lines) // 3 : -2]:
        yield "PEM", line


def memory(pid):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
        for line in maps:
            area, access = line.split()[:2]
            if "r" not in access or "[v" in line:
                continue
            start, end = (int(x, 16) for x in area.split("-"))
            mem.seek(start)
            try:
                yield line.split()[-1], mem.read(end - start)
            except OSError:
                continue  # reserved, and never touched


def main(pid, *files):
    try:
        areas = list(memory(pid))
    except PermissionError:
        sys.exit(2)
    for path in files:
        for name, data in parts(path):
            for area, content in areas:
                if data in content:
                    print(path, name, area)


main(*sys.argv[1:])

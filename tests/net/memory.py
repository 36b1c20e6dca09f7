#!/usr/bin/python3
# SPDX-License-Identifier: MIT
#
# memory.py PID KEY.pem...: says which parts of the private keys are in the
# memory of a process, one a line, each number in either byte order, and each
# line of the file itself. Exit status 0: none; 1: some; 2: it may not be looked
# at.

import os
import sys

from cryptography.hazmat.primitives.serialization import load_pem_private_key

AREA_MAX = 1 << 28  # what is larger is a sanitizer's
PAGE = os.sysconf("SC_PAGESIZE")


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


def touched(pagemap, start, end):
    """Runs of pages that are there, or swapped out: the others are zero."""
    pagemap.seek(start // PAGE * 8)
    entries = pagemap.read((end - start) // PAGE * 8)
    run = None
    for at in range(0, len(entries), 8):
        page = start + at // 8 * PAGE
        if entries[at + 7] & 0xC0:
            run = page if run is None else run
        elif run is not None:
            yield run, page
            run = None
    if run is not None:
        yield run, end


def memory(pid):
    proc = f"/proc/{pid}/"
    with open(proc + "maps") as maps, open(proc + "mem", "rb") as mem, open(
        proc + "pagemap", "rb"
    ) as pagemap:
        for line in maps:
            area, access = line.split()[:2]
            start, end = (int(x, 16) for x in area.split("-"))
            if "r" not in access or "[v" in line or end - start > AREA_MAX:
                continue
            for first, last in touched(pagemap, start, end):
                mem.seek(first)
                yield line.split()[-1], mem.read(last - first)


def main(pid, *files):
    try:
        areas = list(memory(pid))
    except PermissionError:
        return 2
    found = 0
    for path in files:
        for name, data in parts(path):
            for area, content in areas:
                if data in content:
                    print(path, name, area)
                    found = 1
    return found


sys.exit(main(*sys.argv[1:]))

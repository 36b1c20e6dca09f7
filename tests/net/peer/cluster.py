# SPDX-License-Identifier: MIT
"""Members' messages, what their signatures cover, and a node's folder.

Written from xl-protocol(7), Member to member, The client port, and Files,
alone. A message is a dict, as in pb.py.
"""

import hashlib
import os

import ident
import pb

OPS = {1: "Hello", 2: "Ack", 3: "KeepAlive", 4: "Bye", 5: "Error", 6: "App",
       7: "Data", 8: "Eof", 9: "Suspect"}
OP = {name: number for number, name in OPS.items()}
UNNUMBERED = ("Data", "Eof")

XLCLUSTERMSG = {1: ("Op", "int"), 2: ("MsgN", "int"), 3: ("ID", "bytes"),
                4: ("YourMsgN", "int"), 5: ("ClusterID", "bytes"),
                6: ("ErrCode", "int"), 7: ("ErrDesc", "bytes"),
                8: ("Contents", "bytes"), 12: ("Salt", "bytes"),
                13: ("DigSig", "bytes")}

LIMITS = {"ID": 32, "ClusterID": 32, "ErrDesc": 256, "Contents": 16000,
          "Salt": 32, "DigSig": 512, "Op": 1 << 32, "ErrCode": 1 << 32}


def encode(msg):
    return pb.encode(msg, XLCLUSTERMSG)


def decode(data):
    """A message within its limits and with an Op, or pb.Malformed."""
    msg = pb.decode(data, XLCLUSTERMSG)
    if "Op" not in msg:
        raise pb.Malformed("no Op")
    for name, limit in LIMITS.items():
        value = msg.get(name, b"")
        if isinstance(value, int) and value >= limit or \
                isinstance(value, bytes) and len(value) > limit:
            raise pb.Malformed(name)
    return msg


def op_name(msg):
    return OPS.get(msg["Op"], "op-%d" % msg["Op"])


# --- Hello ---

def peer_bytes(bind, cluster_id, from_id, to_id):
    return b"xlattice2 peer" + bind + cluster_id + from_id + to_id


def client_bytes(bind, member_id):
    return b"xlattice2 client" + bind + member_id


def peer_hello(sk, bind, cluster_id, from_id, to_id):
    return {"Op": OP["Hello"], "MsgN": 1, "ID": from_id,
            "ClusterID": cluster_id,
            "DigSig": ident.sign(sk, "sha256", peer_bytes(
                bind, cluster_id, from_id, to_id))}


def client_id(sk):
    """What xl-nodeid -k prints."""
    return hashlib.sha256(ident.spki(sk)).digest()


def client_hello(sk, bind, member_id):
    return {"Op": OP["Hello"], "MsgN": 1, "ID": client_id(sk),
            "DigSig": ident.sign(sk, "sha256",
                                 client_bytes(bind, member_id))}


# --- the text files ---

class BadFile(Exception):
    """A file is not as xl-protocol(7) has it."""


def read_block(lines, path):
    """The lines behind `name {` up to its `}`, as (key, value) pairs; the
    value of a block is such a list."""
    out = []
    for line in lines:
        if line == "}":
            return out
        if line.endswith(" {"):
            out.append((line[:-2], read_block(lines, path)))
            continue
        key, sep, value = line.partition(": ")
        if not sep:
            raise BadFile("%s: %s" % (path, line))
        out.append((key, value))
    raise BadFile("%s: ends in a block" % path)


def read_file(path, name):
    with open(path, encoding="utf-8", newline="") as f:
        lines = [line.strip() for line in f.read().split("\n")]
    lines = iter([line for line in lines if line])
    if next(lines, None) != name + " {":
        raise BadFile("%s: no %s" % (path, name))
    block = read_block(lines, path)
    if next(lines, None) is not None:
        raise BadFile("%s: more behind %s" % (path, name))
    return block


def take(block, keys, path):
    """The values of these keys, each of which is there once, in order."""
    if [key for key, _ in block] != list(keys):
        raise BadFile("%s: keys %s" % (path, [key for key, _ in block]))
    return [value for _, value in block]


def parse_ends(block, path):
    ends = []
    for key, value in block:
        host, _, port = value.rpartition(":")
        if key != "TcpEndPoint" or not 0 < int(port) < 65536:
            raise BadFile("%s: end point %s" % (path, value))
        ends.append((host.strip("[]"), int(port)))
    return ends


class Member:
    """One member of a roster."""

    def __init__(self, block, path):
        index, self.name, node_id, attrs, ck, sk, ends = take(
            block, ("Index", "Name", "ID", "Attrs", "CommsPubKey",
                    "SigPubKey", "EndPoints"), path)
        self.index, self.attrs = int(index), int(attrs, 16)
        self.id = bytes.fromhex(node_id)
        self.ck, self.sk = ident.parse_ssh_line(ck), ident.parse_ssh_line(sk)
        self.ends = parse_ends(ends, path)
        if len(self.id) not in (20, 32):
            raise BadFile("%s: ID of %s" % (path, self.name))


class Roster:
    """cluster.dat"""

    def __init__(self, path):
        self.name, cluster_id, _, size, ends, own, members = take(
            read_file(path, "cluster"),
            ("Name", "ID", "Attrs", "MaxSize", "EPCount", "Self", "Members"),
            path)
        self.id, self.max_size = bytes.fromhex(cluster_id), int(size)
        self.ends = int(ends)
        self.members = [Member(block, path) for key, block in members
                        if key == "member"]
        indexes = [m.index for m in self.members]
        if len(members) != len(indexes) or indexes != sorted(set(indexes)) \
                or not 2 <= self.max_size <= 64 or not 1 <= self.ends <= 2 \
                or any(i >= self.max_size for i in indexes) \
                or any(len(m.ends) < self.ends for m in self.members):
            raise BadFile("%s: members" % path)
        self.own = next(m for m in self.members if m.index == int(own))

    def find(self, **wanted):
        """The member with this name, id, or address; None."""
        for m in self.members:
            have = {"name": m.name, "id": m.id, "address": m.ends[0][0]}
            if all(have[key] == value for key, value in wanted.items()):
                return m
        return None


class Folder:
    """A node's folder: its keys, its name, and its cluster."""

    def __init__(self, path):
        self.ck = ident.load_key(os.path.join(path, "ck.pem"))
        self.sk = ident.load_key(os.path.join(path, "sk.pem"))
        node = os.path.join(path, "node.dat")
        self.name, node_id, ends = take(
            read_file(node, "node"), ("Name", "ID", "EndPoints"), node)
        self.id, self.ends = bytes.fromhex(node_id), parse_ends(ends, node)
        self.roster = Roster(os.path.join(path, "cluster.dat"))
        own = self.roster.own
        if own.id != self.id or own.name != self.name or \
                ident.spki(own.ck) != ident.spki(self.ck) or \
                ident.spki(own.sk) != ident.spki(self.sk):
            raise BadFile("%s: Self is another" % path)

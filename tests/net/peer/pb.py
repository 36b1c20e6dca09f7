# SPDX-License-Identifier: MIT
"""The protobuf wire format, by hand, and the two messages of the registry.

A message is a dict from field name to value: int, bytes, or a dict or a list
of these. Two more keys make odd messages on purpose: "_raw" (bytes put
behind the fields) and "_fields" (a list of (number, wire type, value) put
before them). Decoding is strict about structure, keeps unknown fields in
"_unknown", and lets the last of a repeated scalar win, as proto2 does.
"""

OPS = {1: "RegCredRequest", 2: "RegCredReply", 3: "Member", 4: "MemberOK",
       5: "Create", 6: "CreateReply", 7: "Join", 8: "JoinReply",
       9: "GetCluster", 10: "ClusterMembers", 11: "Bye", 12: "Ack",
       13: "Error", 14: "Leave", 15: "LeaveReply"}
OP = {name: number for number, name in OPS.items()}

TOKEN = {1: ("Name", "bytes"), 2: ("Attrs", "int"), 3: ("ID", "bytes"),
         4: ("CommsKey", "bytes"), 5: ("SigKey", "bytes"),
         6: ("MyEnds", "list"), 7: ("DigSig", "bytes")}

XLREGMSG = {1: ("Op", "int"), 2: ("AesIV", "bytes"), 3: ("AesKey", "bytes"),
            4: ("Salt1", "bytes"), 5: ("Salt2", "bytes"),
            6: ("Version", "int"), 8: ("MemberName", "bytes"),
            9: ("MemberID", "bytes"), 10: ("MemberAttrs", "int"),
            11: ("MemberSpecs", TOKEN), 13: ("ClusterID", "bytes"),
            14: ("ClusterName", "bytes"), 15: ("ClusterMaxSize", "int"),
            16: ("ClusterAttrs", "int"), 17: ("EndPointCount", "int"),
            20: ("Which", "int"), 21: ("Tokens", [TOKEN]),
            22: ("DigSig", "bytes"), 23: ("ErrDesc", "bytes"),
            24: ("WaitSeconds", "int"), 25: ("ClusterSize", "int")}


class Malformed(Exception):
    """These bytes are no such message."""


def varint(n):
    out = bytearray()
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def field(number, wire_type, value):
    tag = varint(number << 3 | wire_type)
    if wire_type == 0:
        return tag + varint(value)
    if wire_type == 2:
        return tag + varint(len(value)) + value
    return tag + value


def encode(msg, schema=None):
    schema = XLREGMSG if schema is None else schema
    out = b"".join(field(*f) for f in msg.get("_fields", []))
    for number, (name, kind) in sorted(schema.items()):
        if name not in msg:
            continue
        value = msg[name]
        if kind == "int":
            out += field(number, 0, value)
        elif kind == "bytes":
            out += field(number, 2, value)
        elif kind == "list":
            out += b"".join(field(number, 2, v) for v in value)
        elif isinstance(kind, list):
            out += b"".join(field(number, 2, encode(v, kind[0]))
                            for v in value)
        else:
            out += field(number, 2, encode(value, kind))
    return out + msg.get("_raw", b"")


def read_varint(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Malformed("varint")
        value |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value & 0xffffffffffffffff, at


def fields(data):
    """The (number, wire type, value) of each field, in the order sent."""
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if number == 0:
            raise Malformed("field number 0")
        if wire_type == 0:
            value, at = read_varint(data, at)
            yield number, wire_type, value
            continue
        if wire_type == 2:
            size, at = read_varint(data, at)
        elif wire_type in (1, 5):
            size = 8 if wire_type == 1 else 4
        else:
            raise Malformed("wire type %d" % wire_type)
        if size > len(data) - at:
            raise Malformed("truncated")
        yield number, wire_type, data[at:at + size]
        at += size


def decode(data, schema=None):
    schema = XLREGMSG if schema is None else schema
    msg = {}
    for number, wire_type, value in fields(data):
        if number not in schema:
            msg.setdefault("_unknown", []).append((number, wire_type, value))
            continue
        name, kind = schema[number]
        if wire_type != (0 if kind == "int" else 2):
            raise Malformed("wire type of " + name)
        if isinstance(kind, dict):
            msg[name] = decode(value, kind)
        elif isinstance(kind, list):
            msg.setdefault(name, []).append(decode(value, kind[0]))
        elif kind == "list":
            msg.setdefault(name, []).append(value)
        else:
            msg[name] = value
    return msg

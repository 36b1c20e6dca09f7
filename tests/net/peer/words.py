# SPDX-License-Identifier: MIT
"""The words of client.py: each a method of Run, word_NAME."""

import json
from urllib.parse import unquote_to_bytes

import ident
import link
import pb
import xlwire

ANSWERS = {"RegCredRequest": "RegCredReply", "Member": "MemberOK",
           "Create": "CreateReply", "Join": "JoinReply",
           "GetCluster": "ClusterMembers", "Leave": "LeaveReply",
           "Bye": "Ack"}


class Failed(Exception):
    """The run did not go as its words say."""


def parse_pairs(text):
    """KEY=VALUE,KEY=VALUE with values as bytes; end may be repeated."""
    pairs = {}
    for word in text.split(",") if text else []:
        key, _, value = word.partition("=")
        value = unquote_to_bytes(value)
        if key == "end":
            pairs.setdefault("end", []).append(value)
        else:
            pairs[key] = value
    return pairs


def key_bytes(value):
    """An SPKI by name: KEY of tests/data, or spki:NAME."""
    name = value.decode()
    if name.startswith("spki:"):
        return ident.vectors("spki.hex")[name[5:]]
    return ident.spki(ident.load_key(name))


class Run:
    """One connection and the words said on it."""

    def __init__(self, options):
        self.options = options
        cred = ident.Cred(options.cred)
        self.client = link.Client(
            cred, options.dialect, ident.load_key(options.ck),
            ident.load_key(options.sk), split=options.split,
            bytewise=options.bytewise, timeout=options.timeout)
        self.last = {}        # the last answer, as printed
        self.raw_last = {}    # the same before it was made readable
        self.good = True      # it was an answer that no word need expect
        self.member_id = self.cluster_id = b""
        self.mods = {}
        self.held = None

    # --- sending ---

    def put(self, data):
        if self.held is None:
            self.client.link.send(data)
        else:
            self.held += data

    def request(self, msg):
        """Sends msg as the modifiers say; shows the answer."""
        mods, self.mods = self.mods, {}
        wanted = None
        if isinstance(msg, dict):
            wanted = ANSWERS.get(pb.OPS.get(msg.get("Op")))
            msg = pb.encode(self.decorate(msg, mods))
        if "filler" in mods:
            msg = filled(msg, int(mods["filler"]))
        padded = badly_padded(msg, mods["badpad"]) if "badpad" in mods \
            else None
        wire = bytearray(self.client.session.seal(msg, padded))
        if "flip" in mods:
            bit = int(mods["flip"]) % (len(wire) * 8)
            wire[bit // 8] ^= 1 << bit % 8
        if "cut" in mods:
            del wire[-int(mods["cut"]):]
        self.put(bytes(wire) + bytes.fromhex(mods.get("tail", "")))
        if "nowait" not in mods and self.held is None:
            self.answer(wanted)

    def decorate(self, msg, mods):
        if "unknown" in mods:
            msg = dict(msg, _fields=[(99, 2, b"abc"), (100, 0, 1 << 63),
                                     (101, 5, bytes(4)), (102, 1, bytes(8))])
        if "repeat" in mods:
            msg = dict(msg, _fields=[(1, 0, 13), (14, 2, b"other"),
                                     (15, 0, 63)])
        return msg

    # --- answers ---

    def answer(self, wanted=None):
        self.show(self.client.receive())
        self.good = self.last["op"] == wanted if wanted else \
            self.last["op"] not in ("Error", "closed", "silence")

    def show(self, msg):
        self.raw_last = msg
        self.last = link.readable(msg)
        if msg["op"] == "MemberOK":
            self.member_id = msg.get("MemberID", b"")
        self.cluster_id = msg.get("ClusterID", self.cluster_id)
        if not self.options.cases:
            print(json.dumps(self.last), flush=True)

    def id_of(self, value, default):
        if value is None or value == b"last":
            return default
        if value.startswith(b"@"):
            with open(value[1:].decode(), encoding="ascii") as f:
                return bytes.fromhex(f.read().strip())
        return bytes.fromhex(value.decode())

    # --- requests ---

    def word_regcred(self, _):
        self.request({"Op": pb.OP["RegCredRequest"]})

    def word_member(self, text):
        a = parse_pairs(text)
        keys = {k: ident.load_key(a[k].decode()) for k in ("ck", "sk")
                if k in a and not a[k].startswith(b"spki:")}
        node_id = self.id_of(a["id"], self.member_id) if "id" in a else None
        sk = keys.get("sk", self.client.sk)
        token = ident.make_token(
            keys.get("ck", self.client.ck), sk, a.get("name", b"node"),
            int(a.get("attrs", b"0")), node_id, a.get("end", ()))
        for k, name in (("ck", "CommsKey"), ("sk", "SigKey")):
            if k in a and k not in keys:
                token[name] = key_bytes(a[k])
        token["DigSig"] = ident.sign(sk, "sha1", ident.covered(token))
        for name in a.get("without", b"").decode().split("+"):
            token.pop(name, None)
        set_signature(token, a.get("sig"))
        self.send_member(token, sk, a)

    def send_member(self, token, sk, a):
        msg = {"Op": pb.OP["Member"], "MemberSpecs": token}
        if self.client.dialect == "sealed":
            bind = self.client.session.bind
            if a.get("bind") == b"wrong":
                bind = bytes([bind[0] ^ 1]) + bind[1:]
            msg["DigSig"] = ident.sign(sk, "sha256",
                                       ident.member_bytes(bind, token))
        set_signature(msg, a.get("msgsig"))
        self.request(msg)

    def word_member_token(self, text):
        a = parse_pairs(text)
        with open(a["file"].decode(), encoding="ascii") as f:
            tokens = [pb.decode(bytes.fromhex(line), pb.TOKEN) for line in f]
        self.send_member(tokens[int(a.get("index", b"0"))], self.client.sk,
                         a)

    def word_return(self, text):
        a = parse_pairs(text)
        member_id = self.id_of(a.get("id"), self.member_id)
        msg = self.client.returning(member_id)
        set_signature(msg, a.get("sig"))
        self.request(msg)

    def word_create(self, text):
        a = parse_pairs(text)
        msg = {"Op": pb.OP["Create"]}
        if "name" in a:
            msg["ClusterName"] = a["name"]
        for key, name in (("size", "ClusterMaxSize"),
                          ("epc", "EndPointCount"),
                          ("attrs", "ClusterAttrs")):
            if key in a:
                msg[name] = int(a[key])
        self.request(msg)

    def cluster_request(self, op, text):
        a = parse_pairs(text)
        msg = {"Op": pb.OP[op]}
        if "name" in a:
            msg["ClusterName"] = a["name"]
        if "id" in a:
            msg["ClusterID"] = self.id_of(a["id"], self.cluster_id)
        if "member" in a:
            msg["MemberID"] = self.id_of(a["member"], self.member_id)
        if "wait" in a:
            msg["WaitSeconds"] = int(a["wait"])
        which = a.get("which", b"none")
        if which != b"none":
            msg["Which"] = (1 << 64) - 1 if which == b"all" else \
                int(which, 0)
        self.request(msg)

    def word_join(self, text):
        self.cluster_request("Join", text)

    def word_get(self, text):
        self.cluster_request("GetCluster", text)

    def word_leave(self, text):
        self.cluster_request("Leave", text)

    def word_bye(self, _):
        waits = "nowait" not in self.mods and self.held is None
        self.request({"Op": pb.OP["Bye"]})
        if waits and self.good:
            self.must_close("after Ack")

    def word_op(self, text):
        self.request({"Op": int(text, 0)})

    def word_noop(self, _):
        self.request(pb.encode({"ClusterName": b"alpha"}))

    def word_msg(self, text):
        self.request(bytes.fromhex(text))

    def word_tokens(self, text):
        self.request({"Op": pb.OP["RegCredRequest"],
                      "Tokens": [{}] * int(text)})

    def word_read(self, _):
        self.answer()

    # --- the rest ---

    def word_hold(self, _):
        self.held = b""

    def word_flush(self, _):
        data, self.held = self.held, None
        self.client.link.send(data)

    def word_raw(self, text):
        self.put(bytes.fromhex(text))

    def word_half_close(self, _):
        self.client.link.half_close()

    def word_expect(self, text):
        for key, value in parse_pairs(text).items():
            found = str(self.last.get(key, "absent"))
            if found != value.decode():
                raise Failed("%s is %s, not %s" % (key, found,
                                                   value.decode()))

    def word_expect_error(self, text):
        found = self.last.get("ErrDesc", self.last.get("op"))
        if self.last.get("op") != "Error" or text not in ("*", found):
            raise Failed("%s, not Error %s" % (found, text))
        self.must_close("after Error")

    def word_expect_close(self, _):
        if self.last.get("op") in ("closed", "silence"):
            if self.last["op"] == "silence":
                raise Failed("silence, not a close")
            return
        self.must_close("now")

    def word_expect_silence(self, _):
        if self.last.get("op") != "silence":
            raise Failed("%s, not silence" % self.last.get("op"))

    def word_drain(self, text):
        for _ in range(int(text) + 1):
            msg = self.client.receive()
            if msg["op"] == "closed":
                return
        raise Failed("%s, not the close" % msg["op"])

    def must_close(self, when):
        msg = self.client.receive()
        if msg["op"] != "closed":
            raise Failed("%s, not the close %s" % (msg["op"], when))

    def word_save(self, text):
        key, _, path = text.partition("=")
        with open(path, "w", encoding="ascii") as f:
            f.write("%s\n" % self.last[key])

    def word_keep_tokens(self, text):
        with open(text, "w", encoding="ascii") as f:
            for token in self.raw_last["Tokens"]:
                f.write(pb.encode(token, pb.TOKEN).hex() + "\n")

    # --- the script ---

    MODS = ("nowait", "filler", "unknown", "repeat", "badpad", "flip", "cut",
            "tail")

    def run(self, words):
        ended = self.client.open(hello_change(self.options.hello),
                                 self.options.version)
        if ended:
            self.show(ended)
            self.good = False
        for word in words:
            name, _, text = word.partition(":")
            if not self.good and not name.startswith("expect-"):
                raise Failed("before %s: %s" % (word, self.last))
            if name in self.MODS:
                self.mods[name] = text
                continue
            act = getattr(self, "word_" + name.replace("-", "_"), None)
            if act is None:
                raise SystemExit("client.py: no such word: " + name)
            act(text)
            if name.startswith("expect-"):
                self.good = True
        if not self.good:
            raise Failed("%s" % self.last)


def set_signature(holder, how):
    if how == b"none":
        holder.pop("DigSig", None)
    elif how == b"wrong":
        s = holder["DigSig"]
        holder["DigSig"] = s[:-1] + bytes([s[-1] ^ 1])
    elif how is not None:
        holder["DigSig"] = bytes.fromhex(how.decode())


def filled(msg, size):
    """msg with an unknown field behind it, size bytes in all."""
    for head in range(3, 6):
        room = size - len(msg) - head
        extra = pb.field(1000, 2, bytes(max(room, 0)))
        if len(msg) + len(extra) == size:
            return msg + extra
    raise SystemExit("client.py: cannot fill to %d" % size)


def badly_padded(msg, how):
    padded = bytearray(xlwire.pad(msg))
    n = padded[-1]
    if how == "last":
        padded[-1] ^= 0x40
    elif how == "zero":
        padded[-1] = 0
    elif how == "long":
        padded[-1] = 17
    elif n > 1:  # first: the one that a check of the last byte misses
        padded[-n] ^= 1
    else:
        padded += bytes([1] + [16] * 15)
    return bytes(padded)


def hello_change(text):
    """flip=BIT cut=N tail=HEX raw=HEX: what to do to the Hello."""
    if not text:
        return None
    how, _, value = text.partition("=")

    def change(hello):
        if how == "raw":
            return bytes.fromhex(value)
        if how == "cut":
            return hello[:-int(value)]
        if how == "tail":
            return hello + bytes.fromhex(value)
        if how == "flip":
            bit = int(value)
            data = bytearray(hello)
            data[bit // 8] ^= 1 << bit % 8
            return bytes(data)
        raise SystemExit("client.py: --hello " + text)
    return change

# SPDX-License-Identifier: MIT
"""A faithful registry in memory: what each message does (section 5).

No sockets here: hostile.py serves it, and bends its answers where told.
"""

import hashlib
import os
import re

import ident
import pb
import xlwire

NAME = re.compile(rb"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\Z")
END = re.compile(rb"(TcpEndPoint: )?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):"
                 rb"([0-9]{1,5})\Z")
ALL = (1 << 64) - 1
EPHEMERAL_SOLO = 1 | 4


# xl-protocol(7), section 4: anything longer is a malformed message
LIMITS = {"Name": 64, "MemberName": 64, "ClusterName": 64, "ID": 32,
          "MemberID": 32, "ClusterID": 32, "CommsKey": 550, "SigKey": 550,
          "DigSig": 512, "ErrDesc": 256}


def check_limits(msg):
    for key, value in msg.items():
        if key in LIMITS and len(value) > LIMITS[key]:
            raise pb.Malformed(key)
    for token in msg.get("Tokens", []) + [msg.get("MemberSpecs", {})]:
        ends = token.get("MyEnds", [])
        if len(ends) > 4 or any(len(e) > 64 for e in ends):
            raise pb.Malformed("MyEnds")
        if any(len(token.get(k, b"")) > n for k, n in LIMITS.items()):
            raise pb.Malformed("token")
    if len(msg.get("Tokens", [])) > 64 or "Op" not in msg:
        raise pb.Malformed("tokens or no Op")


def sound_key(der):
    """An RSA public key within the limits, or ValueError."""
    key = ident.load_spki(der)
    n, e = key.public_numbers().n, key.public_numbers().e
    if ident.spki(key) != der or n.bit_length() % 8 or not n & 1 & e \
            or not 2048 <= n.bit_length() <= 4096 or not 3 <= e < 1 << 31:
        raise ValueError("bad key")
    return key


class Refused(Exception):
    """Answered with Error and a close."""


class Cluster:
    def __init__(self, name, size, epc, attrs):
        self.name, self.size, self.epc = name, size, epc
        self.attrs = attrs
        self.id = hashlib.sha256(name).digest()
        self.members = []  # tokens, in index order

    def described(self, op):
        return {"Op": pb.OP[op], "ClusterID": self.id,
                "ClusterName": self.name, "ClusterMaxSize": self.size,
                "ClusterAttrs": self.attrs, "EndPointCount": self.epc,
                "ClusterSize": len(self.members)}


class Registry:
    """Nodes and clusters; handle() answers one message of one session."""

    def __init__(self, ck, sk, name=b"hostile", members=0):
        self.ck, self.sk, self.name = ck, sk, name
        self.id = hashlib.sha256(ident.spki(ck)).digest()
        self.ends = []
        self.members = members  # made up for each new cluster
        self.forget()

    def forget(self):
        self.nodes = {}      # ID to token
        self.sealed = set()  # IDs and SigKeys once accepted in sealed
        self.clusters = {}   # name to Cluster

    def handle(self, state, msg):
        """state: a dict of the session's own: session, token, cluster."""
        op = pb.OPS.get(msg.get("Op"), "")
        known = {"Create", "Join", "GetCluster"}
        table = {"RegCredRequest": self.cred, "Member": self.member,
                 "Create": self.create, "Join": self.join,
                 "GetCluster": self.get, "Bye": self.bye}
        if op not in table or (op in known) > ("token" in state) \
                or (op == "Member" and "token" in state):
            raise Refused("invalid msg type for current state")
        return table[op](state, msg)

    def cred(self, state, _msg):
        dialect = state["session"].dialect
        version = xlwire.version_bytes(dialect, xlwire.OUR_VERSION[dialect])
        return {"Op": pb.OP["RegCredReply"],
                "Version": int.from_bytes(version, "little"),
                "Tokens": [{"Name": self.name, "ID": self.id,
                            "CommsKey": ident.spki(self.ck),
                            "SigKey": ident.spki(self.sk),
                            "MyEnds": self.ends}]}

    def bye(self, _state, _msg):
        return {"Op": pb.OP["Ack"]}

    # --- Member ---

    def member(self, state, msg):
        if "MemberSpecs" in msg:
            token = self.accept(state["session"], msg)
        elif "MemberID" in msg:
            token = self.returning(state["session"], msg)
        else:
            raise Refused("missing member token or ID")
        state["token"] = token
        return {"Op": pb.OP["MemberOK"], "MemberID": token["ID"],
                "MemberAttrs": token.get("Attrs", 0),
                "MemberName": token["Name"]}

    def accept(self, session, msg):
        token = msg["MemberSpecs"]
        try:
            keys = [sound_key(token.get(k, b""))
                    for k in ("CommsKey", "SigKey")]
        except ValueError:
            raise Refused("bad key") from None
        if ident.token_signature(token) != "valid":
            raise Refused("bad digital signature")
        if session.dialect == "sealed" and not ident.verifies(
                keys[1], "sha256", msg.get("DigSig", b""),
                ident.member_bytes(session.bind, token)):
            raise Refused("bad digital signature")
        if not NAME.match(token.get("Name", b"")):
            raise Refused("bad name")
        check_ends(token)
        self.identify(session, token)
        return token

    def identify(self, session, token):
        """Gives or checks the ID, and keeps the token."""
        node_id = token.get("ID", b"")
        if len(node_id) not in (0, 20, 32):
            raise Refused("bad length for nodeID")
        if not node_id:
            same = [i for i, t in self.nodes.items()
                    if t["SigKey"] == token["SigKey"]]
            node_id = token["ID"] = same[-1] if same else os.urandom(32)
        known = self.nodes.get(node_id)
        if known and known["SigKey"] != token["SigKey"]:
            raise Refused("ID already in use")
        sealed = session.dialect == "sealed"
        if not sealed and {node_id, token["SigKey"]} & self.sealed:
            raise Refused("bad digital signature")
        if token.get("Attrs", 0) & EPHEMERAL_SOLO == EPHEMERAL_SOLO:
            return
        self.nodes[node_id] = token
        if sealed:
            self.sealed |= {node_id, token["SigKey"]}

    def returning(self, session, msg):
        token = self.nodes.get(msg["MemberID"])
        if token is None:
            raise Refused("member not known to this registry")
        digest, data = ident.return_bytes(session, msg["MemberID"], self.ck)
        if not ident.verifies(ident.load_spki(token["SigKey"]), digest,
                              msg.get("DigSig", b""), data):
            raise Refused("bad digital signature")
        return token

    # --- clusters ---

    def create(self, state, msg):
        name = msg.get("ClusterName", b"")
        if not name:
            raise Refused("missing cluster name or ID")
        if not NAME.match(name):
            raise Refused("bad name")
        if name not in self.clusters:
            epc = msg.get("EndPointCount", 1)
            if epc not in (1, 2):
                raise Refused("end point count must be 1 or 2")
            size = min(max(msg.get("ClusterMaxSize", 0), 2), 64)
            self.clusters[name] = self.peopled(Cluster(
                name, size, epc, msg.get("ClusterAttrs", 0)))
        state["cluster"] = self.clusters[name]
        return state["cluster"].described("CreateReply")

    def peopled(self, cluster):
        keys = [ident.load_key("rsa2048-%d" % n) for n in (5, 6, 7, 8)]
        for n in range(min(self.members, cluster.size - 1)):
            ends = [b"127.0.0.1:%d" % (7101 + 10 * n + e)
                    for e in range(cluster.epc)]
            cluster.members.append(ident.make_token(
                keys[n % 2 * 2], keys[n % 2 * 2 + 1], b"other-%d" % n, 0,
                bytes([n + 1]) * 32, ends))
        return cluster

    def find(self, state, msg):
        if msg.get("ClusterID"):
            for cluster in self.clusters.values():
                if cluster.id == msg["ClusterID"]:
                    return cluster
            raise Refused("cannot find cluster with this ID")
        if msg.get("ClusterName"):
            if msg["ClusterName"] in self.clusters:
                return self.clusters[msg["ClusterName"]]
            raise Refused("cannot find cluster with this name")
        if "cluster" not in state:
            raise Refused("missing cluster name or ID")
        return state["cluster"]

    def join(self, state, msg):
        cluster, token = self.find(state, msg), state["token"]
        if len(token.get("MyEnds", [])) < cluster.epc:
            raise Refused("member must have at least %d endPoint(s)"
                          % cluster.epc)
        mine = None
        for n, other in enumerate(cluster.members):
            if other["ID"] == token["ID"]:
                mine = n
            elif other["Name"] == token["Name"]:
                raise Refused("cluster member name already in use")
        if mine is not None:
            cluster.members[mine] = token
        elif len(cluster.members) >= cluster.size:
            raise Refused("cluster is full")
        else:
            cluster.members.append(token)
        state["cluster"] = cluster
        return cluster.described("JoinReply")

    def get(self, state, msg):
        cluster = self.find(state, msg)
        reply = {"Op": pb.OP["ClusterMembers"], "ClusterID": cluster.id,
                 "Which": 0, "Tokens": [], "ClusterMaxSize": cluster.size,
                 "ClusterSize": len(cluster.members)}
        for n, token in enumerate(cluster.members):
            if not msg.get("Which", ALL) >> n & 1:
                continue
            more = dict(reply, Which=reply["Which"] | 1 << n,
                        Tokens=reply["Tokens"] + [self.given(state, token)])
            if len(pb.encode(more)) > 16384 - 32:
                break
            reply = more
        return reply

    def given(self, state, token):
        """A token as it is handed out to this session."""
        ends = [e[13:] if e.startswith(b"TcpEndPoint: ") else e
                for e in token.get("MyEnds", [])]
        out = dict(token, MyEnds=ends)
        hidden = state["session"].dialect != "sealed" and \
            token["ID"] in self.sealed
        if hidden or ends != token.get("MyEnds", []):
            out.pop("DigSig", None)
        return out


def check_ends(token):
    for end in token.get("MyEnds", []):
        found = END.match(end)
        if not found or not 1 <= int(found[3]) <= 65535:
            raise Refused("bad end point")

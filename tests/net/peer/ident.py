# SPDX-License-Identifier: MIT
"""Keys, signatures, tokens and the registry's credential file."""

import base64
import os
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.backends.openssl.backend import backend
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

DATA = os.path.normpath(os.path.join(os.path.dirname(
    os.path.abspath(__file__)), "..", "..", "data"))
# The keys of tests/data are sound; proving it anew takes 50 ms a key.
if hasattr(backend, "_rsa_skip_check_key"):
    backend._rsa_skip_check_key = True

DIGESTS = {"sha1": hashes.SHA1, "sha256": hashes.SHA256}


def vectors(name):
    """The named hex values of a file in tests/data."""
    with open(os.path.join(DATA, name), encoding="ascii") as f:
        pairs = (line.strip().split(" = ") for line in f if " = " in line)
        return {p[0]: bytes.fromhex(p[1]) for p in pairs}


def load_key(path):
    """A private key: a path, or the bare name of a key in tests/data."""
    if not os.path.exists(path):
        path = os.path.join(DATA, path + ".pem")
    with open(path, "rb") as f:
        return serialization.load_pem_private_key(f.read(), None)


def spki(key):
    """The DER SubjectPublicKeyInfo of a private or a public key."""
    public = key.public_key() if hasattr(key, "private_numbers") else key
    return public.public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)


def load_spki(der):
    key = serialization.load_der_public_key(der)
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("not an RSA key")
    return key


def ssh_line(key):
    public = key.public_key() if hasattr(key, "private_numbers") else key
    return public.public_bytes(
        serialization.Encoding.OpenSSH,
        serialization.PublicFormat.OpenSSH).decode()


def parse_ssh_line(line):
    """ssh-rsa BASE64[ comment], read by hand: string, mpint e, mpint n."""
    words = line.split()
    if len(words) < 2 or words[0] != "ssh-rsa":
        raise ValueError("no ssh-rsa line")
    blob = base64.b64decode(words[1], validate=True)
    parts = []
    while blob:
        size, = struct.unpack_from(">I", blob)
        if size > len(blob) - 4:
            raise ValueError("truncated ssh-rsa blob")
        parts.append(blob[4:4 + size])
        blob = blob[4 + size:]
    if len(parts) != 3 or parts[0] != b"ssh-rsa":
        raise ValueError("bad ssh-rsa blob")
    e, n = (int.from_bytes(p, "big") for p in parts[1:])
    return rsa.RSAPublicNumbers(e, n).public_key()


def sign(key, digest, data):
    return key.sign(data, padding.PKCS1v15(), DIGESTS[digest]())


def verifies(public, digest, signature, data):
    try:
        public.verify(signature, data, padding.PKCS1v15(), DIGESTS[digest]())
        return True
    except InvalidSignature:
        return False


# --- tokens (section 4) ---

def covered(token):
    """The bytes that Token.DigSig covers."""
    return (token.get("Name", b"") + struct.pack("<Q", token.get("Attrs", 0))
            + token.get("CommsKey", b"") + token.get("SigKey", b"")
            + b"".join(token.get("MyEnds", [])))


def make_token(ck, sk, name, attrs=0, node_id=None, ends=()):
    token = {"Name": name, "Attrs": attrs, "CommsKey": spki(ck),
             "SigKey": spki(sk)}
    if node_id is not None:
        token["ID"] = node_id
    if ends:
        token["MyEnds"] = list(ends)
    token["DigSig"] = sign(sk, "sha1", covered(token))
    return token


def token_signature(token):
    """absent, valid or invalid."""
    if "DigSig" not in token:
        return "absent"
    try:
        public = load_spki(token.get("SigKey", b""))
    except ValueError:
        return "invalid"
    good = verifies(public, "sha1", token["DigSig"], covered(token))
    return "valid" if good else "invalid"


def member_bytes(bind, token):
    return b"xlattice2 member" + bind + covered(token)


def return_bytes(session, member_id, registry_ck):
    """What DigSig covers in Member with a MemberID, and its digest."""
    if session.dialect == "sealed":
        return "sha256", b"xlattice2 return" + session.bind + member_id
    return "sha1", member_id + spki(registry_ck) + session.salt2


# --- regCred.dat (section 8) ---

class Cred:
    """A registry's public credential, read strictly."""

    def __init__(self, path):
        self.ends = []
        with open(path, encoding="utf-8", newline="") as f:
            lines = [line.strip() for line in f.read().split("\n")]
        lines = [line for line in lines if line]
        if lines[0] != "regCred {" or lines[-1] != "}":
            raise ValueError("%s: no regCred block" % path)
        values = {}
        depth = 0
        for line in lines[1:-1]:
            if line == "EndPoints {":
                depth += 1
                continue
            if line == "}":
                depth -= 1
                continue
            key, value = line.split(": ", 1)
            if depth and key == "TcpEndPoint":
                self.ends.append(value)
            elif not depth and key not in values:
                values[key] = value
            else:
                raise ValueError("%s: %s" % (path, line))
        self.name = values.pop("Name")
        self.id = bytes.fromhex(values.pop("ID"))
        self.ck = parse_ssh_line(values.pop("CommsPubKey"))
        self.sk = parse_ssh_line(values.pop("SigPubKey"))
        self.version = values.pop("Version")
        if values or depth or not self.ends:
            raise ValueError("%s: not as it should be" % path)

    def address(self):
        host, port = self.ends[0].rsplit(":", 1)
        return host.strip("[]"), int(port)


def write_cred(path, name, node_id, ck, sk, ends, version="2.0"):
    lines = ["regCred {", "    Name: " + name, "    ID: " + node_id.hex(),
             "    CommsPubKey: " + ssh_line(ck),
             "    SigPubKey: " + ssh_line(sk), "    EndPoints {"]
    lines += ["         TcpEndPoint: " + end for end in ends]
    lines += ["    }", "    Version: " + version, "}", ""]
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write("\r\n".join(lines))

# SPDX-License-Identifier: MIT
"""Hello, Reply and the messages of the three dialects, both roles, no I/O.

Written from xl-protocol(7) alone, as the oracle the program is tested
against. hello() and answer() make the two ends; a Session then seals
messages into wire bytes and gives messages back out of received bytes.
"""

import hashlib
import hmac
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import (
    Encoding, PublicFormat)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

import pb

DIALECTS = ("documented", "prefixed", "sealed")
PLAIN_LEN = {60: "documented", 44: "prefixed", 76: "sealed"}
REPLY_LEN = {"documented": 80, "prefixed": 64, "sealed": 100}
MESSAGE_MAX = 16384
REKEY_AFTER = 1 << int(os.environ.get("XL_REKEY_BITS", 20))
OAEP = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)


class Closed(Exception):
    """The protocol says: close here, and say nothing."""


# --- versions (section 2) ---

def version_bytes(dialect, version):
    """A dotted version as its 4 wire bytes."""
    parts = [int(p) for p in version.split(".")]
    parts += [0] * (4 - len(parts))
    return bytes(parts if dialect == "prefixed" else parts[::-1])


def version_text(dialect, data):
    parts = list(data if dialect == "prefixed" else data[::-1])
    while len(parts) > 2 and parts[-1] == 0:
        parts.pop()
    return ".".join(str(p) for p in parts)


OUR_VERSION = {"documented": "1.0", "prefixed": "1.9", "sealed": "2.0"}


# --- ciphers ---

def cbc(key, iv, data, encrypt):
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    run = cipher.encryptor() if encrypt else cipher.decryptor()
    return run.update(data) + run.finalize()


def pad(data):
    n = 16 - len(data) % 16
    return data + bytes([n]) * n


def unpad(data):
    """Without its padding, or None when any padding byte is wrong."""
    n = data[-1] if data else 0
    if not 1 <= n <= 16 or n > len(data) or data[-n:] != bytes([n]) * n:
        return None
    return data[:-n]


def expand(prk, info):
    return HKDFExpand(hashes.SHA256(), 32, info).derive(prk)


def counter_nonce(n):
    return bytes(4) + struct.pack(">Q", n)


class ChainCipher:
    """documented: one CBC chain a direction, on across messages."""

    def __init__(self, key, iv, encrypt):
        cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
        self.run = cipher.encryptor() if encrypt else cipher.decryptor()
        self.plain = b""

    def seal(self, data, padded=None):
        """padded: whole blocks to send instead of the well-padded data."""
        return self.run.update(padded or pad(data))

    def take(self, block):
        """The next block; gives the message when it completes one."""
        self.plain += self.run.update(block)
        msg = unpad(self.plain)
        if msg is None or not has_op(msg):
            return None
        self.plain = b""
        return msg


class PrefixCipher:
    """prefixed: a fresh IV before each message."""

    def __init__(self, key):
        self.key, self.chain = key, None

    def seal(self, data, padded=None):
        iv = os.urandom(16)
        return iv + cbc(self.key, iv, padded or pad(data), True)

    def take(self, block):
        if self.chain is None:
            self.chain = ChainCipher(self.key, block, False)
            return None
        msg = self.chain.take(block)
        if msg is not None:
            self.chain = None
        return msg


class RecordCipher:
    """sealed: one direction's records."""

    def __init__(self, key):
        self.key, self.counter = key, 0

    def nonce(self):
        if self.counter == REKEY_AFTER:
            self.key = hmac.new(self.key, b"xlattice2 rekey\1",
                                "sha256").digest()
            self.counter = 0
        self.counter += 1
        return counter_nonce(self.counter - 1)

    def seal(self, data, padded=None):
        size = struct.pack(">H", len(data) + 16)
        nonce = self.nonce()  # may change the key
        return size + ChaCha20Poly1305(self.key).encrypt(nonce, data, size)

    def open(self, buf):
        if len(buf) < 2:
            return None
        size, = struct.unpack(">H", buf[:2])
        if not 17 <= size <= MESSAGE_MAX + 16:
            raise Closed("record length %d" % size)
        if len(buf) < 2 + size:
            return None
        nonce = self.nonce()
        try:
            msg = ChaCha20Poly1305(self.key).decrypt(
                nonce, buf[2:2 + size], buf[:2])
        except InvalidTag:
            raise Closed("a record does not open") from None
        return msg, 2 + size


def has_op(data):
    try:
        return "Op" in pb.decode(data)
    except pb.Malformed:
        return False


class Session:
    """Keys of both directions; seal() to send, feed() what arrives."""

    def __init__(self, dialect, out, into, salt1, salt2, version, bind=b""):
        self.dialect, self.out, self.into = dialect, out, into
        self.salt1, self.salt2, self.bind = salt1, salt2, bind
        self.version = version_text(dialect, version)
        self.buf, self.tried = b"", 0
        self.last_wire = 0  # bytes on the wire of the message last opened

    def seal(self, data, padded=None):
        return self.out.seal(data, padded)

    def feed(self, data):
        """Takes received bytes; each complete message comes out once."""
        self.buf += data
        return self.records() if self.dialect == "sealed" else self.blocks()

    def blocks(self):
        """Each whole block may complete a message: nothing else tells."""
        while self.tried + 16 <= min(len(self.buf), MESSAGE_MAX):
            msg = self.into.take(self.buf[self.tried:self.tried + 16])
            self.tried += 16
            if msg is not None:
                self.last_wire = self.tried
                self.buf = self.buf[self.tried:]
                self.tried = 0
                yield msg
        if len(self.buf) > MESSAGE_MAX:
            raise Closed("message too long")

    def records(self):
        while True:
            opened = self.into.open(self.buf)
            if opened is None:
                return
            self.last_wire = opened[1]
            self.buf = self.buf[opened[1]:]
            yield opened[0]


# --- Hello, the initiator's side ---

class Initiator:
    """A Hello under way; finish() makes the Session of the Reply."""

    def __init__(self, dialect, server_ck, version=None):
        self.dialect = dialect
        self.iv1, self.key1 = os.urandom(16), os.urandom(32)
        self.salt1 = os.urandom(8)
        self.private = x25519.X25519PrivateKey.generate()
        self.e_c = raw(self.private.public_key())
        v = version_bytes(dialect, version or OUR_VERSION[dialect])
        plain = self.key1 + self.salt1 + v
        if dialect == "documented":
            plain = self.iv1 + plain
        elif dialect == "sealed":
            plain += self.e_c
        self.hello = server_ck.encrypt(plain, OAEP)

    def finish(self, reply):
        if len(reply) != REPLY_LEN[self.dialect]:
            raise Closed("length of the Reply")
        if self.dialect == "documented":
            return self.finish_documented(reply)
        if self.dialect == "prefixed":
            return self.finish_prefixed(reply)
        return self.finish_sealed(reply)

    def finish_documented(self, reply):
        plain = unpad(cbc(self.key1, self.iv1, reply, False))
        if plain is None or len(plain) != 68:
            raise Closed("the Reply does not decode")
        iv2, key2, salt2 = plain[:16], plain[16:48], plain[48:56]
        salt1, version = plain[56:64], plain[64:]
        if salt1 != self.salt1:
            version, salt1 = plain[56:60], plain[60:]
        if salt1 != self.salt1:
            raise Closed("salt1")
        return Session("documented", ChainCipher(key2, iv2, True),
                       ChainCipher(key2, iv2, False), self.salt1, salt2, version)

    def finish_prefixed(self, reply):
        plain = unpad(cbc(self.key1, reply[:16], reply[16:], False))
        if plain is None or len(plain) != 44:
            raise Closed("the Reply does not decode")
        return Session("prefixed", PrefixCipher(plain[:32]),
                       PrefixCipher(plain[:32]), self.salt1, plain[32:40],
                       plain[40:])

    def finish_sealed(self, reply):
        e_s, box = reply[:32], reply[32:]
        try:
            plain = ChaCha20Poly1305(
                reply_key(self.hello, self.key1, self.salt1, e_s)).decrypt(
                    bytes(12), box, digest(self.hello) + e_s)
        except InvalidTag:
            raise Closed("the Reply does not open") from None
        key2, salt2, salt1 = plain[:32], plain[32:40], plain[40:48]
        if salt1 != self.salt1:
            raise Closed("salt1")
        keys = Schedule(self.hello, reply, self.salt1, salt2, self.key1,
                        key2, product(self.private, e_s))
        return Session("sealed", RecordCipher(keys.c2s),
                       RecordCipher(keys.s2c), self.salt1, salt2,
                       plain[48:], keys.bind)


# --- the sealed key schedule (section 3.2) ---

def digest(data):
    return hashlib.sha256(data).digest()


def raw(public):
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def product(private, public):
    try:
        return private.exchange(x25519.X25519PublicKey.from_public_bytes(
            public))
    except ValueError:
        raise Closed("the product is zero") from None


def reply_key(hello, key1, salt1, e_s):
    info = b"xlattice2 reply" + digest(hello) + e_s
    return HKDF(hashes.SHA256(), 32, salt1, info).derive(key1)


class Schedule:
    """Record keys and binding out of everything both ends hold."""

    def __init__(self, hello, reply, salt1, salt2, key1, key2, dh):
        th = digest(hello + reply)
        prk = hmac.new(salt1 + salt2, key1 + key2 + dh, "sha256").digest()
        self.c2s = expand(prk, b"xlattice2 c2s" + th)
        self.s2c = expand(prk, b"xlattice2 s2c" + th)
        self.bind = expand(prk, b"xlattice2 bind" + th)


# --- Reply, the responder's side ---

def open_hello(hello, ck):
    """dialect and plaintext, or Closed."""
    try:
        plain = ck.decrypt(hello, OAEP)
    except ValueError:
        raise Closed("OAEP") from None
    if len(plain) not in PLAIN_LEN:
        raise Closed("plaintext of no known length")
    return PLAIN_LEN[len(plain)], plain


def answer(hello, ck, version=None, fault=None, fixed=None):
    """The Reply to a Hello, and the responder's Session.

    fault: wrong-salt or swapped. fixed: (iv, key2, salt2, e_s private) for
    the comparison with tests/data.
    """
    dialect, plain = open_hello(hello, ck)
    iv, key2, salt2, e_private = fixed or (
        os.urandom(16), os.urandom(32), os.urandom(8), os.urandom(32))
    v = version_bytes(dialect, version or OUR_VERSION[dialect])
    iv1 = b""
    if dialect == "documented":
        iv1, plain = plain[:16], plain[16:]
    key1, salt1, e_c = plain[:32], plain[32:40], plain[44:]
    echo = bytes([salt1[0] ^ 1]) + salt1[1:] if fault == "wrong-salt" \
        else salt1
    if dialect == "documented":
        tail = v + echo if fault == "swapped" else echo + v
        reply = cbc(key1, iv1, pad(iv + key2 + salt2 + tail), True)
        return reply, Session(dialect, ChainCipher(key2, iv, True),
                              ChainCipher(key2, iv, False), salt1, salt2, v)
    if dialect == "prefixed":
        reply = iv + cbc(key1, iv, pad(key2 + salt2 + v), True)
        return reply, Session(dialect, PrefixCipher(key2),
                              PrefixCipher(key2), salt1, salt2, v)
    private = x25519.X25519PrivateKey.from_private_bytes(e_private)
    e_s = raw(private.public_key())
    dh = product(private, e_c)
    box = ChaCha20Poly1305(reply_key(hello, key1, salt1, e_s)).encrypt(
        bytes(12), key2 + salt2 + echo + v, digest(hello) + e_s)
    keys = Schedule(hello, e_s + box, salt1, salt2, key1, key2, dh)
    return e_s + box, Session(dialect, RecordCipher(keys.s2c),
                              RecordCipher(keys.c2s), salt1, salt2, v,
                              keys.bind)

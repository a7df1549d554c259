"""What keys a TLS secret makes: cipher suites taken apart, and the key schedules of TLS 1.0-1.2 and 1.3, with the standard library alone.

RFC 5246, 5 and 6.3 (RFC 2246, 5 for TLS 1.0 and 1.1); RFC 7627 (extended master secret); RFC 8446, 7.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pcapkit_dissectors.tls_names import CIPHERS, TLS12

_MACS: Final = {"MD5": "md5", "SHA": "sha1", "SHA256": "sha256", "SHA384": "sha384"}


@dataclass(frozen=True, slots=True)
class Suite:
    """A cipher suite. ``cipher``: GCM, CCM, CCM_8, CHACHA20, CBC, 3DES, RC4 or NULL; sizes in bytes.

    ``mac``: hash of the record's MAC, None where the cipher authenticates; ``iv``: of the part of the nonce that the key block gives.
    """

    cipher: str
    key: int
    iv: int
    mac: str | None
    prf: str

    @property
    def mac_size(self) -> int:
        return hashlib.new(self.mac, usedforsecurity=False).digest_size if self.mac else 0


@lru_cache(maxsize=256)
def suite_of(number: int) -> Suite | None:
    """The suite of this number, read from its name; None for one that we cannot open."""
    name = CIPHERS.get(number, "")
    if not name or "EXPORT" in name or number in (0xCC13, 0xCC14, 0xCC15):  # the draft's ChaCha20 made its nonce otherwise
        return None
    parts = name.removeprefix("TLS_").rpartition("WITH_")[2].split("_")
    prf = "sha384" if parts[-1] == "SHA384" else "sha256"
    match parts:
        case ["AES", bits, "GCM", _]:
            return Suite("GCM", int(bits) // 8, 4, None, prf)
        case ["AES", bits, "CCM", "8", *_]:
            return Suite("CCM_8", int(bits) // 8, 4, None, prf)
        case ["AES", bits, "CCM", *_]:
            return Suite("CCM", int(bits) // 8, 4, None, prf)
        case ["CHACHA20", *_]:
            return Suite("CHACHA20", 32, 12, None, prf)
        case ["AES", bits, "CBC", mac]:
            return Suite("CBC", int(bits) // 8, 16, _MACS[mac], prf)
        case ["3DES", "EDE", "CBC", mac]:
            return Suite("3DES", 24, 8, _MACS[mac], prf)
        case ["RC4", "128", mac]:
            return Suite("RC4", 16, 0, _MACS[mac], prf)
        case ["NULL", mac]:
            return Suite("NULL", 0, 0, _MACS[mac], prf)
    return None


# ---------------------------------------------------------------- up to TLS 1.2


def _p_hash(name: str, secret: bytes, seed: bytes, size: int) -> bytes:
    out, a = b"", seed
    while len(out) < size:
        a = hmac.digest(secret, a, name)
        out += hmac.digest(secret, a + seed, name)
    return out[:size]


def prf(version: int, name: str, secret: bytes, label: bytes, seed: bytes, size: int) -> bytes:
    """The pseudorandom function of a version; ``name`` is the suite's hash, which TLS 1.0 and 1.1 do not ask for."""
    if version >= TLS12:
        return _p_hash(name, secret, label + seed, size)
    half = (len(secret) + 1) // 2
    one = _p_hash("md5", secret[:half], label + seed, size)
    two = _p_hash("sha1", secret[-half:] if half else b"", label + seed, size)
    return bytes(x ^ y for x, y in zip(one, two, strict=True))


def master_secret(version: int, suite: Suite, premaster: bytes, client_random: bytes, server_random: bytes) -> bytes:
    """RFC 5246, 8.1."""
    return prf(version, suite.prf, premaster, b"master secret", client_random + server_random, 48)


def extended_master_secret(version: int, suite: Suite, premaster: bytes, transcript: bytes) -> bytes:
    """RFC 7627, 4. ``transcript``: all handshake messages up to the ClientKeyExchange."""
    if version >= TLS12:
        digest = hashlib.new(suite.prf, transcript).digest()
    else:
        digest = hashlib.md5(transcript, usedforsecurity=False).digest() + hashlib.sha1(transcript, usedforsecurity=False).digest()
    return prf(version, suite.prf, premaster, b"extended master secret", digest, 48)


@dataclass(frozen=True, slots=True)
class Keys:
    """What one direction needs to open records."""

    key: bytes
    iv: bytes
    mac: bytes = b""


def key_block(version: int, suite: Suite, master: bytes, client_random: bytes, server_random: bytes) -> tuple[Keys, Keys]:
    """Keys of client and server (RFC 5246, 6.3)."""
    sizes = (suite.mac_size, suite.mac_size, suite.key, suite.key, suite.iv, suite.iv)
    block = prf(version, suite.prf, master, b"key expansion", server_random + client_random, sum(sizes))
    parts, at = [], 0
    for size in sizes:
        parts.append(block[at : at + size])
        at += size
    return Keys(parts[2], parts[4], parts[0]), Keys(parts[3], parts[5], parts[1])


# ---------------------------------------------------------------- TLS 1.3


def expand_label(name: str, secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label without context (RFC 8446, 7.1)."""
    full = b"tls13 " + label
    info = size.to_bytes(2, "big") + bytes([len(full)]) + full + b"\0"
    out, block, count = b"", b"", 1
    while len(out) < size:
        block = hmac.digest(secret, block + info + bytes([count]), name)
        out += block
        count += 1
    return out[:size]


def traffic_keys(suite: Suite, secret: bytes) -> Keys:
    """RFC 8446, 7.3."""
    return Keys(expand_label(suite.prf, secret, b"key", suite.key), expand_label(suite.prf, secret, b"iv", 12))


def next_secret(suite: Suite, secret: bytes) -> bytes:
    """After a KeyUpdate (RFC 8446, 7.2)."""
    return expand_label(suite.prf, secret, b"traffic upd", len(secret))

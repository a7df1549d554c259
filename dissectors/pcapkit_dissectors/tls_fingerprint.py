"""Fingerprints of TLS hellos: JA3, JA3S and JA4, so that a client's library can be told from its first message.

JA3 and JA3S as published by Salesforce (``version,ciphers,extensions,groups,point formats``, MD5); JA4 as FoxIO's technical description of
"JA4: TLS Client Fingerprinting" says. GREASE (RFC 8701) never counts. MD5 is the definition of JA3, no protection.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache

from pcapkit_dissectors.tls_names import GREASE

_VERSIONS = {
    0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2", 0xFEFF: "d1", 0xFEFD: "d2", 0xFEFC: "d3",
}  # fmt: skip
_NOTHING = "000000000000"


def _dashed(values: Iterable[int]) -> str:
    return "-".join([str(v) for v in values if v not in GREASE])


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@lru_cache(maxsize=1024)
def ja3(version: int, ciphers: tuple[int, ...], extensions: tuple[int, ...], groups: tuple[int, ...], formats: bytes) -> str:
    """JA3 of a ClientHello, from its own version field and lists in the order sent."""
    lists = (_dashed(ciphers), _dashed(extensions), _dashed(groups), "-".join(map(str, formats)))
    return _md5(f"{version},{','.join(lists)}")


@lru_cache(maxsize=1024)
def ja3s(version: int, cipher: int, extensions: tuple[int, ...]) -> str:
    """JA3S of a ServerHello, from its own version field."""
    return _md5(f"{version},{cipher},{'-'.join(map(str, extensions))}")


def ja4(version: int, has_sni: bool, alpn: bytes | None, ciphers: tuple[int, ...], extensions: tuple[int, ...], signatures: tuple[int, ...]) -> str:
    """JA4 of a ClientHello over TCP. ``version``: the highest of supported_versions, else the hello's own; ``alpn``: the first value offered."""
    count_ciphers = sum(c not in GREASE for c in ciphers)
    count_extensions = sum(e not in GREASE for e in extensions)
    sni = "d" if has_sni else "i"
    head = f"t{_VERSIONS.get(version, '00')}{sni}{min(count_ciphers, 99):02}{min(count_extensions, 99):02}{_alpn_ends(alpn)}"
    return f"{head}_{_cipher_hash(ciphers)}_{_extension_hash(frozenset(extensions), extensions if _repeats(extensions) else None, signatures)}"


def _repeats(values: tuple[int, ...]) -> bool:
    return len(set(values)) != len(values)


def _alpn_ends(alpn: bytes | None) -> str:
    """First and last character; of the hexadecimal form if either is no ASCII letter or digit."""
    if not alpn:
        return "00"
    ends = alpn[:1] + alpn[-1:]
    return ends.decode() if ends.isalnum() else alpn.hex()[0] + alpn.hex()[-1]


def _hexes(values: Iterable[int]) -> str:
    return ",".join([f"{v:04x}" for v in values if v not in GREASE])


def _sha12(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else _NOTHING


@lru_cache(maxsize=1024)
def _cipher_hash(ciphers: tuple[int, ...]) -> str:
    return _sha12(_hexes(sorted(ciphers)))


@lru_cache(maxsize=1024)
def _extension_hash(extensions: frozenset[int], repeated: tuple[int, ...] | None, signatures: tuple[int, ...]) -> str:
    """Sorted extensions but SNI and ALPN, then the signature algorithms in the order sent.

    The set is the key of the cache, since browsers shuffle their extensions; a hello that repeats one comes as a tuple.
    """
    listed = _hexes(sorted(e for e in repeated or extensions if e not in (0x0000, 0x0010)))
    signed = _hexes(signatures)
    return _sha12(f"{listed}_{signed}" if listed and signed else listed)

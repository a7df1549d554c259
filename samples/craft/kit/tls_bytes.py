"""TLS messages as bytes (RFC 5246, RFC 8446): what the handshake and the records of a sample are made of."""

from __future__ import annotations

import struct
from typing import Final

from kit.noise import noise

CHANGE_CIPHER, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
TLS10, TLS12, TLS13 = 0x0301, 0x0303, 0x0304
CLIENT_HELLO, SERVER_HELLO, TICKET, CERTIFICATE, KEY_EXCHANGE, HELLO_DONE, CLIENT_KEY, FINISHED = 1, 2, 4, 11, 12, 14, 16, 20
X25519: Final = 0x001D
ECDSA_SHA256: Final = 0x0403
ECDHE_ECDSA: Final = 0xC02B
"""TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256."""
RSA_AES: Final = 0x009C
"""TLS_RSA_WITH_AES_128_GCM_SHA256: no key exchange message, so no signature by a key that nobody kept."""
AES128_13: Final = 0x1301

MODERN: Final = (
    0x1301,
    0x1302,
    0x1303,
    0xC02C,
    0xC02B,
    0xCCA9,
    0xC030,
    0xC02F,
    0xCCA8,
    0xC00A,
    0xC009,
    0xC014,
    0xC013,
    0x009D,
    0x009C,
    0x0035,
    0x002F,
)
SCHANNEL: Final = (
    0xC02C,
    0xC02B,
    0xC030,
    0xC02F,
    0xC024,
    0xC023,
    0xC028,
    0xC027,
    0xC00A,
    0xC009,
    0xC014,
    0xC013,
    0x009D,
    0x009C,
    0x003D,
    0x003C,
    0x0035,
    0x002F,
)
OLD: Final = (0xC014, 0xC013, 0xC00A, 0xC009, 0x0039, 0x0033, 0x0035, 0x002F, 0x0005, 0x0004, 0x000A)


def record(kind: int, body: bytes, version: int = TLS12) -> bytes:
    """One record, or as many as it takes."""
    parts = [body[i : i + 16384] for i in range(0, len(body), 16384)] or [b""]
    return b"".join(struct.pack(">BHH", kind, version, len(part)) + part for part in parts)


def message(kind: int, body: bytes) -> bytes:
    """A handshake message."""
    return struct.pack(">I", kind << 24 | len(body)) + body


def extension(kind: int, body: bytes = b"") -> bytes:
    """An extension of a hello."""
    return struct.pack(">HH", kind, len(body)) + body


def vector(body: bytes, size: int) -> bytes:
    """Bytes behind their length of ``size`` octets."""
    return len(body).to_bytes(size, "big") + body


def words(*values: int) -> bytes:
    """Numbers of two octets."""
    return struct.pack(f">{len(values)}H", *values)


def client_hello(label: str, name: str | None, highest: int, suites: tuple[int, ...], alpn: tuple[bytes, ...] = ()) -> bytes:
    """A ClientHello up to version ``highest``."""
    random = noise("client hello", label)
    parts = [extension(0, vector(b"\x00" + vector(name.encode(), 2), 2))] if name else []
    parts += [extension(23), extension(0xFF01, b"\x00"), extension(10, vector(words(X25519, 0x17, 0x18), 2)), extension(11, b"\x01\x00")]
    if highest >= TLS12:
        parts.append(extension(13, vector(words(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0201), 2)))
    if alpn:
        parts.append(extension(16, vector(b"".join(vector(item, 1) for item in alpn), 2)))
    if highest >= TLS13:
        parts.append(extension(51, vector(words(X25519) + vector(random.randbytes(32), 2), 2)))
        parts += [extension(45, b"\x01\x01"), extension(43, vector(words(TLS13, TLS12), 1))]
    session = random.randbytes(32) if highest >= TLS13 else b""
    body = struct.pack(">H", min(highest, TLS12)) + random.randbytes(32) + vector(session, 1) + vector(words(*suites), 2) + b"\x01\x00"
    return message(CLIENT_HELLO, body + vector(b"".join(parts), 2))


def server_hello(label: str, version: int, suite: int, session: bytes) -> bytes:
    """A ServerHello."""
    random = noise("server hello", label)
    if version >= TLS13:
        parts = extension(51, words(X25519) + vector(random.randbytes(32), 2)) + extension(43, words(TLS13))
    else:
        parts = extension(23) + extension(0xFF01, b"\x00") + extension(11, b"\x01\x00")
    body = struct.pack(">H", min(version, TLS12)) + random.randbytes(32) + vector(session, 1) + words(suite) + b"\x00" + vector(parts, 2)
    return message(SERVER_HELLO, body)


def certificates(certs: tuple[bytes, ...]) -> bytes:
    """A Certificate message up to TLS 1.2."""
    return message(CERTIFICATE, vector(b"".join(vector(c, 3) for c in certs), 3))

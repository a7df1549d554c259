"""Builders of TLS bytes for tests: records, handshake messages, hellos. Certificates are any bytes, since dissectors do not read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

CHANGE = bytes.fromhex("140303000101")
RANDOM = bytes(range(32))
LEAF, ISSUER = b"\x30\x82leaf" * 100, b"\x30\x82issuer" * 90


def vector(prefix: int, data: bytes) -> bytes:
    return len(data).to_bytes(prefix, "big") + data


def shorts(prefix: int, values: Iterable[int]) -> bytes:
    return vector(prefix, b"".join(v.to_bytes(2, "big") for v in values))


def record(content_type: int, content: bytes, version: int = 0x0303) -> bytes:
    return bytes([content_type]) + version.to_bytes(2, "big") + vector(2, content)


def handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + vector(3, body)


def hello_record(*messages: bytes, version: int = 0x0303) -> bytes:
    return record(22, b"".join(messages), version)


def extension(kind: int, data: bytes) -> bytes:
    return kind.to_bytes(2, "big") + vector(2, data)


def server_name(name: bytes) -> bytes:
    return extension(0, vector(2, b"\0" + vector(2, name)))


def alpn(*names: bytes) -> bytes:
    return extension(16, vector(2, b"".join(vector(1, n) for n in names)))


def client_hello_body(
    ciphers: Sequence[int] = (0xC02B, 0xC02F, 0x009C),
    extensions: bytes | None = None,
    version: int = 0x0303,
    session_id: bytes = b"",
    random: bytes = RANDOM,
) -> bytes:
    if extensions is None:
        extensions = server_name(b"lyncdiscover.contoso.com") + extension(10, shorts(2, (29, 23))) + extension(11, b"\1\0") + alpn(b"h2", b"http/1.1")
    tail = vector(2, extensions) if extensions else b""
    return version.to_bytes(2, "big") + random + vector(1, session_id) + shorts(2, ciphers) + b"\1\0" + tail


def server_hello_body(
    cipher: int = 0xC02F, extensions: bytes = b"", version: int = 0x0303, session_id: bytes = b"", random: bytes = RANDOM[::-1]
) -> bytes:
    tail = vector(2, extensions) if extensions else b""
    return version.to_bytes(2, "big") + random + vector(1, session_id) + cipher.to_bytes(2, "big") + b"\0" + tail


def certificate_body(*ders: bytes) -> bytes:
    return vector(3, b"".join(vector(3, der) for der in ders))


def client_hello(**fields: object) -> bytes:
    return handshake(1, client_hello_body(**fields))  # type: ignore[arg-type]


def server_hello(**fields: object) -> bytes:
    return handshake(2, server_hello_body(**fields))  # type: ignore[arg-type]


def certificate(*ders: bytes) -> bytes:
    return handshake(11, certificate_body(*(ders or (LEAF, ISSUER))))


TLS13_CLIENT = extension(43, b"\4\x03\x04\x03\x03")
TLS13_SERVER = extension(43, b"\x03\x04")

"""The server name of a ClientHello, without reading the rest of it: enough to tell whether a conversation matters (RFC 8446, 4.1.2; RFC 6066, 3)."""

from __future__ import annotations

from typing import Final

_HELLO: Final = b"\x16\x03"
_BEFORE_SESSION: Final = 43
"""Record header, message header, version and random."""
_SERVER_NAME: Final = b"\0\0"


def peek_server_name(data: bytes) -> tuple[bool, str | None]:
    """Whether a segment holds a whole, ordinary ClientHello, and the name it asks for (None: no name). Anything unusual is for the dissector."""
    if len(data) < _BEFORE_SESSION + 1 or data[:2] != _HELLO or data[2] > 4 or data[5] != 1 or data[9] != 3 or data[10] > 4:
        return False, None
    end = 5 + (data[3] << 8 | data[4])
    if end > len(data) or end != 9 + int.from_bytes(data[6:9], "big"):
        return False, None
    at = _BEFORE_SESSION + 1 + data[_BEFORE_SESSION]
    if at + 2 > end:
        return False, None
    at += 2 + (data[at] << 8 | data[at + 1])
    if at >= end:
        return False, None
    at += 1 + data[at]
    if at + 2 > end or at + 2 + (data[at] << 8 | data[at + 1]) != end:
        return False, None
    return _find_name(data, at + 2, end)


def _find_name(data: bytes, at: int, end: int) -> tuple[bool, str | None]:
    """Walk over the extensions; each is four bytes long at least."""
    while at + 4 <= end:
        size = data[at + 2] << 8 | data[at + 3]
        body = at + 4
        at = body + size
        if at > end:
            return False, None
        if data[body - 4 : body - 2] == _SERVER_NAME:
            return _read_name(data[body:at])
    return at == end, None


def _read_name(body: bytes) -> tuple[bool, str | None]:
    """One host name, as everybody sends it."""
    size = len(body) - 5
    if size < 1 or body[2] or body[:2] != (size + 3).to_bytes(2, "big") or body[3:5] != size.to_bytes(2, "big"):
        return False, None
    name = body[5:]
    return name.isascii(), name.decode("ascii", "replace")

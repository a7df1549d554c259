"""What a plain HTTP/1 request is about, without reading it all: enough to tell whether a conversation can matter."""

from __future__ import annotations

from typing import Final, NamedTuple

from pcapkit_dissectors.http_interest import request_matters

_METHODS: Final = (b"GET /", b"POST /", b"HEAD /")
_ENOUGH: Final = 4096
"""Longer heads are for the dissector."""
_SPECIAL: Final = frozenset({"upgrade", "expect", "transfer-encoding"})


class Peek(NamedTuple):
    """A request that can matter only by its host."""

    host: str
    agent: str


def peek_request(data: bytes) -> Peek | None:
    """The host of an ordinary request whose head lies whole in one segment, and that is for no service, probe or sign-in. Else None."""
    if not data.startswith(_METHODS):
        return None
    end = data.find(b"\r\n\r\n", 0, _ENOUGH)
    if end < 0:
        return None
    try:
        first, *lines = data[:end].decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        return None
    _, target, version = (*first.split(" "), "", "")[:3]
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name.lower() in fields:
            return None
        fields[name.lower()] = value.strip()
    host = fields.get("host")
    if not host or not version.startswith("HTTP/1.") or "sipuri=" in target.lower() or not _SPECIAL.isdisjoint(fields):
        return None
    return None if request_matters(target, host, fields) else Peek(host, fields.get("user-agent", ""))

"""Heads of HTTP/1 messages, read as tolerantly as what phones, proxies and load balancers send needs (RFC 9112, 2 - 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pcapkit_dissectors._api import DissectError
from pcapkit_dissectors._limits import HTTP_HEADER_BYTES, HTTP_HEADERS, HTTP_LINE
from pcapkit_dissectors._text import text

METHODS: Final = frozenset({
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE",
    "LOCK", "UNLOCK", "REPORT", "SEARCH", "MKCALENDAR", "ACL", "BIND", "CHECKIN", "CHECKOUT", "UNCHECKOUT", "MERGE", "MKACTIVITY",
    "MKWORKSPACE", "VERSION-CONTROL", "LABEL", "UPDATE", "LINK", "UNLINK", "PURGE", "TRACK", "DEBUG", "SUBSCRIBE", "UNSUBSCRIBE", "NOTIFY",
    "POLL", "BCOPY", "BDELETE", "BMOVE", "BPROPFIND", "BPROPPATCH", "X-MS-ENUMATTS", "RPC_IN_DATA", "RPC_OUT_DATA", "RPC_CONNECT",
    "CCM_POST", "SSTP_DUPLEX_POST",
})  # fmt: skip
"""Methods by which a conversation is recognised (IANA, HTTP Method Registry; Exchange's WebDAV and RPC over HTTP). Within one, any is read."""

_LONGEST: Final = max(map(len, METHODS))
_VERSION: Final = b"HTTP/1."
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")


@dataclass(frozen=True, slots=True)
class Head:
    """Start line and header fields. Of a request ``method`` and ``target`` are set, of a response ``status`` and ``reason``.

    ``problems`` is what had to be left out, in words. ``first``: the first value of each field, by its name in lower case.
    """

    version: str
    headers: tuple[tuple[str, str], ...]
    first: Mapping[str, str]
    method: str = ""
    target: str = ""
    status: int = 0
    reason: str = ""
    problems: tuple[str, ...] = ()

    @property
    def is_request(self) -> bool:
        return not self.status

    @property
    def names(self) -> frozenset[str]:
        """Names of the fields, in lower case."""
        return frozenset(self.first)

    def all(self, name: str) -> tuple[str, ...]:
        """The values of a field, in order; ``name`` in lower case."""
        if name not in self.first:
            return ()
        return tuple(value for key, value in self.headers if key.lower() == name)

    def get(self, name: str) -> str | None:
        """The first value of a field; ``name`` in lower case."""
        return self.first.get(name)

    @property
    def content_length(self) -> int | None:
        """The length announced, None if it is no number or several that differ (RFC 9112, 6.3)."""
        values = {part.strip() for value in self.all("content-length") for part in value.split(",")}
        value = values.pop() if len(values) == 1 else ""
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else None

    @property
    def chunked(self) -> bool:
        """The last transfer coding is chunked (RFC 9112, 6.3)."""
        return ",".join(self.all("transfer-encoding")).rpartition(",")[2].strip().lower() == "chunked"


def looks_like_head(data: bytes | bytearray) -> float:
    """How surely bytes begin a request or a response: 0.0 for anything else, HTTP/0.9 and SIP among it; little while too few bytes are there."""
    begin = bytes(data[:HTTP_LINE]).lstrip(b"\r\n")
    line, newline, _ = begin.partition(b"\n")
    if begin.startswith(_VERSION):
        whole = newline or len(line) > len(b"HTTP/1.1 200")
        return (0.95 if _status_line(line) else 0.0) if whole else 0.3
    method, space, target = line.partition(b" ")
    if not space:
        waiting = not newline and 2 < len(begin) <= _LONGEST
        return 0.3 if waiting and (_VERSION.startswith(begin) or any(known.startswith(text(begin)) for known in METHODS)) else 0.0
    if text(method) not in METHODS:
        return 0.0
    if newline:
        return 0.95 if _request_line(line) else 0.0
    return 0.8 if b"\0" not in target and not target.startswith(b"sip:") else 0.0


def may_begin_head(data: bytearray, seen: int) -> bool:
    """False once it is clear that no head begins here; ``seen`` bytes were judged before. Unlike ``looks_like_head`` for any method."""
    end = data.find(b"\n", 0, HTTP_LINE)
    if end < 0:
        return len(data) < HTTP_LINE and (not data or _TOKEN.match(data) is not None)
    line = bytes(data[:end])
    return end < seen or _status_line(line) is not None or _request_line(line) is not None


def _request_line(line: bytes) -> tuple[str, str, str] | None:
    """Method, target (which may hold spaces that its sender forgot to encode) and version."""
    begin, _, version = line.rstrip().replace(b"\t", b" ").rpartition(b" ")
    method, _, target = begin.partition(b" ")
    if not _TOKEN.fullmatch(method) or not target.strip() or not _is_version(version):
        return None
    return text(method), text(target.strip()), text(version).upper()


def _status_line(line: bytes) -> tuple[str, int, str] | None:
    """Version, status and reason; the reason may be missing."""
    version, _, rest = line.rstrip().replace(b"\t", b" ").partition(b" ")
    rest = rest.lstrip()
    status, following = rest[:3], rest[3:4]
    if not _is_version(version) or len(status) < 3 or not status.isdigit() or status < b"100" or following.strip():
        return None
    return text(version).upper(), int(status), text(rest[3:].strip())


def _is_version(version: bytes) -> bool:
    return len(version) == 8 and version[:7].upper() == _VERSION and version[7:].isdigit()


def head_size(data: bytearray, start: int) -> int | None:
    """Bytes up to and with the empty line that ends a head, None while it has not come. ``start``: where the search left off."""
    start = max(start - 3, 0)
    ends = [found + len(mark) for mark in (b"\n\r\n", b"\n\n") if (found := data.find(mark, start, HTTP_HEADER_BYTES)) >= 0]
    return min(ends, default=None)


def parse_head(data: bytes) -> Head:
    """Parse a head, or as much of it as is there: single line feeds, folded lines and spaces where none belong are tolerated.

    Raises:
        DissectError: the first line is that of no request or response of HTTP/1.
    """
    start, *lines = data.split(b"\n")
    if len(start) > HTTP_LINE:
        raise DissectError(f"start line of more than {HTTP_LINE} bytes")
    if answered := _status_line(start):
        version, status, reason = answered
        headers, problems = _fields(lines)
        return Head(version, headers, _first(headers), status=status, reason=reason, problems=problems)
    if asked := _request_line(start):
        method, target, version = asked
        headers, problems = _fields(lines)
        return Head(version, headers, _first(headers), method, target, problems=problems)
    raise DissectError("no start line of HTTP/1")


def _fields(lines: list[bytes]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Header fields, and what was wrong with the lines that are left out."""
    fields: list[tuple[str, str]] = []
    problems: dict[str, None] = {}
    for line in _unfolded(lines):
        if len(line) > HTTP_LINE:
            problems[f"header line of more than {HTTP_LINE} bytes"] = None
            line = line[:HTTP_LINE]
        name, colon, value = line.partition(b":")
        if not colon or not name.strip():
            problems["header line without a name"] = None
        elif len(fields) == HTTP_HEADERS:
            problems[f"more than {HTTP_HEADERS} header lines"] = None
        else:
            fields.append((text(name.strip()), text(value.strip())))
    return tuple(fields), tuple(problems)


def _first(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.lower(), value)
    return found


def _unfolded(lines: list[bytes]) -> list[bytes]:
    """Lines with those that continue them (RFC 9112, 5.2) joined, empty ones left out."""
    whole: list[list[bytes]] = []
    for line in lines:
        line = line.rstrip(b"\r")
        if line[:1] in (b" ", b"\t") and whole:
            whole[-1].append(line.strip())
        elif line:
            whole.append([line])
    return [b" ".join(parts) for parts in whole]

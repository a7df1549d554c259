"""Where secrets stand in bytes that are shown as they are: credentials, cookies, tickets, tokens, passwords. They are shown nowhere (reliability: secrets).

Better one value too many hidden than one too few: what is hidden is said to be, and its length stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

Span = tuple[int, int]

_WORDS: Final = (
    rb"[\w.-]{0,40}(?:passw|pwd|passphrase|token|secret|ticket|signature|api[-_]?key|credential|assertion|saml|session|jwt|otp|cookie)[\w.-]{0,40}|"
    rb"pass|pin|sid|sig|auth|code"
)
_HEADER: Final = re.compile(
    rb"^((?:proxy-)?authorization|(?:set-)?cookie2?|x-ms-webticket|[\w-]{0,40}(?:ticket|token|secret|password|api-?key|credential|session-?id|assertion)[\w-]{0,40})"
    rb"[ \t]{0,8}:[ \t]{0,8}([^\r\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_SCHEME: Final = re.compile(rb"(basic|bearer|digest|ntlm|negotiate|kerberos|oauth|wrap|tbauth)[ \t]+", re.IGNORECASE)
_COOKIE: Final = re.compile(rb"=([^;\r\n]*)")
_PARAMETER: Final = re.compile(rb"(?:^|[?&;# \"'])(?:" + _WORDS + rb")=([^&;#\s\"'<>]{1,8192})", re.IGNORECASE)
_JSON: Final = re.compile(rb"\"(?:" + _WORDS + rb")\"\s{0,8}:\s{0,8}\"((?:[^\"\\]|\\.){1,65536})", re.IGNORECASE)
_XML: Final = re.compile(
    rb"<(?:[\w.-]{1,40}:)?(?:" + _WORDS + rb"|BinarySecurityToken|CipherValue|SignatureValue|DigestValue)(?:\s[^<>]{0,400})?>([^<>]{1,65536})",
    re.IGNORECASE,
)
_USER: Final = re.compile(rb"://([^/@\s\"'<>]{1,512})@")
_REST: Final = re.compile(rb"\A[A-Za-z0-9+/=_.-]{24,}(?=\r?\n|\Z)")
"""A segment that begins in the middle of a long value of a header."""
_MAIL: Final = re.compile(rb"^(?:AUTH [A-Z-]{1,20} |PASS |a\d{1,8} LOGIN \S{1,200} )([^\r\n]+)", re.IGNORECASE | re.MULTILINE)


def spans(data: bytes) -> list[Span]:
    """Where secrets stand, in order, not overlapping."""
    found = sorted(_all(data))
    joined: list[Span] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif end > start:
            joined.append((start, end))
    return joined


def _all(data: bytes) -> Iterator[Span]:
    for match in _HEADER.finditer(data):
        yield from _value(match)
    for pattern in (_PARAMETER, _JSON, _XML, _USER, _MAIL):
        for match in pattern.finditer(data):
            yield match.span(1)
    rest = _REST.match(data)
    if rest:
        yield rest.span()


def _value(match: re.Match[bytes]) -> Iterator[Span]:
    """The secret part of a header's value: behind the scheme of credentials, the values of cookies, else all of it."""
    start, end = match.span(2)
    if b"cookie" in match[1].lower():
        for part in _COOKIE.finditer(match[2]):
            yield start + part.start(1), start + part.end(1)
            if match[1].lower().startswith(b"set-"):
                return
        return
    scheme = _SCHEME.match(match[2])
    yield (start + scheme.end() if scheme else start), end


def hidden(data: bytes) -> bytes:
    """The bytes with every secret replaced by ``‹redacted:N bytes›``."""
    out = bytearray()
    at = 0
    for start, end in spans(data):
        out += data[at:start] + f"‹redacted:{end - start} bytes›".encode()
        at = end
    return bytes(out + data[at:])

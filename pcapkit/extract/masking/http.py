"""HTTP/1 in clear: heads and bodies with names, addresses, users and secrets replaced, character for character (RFC 9110, 9112)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final

from pcapkit.extract.masking.bodies import mask_body
from pcapkit.extract.masking.masks import Masks
from pcapkit.extract.masking.regions import Gather, Patches, Region
from pcapkit.extract.masking.text import learn_names, mask_query, mask_text
from pcapkit.extract.masking.tls import looks_like_tls
from pcapkit.limits import DOC_BYTES, HTTP_HEADER_BYTES

BEGIN: Final = re.compile(
    rb"(?![^\r\n]{0,4096}(?:SIP/2|RTSP/1))(?:HTTP/1\.[0-9] [0-9]{3}|(?:GET|POST|HEAD|PUT|OPTIONS|DELETE|CONNECT|PATCH|PROPFIND|TRACE) [!-~]"
    rb"|[A-Z][A-Z_-]{2,24} [^\r\n]{1,4096} HTTP/1\.[0-9])"
)
"""How a message begins; other protocols have commands in capitals too, so rare methods must name HTTP."""
END_OF_HEAD: Final = re.compile(rb"\r?\n\r?\n")
ALLOWED: Final = frozenset(("cmd", "devicetype", "protocol", "protocolversion", "redirectcount", "originaldomain", "api-version", "v"))
"""Keys of queries whose values say nothing about anybody."""

CREDENTIALS: Final = frozenset(("authorization", "proxy-authorization"))
CHALLENGES: Final = frozenset(("www-authenticate", "proxy-authenticate", "authentication-info", "proxy-authentication-info"))
URLS: Final = frozenset(
    ("location", "referer", "content-location", "x-ms-location", "x-ms-webticketurl", "link", "refresh", "origin", "x-ms-credential-service-url")
)
HOSTS: Final = frozenset(
    ("host", "x-ms-server-fqdn", "x-feserver", "x-beserver", "x-calculatedbetarget", "x-diaginfo", "x-forwarded-host", "x-forwarded-server")
)
PERSONS: Final = frozenset(("from", "x-user", "x-username", "x-ms-user", "x-email", "x-anchormailbox", "x-user-identity", "x-ms-client-request-id"))
SECRET_WORDS: Final = re.compile(r"ticket|token|secret|password|api-?key|credential|session-?id|signature|assertion", re.IGNORECASE)
NO_SECRETS: Final = frozenset(("x-ms-webticketurl", "x-ms-webticketsupported", "access-control-allow-credentials", "x-ms-credential-service-url"))
TEXTUAL: Final = re.compile(r"^text/|json|xml|html|x-www-form-urlencoded|javascript|soap", re.IGNORECASE)
NTLM: Final = "TlRMTVNTUAA"
NTLM_KEPT: Final = 16
"""Signature and message type of NTLM in base64 (MS-NLMP, 2.2.1): which step of the handshake it is."""
_PAIR: Final = re.compile(r'([\w-]+)=("[^"]*"|[^,\s]+)')
_QUOTED_KEPT: Final = frozenset(
    ("realm", "algorithm", "qop", "nc", "stale", "charset", "client_id", "grant_type", "trusted_issuers", "authorization_uri", "href", "uri")
)


class HttpWalker:
    """One direction of a conversation, fed in order."""

    def __init__(self, patches: Patches) -> None:
        self.regions: list[Region] = []
        self.tunnelled = False
        """What follows is another protocol: CONNECT was agreed on."""
        self._patches = patches
        self._head = Gather()
        self._state = "head"
        self._left = 0
        self._body: Gather | None = None
        self._coding = ""
        self._line = bytearray()
        self._states: Final[dict[str, Callable[[int, bytes], int]]] = {
            "lost": self._in_lost, "head": self._in_head, "body": self._in_body, "rest": self._in_rest, "chunk": self._in_chunk, "piece": self._in_piece,
            "trailer": self._in_trailer,
        }  # fmt: skip

    def feed(self, position: int, data: bytes) -> bytes:
        """The next bytes, as a segment brought them; gives those that belong to another protocol (``tunnelled``)."""
        if self._state == "lost" and BEGIN.match(data):
            self._state = "head"
        while data and not self.tunnelled:
            used = self._states[self._state](position, data)
            position, data = position + used, data[used:]
        return data

    def gap(self, size: int) -> None:
        """Bytes are missing: of a body whose length is known the rest is still one, else all is lost until a message begins."""
        if self._state in ("body", "rest") and (self._state == "rest" or self._left > size):
            self._left -= size
            self._drop_body()
            return
        self.end()
        self._state = "lost"

    def end(self) -> None:
        """Nothing more comes."""
        if self._head.data:
            self.regions.append(self._head.region(mask_head))
            self._head = Gather()
        self._finish_body()

    # ------------------------------------------------------------ states: each takes bytes, and says how many

    def _in_lost(self, position: int, data: bytes) -> int:
        self._blank(position, len(data))
        return len(data)

    def _in_head(self, position: int, data: bytes) -> int:
        if not self._head.data:
            blank = len(data) - len(data.lstrip(b"\r\n"))
            if blank:
                return blank
            if len(data) >= 16 and not BEGIN.match(data):
                self._state = "lost"
                return 0
        before = len(self._head.data)
        self._head.add(position, data)
        found = END_OF_HEAD.search(self._head.data, max(before - 3, 0))
        if found is None:
            if len(self._head.data) > HTTP_HEADER_BYTES:
                self.end()
                self._state = "lost"
            return len(data)
        head = self._head.split(found.end())
        self._head = Gather()
        self.regions.append(head.region(mask_head))
        self._after_head(bytes(head.data))
        return found.end() - before

    def _after_head(self, head: bytes) -> None:
        first, _, rest = head.partition(b"\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in rest.split(b"\n"))}
        words = first.split()
        response = first.startswith(b"HTTP/")
        status = int(words[1]) if response and len(words) > 1 and words[1].isdigit() else 0
        self._coding = headers.get(b"content-encoding", b"").decode("latin-1").lower()
        textual = TEXTUAL.search(headers.get(b"content-type", b"text/plain").decode("latin-1"))
        self._body = Gather() if textual else None
        if first.startswith(b"CONNECT "):
            self.tunnelled = True
        elif status == 101:
            self._state = "lost"
        elif b"chunked" in headers.get(b"transfer-encoding", b"").lower():
            self._state = "chunk"
        elif (
            headers.get(b"content-length", b"").isdigit()
            and len(headers[b"content-length"]) < 16
            and not 100 <= status < 200
            and status not in (204, 304)
        ):
            self._left = int(headers[b"content-length"])
            self._state = "body" if self._left else "head"
        elif response and status >= 200 and status not in (204, 304):
            self._state = "rest"
        else:
            self._state = "head"

    def _in_body(self, position: int, data: bytes) -> int:
        if self._fresh and data.startswith(b"HTTP/1."):  # the answer to HEAD tells the length of a body that does not follow
            self._finish_body()
            return 0
        used = min(self._left, len(data))
        self._take(position, data[:used])
        self._left -= used
        if not self._left:
            self._finish_body()
        return used

    def _in_rest(self, position: int, data: bytes) -> int:
        if self._fresh and data.startswith(b"HTTP/1."):
            self._finish_body()
            return 0
        if self._fresh and looks_like_tls(data):  # the answer to CONNECT
            self.tunnelled = True
            return 0
        self._take(position, data)
        return len(data)

    def _in_chunk(self, position: int, data: bytes) -> int:
        """The line with a chunk's size."""
        end = data.find(b"\n")
        used = len(data) if end < 0 else end + 1
        self._line += data[:used]
        if end < 0:
            if len(self._line) > 256:
                self.end()
                self._state = "lost"
            return used
        size = bytes(self._line).strip().partition(b";")[0].strip()
        self._line.clear()
        try:
            self._left = int(size, 16) if size else -1
        except ValueError:
            self.end()
            self._state = "lost"
            return used
        if self._left > 0:
            self._state = "piece"
        elif not self._left:
            self._finish_body()
            self._state = "trailer"
        return used

    def _in_piece(self, position: int, data: bytes) -> int:
        used = min(self._left, len(data))
        self._take(position, data[:used])
        self._left -= used
        if not self._left:
            self._state = "chunk"
        return used

    def _in_trailer(self, position: int, data: bytes) -> int:
        """Lines up to an empty one."""
        end = data.find(b"\n")
        used = len(data) if end < 0 else end + 1
        self._line += data[:used]
        if end >= 0 or len(self._line) > 256:
            if not self._line.strip():
                self._state = "head"
            else:
                self._blank(position, used - 2 if used > 2 else 0)
            self._line.clear()
        return used

    # ------------------------------------------------------------ bodies

    @property
    def _fresh(self) -> bool:
        """Nothing of the body came yet."""
        return self._body is None or not self._body.data

    def _take(self, position: int, data: bytes) -> None:
        if self._body is None or len(self._body.data) + len(data) > DOC_BYTES:
            self._drop_body()
            self._blank(position, len(data))
        else:
            self._body.add(position, data)

    def _drop_body(self) -> None:
        """What was kept of it is blanked, and so is what follows."""
        if self._body is not None:
            for position, size in self._body.spans:
                self._blank(position, size)
        self._body = None

    def _finish_body(self) -> None:
        if self._body is not None and self._body.data:
            coding = self._coding
            self.regions.append(self._body.region(lambda masks, data: mask_body(masks, data, coding)))
        self._body, self._left, self._state = None, 0, "head"

    def _blank(self, position: int, size: int) -> None:
        blanks = self._patches.blanks
        if blanks and blanks[-1][1] == position:
            blanks[-1] = (blanks[-1][0], position + size)
        elif size > 0:
            blanks.append((position, position + size))


# ---------------------------------------------------------------- heads


def mask_head(masks: Masks, data: bytes) -> bytes:
    """Start line and headers."""
    lines = data.decode("latin-1").split("\n")
    lines[0] = _start_line(masks, lines[0])
    return "\n".join([lines[0], *(_header(masks, line) for line in lines[1:])]).encode("latin-1")


def _start_line(masks: Masks, line: str) -> str:
    if line.startswith("HTTP/"):
        return mask_text(masks, line)
    method, space, rest = line.partition(" ")
    target, blank, version = rest.rpartition(" ")
    return method + space + (mask_url(masks, target) if blank else mask_url(masks, rest)) + blank + (version if blank else "")


def mask_url(masks: Masks, url: str) -> str:
    """A URL, a path, or an authority: userinfo goes, hosts are replaced, and of the query what is not allowed."""
    front, mark, query = url.partition("?")
    query, hash_, fragment = query.partition("#")
    learn_names(masks, front)
    front = re.sub(r"(?<=://)[^/@\s]+@", lambda found: masks.secret(found[0][:-1]) + "@", front)
    return mask_text(masks, front) + mark + mask_query(masks, query, ALLOWED) + hash_ + (masks.secret(fragment) if fragment else "")


def _header(masks: Masks, line: str) -> str:
    name, colon, value = line.partition(":")
    low = name.strip().lower()
    bare = value.strip()
    if not bare:
        return name + colon + value
    lead = value[: len(value) - len(value.lstrip())]
    tail = value[len(lead) + len(bare) :]
    return name + colon + lead + _header_value(masks, low, bare) + tail


def _header_value(masks: Masks, name: str, value: str) -> str:
    if name == "content-type" and not TEXTUAL.search(value) and not masks.learning:
        return "x-"[: len(value)] + value[2:]  # its body is blanked: nobody should read an image into zeros
    if name in CREDENTIALS:
        return mask_credentials(masks, value)
    if name in CHALLENGES:
        return _challenge(masks, value)
    if name == "cookie":
        return ";".join(_cookie(masks, part) for part in value.split(";"))
    if name == "set-cookie":
        first, semicolon, rest = value.partition(";")
        return _cookie(masks, first) + semicolon + mask_text(masks, rest)
    if name in URLS:
        return mask_url(masks, value)
    if name in HOSTS:
        masks.learn_name(value.partition(":")[0])
        return mask_text(masks, value)
    if name in PERSONS and "@" not in value:
        return masks.private(value)
    if SECRET_WORDS.search(name) and name not in NO_SECRETS:
        key, equals, rest = value.partition("=")
        return key + equals + masks.secret(rest) if equals and len(key) < 16 else masks.secret(value)
    return mask_text(masks, value)


def _cookie(masks: Masks, part: str) -> str:
    name, equals, value = part.partition("=")
    return name + equals + masks.secret(value) if value else part


def mask_credentials(masks: Masks, value: str) -> str:
    """The scheme stays, of NTLM the message's type too."""
    scheme, space, rest = value.partition(" ")
    if not space or masks.learning:
        return value
    low, bare = scheme.lower(), rest.strip()
    if low in ("ntlm", "negotiate"):
        return scheme + space + _ntlm(rest)
    if low == "basic":
        return scheme + space + rest.replace(bare, _basic(masks, bare))
    if low == "digest":
        return scheme + space + _PAIR.sub(lambda m: f"{m[1]}={_digest(masks, m[1].lower(), m[2])}", rest)
    return scheme + space + masks.secret(rest)


def _ntlm(token: str) -> str:
    """Zeros behind signature and type; other mechanisms as what is no base64, so that nobody reads something into it."""
    if not token.startswith(NTLM):
        return "*" * len(token)
    bare = token.rstrip("= ")
    return bare[:NTLM_KEPT] + "A" * (len(bare) - NTLM_KEPT) + token[len(bare) :]


def _basic(masks: Masks, token: str) -> str:
    try:
        user, colon, password = base64.b64decode(token, validate=True).decode("latin-1").partition(":")
    except (binascii.Error, ValueError):
        return "*" * len(token)
    name, at, domain = user.partition("@")
    made = masks.user(name) + at + domain + colon + masks.secret(password)
    coded = base64.b64encode(made.encode("latin-1")).decode("ascii")
    return coded if len(coded) == len(token) else "*" * len(token)


def _digest(masks: Masks, key: str, value: str) -> str:
    quote = '"' if value.startswith('"') else ""
    bare = value.strip('"')
    if key in _QUOTED_KEPT:
        return quote + mask_text(masks, bare) + quote
    return quote + (masks.user(bare) if key == "username" else masks.secret(bare)) + quote


def _challenge(masks: Masks, value: str) -> str:
    scheme, space, rest = value.partition(" ")
    if scheme.lower() in ("ntlm", "negotiate") and rest:
        return value if masks.learning else scheme + space + _ntlm(rest)
    learn_names(masks, value)
    return mask_text(masks, value)

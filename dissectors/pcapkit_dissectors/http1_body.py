"""Where the body of an HTTP/1 message ends (RFC 9112, 6 and 7)."""

from __future__ import annotations

from typing import Final, Protocol

from pcapkit_dissectors._api import DissectError
from pcapkit_dissectors._coding import Body
from pcapkit_dissectors._limits import HTTP_HEADER_BYTES, HTTP_LINE
from pcapkit_dissectors._spool import Spool
from pcapkit_dissectors.http1_head import Head

_HEX: Final = frozenset(b"0123456789abcdefABCDEF")


class Framing(Protocol):
    """Moves a body from the spool to its ``Body``."""

    def pull(self, spool: Spool, body: Body) -> bool:
        """Take what is there; True once the body is over. Raises DissectError where no body can go on so."""

    def gap(self, size: int) -> bool:
        """Skip ``size`` bytes that were never captured; False if it cannot be known where the body goes on."""

    @property
    def until_close(self) -> bool:
        """The end of the conversation is the end of the body."""


class Length:
    """As many bytes as Content-Length said."""

    until_close = False

    def __init__(self, size: int) -> None:
        self.left = size

    def pull(self, spool: Spool, body: Body) -> bool:
        data = spool.take(self.left)
        self.left -= len(data)
        body.feed(data)
        return not self.left

    def gap(self, size: int) -> bool:
        if size > self.left:
            return False
        self.left -= size
        return True


class UntilClose:
    """Everything there is."""

    until_close = True

    def pull(self, spool: Spool, body: Body) -> bool:
        body.feed(spool.take(len(spool)))
        return False

    def gap(self, size: int) -> bool:
        return True


class Chunked:
    """Chunks with a size before each, and trailer fields behind the last, which are read over (RFC 9112, 7.1)."""

    until_close = False

    def __init__(self) -> None:
        self._left = 0
        self._line_end = False
        self._trailer = 0

    def pull(self, spool: Spool, body: Body) -> bool:
        while len(spool):
            if self._left:
                data = spool.take(self._left)
                self._left -= len(data)
                self._line_end = not self._left
                body.feed(data)
                continue
            line = self._line(spool)
            if line is None:
                return False
            if self._trailer:
                self._trailer += len(line) + 1
                if not line:
                    return True
                if self._trailer > HTTP_HEADER_BYTES:
                    raise DissectError(f"trailer of more than {HTTP_HEADER_BYTES} bytes")
            elif not self._line_end:
                self._left = _chunk_size(line)
                self._trailer = not self._left
            elif line:
                raise DissectError("chunk is longer than its size")
            else:
                self._line_end = False
        return False

    def _line(self, spool: Spool) -> bytes | None:
        """The next line without its end, None while it has not come."""
        end = spool.data.find(b"\n", 0, HTTP_LINE + 2)
        if end < 0:
            if len(spool) > HTTP_LINE:
                raise DissectError(f"line of more than {HTTP_LINE} bytes")
            return None
        return spool.take(end + 1)[:end].rstrip(b"\r")

    def gap(self, size: int) -> bool:
        if size > self._left:
            return False
        self._left -= size
        self._line_end = not self._left
        return True


def _chunk_size(line: bytes) -> int:
    """The number before extensions, which nobody uses (RFC 9112, 7.1.1)."""
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 16 or not _HEX.issuperset(digits):
        raise DissectError("no chunk size")
    return int(digits, 16)


def framing_of(head: Head, method: str | None) -> Framing | None:
    """How the body of a message is delimited, None if it has none (RFC 9112, 6.3). ``method`` is that of a response's request, if known."""
    if head.status and (head.status < 200 or head.status in (204, 304) or method == "HEAD"):
        return None
    if head.chunked:
        return Chunked()
    coded = (head.get("transfer-encoding") or "identity").lower() != "identity"
    size = head.content_length
    if size is not None and not (coded and head.status):
        return Length(size) if size else None
    return UntilClose() if head.status else None

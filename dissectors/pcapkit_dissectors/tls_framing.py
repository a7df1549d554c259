"""TLS records (RFC 8446, 5.1; RFC 5246, 6.2.1) in one direction of a conversation: where each begins and ends, and which segments brought it.

Content of handshake records is handed on as it comes; of other records when they are whole. After a gap, and after bytes that are no record,
the next record is looked for at the start of a segment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final, NamedTuple

from pcapkit_dissectors._api import Stamp
from pcapkit_dissectors.tls_names import ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, CLIENT_HELLO, HEARTBEAT

HEADER: Final = 5
PEEK: Final = 6
"""Bytes that tell a hello: type, length, version."""
RECORD_MAX: Final = 2**14 + 2048
"""Longest protected record (RFC 5246, 6.2.3)."""
SSL2_HELLO: Final = 0x80
"""In place of a content type: a ClientHello in the form of SSL 2.0, which has no record type."""


class Take(Enum):
    """How the content of a record is wanted."""

    STREAM = "as it comes"
    WHOLE = "at once"
    SKIP = "not at all"
    PEEK = "ask again when its first bytes are here"


class Piece(NamedTuple):
    """A record, or what one segment brought of it (``Take.STREAM``). ``length`` is that of the record as its header tells.

    ``missing``: so many bytes of content were never captured, in place of ``content``. ``begins``: first of its record.
    ``whole`` is False where the record was cut. ``start``: where in the stream of this direction the record begins.
    """

    content_type: int
    version: int
    length: int
    content: bytes
    stamps: list[Stamp]
    begins: bool = True
    whole: bool = True
    missing: int = 0
    streamed: bool = False
    start: int = 0

    @property
    def end(self) -> int:
        """Where in the stream the record ends."""
        return self.start + HEADER + self.length


class Lost(NamedTuple):
    """No record begins here. ``cut``: behind a gap or a late start; else the sender sent something else, of which ``found`` are the first bytes."""

    found: bytes
    stamp: Stamp | None
    cut: bool


def plausible(data: bytes, at: int = 0) -> bool:
    """A record header can stand at ``at``; ``data`` has at least five bytes there."""
    size = data[at + 3] << 8 | data[at + 4]
    return (
        CHANGE_CIPHER_SPEC <= data[at] <= HEARTBEAT
        and data[at + 1] == 3
        and data[at + 2] <= 4
        and size <= RECORD_MAX
        and (size > 0 or data[at] == APPLICATION_DATA)
        and (data[at] not in (CHANGE_CIPHER_SPEC, ALERT) or size <= 512)
    )


def follows_on(data: bytes) -> bool:
    """``data`` begins with a record, and as far as it goes, with one behind it: what a place found by search must show."""
    at = 0
    for _ in range(3):
        if len(data) - at < HEADER:
            return at > 0 or len(data) == 0
        if not plausible(data, at):
            return False
        at += HEADER + (data[at + 3] << 8 | data[at + 4])
    return True


def looks_like_sslv2_hello(data: bytes) -> bool:
    """The first five bytes of a ClientHello in the form of SSL 2.0 (RFC 5246, appendix E.2)."""
    size = (data[0] & 0x7F) << 8 | data[1]
    return data[0] & 0x80 != 0 and 28 <= size <= 4096 and data[2] == CLIENT_HELLO and (data[3], data[4]) in _SSL2_VERSIONS


_SSL2_VERSIONS: Final = frozenset({(0, 2), (3, 0), (3, 1), (3, 2), (3, 3)})


class Framer:
    """Records of one direction. ``how`` is asked at each header what to do with the content; if it wants to look first, once more with the
    first bytes and the record's length.
    """

    def __init__(self, how: Callable[[int], Take], look: Callable[[bytes, int], Take]) -> None:
        self._how = how
        self._look = look
        self._header = bytearray()
        self._type = 0
        self._version = 0
        self._length = 0
        self._left = 0
        self._take = Take.SKIP
        self._content = bytearray()
        self._stamps: list[Stamp] = []
        self._begins = True
        self._damaged = False
        self._offset = 0
        self._start = 0
        self.synced = True
        self.begun = False
        """A record was seen."""
        self.lossy = False
        """Bytes of this direction are missing."""

    @property
    def inside(self) -> bool:
        """A record has begun and is not over."""
        return self._left > 0

    def feed(self, data: bytes, stamp: Stamp) -> Iterator[Piece | Lost]:
        """Take the next bytes; what is yielded must be handled before going on, since it decides how the next record is taken."""
        base = self._offset
        self._offset += len(data)
        if not self.synced:
            if len(data) < HEADER or not follows_on(data):
                return
            self.synced = True
        at, end = 0, len(data)
        while at < end:
            if self._left:
                size = min(self._left, end - at)
                yield from self._body(data[at : at + size] if size < end or at else data, stamp)
                at += size
                continue
            if not self._header:
                self._start, self._stamps = base + at, []
            at += self._fill_header(data, at, stamp)
            if len(self._header) < HEADER:
                return
            if not self._open():
                yield self._lose(bytes(self._header[:HEADER]) + data[at : at + 16], stamp)
                return
            if not self._left:
                yield from self._close()

    def gap(self, size: int) -> Iterator[Piece | Lost]:
        """``size`` bytes are missing."""
        self.lossy = True
        self._offset += size
        if not self.synced:
            return
        if self._left >= size:
            yield from self._decide()
            self._damaged = True
            self._left -= size
            if self._take is Take.STREAM:
                yield self._piece(b"", missing=size)
            if not self._left:
                yield from self._close()
            return
        yield from self.end()
        yield self._lose(b"", None)

    def end(self) -> Iterator[Piece | Lost]:
        """Give the record that was begun, as one that is not whole."""
        if self._left and self._stamps:
            yield from self._decide()
            self._damaged = True
            self._left = 0
            yield from self._close()

    def _fill_header(self, data: bytes, at: int, stamp: Stamp) -> int:
        """Take what the header still needs, and give how much that was."""
        chunk = data[at : at + HEADER - len(self._header)]
        self._header += chunk
        self._stamp(stamp)
        return len(chunk)

    def _open(self) -> bool:
        """Read the header; False if there is none."""
        header = bytes(self._header)
        if plausible(header):
            self._type, self._version, self._length = header[0], header[1] << 8 | header[2], header[3] << 8 | header[4]
            self._content.clear()
            self._left = self._length
        elif not self.begun and looks_like_sslv2_hello(header):
            self._type, self._version, self._length = SSL2_HELLO, header[3] << 8 | header[4], (header[0] & 0x7F) << 8 | header[1]
            self._content[:] = header[2:]
            self._left = self._length - len(self._content)
        else:
            return False
        self._take = Take.WHOLE if self._type == SSL2_HELLO else self._how(self._type)
        if self._take is Take.PEEK:
            self._stamps = []  # messages count the segments of their own bytes only
        self._begins, self._damaged, self.begun = True, False, True
        self._header.clear()
        return True

    def _body(self, chunk: bytes, stamp: Stamp) -> Iterator[Piece | Lost]:
        self._left -= len(chunk)
        if self._take is Take.STREAM:
            self._stamps = [stamp]
            yield self._piece(chunk)
            self._begins = False
            return
        self._stamp(stamp)
        if self._take is not Take.SKIP:
            self._content += chunk
        if len(self._content) >= PEEK or not self._left:
            yield from self._decide()
        if not self._left:
            yield from self._close()

    def _decide(self) -> Iterator[Piece | Lost]:
        """Look at the first bytes, if that was wanted."""
        if self._take is not Take.PEEK:
            return
        self._take = self._look(bytes(self._content[:PEEK]), self._length) if self._content else Take.WHOLE
        if self._take is Take.STREAM:
            yield self._piece(bytes(self._content))
            self._begins = False

    def _close(self) -> Iterator[Piece | Lost]:
        if self._take is not Take.STREAM:
            yield self._piece(bytes(self._content))
        self._content.clear()

    def _piece(self, content: bytes, missing: int = 0) -> Piece:
        head = (self._type, self._version, self._length)
        return Piece(*head, content, self._stamps, self._begins, not self._damaged, missing, self._take is Take.STREAM, self._start)

    def _stamp(self, stamp: Stamp) -> None:
        if not self._stamps or self._stamps[-1] != stamp:
            self._stamps.append(stamp)

    def _lose(self, found: bytes, stamp: Stamp | None) -> Lost:
        self.synced = False
        self._header.clear()
        self._left = 0
        return Lost(found, stamp, self.lossy)

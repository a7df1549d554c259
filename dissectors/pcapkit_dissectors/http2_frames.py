"""HTTP/2 frames of one direction (RFC 9113, 4 and 6): DATA as it comes, other frames when they are whole, each with the segments that brought it.
Frames that tell nothing of requests and responses are passed over.

After a gap the next frame is looked for where a segment begins with one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from pcapkit_dissectors._api import Stamp
from pcapkit_dissectors._limits import HTTP_HEADER_BYTES

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADER: Final = 9

DATA: Final = 0
HEADERS: Final = 1
PRIORITY: Final = 2
RST_STREAM: Final = 3
SETTINGS: Final = 4
PUSH_PROMISE: Final = 5
PING: Final = 6
GOAWAY: Final = 7
WINDOW_UPDATE: Final = 8
CONTINUATION: Final = 9

END_STREAM: Final = 0x1
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
PRIORITISED: Final = 0x20

_READ: Final = frozenset({DATA, HEADERS, RST_STREAM, PUSH_PROMISE, CONTINUATION})
_SIZES: Final = {PRIORITY: (5,), RST_STREAM: (4,), PING: (8,), WINDOW_UPDATE: (4,)}
_FLAGS: Final = {
    DATA: 0x09,
    HEADERS: 0x2D,
    PRIORITY: 0,
    RST_STREAM: 0,
    SETTINGS: 1,
    PUSH_PROMISE: 0x0C,
    PING: 1,
    GOAWAY: 0,
    WINDOW_UPDATE: 0,
    CONTINUATION: 4,
}
_OF_CONNECTION: Final = frozenset({SETTINGS, PING, GOAWAY})
_UNKNOWN_MAX: Final = 2**14
"""Payload of a frame of a kind that nobody knows: the size that all must accept (RFC 9113, 4.2), since larger ones are text or noise."""
_LARGEST: Final = HTTP_HEADER_BYTES + 1024
"""Payload of a frame that is kept until it is whole."""


class Frame(NamedTuple):
    """A frame, or a part of a DATA frame. ``missing``: so many bytes of payload were not captured or not kept, in place of ``payload``.

    ``ends`` is False where more of this DATA frame follows.
    """

    kind: int
    flags: int
    stream: int
    payload: bytes
    stamps: list[Stamp]
    ends: bool = True
    missing: int = 0

    @property
    def content(self) -> tuple[int, int]:
        """Where in the payload its content begins and ends, padding taken off (RFC 9113, 6.1)."""
        if not self.flags & PADDED or not self.payload:
            return 0, len(self.payload)
        return 1, max(1, len(self.payload) - self.payload[0])


class Lost(NamedTuple):
    """No frame begins here. ``gap``: since bytes are missing, else the sender sent something else."""

    gap: bool
    stamp: Stamp | None


def plausible(data: bytes | bytearray, at: int = 0) -> bool:
    """A frame header can stand at ``at``, of a kind and with flags that RFC 9113, 6 knows."""
    size, kind, flags = int.from_bytes(data[at : at + 3], "big"), data[at + 3], data[at + 4]
    if kind not in _FLAGS or flags & ~_FLAGS[kind] or data[at + 5] & 0x80:
        return False
    stream = int.from_bytes(data[at + 5 : at + 9], "big")
    if kind != WINDOW_UPDATE and (stream == 0) != (kind in _OF_CONNECTION):
        return False
    if kind in _SIZES and size not in _SIZES[kind]:
        return False
    return size <= 2**20 and (kind != SETTINGS or (size % 6 == 0 and size <= 6 * 64 and (not flags or not size))) and (kind != GOAWAY or size >= 8)


def follows_on(data: bytes) -> bool:
    """``data`` begins with a frame, and as far as it goes, with others behind it."""
    at = 0
    for _ in range(3):
        if len(data) - at < HEADER:
            return at > 0
        if not plausible(data, at):
            return False
        at += HEADER + int.from_bytes(data[at : at + 3], "big")
    return True


class Frames:
    """Takes the bytes of one direction and gives its frames."""

    def __init__(self) -> None:
        self._header = bytearray()
        self._body = bytearray()
        self._stamps: list[Stamp] = []
        self._kind = self._flags = self._stream = self._size = self._left = 0
        self._kept = self._streamed = False
        self._preface = 0
        """Bytes of the preface that were seen; -1 once no more can come."""
        self._lost = False
        self.client = False
        """This side sent the preface of clients (RFC 9113, 3.4)."""

    def feed(self, data: bytes, stamp: Stamp) -> Iterator[Frame | Lost]:
        """Take the next bytes."""
        if self._lost:
            if not follows_on(data):
                return
            self._lost = False
        at = self._skip_preface(data) if self._preface >= 0 else 0
        while at < len(data):
            if not self._left:
                if not self._header:
                    self._stamps = []
                chunk = data[at : at + HEADER - len(self._header)]
                self._header += chunk
                at += len(chunk)
                self._stamp(stamp)
                if len(self._header) < HEADER:
                    return
                if not self._open():
                    yield self._lose(gap=False, stamp=stamp)
                    return
                if not self._left:
                    yield self._frame(b"")
                continue
            chunk = data[at : at + self._left]
            at += len(chunk)
            self._left -= len(chunk)
            self._stamp(stamp)
            yield from self._payload(chunk, 0)

    def gap(self, size: int) -> Iterator[Frame | Lost]:
        """``size`` bytes are missing: the frame keeps its place if they are all of its payload."""
        if self._lost:
            return
        self._preface = -1
        if size <= self._left and (self._streamed or not self._kept):
            self._left -= size
            yield from self._payload(b"", size)
        else:
            yield self._lose(gap=True, stamp=self._stamps[-1] if self._stamps else None)

    def _skip_preface(self, data: bytes) -> int:
        """Bytes of ``data`` that belong to the preface. A part of it that does not go on is read as a frame, which it is not."""
        wanted = PREFACE[self._preface : self._preface + len(data)]
        if not data.startswith(wanted):
            self._header[:0] = PREFACE[: self._preface][:HEADER]
            self._preface = -1
            return 0
        self._preface += len(wanted)
        if self._preface == len(PREFACE):
            self._preface, self.client = -1, True
        return len(wanted)

    def _open(self) -> bool:
        """Read the header; False if it cannot be one. Frames of unknown kinds are passed over (RFC 9113, 4.1)."""
        header = bytes(self._header)
        self._header.clear()
        size, kind = int.from_bytes(header[:3], "big"), header[3]
        if not (plausible(header) if kind in _FLAGS else size <= _UNKNOWN_MAX and header[5] < 0x80):
            return False
        self._left, self._kind, self._flags = size, kind, header[4]
        self._stream = int.from_bytes(header[5:], "big") & 0x7FFFFFFF
        self._streamed = self._kind == DATA and not self._flags & PADDED
        self._kept = self._kind in _READ and self._left <= _LARGEST
        self._size = self._left
        self._body.clear()
        return True

    def _payload(self, chunk: bytes, missing: int) -> Iterator[Frame]:
        if self._streamed:
            yield self._frame(chunk, missing)
            self._stamps = []
            return
        if self._kept:
            self._body += chunk
        if not self._left:
            yield self._frame(bytes(self._body), 0 if self._kept else self._size)
            self._body.clear()

    def _frame(self, payload: bytes, missing: int = 0) -> Frame:
        return Frame(self._kind, self._flags, self._stream, payload, self._stamps, not self._left, missing)

    def _stamp(self, stamp: Stamp) -> None:
        if not self._stamps or self._stamps[-1] != stamp:
            self._stamps.append(stamp)

    def _lose(self, gap: bool, stamp: Stamp | None) -> Lost:
        self._lost = True
        self._header.clear()
        self._left = 0
        return Lost(gap, stamp)

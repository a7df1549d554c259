"""From the content of handshake records to whole handshake messages, with the frames that carried each.

A message may lie over any number of records and segments, and a record may hold several (RFC 8446, 5.1). Content is taken as the segments bring it,
so a message is there with the frame that brought its last byte, not with the one that ended its record. No byte is looked at twice.
"""

from __future__ import annotations

from typing import NamedTuple

from pcapkit_dissectors._api import Stamp
from pcapkit_dissectors._limits import EVENT_FRAMES, TLS_HANDSHAKE

_HEADER = 4


class HandshakeBytes(NamedTuple):
    """A handshake message by its bytes. ``whole`` is False where a part is missing: then ``body`` is what stands before the hole.

    ``size`` is the length that its header tells; ``oversize`` marks one beyond the limit, of which nothing is kept.
    """

    kind: int
    body: bytes
    size: int
    frames: tuple[int, ...]
    time_ns: int
    whole: bool
    oversize: bool = False


def place(stamps: list[Stamp]) -> tuple[tuple[int, ...], int]:
    """Frames, ascending, and the time of the last of them. Segments may arrive out of order: then an earlier part has the later frame."""
    if len(stamps) == 1:
        return (stamps[0].frame,), stamps[0].time_ns
    last = max(stamps)
    frames = sorted({s.frame for s in stamps})
    if len(frames) > EVENT_FRAMES:
        frames[EVENT_FRAMES - 1 :] = frames[-1:]
    return tuple(frames), last.time_ns


class Assembler:
    """The handshake stream of one direction."""

    __slots__ = ("_buffer", "_hole", "_skip", "_spans", "lost")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._spans: list[tuple[int, list[Stamp]]] = []
        """(end in the buffer, stamps) of each piece."""
        self._hole: int | None = None
        self._skip = 0
        """Bytes that still belong to a message over the limit."""
        self.lost = False
        """A gap took the place where the next message begins: nothing can be read before ``resume``."""

    @property
    def pending(self) -> bool:
        """A message has begun and is not whole."""
        return bool(self._buffer) or self._skip > 0

    def add(self, content: bytes | memoryview, stamps: list[Stamp]) -> list[HandshakeBytes]:
        """Take content of a handshake record, brought by the segments ``stamps``, and give the messages that it completes."""
        if self._skip:
            passed = min(self._skip, len(content))
            self._skip -= passed
            content = content[passed:]
        if self.lost or not content:
            return []
        self._buffer += content
        self._spans.append((len(self._buffer), stamps))
        return self._messages()

    def gap(self, size: int) -> list[HandshakeBytes]:
        """``size`` bytes of content are missing. The message keeps its place if the gap lies within it, else the next begins nobody knows where."""
        if size <= self._skip:
            self._skip -= size
            return []
        missing = self._missing()
        if missing is None or size > missing:
            return self.flush(lost=True)
        if self._hole is None:
            self._hole = len(self._buffer)
        self._buffer += bytes(size)
        if self._spans:
            self._spans.append((len(self._buffer), self._spans[-1][1]))
        return self._messages()

    def flush(self, lost: bool = False) -> list[HandshakeBytes]:
        """Give what was begun as a message that is not whole."""
        out = []
        if len(self._buffer) >= _HEADER and self._spans:
            kind, size = self._head(0)
            frames, time_ns = place([stamp for _, stamps in self._spans for stamp in stamps])
            out.append(HandshakeBytes(kind, self._body(0, len(self._buffer)), size, frames, time_ns, whole=False))
        self.resume()
        self.lost = lost
        return out

    def resume(self) -> None:
        """What comes next begins a message."""
        self._buffer.clear()
        self._spans.clear()
        self._hole = None
        self._skip = 0
        self.lost = False

    def _head(self, at: int) -> tuple[int, int]:
        return self._buffer[at], int.from_bytes(self._buffer[at + 1 : at + _HEADER], "big")

    def _missing(self) -> int | None:
        """Bytes that the message begun still needs; None if not even its header is here."""
        if len(self._buffer) < _HEADER:
            return None
        return _HEADER + self._head(0)[1] - len(self._buffer)

    def _messages(self) -> list[HandshakeBytes]:
        out: list[HandshakeBytes] = []
        start = 0
        while len(self._buffer) - start >= _HEADER:
            kind, size = self._head(start)
            end = start + _HEADER + size
            if size > TLS_HANDSHAKE:
                frames, time_ns = place(self._stamps(len(self._buffer)))
                here = len(self._buffer)
                self.resume()
                self._skip = end - here
                return [*out, HandshakeBytes(kind, b"", size, frames, time_ns, whole=False, oversize=True)]
            if end > len(self._buffer):
                break
            frames, time_ns = place(self._stamps(end))
            out.append(HandshakeBytes(kind, self._body(start, end), size, frames, time_ns, whole=self._hole is None))
            self._hole = None  # a gap is only ever kept within the message that had begun
            start = end
        if start:
            self._drop(start)
        return out

    def _body(self, start: int, end: int) -> bytes:
        stop = end if self._hole is None else min(end, self._hole)
        return bytes(memoryview(self._buffer)[start + _HEADER : stop])

    def _stamps(self, end: int) -> list[Stamp]:
        """Stamps of the pieces up to ``end``, which also lets go of the pieces that no later message can need."""
        if len(self._spans) == 1:
            return self._spans[0][1]
        used = 1
        while self._spans[used - 1][0] < end:
            used += 1
        stamps = [stamp for _, stamps in self._spans[:used] for stamp in stamps]
        del self._spans[: used - 1]
        if len(self._spans) > 1 and self._spans[0][0] == end:
            del self._spans[0]
        return stamps

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        if not self._buffer:
            self._spans.clear()
        else:
            self._spans = [(stop - count, stamps) for stop, stamps in self._spans]

"""The ordered bytes of one direction of a TCP conversation, out of segments that come in any order, twice, overlapping, or not at all.

Where segments overlap, the bytes that were seen first win, as in a receiver that has them already; overlaps that differ are counted
(``conflicts``): somebody may be deceiving either the receiver or us. A hole is waited for until it is closed, until ``give_up``, or until later data
was held for ``HOLE_WAIT_NS``; then it is handed on as a gap.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

from pcapkit_dissectors._api import Stamp

from pcapkit.limits import STREAM_SEGMENTS, STREAM_WINDOW

HOLE_WAIT_NS: Final = 60 * 10**9
"""Longer than any sender goes on repeating a segment before it gives up or slows down to nothing (RFC 6298, 5)."""

OVERLAPS: Final = 64
"""Pieces held that one segment may lie over; what reaches further is ignored, or each segment could cost as much as all before it."""


class Piece(NamedTuple):
    """The next bytes of the stream, or (``data`` empty) a gap of ``size`` bytes that were never captured."""

    data: bytes
    size: int
    stamp: Stamp


class Segments:
    """Puts the segments of one direction in order. Positions count from the stream's first byte, without wrap-around.

    ``held``: bytes kept because something before them is missing; ``ignored``: segments beyond the limits.
    """

    __slots__ = ("_data", "_since_ns", "_starts", "conflicts", "held", "ignored", "next")

    def __init__(self, start: int = 0) -> None:
        self.next = start
        self.held = 0
        self.conflicts = 0
        self.ignored = 0
        self._starts: list[int] = []
        self._data: list[tuple[bytes, int, Stamp]] = []
        self._since_ns = 0

    def add(self, start: int, data: bytes, size: int, stamp: Stamp) -> list[Piece]:
        """Take a segment of ``size`` bytes on the wire, of which ``data`` was captured; gives what can be read on with it, in order."""
        if start == self.next and not self._starts:
            self.next = start + size
            return _pieces(data, size, stamp)
        end = start + size
        if end <= self.next:
            return []
        if start < self.next:
            data, start = data[self.next - start :], self.next
        if start - self.next > STREAM_WINDOW or len(self._starts) >= STREAM_SEGMENTS:
            self.ignored += 1
            return []
        if not self._starts:
            self._since_ns = stamp.time_ns
        self._hold(start, data, end, stamp)
        ready = self._ready()
        if self._starts and stamp.time_ns - self._since_ns > HOLE_WAIT_NS:
            ready += self.give_up()
            self._since_ns = stamp.time_ns
        return ready

    def give_up(self) -> list[Piece]:
        """Wait no longer for anything: all that is held, with gaps in between."""
        pieces: list[Piece] = []
        while self._starts:
            missing = self._starts[0] - self.next
            if missing > 0:
                pieces.append(Piece(b"", missing, self._data[0][2]))
                self.next = self._starts[0]
            pieces += self._ready()
        return pieces

    def _hold(self, start: int, data: bytes, end: int, stamp: Stamp) -> None:
        """Keep the parts of a segment that are not held yet."""
        at = max(bisect_right(self._starts, start) - 1, 0)
        position = start
        for _ in range(OVERLAPS):
            if position >= end:
                return
            if at < len(self._starts) and self._starts[at] <= position:
                known = self._starts[at] + self._data[at][1]
                if known > position:
                    self._compare(at, position, data[position - start : min(end, known) - start])
                    position = known
                at += 1
                continue
            stop = min(end, self._starts[at]) if at < len(self._starts) else end
            part = data[position - start : stop - start]
            self._starts.insert(at, position)
            self._data.insert(at, (part, stop - position, stamp))
            self.held += len(part)
            position = stop
            at += 1
        self.ignored += position < end

    def _compare(self, at: int, position: int, data: bytes) -> None:
        """Count an overlap whose bytes differ from those held."""
        offset = position - self._starts[at]
        held = self._data[at][0][offset : offset + len(data)]
        if held != data[: len(held)]:
            self.conflicts += 1

    def _ready(self) -> list[Piece]:
        """Take from what is held everything that follows without a hole."""
        count = 0
        pieces: list[Piece] = []
        for start, (data, size, stamp) in zip(self._starts, self._data, strict=True):
            if start != self.next:
                break
            pieces += _pieces(data, size, stamp)
            self.held -= len(data)
            self.next += size
            count += 1
        if count:
            del self._starts[:count], self._data[:count]
            self._since_ns = self._data[0][2].time_ns if self._data else 0
        return pieces


def _pieces(data: bytes, size: int, stamp: Stamp) -> list[Piece]:
    """Captured bytes, then what the snaplen took away."""
    if len(data) >= size:
        return [Piece(data[:size], size, stamp)] if size else []
    cut = Piece(b"", size - len(data), stamp)
    return [Piece(data, len(data), stamp), cut] if data else [cut]

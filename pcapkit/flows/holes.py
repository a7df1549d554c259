"""Bytes that were passed over and may still come: open holes of all directions as intervals in columns."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pcapkit.flows.sides import Ints

MAX_HOLES: Final = 262_144
"""Open holes in all; further ones are counted only."""


class Spans(NamedTuple):
    """Intervals ``start`` to ``end`` of directions ``side``; int64 (n,) each."""

    side: Ints
    start: Ints
    end: Ints

    def join(self, other: Spans) -> Spans:
        return Spans(*(np.concatenate((mine, its)) for mine, its in zip(self, other, strict=True)))

    def where(self, keep: Ints) -> Spans:
        return Spans(*(column[keep] for column in self))


def no_spans() -> Spans:
    """Nothing."""
    return Spans(*(np.zeros(0, np.int64) for _ in range(3)))


class Holes:
    """Holes that are open, in order of side and start, never touching each other within a side."""

    def __init__(self) -> None:
        self.open = no_spans()
        self.refused = 0

    def add(self, new: Spans) -> None:
        """Data passed over these."""
        room = MAX_HOLES - len(self.open.side)
        self.refused += max(0, len(new.side) - room)
        whole = self.open.join(new.where(np.arange(min(room, len(new.side)))))
        self.open = whole.where(np.lexsort((whole.start, whole.side)))

    def within(self, spans: Spans) -> Ints:
        """How many bytes of each span lie in open holes, (n,)."""
        if not len(self.open.side):
            return np.zeros(len(spans.side), np.int64)
        return self._below(spans.side, spans.end) - self._below(spans.side, spans.start)

    def fill(self, spans: Spans) -> None:
        """These bytes came after all."""
        spans = spans.where(np.flatnonzero(np.isin(spans.side, self.open.side) & (spans.end > spans.start)))
        if not len(spans.side):
            return
        touched = np.isin(self.open.side, spans.side)
        left = subtract(self.open.where(np.flatnonzero(touched)), spans)
        whole = self.open.where(np.flatnonzero(~touched)).join(left)
        self.open = whole.where(np.lexsort((whole.start, whole.side)))

    def keep(self, numbers: NDArray[np.uint32]) -> None:
        """Forget the holes of all other conversations."""
        self.open = self.open.where(np.flatnonzero(np.isin(self.open.side // 2, numbers)))

    def of(self, side: int) -> list[tuple[int, int]]:
        """Open holes of one direction: start and end."""
        sides, start, end = self.open
        if not len(sides):
            return []
        first, last = int(sides.searchsorted(side)), int(sides.searchsorted(side + 1))
        return list(zip(start[first:last].tolist(), end[first:last].tolist(), strict=True))

    def _below(self, side: Ints, position: Ints) -> Ints:
        """Bytes of holes of this side below a position."""
        held, start, end = self.open
        total = np.append(0, np.cumsum(end - start))
        first = np.searchsorted(held, side)
        # positions are ranked within the side: holes and questions are sorted together, since no fixed shift holds every position
        at = _rank(held, start, side, position)
        inside = at > first
        last = np.maximum(at - 1, 0)
        below: Ints = total[at] - total[first] - np.where(inside, np.maximum(end[last] - position, 0), 0)
        return below


def _rank(side: Ints, start: Ints, asked: Ints, position: Ints) -> Ints:
    """How many of the sorted (side, start) stand before (asked, position)."""
    n = len(side)
    order = np.lexsort((np.append(np.zeros(n), np.ones(len(asked))), np.append(start, position), np.append(side, asked)))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.cumsum(order < n)
    return rank[n:]


def subtract(holes: Spans, spans: Spans) -> Spans:
    """What is left of ``holes`` where no span lies, by one sweep over all ends."""
    n, m = len(holes.side), len(spans.side)
    side = np.concatenate((holes.side, holes.side, spans.side, spans.side))
    at = np.concatenate((holes.start, holes.end, spans.start, spans.end))
    hole = np.repeat([1, -1, 0, 0], (n, n, m, m))
    cover = np.repeat([0, 0, 1, -1], (n, n, m, m))
    order = np.lexsort((at, side))
    side, at = side[order], at[order]
    left = np.flatnonzero((np.cumsum(hole[order]) > 0) & (np.cumsum(cover[order]) == 0))
    left = left[at[left] < at[left + 1]]
    return Spans(side[left], at[left], at[left + 1])

"""Bytes that were passed over and may still come: open holes of all directions as intervals in columns."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pcapkit.flows.sides import Ints

MAX_HOLES: Final = 262_144
"""Open holes in all; further ones are counted only."""
_FAR: Final = 1 << 62


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

    def fill(self, spans: Spans) -> Ints:
        """These bytes came after all, in this order; gives how many of each were missing until then, (n,)."""
        filled = np.zeros(len(spans.side), np.int64)
        concerned = np.flatnonzero(np.isin(spans.side, self.open.side) & (spans.end > spans.start))
        by_side: dict[int, list[int]] = {}
        for index, side in zip(concerned.tolist(), spans.side[concerned].tolist(), strict=True):
            by_side.setdefault(side, []).append(index)
        left = [self.open.where(np.flatnonzero(~np.isin(self.open.side, spans.side[concerned])))]
        for side, indices in by_side.items():
            holes = self.of(side)
            for index in indices:
                filled[index] = _fill(holes, int(spans.start[index]), int(spans.end[index]))
            left.append(Spans(*(np.array(column, np.int64) for column in ([side] * len(holes), *_columns(holes)))))
        if by_side:
            whole = Spans(*(np.concatenate(columns) for columns in zip(*left, strict=True)))
            self.open = whole.where(np.lexsort((whole.start, whole.side)))
        return filled

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


def _columns(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [start for start, _ in pairs], [end for _, end in pairs]


def _fill(holes: list[tuple[int, int]], start: int, end: int) -> int:
    """Take a span out of sorted holes; gives how much it took."""
    first = max(0, bisect_right(holes, (start, _FAR)) - 1)
    if first < len(holes) and holes[first][1] <= start:
        first += 1
    last, taken, left = first, 0, []
    while last < len(holes) and holes[last][0] < end:
        low, high = holes[last]
        taken += min(high, end) - max(low, start)
        left += [part for part in ((low, start), (end, high)) if part[0] < part[1]]
        last += 1
    holes[first:last] = left
    return taken

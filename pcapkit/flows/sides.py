"""A window's packets in the order in which conversations are read: by conversation, then direction, then arrival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Sides:
    """Packets grouped by *side*, one direction of one conversation.

    ``rows``: int64 (m,), rows of the table, ascending within a side; ``start``: int64 (k,), where each side begins in ``rows``;
    ``conversation``: int64 (k,), its row in the flow table; ``direction``: uint8 (k,); ``of``: int64 (m,), the side of each packet.
    """

    rows: Ints
    start: Ints
    conversation: Ints
    direction: NDArray[np.uint8]
    of: Ints

    @property
    def stop(self) -> Ints:
        """Where each side ends."""
        return np.append(self.start[1:], len(self.rows))

    @property
    def index(self) -> Ints:
        """Elements of pair columns: ``2 * conversation + direction``."""
        return 2 * self.conversation + self.direction

    def where(self, mask: Mask) -> Sides:
        """Only these packets; sides without any are left out."""
        return group(self.rows[mask], self.of[mask], self.conversation, self.direction)

    def total(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sums by side."""
        return np.add.reduceat(values, self.start)

    def count(self, mask: Mask) -> Ints:
        """Packets of each side for which ``mask`` holds."""
        return np.bincount(self.of[mask], minlength=len(self.start))

    def lowest(self, values: NDArray[Any]) -> NDArray[Any]:
        """Minimum by side."""
        return np.minimum.reduceat(values, self.start)

    def highest(self, values: NDArray[Any]) -> NDArray[Any]:
        """Maximum by side."""
        return np.maximum.reduceat(values, self.start)


def group(rows: Ints, of: Ints, conversation: Ints, direction: NDArray[np.uint8]) -> Sides:
    """Sides of packets that lie in order. ``of``: for each packet, an index into ``conversation`` and ``direction``, in runs."""
    start = np.flatnonzero(changes(of))
    kept = of[start]
    sizes = np.diff(np.append(start, len(of)))
    return Sides(rows, start, conversation[kept], direction[kept], np.repeat(np.arange(len(start)), sizes))


def changes(*columns: NDArray[Any]) -> Mask:
    """Where an element differs from the one before it in any of the columns; the first one does."""
    changed = np.zeros(len(columns[0]), np.bool_)
    changed[:1] = True
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    return changed


def running_max(values: Ints, sides: Sides, carried: Ints) -> tuple[Ints, Ints]:
    """The highest value *before* each packet of its side, and the highest of the side after all. ``carried``: (k,), before the first packet.

    Sides are lifted apart so that one accumulation serves all; values beyond what fits between them (terabytes) are taken as the bound.
    """
    bits = 61 - max(1, len(sides.start)).bit_length()
    bound = 1 << bits
    lift = sides.of << (bits + 1)
    lifted = np.clip(values, -bound + 1, bound - 1) + lift
    before = np.clip(carried, -bound + 1, bound - 1) + lift[sides.start]
    lifted[sides.start] = np.maximum(lifted[sides.start], before)
    highest = np.maximum.accumulate(lifted)
    earlier = np.empty_like(highest)
    earlier[1:] = highest[:-1]
    earlier[sides.start] = before
    last = sides.stop - 1
    return earlier - lift, highest[last] - lift[last]

"""From bytes to record starts: each record tells where the next one begins, so the chain from a known start is the only truth."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Layout(Protocol):
    """How records of one format follow each other."""

    head: int
    """Bytes that must be there to know a record's size."""

    def chain(self, data: bytearray, at: int, stop: int, end: int) -> tuple[list[int], int]:
        """Starts of whole, sound records from ``at`` up to ``stop``, and the place behind the last of them."""
        ...


def walk(data: bytearray, at: int, end: int, layout: Layout) -> tuple[NDArray[np.int64], int]:
    """Starts (int64, (n,)) of the whole, sound records in ``data[at:end]``, and where the first that is neither begins."""
    starts, at = layout.chain(data, at, end, end)
    return np.array(starts, np.int64), at

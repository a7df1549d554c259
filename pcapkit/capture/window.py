"""What the readers hand on: records of one capture that lie in memory together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PAD: Final = 512
"""Bytes that may be read behind the last record of a window (they mean nothing), so that header gathers need no bounds check."""


@dataclass(slots=True)
class Window:
    """Records of one capture. Valid only until the next window is asked for: the buffer is used again.

    ``buffer``: uint8, at least ``PAD`` bytes longer than the last record's end.
    ``offset``: int64 (n,), first byte of each packet in ``buffer``; ``caplen``, ``length``: uint32 (n,), bytes captured and on the wire.
    ``time_ns``: int64 (n,), ns since the epoch; ``frame``: int64 (n,), from 1 as Wireshark counts.
    ``link_type``: uint16 (n,), LINKTYPE number; ``interface``: uint16 (n,).
    """

    capture: int
    buffer: NDArray[np.uint8]
    offset: NDArray[np.int64]
    caplen: NDArray[np.uint32]
    length: NDArray[np.uint32]
    time_ns: NDArray[np.int64]
    frame: NDArray[np.int64]
    link_type: NDArray[np.uint16]
    interface: NDArray[np.uint16]

    def __len__(self) -> int:
        return len(self.offset)


def nothing(capture: int) -> Window:
    """A window without records: the capture goes on, and nothing came."""
    whole, short = np.zeros(0, np.int64), np.zeros(0, np.uint16)
    sizes = np.zeros(0, np.uint32)
    return Window(capture, np.zeros(PAD, np.uint8), whole, sizes, sizes, whole, whole, short, short)

"""pcapng timestamps to ns since the epoch (if_tsresol, if_tsoffset)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_MAX_NS: Final = 2**63 - 1
_MAX_S: Final = _MAX_NS // 10**9


def _decimal(ticks: NDArray[np.uint64], exponent: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    if exponent <= 9:
        unit = 10 ** (9 - exponent)
        return (ticks * np.uint64(unit)).view(np.int64), ticks <= np.uint64(_MAX_NS // unit)
    if exponent > 19:
        return np.zeros(len(ticks), np.int64), np.zeros(len(ticks), np.bool_)
    return (ticks // np.uint64(10 ** (exponent - 9))).view(np.int64), np.ones(len(ticks), np.bool_)


def _binary(ticks: NDArray[np.uint64], exponent: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    if exponent > 63:
        return np.zeros(len(ticks), np.int64), np.zeros(len(ticks), np.bool_)
    seconds = ticks >> np.uint64(exponent)
    rest = ticks & np.uint64((1 << exponent) - 1)
    kept = min(exponent, 34)  # 2**34 * 10**9 is the most that 64 bits hold; finer is less than 0.1 ns
    ns = ((rest >> np.uint64(exponent - kept)) * np.uint64(10**9)) >> np.uint64(kept)
    return (seconds * np.uint64(10**9) + ns).view(np.int64), seconds < np.uint64(_MAX_S)


def times(ticks: NDArray[np.uint64], resolution: int, shift_s: NDArray[np.int64] | int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Times (int64 ns, shape (n,)) and which of them can be told.

    ``resolution`` is the byte of if_tsresol: the exponent of 10, or with the high bit set of 2. A time is unknown if the resolution
    makes no sense or the time does not fit in 64 bits.
    """
    time_ns, known = (_binary if resolution & 0x80 else _decimal)(ticks, resolution & 0x7F)
    if isinstance(shift_s, int):
        if shift_s == 0:
            return time_ns, known
        shift_s = np.full(len(ticks), shift_s, np.int64)
    known = known & (shift_s > -_MAX_S) & (shift_s < _MAX_S)
    moved = time_ns + np.where(known, shift_s, 0) * 10**9
    return moved, known & ((shift_s < 0) | (moved >= time_ns))

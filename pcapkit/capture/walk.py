"""From bytes to record starts, fast and proven.

Each record tells where the next one begins, so only the chain from a known start is true. Following it one by one is slow in Python.
So many walkers start at places that look like records and step together, one numpy operation for all of them; then it is shown that each
ended exactly where the next had started, which makes their records one chain. Where that fails (a transferred capture holds headers that
only look like ours), that segment is walked one by one. The result is always the chain, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pcapkit.limits import KIB, MIB

_SEGMENT: Final = 64 * KIB
_SEARCH: Final = 8 * KIB
"""Bytes of each segment in which a start is looked for."""
_FEW: Final = 12
"""So few walkers left are faster one by one: the last segments may be long, where no starts were found in them."""
_TOGETHER: Final = MIB
"""Fewer bytes are walked one by one: too few walkers to be worth the setting up."""


class Layout(Protocol):
    """How records of one format follow each other. Reading may touch ``window.PAD`` bytes behind the end."""

    def chain(self, data: bytearray, at: int, stop: int, end: int) -> tuple[list[int], int]:
        """Starts before ``stop`` of whole, sound records, one by one from ``at``, and the place behind the last of them."""
        ...

    def finder(self, data: bytearray, at: int, end: int) -> Callable[[int, int], int]:
        """A function (low, high) → first place there that looks like a record of the kind at ``at``, or -1."""
        ...

    def stepper(self, data: bytearray) -> Callable[[NDArray[np.int64]], NDArray[np.int64]]:
        """A function from starts to what lies behind each record, always farther on, sound or not."""
        ...

    def sound(self, data: bytearray, edges: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which records are sound, by ``edges`` (n + 1,): all starts and the place behind the last."""
        ...


def gatherer(data: bytearray, size: int, offset: int = 0) -> NDArray[Any]:
    """``data`` as items of ``size`` bytes at every byte, so that ``[starts]`` gathers unaligned fields in one call."""
    return np.ndarray((len(data) - offset - size + 1,), f"V{size}", buffer=data, offset=offset, strides=(1,))


class Walker:
    """Walks the records of one capture. After a break it goes in small strides first, so that many breaks cost no more than the bytes between them."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._stride = _TOGETHER

    def walk(self, data: bytearray, at: int, end: int) -> tuple[NDArray[np.int64], int]:
        """Starts (int64, (n,)) of the whole, sound records in ``data[at:end]``, and where the first that is neither begins."""
        parts = []
        while at < end:
            stop = min(at + self._stride, end)
            starts, at = self._stretch(data, at, stop, end)
            parts.append(starts)
            if at < stop:
                if end - at > _TOGETHER:
                    self._stride = _SEGMENT
                break
            self._stride *= 2
        return (np.concatenate(parts) if parts else np.zeros(0, np.int64)), at

    def _stretch(self, data: bytearray, at: int, stop: int, end: int) -> tuple[NDArray[np.int64], int]:
        if stop - at < _TOGETHER:
            one_by_one, at = self.layout.chain(data, at, stop, end)
            return np.array(one_by_one, np.int64), at
        starts, behind = _together(data, at, stop, end, self.layout)
        edges = np.append(starts, behind)
        bad = np.flatnonzero(~self.layout.sound(data, edges))
        if len(bad):
            return starts[: bad[0]], int(starts[bad[0]])
        if behind > end:
            return starts[:-1], int(starts[-1])
        return starts, behind


def _together(data: bytearray, at: int, stop: int, end: int, layout: Layout) -> tuple[NDArray[np.int64], int]:
    """The chain from ``at`` to the first place at or behind ``stop``; its records may still be unsound."""
    find = layout.finder(data, at, end)
    guesses = (find(low, min(low + _SEARCH, stop)) for low in range(at + _SEGMENT, stop, _SEGMENT))
    starts = np.array([at, *(g for g in guesses if g >= 0)], np.int64)
    limits = np.append(starts[1:], stop)
    step = layout.stepper(data)
    place, active = starts.copy(), np.arange(len(starts))
    visited, by = [], []
    while len(active) > _FEW:
        here = place[active]
        visited.append(here)
        by.append(active)
        beyond = step(here)
        place[active] = beyond
        active = active[beyond < limits[active]]
    for i in active.tolist():
        alone, place[i] = layout.chain(data, int(place[i]), int(limits[i]), end)
        visited.append(np.array(alone, np.int64))
        by.append(np.full(len(alone), i))
    if (place[:-1] == starts[1:]).all():
        chain = np.concatenate(visited)
        chain.sort()
        return chain, int(place[-1])
    return _mend(data, end, layout, _Walked(starts, limits, place, np.concatenate(visited), np.concatenate(by)))


class _Walked:
    """What walkers did: (k,) where each started, had to stop, and came to; (n,) the records visited and by which of them."""

    __slots__ = ("by", "limits", "place", "starts", "visited")

    def __init__(self, *arrays: NDArray[np.int64]) -> None:
        self.starts, self.limits, self.place, self.visited, self.by = arrays


def _mend(data: bytearray, end: int, layout: Layout, walked: _Walked) -> tuple[NDArray[np.int64], int]:
    """The chain where some walkers started at no record: theirs are left out, and their segments walked one by one."""
    true = np.zeros(len(walked.starts), np.bool_)
    at = int(walked.starts[0])
    mended: list[int] = []
    for i, (start, limit, place) in enumerate(zip(walked.starts.tolist(), walked.limits.tolist(), walked.place.tolist(), strict=True)):
        if at == start:
            true[i] = True
            at = place
        elif at < limit:
            more, at = layout.chain(data, at, limit, end)
            mended += more
            if at < limit:
                break
    chain = np.concatenate([walked.visited[true[walked.by]], np.array(mended, np.int64)])
    chain.sort()
    return chain, at

"""The packets of a cut, as they lie in the captures, merged by time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from typing import Final, NamedTuple

import numpy as np

from pcapkit.extract.survey import Part, Stopped, reopened
from pcapkit.limits import MIB, WINDOW_BYTES
from pcapkit.options import StopFn

SHARED_WINDOW: Final = MIB
"""Window of each capture where several are read side by side."""


class Packet(NamedTuple):
    """One packet. ``interface`` counts within its capture; ``length``: bytes on the wire."""

    time_ns: int
    capture: int
    frame: int
    interface: int
    data: bytes
    length: int


def packets_of(part: Part, stop: StopFn, window_bytes: int = WINDOW_BYTES) -> Iterator[Packet]:
    """The chosen packets of one capture, in its own order.

    Raises:
        Stopped: told to stop.
    """
    if not len(part.frames):
        return
    last = int(part.frames[-1])
    with reopened(part.capture.path, part.index, stop, window_bytes) as source:
        for window in source.windows():
            at = np.searchsorted(part.frames, window.frame)
            rows = np.flatnonzero(part.frames[np.minimum(at, len(part.frames) - 1)] == window.frame)
            columns = (window.time_ns, window.frame, window.interface, window.offset, window.caplen, window.length)
            for time_ns, frame, interface, offset, caplen, length in zip(*(c[rows].tolist() for c in columns), strict=True):
                yield Packet(time_ns, part.index, frame, interface, window.buffer[offset : offset + caplen].tobytes(), length)
            if len(window) and int(window.frame[-1]) >= last:
                return
        if stop():
            raise Stopped


Read = Callable[[Part, StopFn, int], Iterator[Packet]]


def merged(parts: Sequence[Part], stop: StopFn, read: Read = packets_of) -> Iterator[Packet]:
    """The packets of all captures by time; each capture is opened (``read``) when its first packet is due."""
    waiting = sorted((p for p in parts if len(p.frames)), key=lambda p: (p.first_ns or 0, p.index), reverse=True)
    if len(waiting) == 1:
        yield from read(waiting[0], stop, WINDOW_BYTES)
        return
    open_ones: list[tuple[int, int, Packet, Iterator[Packet]]] = []
    while waiting or open_ones:
        while waiting and (not open_ones or (waiting[-1].first_ns or 0) <= open_ones[0][0]):
            part = waiting.pop()
            reader = read(part, stop, SHARED_WINDOW)
            first = next(reader, None)
            if first is not None:
                open_ones.append((first.time_ns, part.index, first, reader))
                heapify(open_ones)
        if not open_ones:
            continue
        _, index, packet, reader = open_ones[0]
        yield packet
        following = next(reader, None)
        if following is None:
            heappop(open_ones)
        else:
            heapreplace(open_ones, (following.time_ns, index, following, reader))

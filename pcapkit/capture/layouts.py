"""How records follow each other in pcap and pcapng: what ``walk`` needs to know of a format."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from pcapkit.capture.walk import gatherer
from pcapkit.limits import MAX_BLOCK, MAX_PACKET

Order = Literal["<", ">"]

_ENHANCED: Final = 6
_TRIES: Final = 64
"""Places of one segment that are looked at closely."""


def byteorder(order: Order) -> Literal["little", "big"]:
    """The name that ``int.from_bytes`` has for a byte order."""
    return "little" if order == "<" else "big"


@dataclass(frozen=True, slots=True)
class PcapLayout:
    """Records of pcap: ``head`` bytes of header with the captured length at ``size_at``; ``unit_ns``: ns of its sub-second unit."""

    order: Order
    head: int
    unit_ns: int
    size_at: int = 8

    def chain(self, data: bytearray, at: int, stop: int, end: int) -> tuple[list[int], int]:
        head, size_at = self.head, self.size_at
        unpack = struct.Struct(self.order + "I").unpack_from
        starts: list[int] = []
        last = min(stop, end - head + 1)
        while at < last:
            size = unpack(data, at + size_at)[0]
            behind = at + head + size
            if size > MAX_PACKET or behind > end:
                break
            starts.append(at)
            at = behind
        return starts, at

    def finder(self, data: bytearray, at: int, end: int) -> Callable[[int, int], int]:
        # the upper half of the seconds stays the same for 18 hours
        skip = 2 if self.order == "<" else 0
        upper = int.from_bytes(data[at + skip : at + skip + 2], byteorder(self.order))
        needles = [struct.pack(self.order + "H", (upper + i) & 0xFFFF) for i in (0, 1)]

        def find(low: int, high: int) -> int:
            for needle in needles:
                found = low + skip - 1
                for _ in range(_TRIES):
                    found = data.find(needle, found + 1, high + skip)
                    if found < 0:
                        break
                    if self._plausible(data, found - skip, end):
                        return found - skip
            return -1

        return find

    def _plausible(self, data: bytearray, at: int, end: int) -> bool:
        unpack = struct.Struct(self.order + "4I").unpack_from
        for _ in range(3):
            if at + 16 > end:
                return True
            _, part, *lengths = unpack(data, at)
            caplen, length = lengths if self.size_at == 8 else lengths[::-1]
            if part * self.unit_ns >= 10**9 or caplen > length or caplen > MAX_PACKET:
                return False
            at += self.head + caplen
        return True

    def stepper(self, data: bytearray) -> Callable[[NDArray[np.int64]], NDArray[np.int64]]:
        caplens, number = gatherer(data, 4, self.size_at), self.order + "u4"

        def step(starts: NDArray[np.int64]) -> NDArray[np.int64]:
            beyond: NDArray[np.int64] = starts + caplens[starts].view(number)
            beyond += self.head
            return beyond

        return step

    def sound(self, data: bytearray, edges: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.diff(edges) <= MAX_PACKET + self.head


@dataclass(frozen=True, slots=True)
class BlockLayout:
    """Blocks of pcapng (section 3.1 of the draft). One is sound if its two lengths agree; some writers did not round them up to four."""

    order: Order

    def chain(self, data: bytearray, at: int, stop: int, end: int) -> tuple[list[int], int]:
        unpack = struct.Struct(self.order + "I").unpack_from
        starts: list[int] = []
        last = min(stop, end - 11)
        while at < last:
            size = unpack(data, at + 4)[0]
            behind = at + (size + 3 & ~3)
            if not 12 <= size <= MAX_BLOCK or behind > end or unpack(data, behind - 4)[0] != size:
                break
            starts.append(at)
            at = behind
        return starts, at

    def finder(self, data: bytearray, at: int, end: int) -> Callable[[int, int], int]:
        needle = struct.pack(self.order + "I", _ENHANCED)
        unpack = struct.Struct(self.order + "I").unpack_from

        def find(low: int, high: int) -> int:
            found = low - 1
            for _ in range(_TRIES):
                found = data.find(needle, found + 1, min(high, end - 8))
                if found < 0:
                    return -1
                size = unpack(data, found + 4)[0]
                behind = found + (size + 3 & ~3)
                if (found - at) % 4 == 0 and 32 <= size <= MAX_BLOCK and behind <= end and unpack(data, behind - 4)[0] == size:
                    return found
            return -1

        return find

    def stepper(self, data: bytearray) -> Callable[[NDArray[np.int64]], NDArray[np.int64]]:
        sizes, number = gatherer(data, 4, 4), self.order + "u4"

        def step(starts: NDArray[np.int64]) -> NDArray[np.int64]:
            size = sizes[starts].view(number).astype(np.int64)
            size[size < 12] = MAX_BLOCK
            return starts + (size + 3 & ~3)

        return step

    def sound(self, data: bytearray, edges: NDArray[np.int64]) -> NDArray[np.bool_]:
        starts, number = edges[:-1], self.order + "u4"
        size: NDArray[np.uint32] = gatherer(data, 4, 4)[starts].view(number)
        behind = np.minimum(edges[1:], len(data)) - 4
        again = gatherer(data, 4)[behind].view(number)
        whole: NDArray[np.bool_] = (size >= 12) & (size <= MAX_BLOCK) & (size == again)
        return whole

"""Parts of a stream that are to be replaced: where their bytes stand, and what is made of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pcapkit.extract.masking.masks import Masks
from pcapkit.limits import MIB

Change = Callable[[Masks, bytes], bytes]
"""Gives as many bytes as it gets."""
HELD: Final = 64 * MIB
"""Bytes of text kept for a cut; streams are blanked from there on."""


@dataclass(slots=True)
class Region:
    """Bytes of a stream, in pieces at ``spans`` (position, size), with what is to be made of them."""

    spans: list[tuple[int, int]]
    data: bytes
    change: Change


@dataclass(slots=True)
class Budget:
    """What a cut may hold, over all streams."""

    left: int = HELD

    def take(self, size: int) -> bool:
        self.left -= size
        return self.left >= 0


class Gather:
    """A message that is put together from pieces of a stream."""

    __slots__ = ("data", "spans")

    def __init__(self) -> None:
        self.spans: list[tuple[int, int]] = []
        self.data = bytearray()

    def add(self, position: int, data: bytes) -> None:
        """The next bytes of it, which stand at ``position``."""
        if not data:
            return
        if self.spans and sum(self.spans[-1]) == position:
            self.spans[-1] = (self.spans[-1][0], self.spans[-1][1] + len(data))
        else:
            self.spans.append((position, len(data)))
        self.data += data

    def split(self, size: int) -> Gather:
        """Take the first ``size`` bytes off."""
        head, rest = Gather(), Gather()
        head.data, rest.data = self.data[:size], self.data[size:]
        for position, length in self.spans:
            into = min(length, size)
            size -= into
            if into:
                head.spans.append((position, into))
            if length > into:
                rest.spans.append((position + into, length - into))
        self.spans, self.data = rest.spans, rest.data
        return head

    def region(self, change: Change) -> Region:
        return Region(self.spans, bytes(self.data), change)


@dataclass(slots=True)
class Patches:
    """What of one direction of a conversation changes: bytes by position, ranges to be blanked, and where it must end."""

    starts: list[int] = field(default_factory=list)
    pieces: list[bytes] = field(default_factory=list)
    blanks: list[tuple[int, int]] = field(default_factory=list)
    """(begin, end), ascending."""

    def settle(self, regions: list[Region], masks: Masks) -> None:
        """Make the changes of ``regions``."""
        found: list[tuple[int, bytes]] = []
        for region in regions:
            made, at = region.change(masks, region.data), 0
            if len(made) != len(region.data):
                made = bytes(len(region.data))
            for position, size in region.spans:
                if made[at : at + size] != region.data[at : at + size]:
                    found.append((position, made[at : at + size]))
                at += size
        found.sort(key=lambda item: item[0])
        self.starts, self.pieces = [p for p, _ in found], [piece for _, piece in found]
        self.blanks.sort()

    def apply(self, position: int, data: bytearray, cut: bool) -> int:
        """Change the bytes of a segment that stands at ``position``; gives how many stay. ``cut``: it ends where it would be blanked."""
        end = position + len(data)
        for start, stop in self._blanks_within(position, end):
            if cut:
                end = start
                break
            data[start - position : stop - position] = bytes(stop - start)
        at = max(bisect_right(self.starts, position) - 1, 0)
        while at < len(self.starts) and self.starts[at] < end:
            start, piece = self.starts[at], self.pieces[at]
            low, high = max(start, position), min(start + len(piece), end)
            if low < high:
                data[low - position : high - position] = piece[low - start : high - start]
            at += 1
        return end - position

    def _blanks_within(self, position: int, end: int) -> Iterator[tuple[int, int]]:
        at = max(bisect_right(self.blanks, (position, 1 << 62)) - 1, 0)
        while at < len(self.blanks) and self.blanks[at][0] < end:
            low, high = max(self.blanks[at][0], position), min(self.blanks[at][1], end)
            if low < high:
                yield low, high
            at += 1

"""pcapng (draft-ietf-opsawg-pcapng): blocks to columns. What is not a packet goes to ``blocks``."""

from __future__ import annotations

import itertools
import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.capture.blocks import ENHANCED, HANDLERS, OLD_PACKET, SECTION, SIMPLE, Section
from pcapkit.capture.layouts import BlockLayout, Order, byteorder
from pcapkit.capture.notes import Notes, Trouble
from pcapkit.capture.packets import Blocks, Columns, columns, joined
from pcapkit.capture.span import Span, Taken
from pcapkit.capture.walk import Walker, gatherer
from pcapkit.limits import MAX_BLOCK, MAX_SECTIONS, MIB

MAGIC: Final = b"\x0a\x0d\x0d\x0a"
_ORDERS: Final[dict[bytes, Order]] = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_TRUSTED: Final = MIB
"""A section header found in damage is believed when the blocks behind it hold together for so many bytes, or for ``_BELIEVED`` blocks."""
_BELIEVED: Final = 8
_FRAMES: Final = (ENHANCED, SIMPLE, OLD_PACKET, 0x9, 0xBAD, 0x40000BAD, 0x204, 0x208, 0x216, 0x217, 0x221, 0x222)
"""Blocks that Wireshark numbers as frames: packets, the journal, custom blocks, Sysdig's events."""
_PACKETS: Final = (ENHANCED, SIMPLE, OLD_PACKET)
_HANDLED: Final = tuple(HANDLERS)


def order_of(head: bytes | bytearray, at: int = 0) -> Order | None:
    """The byte order of the section header at ``at``, None if it is none."""
    if head[at : at + 4] != MAGIC:
        return None
    return _ORDERS.get(bytes(head[at + 8 : at + 12]))


def looks_like_pcapng(head: bytes | bytearray) -> bool:
    """Whether a pcapng file begins so."""
    return order_of(head) is not None


class PcapngReader:
    """Reads pcapng forward."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._section = Section(notes)
        self._sections = 0
        self._order: Order = "<"
        self._walker = Walker(BlockLayout("<"))
        self._lost: Trouble | None = None

    def take(self, span: Span) -> Taken:
        at, parts = span.begin, list[Columns]()
        while True:
            if self._lost is not None:
                at, need = self._search(span, at)
                if self._lost is not None:
                    return Taken(joined(span, parts), at, need)
            starts, behind = self._walker.walk(span.data, at, span.end)
            used = self._read(span, starts, parts)
            at = int(starts[used]) if used < len(starts) else behind
            if self._sections > MAX_SECTIONS:
                self._notes.problem("limit-reached", f"more than {MAX_SECTIONS} sections: reading ends here", span.base + at)
                return Taken(joined(span, parts), at, done=True)
            order = order_of(span.data, at) if span.end - at >= 12 else None
            if order is not None and order != self._order:
                self._turn(order)
                continue
            need = self._wanted(span, at)
            if need:
                self._note_cut(span, at)
                return Taken(joined(span, parts), at, need)
            self._lose(span, at)
            at += 1

    def _turn(self, order: Order) -> None:
        self._order = order
        self._walker.layout = BlockLayout(order)

    def _wanted(self, span: Span, at: int) -> int:
        """Bytes that the block at ``at`` needs beyond those at hand; 0 if it cannot be a block."""
        if span.end - at < 12:
            return 12
        size = int.from_bytes(span.data[at + 4 : at + 8], byteorder(self._order))
        need = size + 3 & ~3
        return need if 12 <= size <= MAX_BLOCK and need > span.end - at else 0

    def _note_cut(self, span: Span, at: int) -> None:
        left = span.end - at
        if span.last and left:
            self._notes.problem("truncated", f"the file ends inside a block: {left} bytes of it are left", span.base + at, self._notes.frames + 1)

    def _lose(self, span: Span, at: int) -> None:
        offset = span.base + at
        self._lost = self._notes.problem("bad-block", "a block cannot be true", offset, self._notes.frames + 1, key=offset)

    def _search(self, span: Span, at: int) -> tuple[int, int]:
        """The next section header that can be believed. Still lost if there is none; then where to look on, and with how many bytes."""
        assert self._lost is not None
        lost_at = self._lost.offset or 0
        while (found := span.data.find(MAGIC, at, span.end)) >= 0:
            need = _believe(span, found)
            if need > 0:
                return found, need
            if need == 0:
                passed = span.base + found - lost_at
                self._lost.detail += f": {passed} bytes are passed over, to the next section header"
                self._lost = None
                return found, 0
            at = found + 1
        if span.last:
            self._lost.detail += f": the rest, {span.base + span.end - lost_at} bytes, is not read"
            return span.end, 0
        return max(at, span.end - 3), 12

    def _read(self, span: Span, starts: NDArray[np.int64], parts: list[Columns]) -> int:
        """Read blocks, section by section; how many of them: all, or those before a section header that must be looked at first."""
        if not len(starts):
            return 0
        heads = gatherer(span.data, 28)[starts].view(self._order + "u4").reshape(-1, 7)
        sections = np.flatnonzero(heads[:, 0] == SECTION)
        bounds = [0, *sections.tolist(), len(starts)]
        for low, high in itertools.pairwise(bounds):
            if low == high:
                continue
            if heads[low, 0] == SECTION:
                if order_of(span.data, int(starts[low])) != self._order:
                    return low
                self._sections += 1
                if self._sections > MAX_SECTIONS:
                    return low
                self._section = Section(self._notes, self._order, first=len(self._notes.ports), time_ns=self._section.time_ns)
            self._run(span, starts[low:high], heads[low:high], parts)
        return len(starts)

    def _run(self, span: Span, starts: NDArray[np.int64], heads: NDArray[np.uint32], parts: list[Columns]) -> None:
        """Read blocks of one section."""
        kinds = heads[:, 0].copy()
        before = len(self._section)
        described: list[int] = []
        other = np.flatnonzero(kinds != ENHANCED)
        for row in other[np.isin(kinds[other], _HANDLED)].tolist():
            start, size, known = int(starts[row]), int(heads[row, 1]), len(self._section)
            self._section.at = span.base + start
            HANDLERS[int(kinds[row])](self._section, bytes(span.data[start + 8 : start + size - 4]))
            described += [row] * (len(self._section) - known)
        packets = kinds == ENHANCED
        numbered = packets
        if not packets.all():
            packets, numbered = np.isin(kinds, _PACKETS), np.isin(kinds, _FRAMES)
        frames = self._notes.frames + np.cumsum(numbered)
        self._notes.frames = int(frames[-1])
        rows = np.flatnonzero(packets)
        count = before + np.searchsorted(np.array(described, np.int64), rows)
        found = columns(span, self._section, Blocks(starts[rows], heads[rows], frames[rows], count)) if len(rows) else None
        if found is not None:
            parts.append(found)


def _believe(span: Span, at: int) -> int:
    """0 if the section header at ``at`` and what follows hold together, -1 if not, else how many bytes it takes to tell."""
    order = order_of(span.data, at) if span.end - at >= 12 else None
    if order is None:
        return -1 if span.end - at >= 12 or span.last else 12
    unpack = struct.Struct(order + "I").unpack_from
    start = at
    for _ in range(_BELIEVED):
        if span.end - at < 12:
            return 0 if span.last else at - start + 12
        size = unpack(span.data, at + 4)[0]
        behind = at + (size + 3 & ~3)
        if not 12 <= size <= MAX_BLOCK:
            return 0 if at > start and order_of(span.data, at) else -1
        if behind - start > _TRUSTED:
            return 0
        if behind > span.end:
            return 0 if span.last else behind - start
        if unpack(span.data, behind - 4)[0] != size:
            return 0 if at > start and order_of(span.data, at) else -1
        at = behind
    return 0

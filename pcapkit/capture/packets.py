"""The packet blocks of pcapng as columns (sections 4.3, 4.4 and appendix A of the draft)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.capture.blocks import BAD_OPTION, COMMENT, ENHANCED, OLD_PACKET, SIMPLE, Section, text
from pcapkit.capture.clock import times
from pcapkit.capture.span import Span
from pcapkit.capture.walk import gatherer
from pcapkit.capture.window import Window
from pcapkit.limits import MAX_BLOCK, MAX_PACKET

_DROPS: Final = 4
"""epb_dropcount: packets lost between this one and the one before it on its interface."""
_OPTIONS: Final = 64
"""Options of one packet that are looked at."""
_UNKNOWN_DROPS: Final = 0xFFFF


@dataclass(slots=True)
class Blocks:
    """Packet blocks of one section, shape (n,): where each starts, its first seven numbers (n, 7), its frame, interfaces described before it."""

    starts: NDArray[np.int64]
    heads: NDArray[np.uint32]
    frame: NDArray[np.int64]
    described: NDArray[np.int64]

    def only(self, rows: NDArray[np.bool_]) -> Blocks:
        return Blocks(self.starts[rows], self.heads[rows], self.frame[rows], self.described[rows])


@dataclass(slots=True)
class Columns:
    """Packets of one section in one span, as the arrays of ``Window``."""

    offset: NDArray[np.int64]
    caplen: NDArray[np.uint32]
    length: NDArray[np.uint32]
    time_ns: NDArray[np.int64]
    frame: NDArray[np.int64]
    link_type: NDArray[np.uint16]
    interface: NDArray[np.uint16]


def joined(span: Span, parts: list[Columns]) -> Window | None:
    """A window of the packets of all sections of a span."""
    if not parts:
        return None
    p = parts[0]
    if len(parts) > 1:
        p = Columns(*(np.concatenate([getattr(part, name) for part in parts]) for name in Columns.__slots__))
    return Window(span.capture, span.view, p.offset, p.caplen, p.length, p.time_ns, p.frame, p.link_type, p.interface)


def columns(span: Span, section: Section, blocks: Blocks) -> Columns | None:
    """Columns of the packets that can be read; the others, and what the options say, are noted."""
    place = _places(section, blocks)
    good = _sound(span, section, blocks, place)
    if not good.all():
        blocks, place = blocks.only(good), place[good]
    if not len(place):
        return None
    offset, caplen, length, interface = place.T
    _note_options(span, section, blocks, offset + (caplen + 3 & ~3), interface)
    return Columns(
        offset=offset.copy(),
        caplen=caplen.astype(np.uint32),
        length=np.maximum(length, caplen).astype(np.uint32),
        time_ns=_times(span, section, blocks, interface),
        frame=blocks.frame,
        link_type=np.array(section.link_type, np.uint16)[interface],
        interface=(interface + section.first).astype(np.uint16),
    )


def _places(section: Section, blocks: Blocks) -> NDArray[np.int64]:
    """(n, 4): where the packet begins, its captured length, length, interface in the section."""
    kinds, size = blocks.heads[:, 0], blocks.heads[:, 1].astype(np.int64)
    place = np.empty((len(size), 4), np.int64)
    place[:, 0] = blocks.starts + 28
    place[:, 1:3] = blocks.heads[:, 5:]
    place[:, 3] = blocks.heads[:, 2]
    if (kinds == ENHANCED).all():
        return place
    old = kinds == OLD_PACKET
    place[old, 3] = _halves(section, blocks.heads[old, 2])[0]
    simple = kinds == SIMPLE
    snaplen = section.snaplen[0] if len(section) else 0
    place[simple, 0] -= 16
    place[simple, 1] = np.minimum(np.minimum(place[simple, 3], snaplen or MAX_BLOCK), size[simple] - 16)
    place[simple, 2] = place[simple, 3]
    place[simple, 3] = 0
    return place


def _halves(section: Section, word: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The two 16-bit fields that were read as one number: the first and the second in the file."""
    low, high = word & np.uint32(0xFFFF), word >> np.uint32(16)
    return (low, high) if section.order == "<" else (high, low)


def _sound(span: Span, section: Section, blocks: Blocks, place: NDArray[np.int64]) -> NDArray[np.bool_]:
    behind = blocks.starts + (blocks.heads[:, 1].astype(np.int64) + 3 & ~3) - 4
    fits = (place[:, 1] <= behind - place[:, 0]) & (behind >= place[:, 0]) & (place[:, 1] <= MAX_PACKET)
    described = place[:, 3] < blocks.described
    for code, detail, ok in (
        ("bad-block", "packets longer than their block, or than any may be, are skipped", fits),
        ("unknown-interface", "packets of an interface that is not described are skipped", described | ~fits),
    ):
        bad = np.flatnonzero(~ok)
        if len(bad):
            section.notes.problem(code, detail, span.base + int(blocks.starts[bad[0]]), int(blocks.frame[bad[0]]), count=len(bad))
    longer = np.flatnonzero(fits & described & (place[:, 1] > place[:, 2]))
    if len(longer):
        detail = "records claim fewer bytes on the wire than were captured"
        at = longer[0]
        section.notes.problem("caplen-above-length", detail, span.base + int(blocks.starts[at]), int(blocks.frame[at]), count=len(longer))
    return fits & described


def _times(span: Span, section: Section, blocks: Blocks, interface: NDArray[np.int64]) -> NDArray[np.int64]:
    """Times of packets. One without has that of the packet before it in the file."""
    heads, notes = blocks.heads, section.notes
    ticks = heads[:, 3].astype(np.uint64) << np.uint64(32) | heads[:, 4]
    known = heads[:, 0] != SIMPLE
    resolution = np.array(section.resolution, np.uint8)[interface]
    shift_s = np.array(section.shift_s, np.int64)[interface]
    time_ns = np.zeros(len(ticks), np.int64)
    for code in np.flatnonzero(np.bincount(resolution)).tolist():  # np.unique would load numpy.ma
        rows = slice(None) if len(section) == 1 else np.flatnonzero(resolution == code)
        time_ns[rows], told = times(ticks[rows], code, shift_s[rows])
        known[rows] &= told
    if known.any():
        told_ns = time_ns[known]
        notes.span_of_time(int(told_ns.min()), int(told_ns.max()))
    if not known.all():
        count = len(known) - int(np.count_nonzero(known))
        first = int(np.argmin(known))
        detail = "packets without a time, or with one that cannot be, are given that of the packet before"
        notes.problem("no-time", detail, span.base + int(blocks.starts[first]), int(blocks.frame[first]), count=count)
        last = np.maximum.accumulate(np.where(known, np.arange(len(ticks)), -1))
        time_ns = np.where(last >= 0, time_ns[last], section.time_ns)
    section.time_ns = int(time_ns[-1])
    return time_ns


def _note_options(span: Span, section: Section, blocks: Blocks, at: NDArray[np.int64], interface: NDArray[np.int64]) -> None:
    """Comments and drop counts. All packets step through their options together."""
    kinds = blocks.heads[:, 0]
    old = np.flatnonzero(kinds == OLD_PACKET)
    if len(old):
        drops = _halves(section, blocks.heads[old, 2])[1]
        for row in np.flatnonzero((drops > 0) & (drops < _UNKNOWN_DROPS)).tolist():
            section.drop(int(interface[old[row]]), int(drops[row]))
    end = blocks.starts + blocks.heads[:, 1] - 4
    rows = np.flatnonzero((at + 4 <= end) & (kinds != SIMPLE))
    at, end = at[rows], end[rows]
    fields = gatherer(span.data, 4)
    for _ in range(_OPTIONS):
        if not len(rows):
            return
        code, size = fields[at].view(section.order + "u2").reshape(-1, 2).T.astype(np.int64)
        going = (code != 0) & (at + 4 + size <= end)
        if not going.all():
            bad = np.flatnonzero((code != 0) & ~going)
            if len(bad):
                first = span.base + int(blocks.starts[rows[bad[0]]])
                section.notes.problem("bad-option", BAD_OPTION, first, int(blocks.frame[rows[bad[0]]]), count=len(bad))
            rows, at, end, code, size = rows[going], at[going], end[going], code[going], size[going]
        for i in np.flatnonzero((code == COMMENT) | (code == _DROPS) & (size == 8)).tolist():
            value = bytes(span.data[at[i] + 4 : at[i] + 4 + size[i]])
            if code[i] == COMMENT:
                section.notes.comment(text(value), span.base + int(at[i]), int(blocks.frame[rows[i]]))
            else:
                section.drop(int(interface[rows[i]]), int.from_bytes(value, "little" if section.order == "<" else "big"))
        at = at + 4 + (size + 3 & ~3)
        more = at + 4 <= end
        rows, at, end = rows[more], at[more], end[more]

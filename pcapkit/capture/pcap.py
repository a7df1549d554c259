"""The classic format (draft-ietf-opsawg-pcap), with its nanosecond and modified relatives."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.capture import linktypes
from pcapkit.capture.layouts import Order, PcapLayout, byteorder
from pcapkit.capture.notes import Notes, Port
from pcapkit.capture.span import Span, Taken
from pcapkit.capture.walk import Walker, gatherer
from pcapkit.capture.window import Window
from pcapkit.limits import MAX_BLOCK, MAX_PACKET

FILE_HEADER: Final = 24

_PLAIN: Final = 0xA1B2C3D4
_MODIFIED: Final = 0xA1B2CD34
_IXIA: Final = (0x1C0001AC, 0x1C0001AB)
_MAGICS: Final = {_PLAIN: 1_000, 0xA1B23C4D: 1, _MODIFIED: 1_000, _IXIA[0]: 1, _IXIA[1]: 1_000}
"""Magic → ns of a unit of the sub-second field. Ixia's files have the size of all records behind the file header."""
_HEADS: Final = {_PLAIN: (16, 24, 20), _MODIFIED: (24, 28)}
"""Sizes that the record headers of a magic can have: plain; Kuznetzov's patch (interface, protocol and packet type follow), 28 in its
multiprocessor version; Nokia's (4 bytes more). Only the records tell which, as Wireshark's reader knows too."""
_HEADS_SEEN: Final = 3 * (28 + 64)
"""Bytes of records that are waited for, where the magic leaves no likely size."""
_IF_TYPES: Final = {6: 1, 9: 6, 15: 10, 24: 0}
"""AIX (version 2.2) writes the ifType of RFC 1573 and counts ns."""


def _magic(head: bytes) -> tuple[Order, int] | None:
    orders: tuple[Order, Order] = ("<", ">")
    for order in orders:
        (magic,) = struct.unpack_from(order + "I", head)
        if magic in _MAGICS:
            return order, magic
    return None


def looks_like_pcap(head: bytes) -> bool:
    """Whether a pcap file begins so."""
    return len(head) >= FILE_HEADER and _magic(head) is not None


class PcapReader:
    """Reads pcap forward. ``head``: the first bytes, at least the file header."""

    format = "pcap"

    def __init__(self, notes: Notes, head: bytes) -> None:
        found = _magic(head)
        assert found is not None  # chosen by looks_like_pcap
        order, self._magic = found
        major, minor, self._snaplen, network = struct.unpack_from(order + "HH8xII", head, 4)
        self._version = (major, minor)
        unit_ns, link_type = _MAGICS[self._magic], network & 0xFFFF  # above it: length of the frame check sequence
        if self._magic == _PLAIN and self._version == (2, 2) and network in _IF_TYPES:
            unit_ns, link_type = 1, _IF_TYPES[network]
        swapped = major == 543 or self._version < (2, 3)  # until then the length on the wire stood first; DG/UX kept it so
        self._layout = PcapLayout(order, 16, unit_ns, size_at=12 if swapped else 8)
        self._walker: Walker | None = None
        self._notes = notes
        notes.ports.append(Port(linktypes.canonical(link_type), self._snaplen or None))

    def take(self, span: Span) -> Taken:
        at = span.begin
        if self._walker is None:
            at += FILE_HEADER + (4 if self._magic in _IXIA else 0)
            if self._magic == _MODIFIED and span.end < at + _HEADS_SEEN and not span.last:
                return Taken(None, span.begin, at + _HEADS_SEEN - span.begin)
            self._layout = replace(self._layout, head=self._guess_head(span, at))
            self._walker = Walker(self._layout)
        starts, behind = self._walker.walk(span.data, at, span.end)
        window = self._window(span, starts) if len(starts) else None
        return self._rest(span, behind, window)

    def _rest(self, span: Span, at: int, window: Window | None) -> Taken:
        """What the first record that is not whole and sound means."""
        left, need = span.end - at, self._layout.head
        offset, frame = span.base + at, self._notes.frames + 1
        if left >= need:
            size = int.from_bytes(span.data[at + self._layout.size_at : at + self._layout.size_at + 4], byteorder(self._layout.order))
            need += size
            if size > MAX_PACKET:
                unread = "the rest" if span.size is None else f"the rest, {span.size - offset} bytes,"
                self._notes.problem("bad-block", f"a record claims to have {size} bytes: {unread} is not read", offset, frame)
                return Taken(window, at, done=True)
        if span.last and left > 0:
            self._notes.problem("truncated", f"the file ends inside a record: {left} bytes of it are left", offset, frame)
            return Taken(window, at, done=True)
        return Taken(window, at, need)

    def _guess_head(self, span: Span, at: int) -> int:
        heads = _HEADS.get(self._magic, (16,)) if self._version == (2, 4) else (16,)
        return min(heads, key=lambda head: self._faults(span, at, head))

    def _faults(self, span: Span, at: int, head: int) -> int:
        """How much is odd about the first records, if their headers have this size."""
        faults: int = 0
        for _ in range(3):
            if at + head > span.end:
                return faults + int(span.last and at < span.end)
            _, part, caplen, length = struct.unpack_from(self._layout.order + "4I", span.data, at)
            faults += (part >= 1_000_000) + (caplen > self._snaplen > 0) + (length > MAX_BLOCK) + (caplen > length)
            if head == 20:
                faults += any(span.data[at + 16 : at + 20])
            elif head > 20:
                number, kind = struct.unpack_from(self._layout.order + "IxxB", span.data, at + 16)
                faults += (number > 10_000) + (kind > 4)
            if caplen > MAX_PACKET:
                return faults + 1
            at += head + caplen
        return faults

    def _window(self, span: Span, starts: NDArray[np.int64]) -> Window:
        n = len(starts)
        fields = gatherer(span.data, 16)[starts].view(self._layout.order + "u4").reshape(n, 4)
        time_ns = fields[:, 0].astype(np.int64) * 1_000_000_000 + fields[:, 1].astype(np.int64) * self._layout.unit_ns
        caplen, length = (fields[:, i].astype(np.uint32) for i in ((2, 3) if self._layout.size_at == 8 else (3, 2)))
        first = self._notes.frames + 1
        self._notes.frames += n
        self._notes.span_of_time(int(time_ns.min()), int(time_ns.max()))
        long = np.flatnonzero(caplen > length)
        if len(long):
            text = "records claim fewer bytes on the wire than were captured"
            self._notes.problem("caplen-above-length", text, span.base + int(starts[long[0]]), first + int(long[0]), count=len(long))
            length = np.maximum(caplen, length)
        return Window(
            capture=span.capture,
            buffer=span.view,
            offset=starts + self._layout.head,
            caplen=caplen,
            length=length,
            time_ns=time_ns,
            frame=np.arange(first, first + n, dtype=np.int64),
            link_type=np.full(n, self._notes.ports[0].link_type, np.uint16),
            interface=np.zeros(n, np.uint16),
        )

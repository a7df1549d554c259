"""The classic format (draft-ietf-opsawg-pcap), with its nanosecond and modified relatives."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.capture import linktypes
from pcapkit.capture.inputs import HEAD
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
    found = _magic(head) if len(head) >= FILE_HEADER else None
    return found is not None and len(head) >= _first(found[1])


def _first(magic: int) -> int:
    """Where the first record stands."""
    return FILE_HEADER + (4 if magic in _IXIA else 0)


class PcapReader:
    """Reads pcap forward. ``head``: the first bytes, at least the file header."""

    def __init__(self, notes: Notes, head: bytes) -> None:
        found = _magic(head)
        assert found is not None  # chosen by looks_like_pcap
        order, magic = found
        major, minor, snaplen, network = struct.unpack_from(order + "HH8xII", head, 4)
        unit_ns, link_type = _MAGICS[magic], network & 0xFFFF  # above it: length of the frame check sequence
        if magic == _PLAIN and (major, minor) == (2, 2) and network in _IF_TYPES:
            unit_ns, link_type = 1, _IF_TYPES[network]
        swapped = major == 543 or (major, minor) < (2, 3)  # until then the length on the wire stood first; DG/UX kept it so
        first = _first(magic)
        size = _head_size(head, magic, first, order, snaplen) if (major, minor) == (2, 4) else 16
        self._layout = PcapLayout(order, size, unit_ns, size_at=12 if swapped else 8)
        self._walker = Walker(self._layout)
        self._skip = first
        self._notes = notes
        notes.ports.append(Port(linktypes.canonical(link_type), snaplen or None))

    def take(self, span: Span) -> Taken:
        at, self._skip = span.begin + self._skip, 0
        starts, behind = self._walker.walk(span.data, at, span.end)
        window = self._window(span, starts)
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
        return Taken(window, at, need)

    def _window(self, span: Span, starts: NDArray[np.int64]) -> Window | None:
        fields = gatherer(span.data, 16)[starts].view(self._layout.order + "u4").reshape(-1, 4)
        frame = np.arange(len(starts), dtype=np.int64) + (self._notes.frames + 1)
        self._notes.frames += len(starts)
        empty = np.flatnonzero(fields[:, 3] == 0)
        empty = empty[~fields[empty].any(axis=1)]
        if len(empty):  # what a disk gives for blocks that were never written
            self._note("bad-block", "records of nothing but zeros are skipped", span, starts[empty], frame[empty])
            starts, fields, frame = (np.delete(column, empty, axis=0) for column in (starts, fields, frame))
        if not len(starts):
            return None
        time_ns = fields[:, 0].astype(np.int64) * 1_000_000_000 + fields[:, 1].astype(np.int64) * self._layout.unit_ns
        self._notes.span_of_time(int(time_ns.min()), int(time_ns.max()))
        caplen, length = (fields[:, i].astype(np.uint32) for i in ((2, 3) if self._layout.size_at == 8 else (3, 2)))
        longer = caplen > length
        if longer.any():
            self._note("caplen-above-length", "records claim fewer bytes on the wire than were captured", span, starts[longer], frame[longer])
            length = np.maximum(caplen, length)
        return Window(
            capture=span.capture,
            buffer=span.view,
            offset=starts + self._layout.head,
            caplen=caplen,
            length=length,
            time_ns=time_ns,
            frame=frame,
            link_type=np.full(len(starts), self._notes.ports[0].link_type, np.uint16),
            interface=np.zeros(len(starts), np.uint16),
        )

    def _note(self, code: str, detail: str, span: Span, starts: NDArray[np.int64], frame: NDArray[np.int64]) -> None:
        self._notes.problem(code, detail, span.base + int(starts[0]), int(frame[0]), count=len(starts))


def _head_size(head: bytes, magic: int, at: int, order: Order, snaplen: int) -> int:
    """The size of the record headers: the first for which the first records look right."""
    sizes = _HEADS.get(magic, (16,))
    return next((size for size in sizes if len(sizes) > 1 and _look_right(head, at, size, order, snaplen)), sizes[0])


def _look_right(head: bytes, at: int, size: int, order: Order, snaplen: int) -> bool:
    for _ in range(3):
        if at + size > len(head):
            return len(head) == HEAD or at == len(head)
        _, part, caplen, length = struct.unpack_from(order + "4I", head, at)
        if part >= 1_000_000 or caplen > MAX_PACKET or caplen > snaplen > 0 or length > MAX_BLOCK or caplen > length:
            return False
        if size == 20 and any(head[at + 16 : at + 20]):
            return False
        if size > 20:
            number, kind = struct.unpack_from(order + "IxxB", head, at + 16)
            if number > 10_000 or kind > 4:
                return False
        at += size + caplen
    return True

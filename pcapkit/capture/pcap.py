"""The classic format (draft-ietf-opsawg-pcap), with its nanosecond and modified relatives."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from pcapkit.capture import linktypes
from pcapkit.capture.notes import Notes, Port
from pcapkit.capture.span import Span, Taken
from pcapkit.capture.walk import Walker, gatherer
from pcapkit.capture.window import Window
from pcapkit.limits import MAX_PACKET

Order = Literal["<", ">"]

FILE_HEADER: Final = 24
_TRIES: Final = 64

_MAGICS: Final[dict[int, tuple[int, tuple[int, ...]]]] = {
    0xA1B2C3D4: (1_000, (16, 24, 20)),
    0xA1B23C4D: (1, (16,)),
    0xA1B2CD34: (1_000, (24, 28)),
    0x1C0001AC: (1, (16,)),
    0x1C0001AB: (1, (16,)),
}
"""Magic → ns of a unit of the sub-second field, and sizes that its record header can have: plain, Kuznetzov's patch (interface, protocol
and packet type follow; 28 in its SMP version), Nokia's (4 bytes more). The last two are Ixia's, with a length of all records after the file header."""
_IXIA: Final = (0x1C0001AC, 0x1C0001AB)


@dataclass(frozen=True, slots=True)
class PcapLayout:
    """Byte order and size of the record headers."""

    order: Order
    head: int
    unit_ns: int

    def chain(self, data: bytearray, at: int, stop: int, end: int) -> tuple[list[int], int]:
        head = self.head
        unpack = struct.Struct(self.order + "I").unpack_from
        starts: list[int] = []
        last = min(stop, end - head + 1)
        while at < last:
            size = unpack(data, at + 8)[0]
            behind = at + head + size
            if size > MAX_PACKET or behind > end:
                break
            starts.append(at)
            at = behind
        return starts, at

    def finder(self, data: bytearray, at: int, end: int) -> Callable[[int, int], int]:
        # the upper half of the seconds is the same for 18 hours
        skip = 2 if self.order == "<" else 0
        upper = int.from_bytes(data[at + skip : at + skip + 2], "little" if skip else "big")
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
            _, part, caplen, length = unpack(data, at)
            if part * self.unit_ns >= 10**9 or caplen > length or caplen > MAX_PACKET:
                return False
            at += self.head + caplen
        return True

    def stepper(self, data: bytearray) -> Callable[[NDArray[np.int64]], NDArray[np.int64]]:
        caplens, number = gatherer(data, 4, 8), self.order + "u4"

        def step(starts: NDArray[np.int64]) -> NDArray[np.int64]:
            beyond: NDArray[np.int64] = starts + caplens[starts].view(number)
            beyond += self.head
            return beyond

        return step

    def sound(self, data: bytearray, edges: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.diff(edges) <= MAX_PACKET + self.head


def _magic(head: bytes | bytearray, at: int = 0) -> tuple[Order, int] | None:
    for order in ("<", ">"):
        (magic,) = struct.unpack_from(order + "I", head, at)
        if magic in _MAGICS:
            return order, magic  # type: ignore[return-value]  # a literal of the tuple above
    return None


def looks_like_pcap(head: bytes | bytearray) -> bool:
    return len(head) >= FILE_HEADER and _magic(head) is not None


class PcapReader:
    """Reads pcap forward."""

    format = "pcap"

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._layout: PcapLayout | None = None
        self._walker: Walker | None = None
        self._link_type = 0

    def take(self, span: Span) -> Taken:
        at = span.begin
        if self._walker is None or self._layout is None:
            at, self._layout = self._open(span)
            self._walker = Walker(self._layout)
        layout = self._layout
        starts, behind = self._walker.walk(span.data, at, span.end)
        window = self._window(span, starts, layout) if len(starts) else None
        left = span.end - behind
        if left < layout.head:
            need = layout.head
        else:
            size = int.from_bytes(span.data[behind + 8 : behind + 12], "little" if layout.order == "<" else "big")
            need = layout.head + size
            if size > MAX_PACKET:
                self._notes.problem(
                    "bad-record", f"a record header claims {size} bytes: reading ends here", span.base + behind, self._notes.frames + 1
                )
                return Taken(window, behind, done=True)
        if span.last and left:
            self._notes.problem(
                "truncated", f"the file ends inside a record: {left} bytes of it are left", span.base + behind, self._notes.frames + 1
            )
            return Taken(window, behind, done=True)
        return Taken(window, behind, need)

    def _open(self, span: Span) -> tuple[int, PcapLayout]:
        found = _magic(span.data, span.begin)
        assert found is not None  # the reader is chosen by its magic
        order, magic = found
        snaplen, network = struct.unpack_from(order + "II", span.data, span.begin + 16)
        self._link_type = linktypes.canonical(network & 0xFFFF)
        self._notes.ports.append(Port(self._link_type, snaplen))
        unit, heads = _MAGICS[magic]
        return span.begin + FILE_HEADER + (4 if magic in _IXIA else 0), PcapLayout(order, heads[0], unit)

    def _window(self, span: Span, starts: NDArray[np.int64], layout: PcapLayout) -> Window:
        n = len(starts)
        fields = gatherer(span.data, 16)[starts].view(layout.order + "u4").reshape(n, 4)
        time_ns = fields[:, 0].astype(np.int64) * 1_000_000_000 + fields[:, 1].astype(np.int64) * layout.unit_ns
        caplen, length = fields[:, 2].astype(np.uint32), fields[:, 3].astype(np.uint32)
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
            offset=starts + layout.head,
            caplen=caplen,
            length=length,
            time_ns=time_ns,
            frame=np.arange(first, first + n, dtype=np.int64),
            link_type=np.full(n, self._link_type, np.uint16),
            interface=np.zeros(n, np.uint16),
        )

"""The frames of a cut with everything personal replaced: looked at once, window by window (``look``), then changed (``change``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pcapkit_dissectors._api import Stamp
from pcapkit_dissectors.keylog import KeyLog

from pcapkit.capture.window import Window
from pcapkit.columns.work import Work
from pcapkit.extract.masking.anatomy import Anatomy, Packet, Rebuilt, anatomies, rebuilt
from pcapkit.extract.masking.frames import mask_frame
from pcapkit.extract.masking.masks import Masks
from pcapkit.extract.masking.streams import Direction, Streams
from pcapkit.flows.key import Ints
from pcapkit.limits import FRAG_BYTES
from pcapkit.report.redact import Redactor

Place = tuple[int, int]
"""Capture and frame."""
FRAGMENT_HEADER: Final = 8


@dataclass(slots=True)
class _Datagram:
    """A rebuilt datagram, and where its fragments stand in it: frame, offset, size."""

    capture: int
    whole: Rebuilt
    pieces: list[tuple[int, int, int]]
    start: int


@dataclass(slots=True)
class _Fragments:
    """Fragments by frame: first where they stand in their datagram, then what becomes of them."""

    places: dict[Place, tuple[int, int]] = field(default_factory=dict)
    datagrams: list[_Datagram] = field(default_factory=list)
    made: dict[Place, bytes] = field(default_factory=dict)
    held: int = 0


class Rewriter:
    """``masks.key`` and ``redactor.key`` tell afterwards what stands for what."""

    def __init__(self, redactor: Redactor, keys: KeyLog | None = None) -> None:
        """``keys``: TLS secrets; what they open is changed too, and ``randoms`` tells afterwards which of them may be handed out."""
        self.masks = Masks(redactor)
        self._streams = Streams(self.masks, keys)
        self._fragments = _Fragments()

    @property
    def randoms(self) -> set[bytes]:
        """Clients whose TLS conversations were changed throughout."""
        return self._streams.randoms

    def look(self, capture: int, window: Window, works: list[Work], frames: Ints) -> None:
        """See what there is in the chosen frames of a window."""
        for anatomy in anatomies(window, works, frames):
            mask_frame(self.masks, anatomy.data, anatomy.packets, _Look(self, capture, anatomy.frame, anatomy.time_ns, anatomy.data))
        for whole in rebuilt(works, frames):
            mask_frame(self.masks, whole.data, [whole.packet], _Look(self, capture, whole.frames[-1], whole.time_ns, whole.data))
            self._keep(capture, whole)

    def settle(self) -> None:
        """All was seen: decide on every stand-in."""
        self._streams.settle()
        self.masks.ready()
        self._streams.ready()
        for datagram in self._fragments.datagrams:
            self._cut_up(datagram)
        self._fragments.datagrams.clear()

    def change(self, capture: int, window: Window, works: list[Work], frames: Ints) -> Iterator[tuple[int, bytes]]:
        """The chosen frames of a window as they go into the cut."""
        for anatomy in anatomies(window, works, frames):
            yield anatomy.frame, self._changed(capture, anatomy)

    def _changed(self, capture: int, anatomy: Anatomy) -> bytes:
        return mask_frame(self.masks, anatomy.data, anatomy.packets, _Change(self, capture, anatomy.frame, anatomy.data))

    # ------------------------------------------------------------ fragments

    def _keep(self, capture: int, whole: Rebuilt) -> None:
        places = [(frame, *self._fragments.places[capture, frame]) for frame in whole.frames if (capture, frame) in self._fragments.places]
        end = max((offset + size for _, offset, size in places), default=0)
        self._fragments.held += len(whole.data)
        if places and end <= len(whole.data) and self._fragments.held <= FRAG_BYTES:
            self._fragments.datagrams.append(_Datagram(capture, whole, places, len(whole.data) - end))

    def _cut_up(self, datagram: _Datagram) -> None:
        whole = datagram.whole
        made = mask_frame(self.masks, whole.data, [whole.packet], _Change(self, datagram.capture, whole.frames[-1], whole.data))
        for frame, offset, size in datagram.pieces:
            self._fragments.made[datagram.capture, frame] = made[datagram.start + offset : datagram.start + offset + size]

    def note_fragment(self, capture: int, frame: int, packet: Packet, data: bytes) -> None:
        """Remember where a fragment stands in its datagram."""
        self._fragments.places[capture, frame] = (_offset(packet, data), packet.size)

    def made_of(self, capture: int, frame: int) -> bytes:
        """What becomes of a fragment; nothing, if its datagram was never whole."""
        return self._fragments.made.get((capture, frame), b"")

    # ------------------------------------------------------------ segments

    def take(self, capture: int, frame: int, time_ns: int, packet: Packet, data: bytes) -> None:
        """Look at a segment."""
        body = data[packet.body : packet.body + packet.size]
        self._streams.take(capture, _way(packet, data), packet.flags, packet.seq, body, max(packet.wire, len(body)), Stamp(frame, time_ns))

    def changed_segment(self, capture: int, packet: Packet, data: bytes, body: bytearray) -> int:
        """Change a segment."""
        return self._streams.change(capture, _way(packet, data), packet.flags, packet.seq, body)


@dataclass(slots=True)
class _Look:
    """While everything is looked at: nothing changes."""

    rewriter: Rewriter
    capture: int
    frame: int
    time_ns: int
    data: bytes

    def segment(self, packet: Packet, data: bytearray) -> int:
        self.rewriter.take(self.capture, self.frame, self.time_ns, packet, self.data)
        return len(data)

    def fragment(self, packet: Packet, data: bytearray) -> int:
        self.rewriter.note_fragment(self.capture, self.frame, packet, self.data)
        return len(data)


@dataclass(slots=True)
class _Change:
    """While frames are changed."""

    rewriter: Rewriter
    capture: int
    frame: int
    data: bytes

    def segment(self, packet: Packet, data: bytearray) -> int:
        return self.rewriter.changed_segment(self.capture, packet, self.data, data)

    def fragment(self, packet: Packet, data: bytearray) -> int:
        made = self.rewriter.made_of(self.capture, self.frame)
        data[: len(made)] = made
        return len(made)


def _way(packet: Packet, data: bytes) -> Direction:
    """Who sends to whom, by the innermost IP header."""
    at, size = (packet.ip + 12, 4) if packet.version == 4 else (packet.ip + 8, 16)
    return Direction(data[at : at + size], packet.sport, data[at + size : at + 2 * size], packet.dport)


def _offset(packet: Packet, data: bytes) -> int:
    """Where a fragment stands: of CAPWAP by the header that flag F belongs to (RFC 5415, 4.3), of IPv6 by the header before it, of IPv4 by its own."""
    last = packet.layers[-1] if packet.layers else None
    if last is not None and last.name == "capwap":
        return int.from_bytes(data[last.at + 6 : last.at + 8], "big") >> 3 << 3
    if packet.version == 6:
        return int.from_bytes(data[packet.body - FRAGMENT_HEADER + 2 : packet.body - FRAGMENT_HEADER + 4], "big") & 0xFFF8
    return (int.from_bytes(data[packet.ip + 6 : packet.ip + 8], "big") & 0x1FFF) * 8

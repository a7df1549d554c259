"""Where the headers of chosen packets stand: the columns' own reading, packet by packet, in offsets that count from the packet's first byte."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from pcapkit.capture.window import Window
from pcapkit.columns.table import Table
from pcapkit.columns.work import Work
from pcapkit.flows.key import Ints


class Layer(NamedTuple):
    """A layer by name, from its first byte to behind its last captured one."""

    name: str
    at: int
    end: int


@dataclass(slots=True)
class Packet:
    """One packet within a frame (the frame's own, or a further one of an aggregate): its layers, and what is known of the innermost.

    ``body``, ``size``: where the payload stands, and its captured bytes; ``wire``: its length by the headers.
    """

    layers: list[Layer] = field(default_factory=list)
    status: int = 0
    version: int = 0
    proto: int = 0
    ip: int = -1
    body: int = 0
    size: int = 0
    wire: int = 0
    sport: int = 0
    dport: int = 0
    flags: int = 0
    seq: int = 0


@dataclass(slots=True)
class Anatomy:
    """A frame. ``time_ns`` as captured."""

    frame: int
    time_ns: int
    data: bytes
    packets: list[Packet]


@dataclass(slots=True)
class Rebuilt:
    """A datagram that was put together from ``frames``: its bytes, and the packet in it. ``layer``: of what it was fragments."""

    frames: tuple[int, ...]
    time_ns: int
    data: bytes
    packet: Packet


def anatomies(window: Window, works: list[Work], frames: Ints) -> list[Anatomy]:
    """The chosen frames of a window, in order. ``frames``: int64, ascending."""
    rows = _chosen(window.frame, frames)
    found = [
        Anatomy(frame, time_ns, window.buffer[start : start + size].tobytes(), [])
        for frame, time_ns, start, size in zip(*(c[rows].tolist() for c in (window.frame, window.time_ns, window.offset, window.caplen)), strict=True)
    ]
    by_frame = {anatomy.frame: (anatomy, start) for anatomy, start in zip(found, window.offset[rows].tolist(), strict=True)}
    for work in works:
        if work.buffer is window.buffer:
            for frame, packet in _packets(work, _chosen(work.table.frame, frames), {f: start for f, (_, start) in by_frame.items()}):
                by_frame[frame][0].packets.append(packet)
    return found


def rebuilt(works: list[Work], frames: Ints) -> Iterator[Rebuilt]:
    """Datagrams of which every fragment was chosen."""
    for work in works:
        for row, parts in work.parts.items():
            if not np.isin(np.array(parts), frames).all():
                continue
            rows = np.array([row])
            start = min((int(b.at[b.rows == row].min()) for _, b in work.trace or () if (b.rows == row).any()), default=-1)
            if start < 0:
                continue
            ((_, packet),) = _packets(work, rows, {int(work.table.frame[row]): start})
            yield Rebuilt(parts, int(work.table.time_ns[row]), work.buffer[start : int(work.stop[row])].tobytes(), packet)


def _chosen(frames: Ints, wanted: Ints) -> Ints:
    if not len(wanted):
        return np.zeros(0, np.int64)
    at = np.minimum(np.searchsorted(wanted, frames), len(wanted) - 1)
    return np.flatnonzero(wanted[at] == frames)


def _packets(work: Work, rows: Ints, starts: dict[int, int]) -> list[tuple[int, Packet]]:
    """Packets of rows, each with its frame. ``starts``: by frame, where it begins in the buffer."""
    found = _columns(work.table, rows, starts)
    place = np.full(len(work.table), -1, np.int64)
    place[rows] = np.arange(len(rows))
    for name, batch in work.trace or ():
        mine = np.flatnonzero(place[batch.rows] >= 0)
        for row, at, end in zip(place[batch.rows[mine]].tolist(), batch.at[mine].tolist(), batch.end[mine].tolist(), strict=True):
            frame, packet = found[row]
            packet.layers.append(Layer(name, at - starts[frame], end - starts[frame]))
    return found


def _columns(t: Table, rows: Ints, starts: dict[int, int]) -> list[tuple[int, Packet]]:
    columns = (t.frame, t.status, t.version, t.proto, t.ip, t.payload, t.payload_len, t.wire_len, t.sport, t.dport, t.flags, t.seq)
    found = []
    for frame, status, version, proto, ip, body, *rest in zip(*(c[rows].tolist() for c in columns), strict=True):
        start = starts[frame]
        found.append((frame, Packet([], status, version, proto, ip - start if ip >= 0 else -1, body - start, *rest)))
    return found

"""Facts of TCP conversations, counted in columns: positions in the stream, what was lost, sent again or copied, and who acknowledged what.

A *position* is a sequence number without wrap-around: 0 is the first byte of data of its direction (behind the SYN, or the first number seen).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.table import CUT, Table
from pcapkit.flows.control import CONTROL, ControlLog, first_of_each
from pcapkit.flows.copies import ORIGINAL
from pcapkit.flows.facts import ACK, FIN, RST, SYN
from pcapkit.flows.flows import TCP, FlowTable
from pcapkit.flows.holes import Holes, Spans
from pcapkit.flows.sides import Ints, Mask, Sides, changes, running_max

_UNKNOWN: Final = 1 << 60
ETHERNET_MSS: Final = 1460
"""Payload that fits a frame of 1500 bytes behind the shortest headers."""
LARGE_KEPT: Final = 256


@dataclass(slots=True)
class Segments:
    """TCP segments of a window in order of ``sides``. All (m,): ``start``, ``end``: positions of the payload; ``top``: the highest position that its
    direction had reached before; ``copy``: mirrored or routed copy; ``side``: row of the segment's side in ``FlowTable.tcp`` (pairs).
    """

    sides: Sides
    flags: NDArray[np.uint8]
    start: Ints
    end: Ints
    top: Ints
    copy: Mask
    side: Ints


class TcpFacts:
    """What is learned from segments, window by window; it stands in ``FlowTable.tcp``, ``control`` and ``holes``."""

    def __init__(self, flows: FlowTable) -> None:
        self._flows = flows
        self.control = ControlLog()
        self.holes = Holes()
        self.large: dict[int, tuple[int, int]] = {}
        """Frame and time of the first segment of a direction (``2 * number + direction``) that no Ethernet carries; of few directions."""

    def update(self, table: Table, sides: Sides, copies: NDArray[np.uint8]) -> Segments | None:
        """Take the segments of a window (None: there is no TCP). ``copies``: for each row of the table, as ``Copies.find`` tells."""
        readable = table.proto[sides.rows] == TCP
        cut = table.status[sides.rows] == CUT
        if cut.any():
            readable &= ~cut | (table.flags[sides.rows] != 0)
        if not readable.any():
            return None
        sides = sides if readable.all() else sides.where(readable)
        rows = sides.rows
        side = 2 * self._flows.rows["tcp"][sides.conversation].astype(np.int64) + sides.direction
        copy = copies[rows]
        segments = self._position(table, sides, side, copy != ORIGINAL)
        self._measure(table, segments, side)
        self._note_large(table, segments)
        self._acknowledged(table, segments, side)
        self._log(table, segments)
        return segments

    def forget(self, kept: NDArray[np.uint32]) -> None:
        """Only the conversations with these numbers are left."""
        self.control.keep(kept)
        self.holes.keep(kept)

    def _position(self, table: Table, sides: Sides, side: Ints, copy: Mask) -> Segments:
        """Where segments stand. Numbers are followed from segment to segment, and begin anew at each SYN."""
        t, rows = self._flows.tcp, sides.rows
        seq, flags = table.seq[rows], table.flags[rows]
        syn = flags & SYN != 0
        begun = t.flat("begun")[side]
        begins = syn.copy()
        begins[sides.start] = True
        chain = np.flatnonzero(begins)
        at = np.full(len(chain), -1, np.int64)
        plain = ~syn[chain]
        which = sides.of[chain[plain]]
        top, base = t.flat("top")[side[which]], t.flat("base")[side[which]]
        reached = base + top.astype(np.uint32)
        at[plain] = np.where(begun[which], top + (seq[chain[plain]] - reached).view(np.int32), 0)
        steps = np.zeros(len(rows), np.int64)
        steps[1:] = (seq[1:] - seq[:-1]).view(np.int32)
        total = np.cumsum(steps)
        of_chain = np.cumsum(begins) - 1
        position = at[of_chain] + total - total[chain][of_chain] + syn
        self._begin(sides, side, seq, syn, begun)
        end = position + table.wire_len[rows]
        quiet = flags & RST != 0
        reach = np.where(quiet, -_UNKNOWN, end + (flags & FIN != 0))
        carried = np.where(begun, t.flat("top")[side], position[sides.start])
        before, after = running_max(reach, sides, carried)
        t.flat("top")[side] = after
        return Segments(sides, flags, position, end, before, copy, side[sides.of])

    def _begin(self, sides: Sides, side: Ints, seq: NDArray[np.uint32], syn: Mask, begun: Mask) -> None:
        """Keep the number of each direction's first byte: behind its latest SYN, else the first number seen."""
        t = self._flows.tcp
        new = ~begun
        first = sides.start[new]
        t.flat("base")[side[new]] = seq[first]
        opening = np.flatnonzero(syn)
        t.flat("base")[side[sides.of[opening]]] = seq[opening] + np.uint32(1)
        t.flat("begun")[side] = True

    def _measure(self, table: Table, s: Segments, side: Ints) -> None:
        t, sides = self._flows.tcp, s.sides
        rows = sides.rows
        size = table.wire_len[rows]
        data = size > 0
        t.flat("max_segment")[side] = np.maximum(t.flat("max_segment")[side], sides.highest(size).astype(np.uint32))
        t.flat("duplicates")[side] += sides.count(s.copy).astype(np.uint32)
        t.flat("cut")[side] += sides.count(table.payload_len[rows] < size).astype(np.uint32)
        ordinary = ~s.copy & (s.flags & RST == 0)
        ttl = table.ttl[rows]
        t.flat("ttl_min")[side] = np.minimum(t.flat("ttl_min")[side], sides.lowest(np.where(ordinary, ttl, 255)))
        t.flat("ttl_max")[side] = np.maximum(t.flat("ttl_max")[side], sides.highest(np.where(ordinary, ttl, 0)))
        self._first_and_last(table, sides, side, data)
        self._lost_and_repeated(s, side, data)

    def _note_large(self, table: Table, s: Segments) -> None:
        """Where to look for segments that an offload engine put together."""
        if len(self.large) >= LARGE_KEPT:
            return
        large = np.flatnonzero(table.wire_len[s.sides.rows] > ETHERNET_MSS)
        if not len(large):
            return
        which = s.sides.of[large]
        first = np.flatnonzero(changes(which))[: LARGE_KEPT - len(self.large)]
        rows = s.sides.rows[large[first]]
        number = self._flows.rows["number"][s.sides.conversation[which[first]]].astype(np.int64)
        keys = 2 * number + s.sides.direction[which[first]]
        for key, frame, time_ns in zip(keys.tolist(), table.frame[rows].tolist(), table.time_ns[rows].tolist(), strict=True):
            self.large.setdefault(key, (frame, time_ns))

    def _first_and_last(self, table: Table, sides: Sides, side: Ints, data: Mask) -> None:
        """Frames and times of the first and last payload."""
        t = self._flows.tcp
        last = sides.highest(np.where(data, sides.rows, -1))
        with_data = last >= 0
        last, who = last[with_data], side[with_data]
        t.flat("last_frame")[who], t.flat("last_time")[who] = table.frame[last], table.time_ns[last]
        first = sides.lowest(np.where(data, sides.rows, len(table)))[with_data]
        new = t.flat("first_frame")[who] == 0
        first, who = first[new], who[new]
        t.flat("first_frame")[who], t.flat("first_time")[who] = table.frame[first], table.time_ns[first]

    def _lost_and_repeated(self, s: Segments, side: Ints, data: Mask) -> None:
        """Holes that open and close, and what was sent again. A byte that repeats the last one is a keep-alive (RFC 9293, 3.8.4)."""
        number = 2 * self._flows.rows["number"][s.sides.conversation].astype(np.int64) + s.sides.direction
        passed = np.flatnonzero((s.start > s.top) & (s.flags & (SYN | RST) == 0))
        if len(passed):
            self.holes.add(Spans(number[s.sides.of[passed]], s.top[passed], s.start[passed]))
        late = np.flatnonzero(data & (s.start < s.top) & ~s.copy & (s.flags & RST == 0))
        if not len(late):
            return
        spans = Spans(number[s.sides.of[late]], np.maximum(s.start[late], 0), np.minimum(s.end[late], s.top[late]))
        size = spans.end - spans.start
        again = (size > 0) & (self.holes.fill(spans) < size)
        again &= (s.end[late] - s.start[late] > 1) | (s.end[late] != s.top[late])
        self._flows.tcp.flat("retransmissions")[side] += np.bincount(s.sides.of[late[again]], minlength=len(side)).astype(np.uint32)

    def _acknowledged(self, table: Table, s: Segments, side: Ints) -> None:
        """The highest acknowledgement of each direction, counted from its first."""
        t = self._flows.tcp
        told = np.flatnonzero((s.flags & (ACK | RST)) == ACK)
        if not len(told):
            return
        of = s.sides.of[told]
        ack = table.ack[s.sides.rows[told]]
        start = np.flatnonzero(changes(of))
        who = side[of[start]]
        new = ~t.flat("acked")[who]
        t.flat("first_ack")[who[new]] = ack[start[new]]
        t.flat("acked")[who] = True
        reached = t.flat("first_ack")[who] + t.flat("ack_top")[who].astype(np.uint32)
        ahead = (ack - np.repeat(reached, np.diff(np.append(start, len(of))))).view(np.int32)
        t.flat("ack_top")[who] += np.maximum(np.maximum.reduceat(ahead, start), 0)

    def _log(self, table: Table, s: Segments) -> None:
        conversation = s.sides.conversation[s.sides.of]
        tcp = self._flows.rows["tcp"][conversation]
        chosen = first_of_each(s.sides, np.flatnonzero(s.flags & CONTROL), self._flows.tcp["controls"], tcp)
        of = s.sides.of[chosen]
        self.control.add(table, s.sides.rows[chosen], self._flows.rows["number"][s.sides.conversation[of]], s.sides.direction[of], s.copy[chosen])

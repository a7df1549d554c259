"""SYN segments that belong together though their addresses differ: behind a NAT, and answers from where nobody asked.

The initial sequence number ties them: a copy of a SYN has the same, an answer acknowledges it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from pcapkit.flows.connections import Connections, Ends
from pcapkit.flows.control import ControlLog
from pcapkit.flows.facts import ACK, FORWARD, RST, SYN
from pcapkit.flows.flows import FlowTable
from pcapkit.flows.sides import Ints

NAT_COPY_NS: Final = 5_000_000
HOPS: Final = 3
"""Routers between two taps, at most."""

Place = tuple[int, int]
"""Frame and time."""


class Copy(NamedTuple):
    """A SYN of ``flow`` seen again with another address."""

    flow: int
    original: Place
    copy: Place
    source: str
    destination: str


class Foreign(NamedTuple):
    """A SYN-ACK from an address that was not asked, for a SYN of ``flow``; ``reset``: the client's refusal of it."""

    flow: int
    syn: Place
    reply: Place
    source: str
    ttl: int
    reset: Place | None


class Twins:
    """Reads the log of SYN segments. Copies by the mirror port are left aside."""

    def __init__(self, flows: FlowTable, log: ControlLog, connections: Connections) -> None:
        self._flows = flows
        self._log = log
        self._connections = connections

    def nat_copies(self) -> list[Copy]:
        """SYNs that were seen twice within 5 ms with the same number and source port or IP identification, other addresses and a lower TTL."""
        c = self._log.rows
        first, second = self._alike()
        found = []
        for one, other in zip(first.tolist(), second.tolist(), strict=True):
            original, copy = self._ends(one), self._ends(other)
            same_id = c["ip_id"][one] == c["ip_id"][other] != 0
            if original.client_port == copy.client_port or same_id:
                found.append(Copy(int(c["number"][one]), self._place(one), self._place(other), copy.client, copy.server))
        return found

    def _alike(self) -> tuple[Ints, Ints]:
        """Pairs of SYNs that may be one before and behind a NAT."""
        c = self._log.rows
        syn = self._rows(SYN)
        syn = syn[np.lexsort((syn, c["seq"][syn]))]
        first, second = syn[:-1], syn[1:]
        alike = (c["seq"][first] == c["seq"][second]) & (c["number"][first] != c["number"][second])
        alike &= c["time"][second] - c["time"][first] <= NAT_COPY_NS
        lower = c["ttl"][first].astype(np.int64) - c["ttl"][second]
        alike &= (lower >= 1) & (lower <= HOPS)
        return first[alike], second[alike]

    def foreign_replies(self) -> list[Foreign]:
        """SYN-ACKs that acknowledge a SYN of another conversation of the same client and port.

        Where the tap sees the far side of the NAT too, the reply's conversation has a SYN, the translated one: then the client's refusal must be there.
        """
        c = self._log.rows
        syn, replies = self._rows(SYN), self._rows(SYN | ACK)
        translated = c["number"][self._alike()[1]]
        replies = replies[~np.isin(c["number"][replies], c["number"][syn]) | np.isin(c["number"][replies], translated)]
        syn = syn[np.isin(c["seq"][syn] + np.uint32(1), c["ack"][replies])]
        asked: dict[tuple[str, int, int], list[int]] = {}
        for row in syn.tolist():
            ends = self._ends(row)
            asked.setdefault((ends.client, ends.client_port, (int(c["seq"][row]) + 1) & 0xFFFF_FFFF), []).append(row)
        found = []
        for row in replies.tolist():
            ends, own = self._ends(row), c["number"][row]
            rows = asked.get((ends.client, ends.client_port, int(c["ack"][row])), ())
            before = [ask for ask in rows if ask < row and c["number"][ask] != own]
            place = self._place(row)
            reset = self._reset(row, place) if before else None
            if before and (reset or own not in translated):
                number = int(c["number"][before[-1]])
                found.append(Foreign(number, self._place(before[-1]), place, ends.server, int(c["ttl"][row]), reset))
        return found

    def _rows(self, flags: int) -> Ints:
        """Segments with SYN and exactly these of SYN and ACK, in order of arrival."""
        c = self._log.rows
        return np.flatnonzero((c["flags"] & (SYN | ACK) == flags) & ~c["duplicate"])

    def _ends(self, row: int) -> Ends:
        return self._connections.ends(int(self._log.rows["number"][row]))

    def _place(self, row: int) -> Place:
        return int(self._log.rows["frame"][row]), int(self._log.rows["time"][row])

    def _reset(self, row: int, reply: Place) -> Place | None:
        """The client's first reset of exactly this reply (RFC 9293, 3.10.7.1: its number is what the reply acknowledged)."""
        segments, number = self._log.of(int(self._log.rows["number"][row])), int(self._log.rows["ack"][row])
        resets = (s for s in segments if s.flags & RST and s.seq == number and s.direction == FORWARD and s.frame > reply[0] and not s.duplicate)
        return next(((s.frame, s.time_ns) for s in resets), None)

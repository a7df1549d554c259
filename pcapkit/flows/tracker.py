"""One capture's conversations, from tables to observations: the front of the house as the stages behind it see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from pcapkit_dissectors import all_dissectors
from pcapkit_dissectors._api import Context, DatagramDissector, StreamDissector

from pcapkit.columns.table import Table
from pcapkit.flows.connections import Connections, FlowRows, NameOf, TcpSummary
from pcapkit.flows.copies import MIRRORED, ORIGINAL, ROUTED, Copies
from pcapkit.flows.datagrams import Datagrams
from pcapkit.flows.facts import SYN, Connection, Observation, Quality
from pcapkit.flows.flows import TCP, UDP, FlowTable
from pcapkit.flows.quality import EXAMPLES, measure
from pcapkit.flows.reading import Streams
from pcapkit.flows.streams import Boundary
from pcapkit.flows.tcp import TcpFacts
from pcapkit.flows.twins import Copy, Foreign, Twins
from pcapkit.flows.waiting import Wants
from pcapkit.limits import MAX_FLOWS, MAX_STREAMS, STREAM_SEGMENTS, STREAM_WINDOW
from pcapkit.model import FlowSummary, Problem
from pcapkit.timings import Timings

_LIMITS: Final = {
    "segments": f"segments further ahead than {STREAM_WINDOW} bytes, or behind more than {STREAM_SEGMENTS} others, were not read",
    "streams": f"conversations were read no further, since more than {MAX_STREAMS} (or too many bytes) were under way",
    "flows": f"conversations that had ended were forgotten, since there were more than {MAX_FLOWS}",
    "holes": "gaps were not followed, since too many were open",
}


class Tracker:
    """Follows the conversations of one capture.

    ``full``: everything is dissected. ``keys``: TLS secrets. ``first_flow``: number of the first conversation, so that several captures have
    different ones. ``wants``: which TLS conversations matter, by server name and address; others are read no further than the client's hello.
    """

    def __init__(
        self,
        capture: int,
        *,
        full: bool = False,
        keys: object | None = None,
        first_flow: int = 0,
        timings: Timings | None = None,
        wants: Wants | None = None,
    ) -> None:
        self.capture = capture
        self.flows = FlowTable(first_number=first_flow)
        self.copies = [0, 0, 0]
        """Packets by kind: originals, mirrored copies, routed copies."""
        self._copied: list[tuple[int, int]] = []
        """Frame and time of the first copies."""
        self._timings = timings or Timings()
        self._tcp = TcpFacts(self.flows)
        self._copies = Copies()
        self._boundary = Boundary()
        known = all_dissectors()
        context = Context(full, keys)
        self._streams = Streams(self.flows, capture, [d for d in known if isinstance(d, StreamDissector)], context, self._boundary, self._name, wants)
        self._datagrams = Datagrams(self.flows, capture, [d for d in known if isinstance(d, DatagramDissector)], self._boundary)
        self._connections = Connections(capture, self.flows, self._tcp, self._datagrams.icmp)
        self._twins = Twins(self.flows, self._tcp.control, self._connections)

    def update(self, table: Table) -> list[Observation]:
        """Take a window; gives what the dissectors read in it, by frame. The table is not needed afterwards."""
        out: list[Observation] = []
        if not len(table):
            return out
        placed = self.flows.update(table)
        copies = self._copies.find(table, placed.flow, placed.direction)
        for kind, count in enumerate(np.bincount(copies, minlength=3).tolist()):
            self.copies[kind] += count
        for row in np.flatnonzero(copies != ORIGINAL)[: EXAMPLES - len(self._copied)].tolist():
            self._copied.append((int(table.frame[row]), int(table.time_ns[row])))
        segments = self._tcp.update(table, placed.sides, copies)
        self._timings.lap("flows")
        self._datagrams.update(table, placed.flow, placed.direction, copies != ORIGINAL, out)
        for observation in out:
            self._streams.meet(observation.src, observation.event.frames[-1])
        self._timings.lap("datagrams")
        if segments is not None:
            self._streams.update(table, segments, out)
        self._timings.lap("streams")
        if self.flows.crowded:
            self._forget(int(table.time_ns[-1]))
        out.sort(key=_frame)
        return out

    def _name(self, spoken: list[tuple[int, str]]) -> None:
        self._connections.name_servers(spoken)

    def _forget(self, now_ns: int) -> None:
        kept = self.flows.forget(now_ns)
        self._tcp.forget(kept)
        numbers = set(kept.tolist())
        for number in [number for number in self._datagrams.icmp if number not in numbers]:
            del self._datagrams.icmp[number]

    def reconsider(self) -> list[Observation]:
        """What matters has changed: conversations that were put aside, and matter now, are read."""
        out: list[Observation] = []
        self._streams.reconsider(out)
        out.sort(key=_frame)
        self._timings.lap("streams")
        return out

    def finish(self) -> list[Observation]:
        """The capture ends: what the dissectors had begun, and conversations that are still open."""
        out: list[Observation] = []
        self._streams.finish(out)
        out.sort(key=_frame)
        self._timings.lap("streams")
        return out

    # ---------------------------------------------------------------- what is known

    @property
    def next_flow(self) -> int:
        """The number that the next conversation would have."""
        return self.flows.created

    @property
    def fed(self) -> int:
        """Packets that were handed to Python."""
        return self._streams.fed + self._datagrams.fed

    def connection(self, flow: int) -> Connection:
        """Everything known of a conversation.

        Raises:
            KeyError: there is none with this number, or it was forgotten.
        """
        return self._connections.connection(flow)

    def find(self, client: str | None = None, server: str | None = None, port: int | None = None, transport: str | None = None) -> list[int]:
        """Conversations by address of the client (who opened them) and of the server, its port, and ``tcp``, ``udp``, …; None: any."""
        return self._connections.find(client, server, port, transport)

    @property
    def server_names(self) -> Sequence[str]:
        """Server names by the number in the column ``name`` of the flow table; 0 is none."""
        return self._connections.names

    def unanswered(self) -> list[int]:
        """TCP conversations whose SYN got nothing back."""
        return self._connections.unanswered()

    def summaries(self, name_of: NameOf | None = None) -> Sequence[FlowSummary]:
        """A row for each conversation, made when looked at: any number of rows costs nothing until then.

        ``name_of`` gives names by client and server address, where no server name was spoken in the conversation.
        """
        return FlowRows(self._connections, np.arange(self.flows.rows.size), name_of)

    def tcp_summaries(self) -> Iterator[TcpSummary]:
        """All TCP conversations in the order of their first packets."""
        return self._connections.tcp_summaries()

    def nat_copies(self) -> list[Copy]:
        """SYNs that were seen again behind a NAT."""
        return self._twins.nat_copies()

    def foreign_replies(self) -> list[Foreign]:
        """SYN-ACKs from addresses that were not asked."""
        return self._twins.foreign_replies()

    def quality(self) -> Quality:
        """What the conversations say about the capture."""
        return replace(measure(self.flows, self._tcp), duplicate_examples=tuple(self._copied))

    def problems(self) -> list[Problem]:
        """Limits that were reached, and bugs of ours."""
        found = [
            Problem("limit-reached", f"{count} {_LIMITS[kind]}", count=count)
            for kind, count in (*self._streams.left_out.items(), ("flows", self.flows.forgotten.total()), ("holes", self._tcp.holes.refused))
            if count and kind in _LIMITS
        ]
        for (name, error), (count, frame) in self._boundary.bugs.items():
            found.append(Problem("internal-error", f"{name}: {error}", frame=frame, count=count))
        return found

    def counts(self) -> dict[str, int]:
        """Conversations by kind."""
        rows = self.flows.rows.copies("tail", "packets", "flags", "bytes")
        tail = rows["tail"]
        proto = (tail >> np.uint64(8)) & np.uint64(255)
        ports = (tail >> np.uint64(32) == 443) | ((tail >> np.uint64(16)) & np.uint64(0xFFFF) == 443)
        udp, data = proto == UDP, (rows["bytes"] > 0).any(axis=1)
        return {
            "tcp_conversations": int((proto == TCP).sum()) + self.flows.forgotten[TCP],
            "udp_conversations": int(udp.sum()) + self.flows.forgotten[UDP],
            "quic": int(rows["packets"][udp & ports].sum()),
            **self._streams.put_aside,
            "started_late": int((data & (proto == TCP) & (rows["flags"] & SYN == 0).all(axis=1)).sum()),
            "mirrored_copies": self.copies[MIRRORED],
            "routed_copies": self.copies[ROUTED],
        }


def _frame(observation: Observation) -> int:
    return observation.event.frames[-1]

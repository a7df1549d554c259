"""Questions to the flow tables of a run, each asked once: a scan of a million conversations is cheap, thousands of them are not."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from pcapkit.flows.facts import Connection, Quality
from pcapkit.sessions.scene import ForeignReply, NatCopy, Ref
from pcapkit.sessions.sources import Place, Tracker

FOUND: Final = 20_000
"""Connections that one question gives at most."""
FEW: Final = 64
"""Enough to see how a host behaves."""


class Finder:
    """All flow tables as one, as they are now. Conversations that they forgot are passed over."""

    def __init__(self, trackers: Sequence[Tracker]) -> None:
        self._trackers = trackers
        self._ends = [tracker.next_flow for tracker in trackers]
        self._connections: dict[int, Connection | None] = {}
        self._served: dict[tuple[str, int | None], frozenset[int]] = {}
        self._asked: dict[tuple[str | None, str | None, int | None], tuple[int, ...]] = {}
        self._measured: list[Quality] | None = None

    def __call__(self, client: str | None, server: str | None, port: int | None) -> Iterator[Connection]:
        """Connections by address of the client, of the server, and its port. None: any. Each is made when it is asked for."""
        return islice(self.each(client, server, port), FOUND)

    def some(self, client: str | None, server: str | None, port: int | None = None, limit: int = FEW) -> list[Connection]:
        """The first of them."""
        return list(islice(self.each(client, server, port), limit))

    def each(self, client: str | None, server: str | None, port: int | None = None) -> Iterator[Connection]:
        """One after the other, made when asked for."""
        return (c for c in map(self.connection, self.flows(client, server, port)) if c is not None)

    def flows(self, client: str | None, server: str | None, port: int | None = None) -> tuple[int, ...]:
        """Numbers of conversations, ascending."""
        if client is not None and server is not None:
            if (server, port) not in self._served:
                self._served[server, port] = frozenset(self._ask(None, server, port))
            theirs = self._served[server, port]
            return tuple([flow for flow in self._ask(client, None, None) if flow in theirs]) if theirs else ()
        return self._ask(client, server, port)

    def connection(self, flow: int) -> Connection | None:
        """A conversation, None if it was forgotten."""
        if flow not in self._connections:
            which = bisect_right(self._ends, flow)
            try:
                self._connections[flow] = self._trackers[which].connection(flow) if which < len(self._trackers) else None
            except KeyError:
                self._connections[flow] = None
        return self._connections[flow]

    def _ask(self, client: str | None, server: str | None, port: int | None) -> tuple[int, ...]:
        key = (client, server, port)
        if key not in self._asked:
            self._asked[key] = tuple(flow for tracker in self._trackers for flow in tracker.find(client, server, port))
        return self._asked[key]

    # ------------------------------------------------------------ all of them

    def unanswered(self) -> list[Connection]:
        """TCP connections whose SYN got nothing back."""
        flows = (flow for tracker in self._trackers for flow in tracker.unanswered())
        return [c for c in map(self.connection, islice(flows, FOUND)) if c is not None]

    def nat_copies(self) -> dict[int, tuple[NatCopy, ...]]:
        """By flow: its SYNs seen again behind a NAT."""
        found: dict[int, list[NatCopy]] = {}
        for capture, tracker in enumerate(self._trackers):
            for copy in tracker.nat_copies():
                told = NatCopy(_ref(capture, copy.original), _ref(capture, copy.copy), copy.source, copy.destination)
                found.setdefault(copy.flow, []).append(told)
        return {flow: tuple(copies) for flow, copies in found.items()}

    def foreign_replies(self) -> dict[int, tuple[ForeignReply, ...]]:
        """By flow: SYN-ACKs for its SYNs from addresses that were not asked."""
        found: dict[int, list[ForeignReply]] = {}
        for capture, tracker in enumerate(self._trackers):
            for reply in tracker.foreign_replies():
                reset = _ref(capture, reply.reset) if reply.reset else None
                told = ForeignReply(_ref(capture, reply.syn), _ref(capture, reply.reply), reply.source, reply.ttl, reset)
                found.setdefault(reply.flow, []).append(told)
        return {flow: tuple(replies) for flow, replies in found.items()}

    def qualities(self) -> list[Quality]:
        """By capture."""
        if self._measured is None:
            self._measured = [tracker.quality() for tracker in self._trackers]
        return self._measured

    def count(self, what: str) -> int:
        """A count over all captures."""
        return sum(tracker.counts().get(what, 0) for tracker in self._trackers)


def _ref(capture: int, place: Place) -> Ref:
    return Ref(capture, *place)

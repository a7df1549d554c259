"""Questions to the flow table, each asked once: a scan of a million conversations is cheap, thousands of them are not."""

from __future__ import annotations

from typing import Final

from pcapkit.flows.facts import Connection
from pcapkit.sessions.sources import Tracker

FOUND: Final = 20_000
"""Connections that one question gives at most."""
FEW: Final = 64
"""Enough to see how a host behaves."""


class Finder:
    """The flow table as it is now. Conversations that it forgot are passed over."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._connections: dict[int, Connection | None] = {}
        self._sets: dict[tuple[str | None, str | None, int | None], tuple[int, ...]] = {}

    def __call__(self, client: str | None, server: str | None, port: int | None) -> list[Connection]:
        """Connections by address of the client, of the server, and its port. None: any."""
        return self.some(client, server, port, FOUND)

    def some(self, client: str | None, server: str | None, port: int | None = None, limit: int = FEW) -> list[Connection]:
        """The first of them."""
        found = []
        for flow in self.flows(client, server, port):
            connection = self.connection(flow)
            if connection is not None:
                found.append(connection)
            if len(found) >= limit:
                break
        return found

    def flows(self, client: str | None, server: str | None, port: int | None = None) -> tuple[int, ...]:
        """Numbers of conversations, ascending."""
        if client is not None and server is not None:
            theirs = set(self._ask(None, server, port))
            return tuple(flow for flow in self._ask(client, None, None) if flow in theirs)
        return self._ask(client, server, port)

    def connection(self, flow: int) -> Connection | None:
        """A conversation, None if it was forgotten."""
        if flow not in self._connections:
            try:
                self._connections[flow] = self._tracker.connection(flow)
            except KeyError:
                self._connections[flow] = None
        return self._connections[flow]

    def _ask(self, client: str | None, server: str | None, port: int | None) -> tuple[int, ...]:
        key = (client, server, port)
        if key not in self._sets:
            self._sets[key] = tuple(sorted(self._tracker.find(client, server, port)))
        return self._sets[key]

"""DNS answer → address → connection → TLS → HTTP: what a device tried, tied together (docs/domain.md, 1)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Final

from pcapkit.flows.facts import Connection
from pcapkit.limits import Thresholds
from pcapkit.sessions import exchanges as http
from pcapkit.sessions import tls as handshakes
from pcapkit.sessions.collect import FlowFacts
from pcapkit.sessions.devices import Roster
from pcapkit.sessions.finder import Finder
from pcapkit.sessions.lookups import decided
from pcapkit.sessions.refusal import classify
from pcapkit.sessions.roles import host_of
from pcapkit.sessions.scene import Attempt, DeviceCase, Lookup

STALE_NS: Final = 24 * 3_600 * 10**9
"""An answer older than this names no connection any more."""


def from_facts(facts: FlowFacts, connection: Connection, device: DeviceCase, thresholds: Thresholds) -> Attempt:
    """The attempt that a conversation with TLS or HTTP in it is. Role and outcome are still open."""
    tls = handshakes.assemble(facts)
    if tls is not None:
        tls.accepted, tls.refusal = classify(tls, connection, thresholds)
    exchanges = http.assemble(facts)
    name = tls.sni if tls else None
    if name is None:
        hosts = (e.request.host for e in exchanges if e.request and e.request.host)
        name = next((h for h in map(host_of, hosts) if h), None)
    attempt = _of_connection(connection, device, name)
    attempt.tls, attempt.exchanges = tls, exchanges
    return attempt


def _of_connection(connection: Connection, device: DeviceCase, name: str | None) -> Attempt:
    return Attempt(
        device=device.id,
        role="other",
        name=name,
        address=connection.server,
        port=connection.server_port,
        first_time_ns=connection.first_time_ns,
        last_time_ns=connection.last_time_ns,
        connection=connection,
    )


def of_lookup(lookup: Lookup) -> Attempt:
    """A look-up that no connection followed."""
    last = lookup.queries[-1]
    return Attempt(
        device=lookup.device,
        role="other",
        name=lookup.name,
        address=lookup.addresses[0] if lookup.addresses else None,
        port=None,
        first_time_ns=lookup.first.time_ns,
        last_time_ns=max((last.reply or last.ref).time_ns, last.ref.time_ns),
        lookup=lookup,
    )


def silent(roster: Roster, askers: Mapping[str, set[str]], known: set[int], find: Finder) -> list[Attempt]:
    """Connections without a word in them (SYNs without answer, refused ones), to addresses that look-ups gave; ``askers``: address → devices."""
    found: list[Attempt] = []
    for server in sorted(askers):
        for flow in find.flows(None, server):
            connection = None if flow in known else find.connection(flow)
            if connection is None or connection.transport != "tcp":
                continue
            device = roster.of(connection.client, connection.first_time_ns, connection.client_mac)
            device = device or roster.adopt(connection.client, connection.client_mac)
            if device is not None and device.id in askers[server]:
                found.append(_of_connection(connection, device, None))
    return found


class Answers:
    """Which look-up of a device led to an address, at a time."""

    def __init__(self, lookups: Iterable[Lookup]) -> None:
        self._by_address: dict[str, list[tuple[int, Lookup]]] = {}
        for lookup in lookups:
            if lookup.search_of is None:
                for address in lookup.addresses:
                    self._by_address.setdefault(address, []).append((decided(lookup).time_ns, lookup))
        for entries in self._by_address.values():
            entries.sort(key=lambda entry: entry[0])

    def before(self, address: str, time_ns: int, name: str | None) -> Lookup | None:
        """The latest look-up that gave ``address`` before ``time_ns``, of ``name`` if that is known."""
        entries = self._by_address.get(address, [])
        for when, lookup in reversed(entries[: bisect_right(entries, time_ns, key=lambda entry: entry[0])]):
            if when < time_ns - STALE_NS:
                return None
            if name is None or lookup.name == name:
                return lookup
        return None


def tie(attempts: Iterable[Attempt], answers: Answers) -> None:
    """Give each attempt the look-up that led to it, and by it a name where it has none."""
    for attempt in attempts:
        if attempt.address is None or attempt.lookup is not None:
            continue
        attempt.lookup = answers.before(attempt.address, attempt.first_time_ns, attempt.name)
        if attempt.name is None and attempt.lookup is not None:
            attempt.name = attempt.lookup.name

"""Look-ups of the names that a session needs: shared by the ``dns-*``, ``discover-*`` and ``external-*`` rules (docs/domain.md, 4)."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit_dissectors.dns import rcode_name
from pcapkit_dissectors.messages import Dns

from pcapkit.rules._api import Note
from pcapkit.sessions.scene import Lookup, Role, Scene, SessionCase


def of_name(session: SessionCase, name: str) -> list[Lookup]:
    """Look-ups of this session for a name (lower case), in order of time."""
    return sorted((x for x in session.lookups if x.name.lower() == name), key=lambda x: x.first.time_ns)


def names_of(session: SessionCase) -> Iterator[tuple[str, list[Lookup]]]:
    """The session's names with their look-ups, in order of first appearance."""
    seen: dict[str, list[Lookup]] = {}
    for lookup in session.lookups:
        seen.setdefault(lookup.name.lower(), []).append(lookup)
    yield from seen.items()


def inside_resolver(scene: Scene, lookup: Lookup) -> bool:
    """All servers that were asked are inside."""
    return all(scene.is_inside(q.server) for q in lookup.queries)


def question(lookup: Lookup) -> Note:
    """The first question, as evidence."""
    query = lookup.queries[0]
    return (query.ref, f"DNS {query.qtype} {lookup.name} to {query.server}")


def answers(lookup: Lookup) -> list[Note]:
    """Every answer, as evidence."""
    return [(q.reply, f"answer for {q.qtype} {lookup.name}: {describe(q.message)}") for q in lookup.queries if q.reply and q.message]


def describe(message: Dns) -> str:
    """An answer in words."""
    data = [str(r.data) for r in message.answers if r.type in ("A", "AAAA", "SRV")]
    if message.rcode:
        return rcode_name(message.rcode)
    return ", ".join(data[:4]) or "no such record (NODATA)"


def positive(lookups: list[Lookup]) -> list[Lookup]:
    """Those that gave a usable address."""
    return [x for x in lookups if x.outcome == "answered" and x.addresses and not x.sinkholed]


def role_of(scene: Scene, name: str) -> Role:
    """Role of a name, ``other`` if it has none."""
    fact = scene.names.get(name)
    return fact.role if fact else "other"

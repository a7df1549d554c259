"""Servers that could not be reached, ours and others': shared by the ``hairpin-*`` and ``service-*`` rules (docs/domain.md, 5 and 9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from pcapkit.model import Confidence, Json, Severity
from pcapkit.rules._api import Hit, Note
from pcapkit.rules._breaks import kind_of, meant_closed, opened_by_name, works_beside
from pcapkit.rules._honesty import step
from pcapkit.rules._obstacle import Kind, Obstacle
from pcapkit.rules._obstacle_notes import NOTES
from pcapkit.sessions.scene import Attempt, OursEvidence, Ref, Role, Scene, SessionCase

NS: Final = 10**9
NEEDED: Final[frozenset[Role]] = frozenset({"discover-internal", "discover-external", "exch-autodiscover", "web-external", "mobility", "webticket"})
"""Without these a device has no service."""


def obstacles(scene: Scene, kind: Kind) -> Iterator[Obstacle]:
    """Everything of one kind, one a session and server."""
    for session in scene.sessions:
        groups: dict[tuple[str, int], list[Attempt]] = {}
        opened = opened_by_name(session)
        for attempt in session.attempts:
            if attempt.address and attempt.port and not works_beside(attempt, session) and kind_of(scene, attempt, opened) == kind:
                groups.setdefault((attempt.address, attempt.port), []).append(attempt)
        for attempts in groups.values():
            yield _obstacle(scene, kind, session, attempts)


def _obstacle(scene: Scene, kind: Kind, session: SessionCase, attempts: list[Attempt]) -> Obstacle:
    connections = [a.connection for a in attempts if a.connection]
    first = attempts[0]
    syns = sum(len(c.syns) for c in connections)
    facts: dict[str, Json] = {
        "address": first.address,
        "port": first.port,
        "name": first.name,
        "role": first.role,
        "family": "ipv6" if first.address and ":" in first.address else "ipv4",
        "syn": syns,
        "attempts": len(connections),
    }
    found = Obstacle(kind, session, attempts, connections, [], facts)
    if first.lookup and first.lookup.answer:
        found.evidence.append((first.lookup.answer, f"DNS answer: {first.name} is {first.address}"))
    for connection in connections:
        NOTES[kind](scene, connection, found)
    return found


def ours(scene: Scene, found: Obstacle) -> list[OursEvidence]:
    """Evidence that the address is our own public one; empty where the word hairpin may not be used (docs/domain.md, 5)."""
    attempt = found.attempt
    if not found.session.device.inside or attempt.address is None or scene.is_inside(attempt.address):
        return []
    evidence = scene.ours(attempt.address, attempt.name, found.session.device.id)
    return evidence if any(e.code != "H6" for e in evidence) else []


def control_connection(scene: Scene, found: Obstacle) -> Note | None:
    """The same device reaching another public host within a minute: then the uplink works."""
    device, first = found.session.device, found.connections[0]
    for address in device.addresses:
        for other in scene.find(address, None, None):
            near = abs(other.first_time_ns - first.first_time_ns) < 60 * NS
            if near and other.synacks and other.server != first.server and not scene.is_inside(other.server):
                answer = other.synacks[0]
                return (Ref.of(other, answer), f"control: {other.server}:{other.server_port} answers the same device")
    return None


def hairpin_hits(
    scene: Scene,
    kind: Kind,
    headline: Callable[[Obstacle], str],
    *,
    unseen: Callable[[Obstacle], tuple[str, ...]] = lambda _: (),
    remedy: Callable[[Obstacle], tuple[str, ...] | None] = lambda _: None,
) -> Iterator[Hit]:
    """The hits of a ``hairpin-*`` rule."""
    for found in obstacles(scene, kind):
        proof = ours(scene, found)
        if not proof:
            continue
        confidence: Confidence = "high" if any(e.strong for e in proof) else "medium"
        because = [e.text for e in proof] + found.because
        control = control_connection(scene, found)
        if control:
            found.evidence.append(control)
            because.append(f"the uplink works: {control[1]} (frame {control[0].frame})")
            confidence = step(confidence, -1)
        if found.weak:
            confidence = step(confidence, 1)
        found.facts["ours"] = [e.code for e in proof]
        yield _hit(found, "critical", confidence, because, headline(found), unseen(found), remedy(found))


_SEEN: Final[Mapping[Kind, str]] = {
    "no-reply": "nothing came back, not even ICMP",
    "reset": "the RST acknowledges the SYN",
    "unreachable": "the ICMP message quotes the SYN",
    "asymmetric": "the SYN-ACK acknowledges the SYN, from an address that was not asked",
    "stalled": "the connection opened, the device spoke, and no data came back",
}
"""What tells each kind, in words."""


def service_hits(scene: Scene, kind: Kind, headline: Callable[[Obstacle], str], remedy: Callable[[Obstacle], tuple[str, ...]]) -> Iterator[Hit]:
    """The hits of a ``service-*`` rule: the same obstacles, towards addresses not shown to be ours."""
    for found in obstacles(scene, kind):
        if ours(scene, found):
            continue
        confidence: Confidence = "medium" if found.weak else "high"
        severity: Severity = "critical" if found.attempt.role in NEEDED and not other_way(found) else "warning"
        if meant_closed(found.attempt, found.session):
            severity = "info"
        todo = remedy(found)
        if scene.is_inside(found.attempt.address or ""):
            todo = tuple(line for line in todo if "--public-ip" not in line)
        yield _hit(found, severity, confidence, [_SEEN[kind], *found.because], headline(found), (), todo)


def other_way(found: Obstacle) -> bool:
    """The session reached what it wanted in spite of the obstacle: the same name over another address or port, or the session as a whole."""
    if found.session.outcome in ("succeeded", "degraded"):
        return True
    first = found.attempt
    return any(a.name == first.name and a.outcome == "ok" and (a.address, a.port) != (first.address, first.port) for a in found.session.attempts)


def _hit(
    found: Obstacle,
    severity: Severity,
    confidence: Confidence,
    because: list[str],
    headline: str,
    unseen: tuple[str, ...],
    remedy: tuple[str, ...] | None,
) -> Hit:
    attempt = found.attempt
    return Hit(
        subject=(attempt.address, attempt.port),
        severity=severity,
        confidence=confidence,
        because=tuple(because),
        headline=headline,
        evidence=tuple(sorted(found.evidence, key=lambda n: (n[0].time_ns, n[0].frame))),
        facts=found.facts,
        device_facts={"syn": found.facts["syn"], "attempts": found.facts["attempts"]},
        device=found.session.device.id,
        session=found.session,
        attempt=attempt,
        remedy=remedy,
        unseen=unseen,
        absence=found.absence,
    )


def target(found: Obstacle) -> str:
    """``name (address:port)``, or the address alone."""
    server = found.attempt.server or "?"
    return f"{found.attempt.name} ({server})" if found.attempt.name else server

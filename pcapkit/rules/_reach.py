"""Why a connection did not come about: shared by the ``hairpin-*`` and ``service-*`` rules (docs/domain.md, 5 and 9)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pcapkit_dissectors.messages import IcmpError, LyncAnswer

from pcapkit.flows.facts import ACK, FORWARD, REVERSE, RST, Connection, Control
from pcapkit.model import CONFIDENCES, Confidence, Json, Severity
from pcapkit.rules._api import Hit, Note
from pcapkit.sessions.scene import Attempt, OursEvidence, Ref, Role, Scene, SessionCase

Kind = Literal["no-reply", "reset", "unreachable", "asymmetric", "stalled"]
NS = 10**9
FULL_TTLS = (64, 128, 255)
DISCOVERY: tuple[Role, ...] = ("discover-internal", "discover-external", "exch-autodiscover", "web-external", "mobility", "webticket")


@dataclass(slots=True)
class Obstacle:
    """All attempts of one session towards one address and port that broke in the same way."""

    kind: Kind
    session: SessionCase
    attempts: list[Attempt]
    connections: list[Connection]
    evidence: list[Note]
    facts: dict[str, Json]
    because: list[str] = field(default_factory=list)
    absence: bool = False
    weak: bool = False
    """Rests on less than usual: one step less confidence."""

    @property
    def attempt(self) -> Attempt:
        return self.attempts[0]


def _ref(connection: Connection, control: Control) -> Ref:
    return Ref(connection.capture, control.frame, control.time_ns)


def _capture_end(scene: Scene, connection: Connection) -> int:
    if 0 <= connection.capture < len(scene.captures):
        return scene.captures[connection.capture].last_time_ns or connection.last_time_ns
    return connection.last_time_ns


def _answering_reset(connection: Connection) -> Control | None:
    """A RST of the server that acknowledges the SYN (RFC 9293, 3.10.7.3)."""
    isns = {(syn.seq + 1) & 0xFFFFFFFF for syn in connection.syns}
    return next((c for c in connection.resets if c.direction == REVERSE and c.flags & ACK and c.ack in isns), None)


def _unreachable(connection: Connection) -> IcmpError | None:
    return next((seen.error for seen in connection.icmp if seen.direction == FORWARD and _is_fatal(seen.error)), None)


def _is_fatal(error: IcmpError) -> bool:
    """Destination unreachable (but not fragmentation needed) or time exceeded, of either IP version (RFC 792, RFC 4443)."""
    if error.mtu is not None:
        return False
    return error.icmp_type in (3, 11) or (error.icmp_type == 1)


def _opened(session: SessionCase) -> dict[str | None, list[int]]:
    """When connections were opened, by name, ascending; looked at once a session, since a flood makes thousands of attempts."""
    times: dict[str | None, list[int]] = {}
    for attempt in session.attempts:
        if attempt.connection is not None and attempt.connection.established:
            times.setdefault(attempt.name, []).append(attempt.first_time_ns)
    return {name: sorted(found) for name, found in times.items()}


def _gave_up_early(attempt: Attempt, opened: Mapping[str | None, list[int]]) -> bool:
    """One SYN, not repeated, while another address of the same name worked: a race that this one lost (RFC 8305)."""
    connection = attempt.connection
    if connection is None or len(connection.syns) > 1:
        return False
    times, window = opened.get(attempt.name, []), 2 * NS
    near = bisect_right(times, attempt.first_time_ns - window)
    return near < len(times) and times[near] < attempt.first_time_ns + window


def _stalled(scene: Scene, connection: Connection, attempt: Attempt) -> bool:
    """Established, the client spoke, and for ``stall_wait_s`` the server sent no payload that arrived (docs/domain.md, 5).

    What the device acknowledged did arrive, and only the capture lost it; one number may be that of a FIN.
    """
    spoke = connection.forward.first_data
    if spoke is None or not connection.synacks or connection.reverse.bytes or connection.forward.last_ack > 1:
        return False
    ends = connection.pick(1, 1) + connection.pick(RST, RST)
    if any(c.direction == REVERSE and c.flags & RST for c in ends):
        return False
    until = min((c.time_ns for c in ends if c.direction == FORWARD), default=_capture_end(scene, connection))
    return until - spoke[1] >= scene.thresholds.stall_wait_s * NS


def kind_of(scene: Scene, attempt: Attempt, opened: Mapping[str | None, list[int]]) -> Kind | None:
    """How the connection of an attempt broke, None if it did not, or if the capture cannot tell."""
    connection = attempt.connection
    if connection is None or connection.transport != "tcp" or not connection.syns:
        return None
    if connection.established:
        return "stalled" if _stalled(scene, connection, attempt) else None
    if connection.flow in scene.foreign_replies:
        return "asymmetric"
    if _answering_reset(connection):
        return "reset"
    if _unreachable(connection):
        return "unreachable"
    if any(c.direction == REVERSE for c in connection.control) or connection.reverse.packets:
        return None
    syns = connection.syns
    waited = _capture_end(scene, connection) - syns[0].time_ns
    if len(syns) < scene.thresholds.syn_min and (waited < scene.thresholds.syn_wait_s * NS or _gave_up_early(attempt, opened)):
        return None
    return "no-reply"


def works_beside(scene: Scene, attempt: Attempt, session: SessionCase) -> bool:
    """Port 80 broke, and 443 of the same name works: clients try both, this is silent (docs/domain.md, 5)."""
    if attempt.port != 80:
        return False
    return any(
        other.port == 443 and other.name == attempt.name and other.connection is not None and other.connection.established
        for other in session.attempts
    )


def meant_closed(attempt: Attempt, session: SessionCase) -> bool:
    """443 broke, and port 80 of the same name only sends on to an https that works: closed on purpose (option B2, Exchange step 3)."""
    if attempt.port != 443:
        return False
    for other in session.attempts:
        if (
            other.port == 80
            and other.name == attempt.name
            and other.exchanges
            and all(only_redirects(e.response.status if e.response else 0, e.answer) for e in other.exchanges)
        ):
            after = [
                a
                for a in session.attempts
                if a.port == 443 and a.name != attempt.name and a.outcome == "ok" and a.last_time_ns >= other.first_time_ns
            ]
            if after:
                return True
    return False


def only_redirects(status: int, answer: object) -> bool:
    """A 3xx, or a Lync root whose only link is a Redirect to https (MS-OCDISCWS 3.1.5.2)."""
    if 300 <= status < 400:
        return True
    return (
        isinstance(answer, LyncAnswer)
        and [link.token for link in answer.links] == ["Redirect"]
        and answer.links[0].href.lower().startswith("https://")
    )


def obstacles(scene: Scene, kind: Kind) -> Iterator[Obstacle]:
    """Everything of one kind, one a session and server."""
    for session in scene.sessions:
        groups: dict[tuple[str, int], list[Attempt]] = {}
        opened = _opened(session)
        for attempt in session.attempts:
            if attempt.address and attempt.port and not works_beside(scene, attempt, session) and kind_of(scene, attempt, opened) == kind:
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
        _EVIDENCE[kind](scene, connection, found)
    return found


def _syn_notes(connection: Connection) -> list[Note]:
    syns = connection.syns
    target = f"{connection.server}:{connection.server_port}"
    notes = [(_ref(connection, syns[0]), f"SYN to {target}")]
    notes += [(_ref(connection, s), f"the same SYN again, after {(s.time_ns - syns[0].time_ns) / NS:.1f} s") for s in syns[1:]]
    return notes


def _no_reply(scene: Scene, connection: Connection, found: Obstacle) -> None:
    found.absence = True
    found.evidence += _syn_notes(connection)
    copies = scene.nat_copies.get(connection.flow, ())
    if copies:
        found.facts["point"] = "after-nat"
        found.evidence += [(c.copy, f"the SYN behind the NAT: {c.copy_source} to {c.copy_destination}, no answer either") for c in copies[:2]]
    elif "point" not in found.facts:
        found.facts["point"] = "before-nat" if scene.health.nat_copies else "unknown"
    found.weak = len(connection.syns) < scene.thresholds.syn_min and len(found.connections) == 1
    if found.weak:
        found.because.append("only one SYN was sent")


def _reset(scene: Scene, connection: Connection, found: Obstacle) -> None:
    reset = _answering_reset(connection)
    if reset is None:
        return
    asked = [s for s in connection.syns if s.time_ns <= reset.time_ns]
    found.evidence += _syn_notes(connection)[:1]
    found.evidence.append((_ref(connection, reset), f"RST answering the SYN, TTL {reset.ttl}"))
    rtt_ns = reset.time_ns - asked[-1].time_ns if asked else None
    if rtt_ns is not None:
        found.facts.setdefault("rst_ms", round(rtt_ns / 1e6, 3))
    found.facts.setdefault("rst_ttl", reset.ttl)
    found.facts.setdefault("gateway_answered", _gateway_answered(scene, connection, reset, rtt_ns))


def _gateway_answered(scene: Scene, connection: Connection, reset: Control, rtt_ns: int | None) -> bool:
    """The RST bears marks of a box in between: far quicker than the server's SYN-ACKs, or a full TTL where the server's is lower."""
    others = [c for c in scene.find(None, connection.server, None) if c.synacks]
    usual = sorted(c.rtt_ns for c in others if c.rtt_ns is not None)
    if usual and rtt_ns is not None and rtt_ns < scene.thresholds.rst_gateway_rtt * usual[len(usual) // 2]:
        return True
    lower = [c.reverse.ttl for c in others if c.reverse.ttl]
    return reset.ttl in FULL_TTLS and bool(lower) and all(ttl[1] < reset.ttl for ttl in lower)


def _icmp(scene: Scene, connection: Connection, found: Obstacle) -> None:
    found.evidence += _syn_notes(connection)[:1]
    for seen in [s for s in connection.icmp if s.direction == FORWARD and _is_fatal(s.error)][:3]:
        what = seen.error.code_name or f"type {seen.error.icmp_type} code {seen.error.icmp_code}"
        found.evidence.append((Ref(connection.capture, seen.frame, seen.time_ns), f"ICMP from {seen.sender}: {what}"))
        told: dict[str, Json] = {"icmp_type": seen.error.icmp_type, "icmp_code": seen.error.icmp_code, "icmp": what, "sender": seen.sender}
        found.facts.update({key: value for key, value in told.items() if key not in found.facts})
    if found.facts.get("icmp_type") == 11 or (found.facts["family"] == "ipv6" and found.facts.get("icmp_type") == 3):
        found.facts["subtype"] = "ttl-exceeded"


def _asymmetric(scene: Scene, connection: Connection, found: Obstacle) -> None:
    for reply in scene.foreign_replies[connection.flow][:3]:
        found.evidence.append((reply.syn, f"SYN to {connection.server}:{connection.server_port}"))
        found.evidence.append((reply.reply, f"SYN-ACK for it from {reply.source}, TTL {reply.ttl}"))
        if reply.reset:
            found.evidence.append((reply.reset, f"the device resets {reply.source}, which it never asked"))
        found.facts.setdefault("reply_from", reply.source)
    count = found.facts.get("replies", 0)
    found.facts["replies"] = (count if isinstance(count, int) else 0) + len(scene.foreign_replies[connection.flow])


def _translated(scene: Scene, connection: Connection) -> list[Connection]:
    """The same connection behind the NAT, where the tap sees that side too."""
    copies = scene.nat_copies.get(connection.flow, ())
    frames = {c.copy.frame for c in copies}
    ends = {(c.copy_source, c.copy_destination) for c in copies}
    return [c for source, destination in sorted(ends) for c in scene.find(source, destination, None) if any(s.frame in frames for s in c.syns)]


def _stall(scene: Scene, connection: Connection, found: Obstacle) -> None:
    """A flight that the server sent by its numbers, or a router's word, proves the stall; without them it rests on absence."""
    found.evidence += _syn_notes(connection)[:1]
    found.evidence += [(_ref(connection, c), "SYN-ACK: the connection is open") for c in connection.synacks[:1]]
    spoke = connection.forward.first_data
    if spoke:
        found.evidence.append((Ref(connection.capture, *spoke), "first data of the device"))
    lost = connection.reverse.missing
    found.absence = found.absence or not (lost or any(seen.error.mtu is not None for seen in connection.icmp))
    if lost:
        found.facts["lost_bytes"] = lost
        found.because.append(f"the server's numbers jump by {lost} bytes that never came: a lost flight of full-size segments")
    for told in (connection, *_translated(scene, connection)):
        for seen in [s for s in told.icmp if s.error.mtu is not None]:
            found.evidence.append((Ref(told.capture, seen.frame, seen.time_ns), f"ICMP from {seen.sender}: packet too big, MTU {seen.error.mtu}"))
            found.facts["mtu"] = seen.error.mtu
    closes = [c for c in connection.fins + connection.resets if c.direction == FORWARD]
    found.evidence += [(_ref(connection, c), "the device gives up") for c in closes[:1]]
    found.facts["point"] = "after-handshake"
    found.facts["largest_segment"] = connection.reverse.max_segment


_EVIDENCE: Mapping[Kind, Callable[[Scene, Connection, Obstacle], None]] = {
    "no-reply": _no_reply,
    "reset": _reset,
    "unreachable": _icmp,
    "asymmetric": _asymmetric,
    "stalled": _stall,
}


BY_ICMP: Mapping[tuple[int, int], str] = {
    (3, 13): "A filter rule prohibits it: add a rule for {address}:{port} on {sender}.",
    (3, 10): "Policy prohibits the host: add a rule for {address}:{port} on {sender}.",
    (3, 9): "Policy prohibits the network: add a rule for {address}:{port} on {sender}.",
    (3, 0): "{sender} has no route there: add it, or correct the address in DNS.",
    (3, 1): "The host does not answer on its network: is it up, and is the address in DNS its own?",
    (3, 3): "Nothing listens there: start the service, or open its port.",
    (11, 0): "A routing loop: the packet goes round until its TTL ends. Mend the route.",
}
"""What to do, by type and code of IPv4 (RFC 792; RFC 1812, 5.2.7.1)."""
SAME_IN_V6: Mapping[tuple[int, int], tuple[int, int]] = {(1, 0): (3, 0), (1, 1): (3, 13), (1, 3): (3, 1), (1, 4): (3, 3), (3, 0): (11, 0)}
"""What ICMPv6 says (RFC 4443, 3) in the numbers of IPv4."""


def by_icmp(found: Obstacle, table: Mapping[tuple[int, int], str]) -> tuple[str, ...] | None:
    """The line of ``table`` for what was told, None where it has none."""
    kind, code = found.facts.get("icmp_type"), found.facts.get("icmp_code")
    if not isinstance(kind, int) or not isinstance(code, int):
        return None
    said = (kind, code) if found.facts["family"] == "ipv4" else SAME_IN_V6.get((kind, code))
    line = table.get(said) if said else None
    return (line.format(address=found.attempt.address, port=found.attempt.port, sender=found.facts.get("sender")),) if line else None


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
                return (_ref(other, answer), f"control: {other.server}:{other.server_port} answers the same device")
    return None


def step(confidence: Confidence, by: int) -> Confidence:
    """``by`` steps down (or up, negative), within the scale."""
    at = CONFIDENCES.index(confidence) + by
    return CONFIDENCES[max(0, min(at, len(CONFIDENCES) - 1))]


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
        yield _hit(scene, found, "critical", confidence, because, headline(found), unseen(found), remedy(found))


_SEEN: Mapping[Kind, str] = {
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
        severity: Severity = "critical" if found.attempt.role in DISCOVERY and not other_way(found) else "warning"
        if meant_closed(found.attempt, found.session):
            severity = "info"
        todo = remedy(found)
        if scene.is_inside(found.attempt.address or ""):
            todo = tuple(line for line in todo if "--public-ip" not in line)
        yield _hit(scene, found, severity, confidence, [_SEEN[kind], *found.because], headline(found), (), todo)


def other_way(found: Obstacle) -> bool:
    """The session reached what it wanted in spite of the obstacle: the same name over another address or port, or the session as a whole."""
    if found.session.outcome in ("succeeded", "degraded"):
        return True
    first = found.attempt
    return any(a.name == first.name and a.outcome == "ok" and (a.address, a.port) != (first.address, first.port) for a in found.session.attempts)


def _hit(
    scene: Scene,
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


def who(found: Obstacle) -> str:
    """The device by the best name it has."""
    device = found.session.device
    return device.hostname or device.mac or (device.addresses[0] if device.addresses else device.id)


def target(found: Obstacle) -> str:
    """``name (address:port)``, or the address alone."""
    server = found.attempt.server or "?"
    return f"{found.attempt.name} ({server})" if found.attempt.name else server

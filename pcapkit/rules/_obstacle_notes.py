"""The frames that show how a connection broke, and what they tell (docs/domain.md, 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pcapkit.flows.facts import FORWARD, Connection, Control
from pcapkit.model import Json
from pcapkit.rules._api import Note
from pcapkit.rules._obstacle import Kind, Obstacle
from pcapkit.sessions.outcomes import answering_reset, is_fatal
from pcapkit.sessions.scene import Ref, Scene

NS: Final = 10**9
FULL_TTLS: Final = (64, 128, 255)
"""TTLs that systems send with."""


def _syn_notes(connection: Connection) -> list[Note]:
    syns = connection.syns
    target = f"{connection.server}:{connection.server_port}"
    notes = [(Ref.of(connection, syns[0]), f"SYN to {target}")]
    notes += [(Ref.of(connection, s), f"the same SYN again, after {(s.time_ns - syns[0].time_ns) / NS:.1f} s") for s in syns[1:]]
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
    reset = answering_reset(connection)
    if reset is None:
        return
    asked = [s for s in connection.syns if s.time_ns <= reset.time_ns]
    found.evidence += _syn_notes(connection)[:1]
    found.evidence.append((Ref.of(connection, reset), f"RST answering the SYN, TTL {reset.ttl}"))
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
    for seen in [s for s in connection.icmp if s.direction == FORWARD and is_fatal(s.error)][:3]:
        what = seen.error.code_name or f"type {seen.error.icmp_type} code {seen.error.icmp_code}"
        found.evidence.append((Ref.of(connection, seen), f"ICMP from {seen.sender}: {what}"))
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
    found.evidence += [(Ref.of(connection, c), "SYN-ACK: the connection is open") for c in connection.synacks[:1]]
    spoke = connection.forward.first_data
    if spoke:
        found.evidence.append((Ref(connection.capture, *spoke), "first data of the device"))
    lost = connection.reverse.missing
    found.absence = found.absence or not (lost or any(seen.error.mtu is not None for seen in connection.icmp))
    if lost:
        found.facts["lost_bytes"] = lost
        found.because.append(f"the server's numbers jump by {lost} bytes that never came: a lost flight of full-size segments")
    told = [(c, seen) for c in (connection, *_translated(scene, connection)) for seen in c.icmp if seen.error.mtu is not None]
    for where, seen in told[:2]:  # routers say it of every packet
        found.evidence.append((Ref.of(where, seen), f"ICMP from {seen.sender}: packet too big, MTU {seen.error.mtu}"))
        found.facts["mtu"] = seen.error.mtu
    closes = [c for c in connection.fins + connection.resets if c.direction == FORWARD]
    found.evidence += [(Ref.of(connection, c), "the device gives up") for c in closes[:1]]
    found.facts["point"] = "after-handshake"
    found.facts["largest_segment"] = connection.reverse.max_segment


NOTES: Final[Mapping[Kind, Callable[[Scene, Connection, Obstacle], None]]] = {
    "no-reply": _no_reply,
    "reset": _reset,
    "unreachable": _icmp,
    "asymmetric": _asymmetric,
    "stalled": _stall,
}
"""What adds the evidence of one connection to an obstacle, by kind."""

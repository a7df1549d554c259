"""Capture honesty: what rests on absence is less sure where the capture lost packets, and is not said where it never saw them (docs/domain.md, 9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from pcapkit.flows.facts import Connection, Side
from pcapkit.model import CONFIDENCES, Confidence, NotJudged
from pcapkit.rules._api import Hit, Rule
from pcapkit.sessions.scene import Scene

ALL: Final = "*"


def honest(raw: Iterable[tuple[Rule, Hit]], scene: Scene) -> tuple[list[tuple[Rule, Hit]], list[NotJudged]]:
    """The hits that may be said, with the confidence that the capture allows; and the codes that it does not allow to judge."""
    kept: list[tuple[Rule, Hit]] = []
    unjudged: list[NotJudged] = []
    for rule, hit in raw:
        if not (hit.absence or rule.needs_both_ways):
            kept.append((rule, hit))
            continue
        device = hit.device or (hit.session.device.id if hit.session else None)
        if reason := one_way(scene, hit, device):
            unjudged.append(NotJudged(rule.code, (device,) if device else (), reason))
            continue
        doubts = losses(scene, hit) if hit.absence else ()
        kept.append((rule, weaken(hit, doubts) if doubts else hit))
    return kept, unjudged


def step(confidence: Confidence, by: int) -> Confidence:
    """``by`` steps down (or up, negative), within the scale."""
    at = CONFIDENCES.index(confidence) + by
    return CONFIDENCES[max(0, min(at, len(CONFIDENCES) - 1))]


def weaken(hit: Hit, doubts: tuple[str, ...]) -> Hit:
    return replace(hit, confidence=step(hit.confidence, 1), because=(*hit.because, *doubts))


def one_way(scene: Scene, hit: Hit, device: str | None) -> str | None:
    """Why the other direction cannot be judged, or None."""
    known = scene.health.one_way
    if ALL in known or (device is not None and device in known):
        return known.get(device or ALL) or known[ALL]
    connection = hit.attempt.connection if hit.attempt else None
    if connection and (half_seen(connection.forward, connection.reverse) or half_seen(connection.reverse, connection.forward)):
        return "only one direction of the conversation was captured"
    return None


def half_seen(seen: Side, other: Side) -> bool:
    """The side that was seen acknowledges data of the other, of which there is not one packet."""
    return seen.packets > 0 and other.packets == 0 and seen.last_ack > 0


def losses(scene: Scene, hit: Hit) -> tuple[str, ...]:
    """What of the capture's losses touches this hit, as reasons."""
    reasons: list[str] = []
    if hit.attempt and hit.attempt.connection:
        reasons += conversation_losses(hit.attempt.connection)
    health = scene.health
    if health.drops:
        reasons.append(f"less sure: the capture dropped {health.drops} packets")
    elif not reasons and health.conversations_with_gaps >= scene.thresholds.drops_min:
        reasons.append(f"less sure: packets are missing in {health.conversations_with_gaps} conversations of the capture")
    return tuple(reasons)


def conversation_losses(connection: Connection) -> list[str]:
    """Gaps and cuts of this very conversation."""
    missing = connection.forward.missing + connection.reverse.missing
    cut = connection.forward.cut + connection.reverse.cut
    reasons = [f"less sure: {missing} bytes of this conversation were never captured"] if missing else []
    if cut:
        reasons.append(f"less sure: {cut} segments of this conversation were cut by the snaplen")
    return reasons

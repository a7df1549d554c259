"""Connections that matter were already open when the capture began."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="capture-started-late",
    severity="info",
    title="The capture began in the middle",
    meaning="Connections of a session were already under way when they were first seen: the handshake, and with it name and certificate, may be missing.",
    recognised="Conversations of a session without SYN that data loss does not explain. A missing look-up alone proves nothing: answers are cached.",
    wireshark="tcp conversations without tcp.flags.syn.",
    display_filter="tcp && !tcp.flags.syn",
    remedy=("Start the capture, then have the user sign out and in again (or switch Wi-Fi off and on).",),
    how_sure="High.",
    facts={"count": "conversations concerned"},
    sources=("RFC 9293, 3.5",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """At most one hit."""
    late = scene.health.started_late
    if late:
        yield Hit(
            subject=("late",),
            severity="info",
            confidence="high",
            because=("no SYN in the capture",),
            headline=f"{len(late)} connection{'s' if len(late) > 1 else ''} of the sessions {'were' if len(late) > 1 else 'was'} under way when the capture began.",
            evidence=tuple((ref, "first packet seen of a connection under way") for ref in late[:6]),
            facts={"count": len(late)},
        )

"""The capture lost packets."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="capture-drops",
    severity="warning",
    title="The capture lost packets",
    meaning="Segments that were acknowledged are not in the capture, or the capturing program counted drops: findings that rest on absence are less certain.",
    recognised="Segments acknowledged but never seen in at least 2 conversations, judged at the end of each so that reordering is no loss; or drop counters in the file.",
    wireshark="tcp.analysis.lost_segment, tcp.analysis.ack_lost_segment.",
    display_filter="tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment",
    remedy=("Give the capture a bigger buffer (dumpcap -B 64), a capture filter, or a faster disk; check the mirror port for oversubscription.",),
    how_sure="High: acknowledgements or counters say so. (Full-size segments missing in one conversation only: think of hairpin-stalled first.)",
    facts={
        "conversations": "conversations with gaps",
        "bytes": "bytes never captured",
        "drops": "drops counted by the capturing program, null if it does not say",
    },
    sources=("pcapng: Interface Statistics Block",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """At most one hit."""
    health = scene.health
    gaps = health.conversations_with_gaps >= scene.thresholds.drops_min
    if not gaps and not health.drops:
        return
    parts = [f"{health.gaps:,} bytes are missing in {health.conversations_with_gaps} of {health.tcp_conversations} conversations"] if gaps else []
    if health.drops:
        parts.append(f"the capturing program dropped {health.drops:,} packets")
    yield Hit(
        subject=("drops",),
        severity="warning",
        confidence="high",
        because=("acknowledged data or drop counters say so",),
        headline="; ".join(parts).capitalize() + ".",
        evidence=tuple((ref, "data before this was acknowledged and never captured") for ref in health.examples[:6]),
        facts={"conversations": health.conversations_with_gaps, "bytes": health.gaps, "drops": health.drops},
    )

"""The mirror shows packets twice."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="capture-duplicates",
    severity="info",
    title="The capture shows packets twice",
    meaning="The same packet was captured more than once: mirrored on two ports, or seen before and after a router or NAT. The copies are counted and never taken for retransmissions.",
    recognised="Equal IP identification and sequence number within 5 ms, at least 10 times or 2 % of the frames. Equal TTL: a mirror's duplicate; one less: both sides of a router.",
    wireshark="tcp.analysis.retransmission with the same ip.id.",
    display_filter="tcp.analysis.retransmission",
    remedy=("Nothing must be done. Mirror one port, one direction each, to have smaller files (editcap -d removes exact duplicates).",),
    how_sure="High.",
    facts={"duplicates": "copies with equal TTL", "routed_copies": "copies one hop later", "nat_copies": "copies with translated addresses"},
    sources=("autodiscover.md 8.3, 13",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """At most one hit."""
    health, limits = scene.health, scene.thresholds
    total = health.duplicates + health.routed_copies + health.nat_copies
    if total < limits.duplicates_min and (total < 2 or total < limits.duplicates_share * health.packets):
        return
    yield Hit(
        subject=("duplicates",),
        severity="info",
        confidence="high",
        because=("IP identification and sequence numbers are equal",),
        headline=f"{total:,} frames are copies of others"
        + (f", {health.routed_copies:,} of them from the other side of a router" if health.routed_copies else "")
        + (f", {health.nat_copies:,} from the other side of a NAT" if health.nat_copies else "")
        + ".",
        evidence=tuple((ref, "the same packet again") for ref in health.duplicate_examples[:6]),
        facts={"duplicates": health.duplicates, "routed_copies": health.routed_copies, "nat_copies": health.nat_copies},
    )

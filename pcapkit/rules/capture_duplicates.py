"""The mirror shows packets twice."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.sessions.scene import CaptureHealth, Scene

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
    facts={"duplicates": "copies with equal TTL", "routed_copies": "copies one hop later", "nat_copies": "SYNs seen again with translated addresses"},
    sources=("RFC 6864, 4", "RFC 1812, 5.3.1"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """At most one hit."""
    health, limits = scene.health, scene.thresholds
    total = health.duplicates + health.routed_copies + health.nat_copies
    if total < limits.duplicates_min and (total < 2 or total < limits.duplicates_share * health.packets):
        return
    copies = sorted(copy.copy for found in scene.nat_copies.values() for copy in found)
    yield Hit(
        subject=("duplicates",),
        severity="info",
        confidence="high",
        because=("IP identification and sequence numbers are equal",),
        headline=_headline(health),
        evidence=(
            *((ref, "the same packet again") for ref in health.duplicate_examples[:6]),
            *((ref, "the same SYN again, translated") for ref in copies[:6]),
        ),
        facts={"duplicates": health.duplicates, "routed_copies": health.routed_copies, "nat_copies": health.nat_copies},
    )


def _headline(health: CaptureHealth) -> str:
    said = []
    if plain := health.duplicates + health.routed_copies:
        far = f", {health.routed_copies:,} of them from the other side of a router" if health.routed_copies else ""
        said.append(f"{plain:,} frames are copies of others{far}")
    if health.nat_copies:
        said.append(f"{health.nat_copies:,} SYN appear again with translated addresses: the capture shows both sides of a NAT")
    return "; ".join(said) + "."

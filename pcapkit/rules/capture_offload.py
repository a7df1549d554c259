"""The capture was taken on a host whose network card cuts and sums for it."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="capture-offload",
    severity="info",
    title="The capture shows offloaded segments",
    meaning="Segments are larger than the wire can carry: the capture was taken on one of the hosts, before its network card cut them (or after it joined them). "
    "Sizes and checksums there are not those on the wire.",
    recognised="TCP payload above the MSS that the receiver announced.",
    wireshark="tcp.len greater than the MSS option of the other side.",
    display_filter="tcp.len > 1460",
    remedy=("Nothing must be done. To see what the wire saw: ethtool -K DEV tso off gso off gro off tx off, or capture on the mirror port.",),
    how_sure="High.",
    facts={"count": "conversations with such segments"},
    sources=("RFC 9293, 3.7.1",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """At most one hit."""
    count = scene.health.offload
    if count:
        yield Hit(
            subject=("offload",),
            severity="info",
            confidence="high",
            because=("the receiver announced a smaller MSS",),
            headline="Segments are larger than their receiver allows: the capture was taken on a host that offloads segmentation.",
            evidence=tuple((ref, "larger than the MSS allows") for ref in scene.health.offload_examples[:6]),
            facts={"count": count},
        )

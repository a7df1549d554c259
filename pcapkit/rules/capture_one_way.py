"""The capture shows one direction only."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="capture-one-way",
    severity="warning",
    title="The capture shows one direction only",
    meaning="The mirror port copies only what the devices send, or only what they receive. Nothing that rests on a missing answer can be judged.",
    recognised="At least 80 % of the TCP conversations (3 or more) of the capture or of one device show one direction only, and its acknowledgement numbers advance over data that was never seen.",
    wireshark="tcp.analysis.ack_lost_segment on nearly every packet.",
    display_filter="tcp.analysis.ack_lost_segment",
    remedy=("Mirror both directions (Cisco: monitor session … both; most access points: both directions of the wired uplink).",),
    how_sure="High: the acknowledgements prove that the other direction existed.",
    facts={"devices": "devices concerned, * for all", "reason": "sentence for each"},
    sources=("RFC 9293, 3.4",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """At most one hit."""
    one_way = scene.health.one_way
    if not one_way:
        return
    all_of_it = "*" in one_way
    notes: list[Note] = [(ref, "acknowledges data that is not in the capture") for ref in scene.health.one_way_examples[:6]]
    yield Hit(
        subject=("one-way",),
        severity="warning",
        confidence="high",
        because=("acknowledgements advance over data that was never seen",),
        headline=(one_way["*"] if all_of_it else "One direction only for " + ", ".join(sorted(one_way))) + ".",
        evidence=tuple(notes),
        facts={"devices": [*sorted(one_way)], "reason": {k: one_way[k] for k in sorted(one_way)}},
    )

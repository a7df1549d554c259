"""The capture cut packets that matter."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="capture-snaplen",
    severity="warning",
    title="The capture cut packets short",
    meaning="Packets that carry certificates, HTTP or DNS were stored only in part: what they said cannot be read.",
    recognised="Captured length below the length on the wire on relevant packets (TLS handshake, HTTP, DNS).",
    wireshark="frame.cap_len < frame.len.",
    display_filter="frame.cap_len < frame.len",
    remedy=("Capture whole packets: tcpdump -s 0, dumpcap -s 0.",),
    how_sure="High: both lengths stand in the file.",
    facts={"count": "relevant packets that were cut", "snaplen": "largest captured length, if the file tells it"},
    sources=("pcapng: Enhanced Packet Block",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """At most one hit."""
    cut = scene.health.cut_frames
    if cut:
        yield Hit(
            subject=("snaplen",),
            severity="warning",
            confidence="high",
            because=("both lengths stand in the file",),
            headline=f"{len(cut)} packets that matter were stored only in part"
            + (f" (snaplen {scene.health.snaplen})." if scene.health.snaplen else "."),
            evidence=tuple((ref, "cut short by the capture") for ref in cut[:6]),
            facts={"count": len(cut), "snaplen": scene.health.snaplen},
        )

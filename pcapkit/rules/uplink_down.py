"""Nothing outside answers anybody: not an autodiscover fault."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.flows.facts import Connection
from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.sessions.scene import Ref, Scene

RULE = Rule(
    code="uplink-down",
    severity="warning",
    title="Nothing outside answers",
    meaning="Several public addresses were asked and none answered anybody: the uplink or the firewall as a whole is down. What looks like a hairpin fault is not one.",
    recognised="At least 3 public addresses were sent a SYN within 60 s, and no public address answered any device at that time.",
    wireshark="Only SYNs towards public addresses.",
    display_filter="tcp.flags.syn == 1",
    remedy=("Mend the uplink first, then capture again: this is not an autodiscover fault.",),
    how_sure="High where the capture shows both directions of other traffic; not said where it shows one direction only.",
    facts={"addresses": "public addresses asked in vain", "count": "how many"},
    sources=("autodiscover.md 8.4, 13",),
    needs_both_ways=True,
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """At most one hit."""
    outward = sorted(_outward(scene), key=lambda c: c.first_time_ns)
    answered = [c for c in outward if c.established or c.resets]
    silent = [c for c in outward if not c.established and not c.resets and c.syns]
    window = int(scene.thresholds.uplink_window_s * 1e9)
    for start in silent:
        near = [c for c in silent if 0 <= c.first_time_ns - start.first_time_ns <= window]
        servers = sorted({c.server for c in near})
        if len(servers) < scene.thresholds.uplink_min:
            continue
        if any(abs(c.first_time_ns - start.first_time_ns) <= window or c.first_time_ns <= start.first_time_ns <= c.last_time_ns for c in answered):
            continue
        yield _hit(near, servers)
        return


def _outward(scene: Scene) -> Iterator[Connection]:
    for device in scene.devices:
        for address in device.addresses:
            yield from (c for c in scene.find(address, None, None) if c.transport == "tcp" and not scene.is_inside(c.server))


def _hit(near: list[Connection], servers: list[str]) -> Hit:
    firsts = {c.server: c for c in reversed(near)}
    evidence: list[Note] = [
        (Ref(c.capture, c.syns[0].frame, c.syns[0].time_ns), f"SYN to {c.server}:{c.server_port}, no answer")
        for c in sorted(firsts.values(), key=lambda c: c.first_time_ns)
    ]
    return Hit(
        subject=("uplink",),
        severity="warning",
        confidence="high",
        because=(f"{len(servers)} public addresses asked within a minute, none answered anybody",),
        headline=f"{len(servers)} public addresses were asked and none answered.",
        evidence=tuple(evidence[:20]),
        facts={"addresses": list(servers[:50]), "count": len(servers)},
        absence=True,
    )

"""Nothing outside answers anybody: not an autodiscover fault."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.flows.facts import Connection
from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.sessions.scene import Ref, Scene

NS = 10**9

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
    sources=("RFC 6298",),
    needs_both_ways=True,
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """At most one hit."""
    ours = {address for device in scene.devices for address in device.addresses}
    silent = sorted((c for c in scene.unanswered() if c.client in ours and not scene.is_inside(c.server)), key=lambda c: c.first_time_ns)
    window = int(scene.thresholds.uplink_window_s * NS)
    answered = _Answered(scene, ours)
    start = 0
    for end, last in enumerate(silent):
        while last.first_time_ns - silent[start].first_time_ns > window:
            start += 1
        near = silent[start : end + 1]
        if len({c.server for c in near}) < scene.thresholds.uplink_min:
            continue
        if not answered.between(near[0].first_time_ns - window, last.first_time_ns + window):
            outage = [c for c in silent[start:] if c.first_time_ns - near[0].first_time_ns <= window]
            yield _hit(outage, sorted({c.server for c in outage}))
            return


class _Answered:
    """Conversations with the outside that got an answer, looked at only as far as it takes to find one."""

    def __init__(self, scene: Scene, ours: set[str]) -> None:
        self._seen: list[Connection] = []
        self._more = (
            c for address in sorted(ours) for c in scene.find(address, None, None) if (c.established or c.resets) and not scene.is_inside(c.server)
        )

    def between(self, start_ns: int, end_ns: int) -> bool:
        """One of them lasted into this time."""
        if any(c.first_time_ns <= end_ns and c.last_time_ns >= start_ns for c in self._seen):
            return True
        for connection in self._more:
            self._seen.append(connection)
            if connection.first_time_ns <= end_ns and connection.last_time_ns >= start_ns:
                return True
        return False


def _hit(near: list[Connection], servers: list[str]) -> Hit:
    firsts = {c.server: c for c in reversed(near)}
    evidence: list[Note] = [
        (Ref.of(c, c.syns[0]), f"SYN to {c.server}:{c.server_port}, no answer") for c in sorted(firsts.values(), key=lambda c: c.first_time_ns)
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

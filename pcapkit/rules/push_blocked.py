"""Apple's push service cannot be reached, while the web can."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Ref, Scene

RULE = Rule(
    code="push-blocked",
    severity="info",
    title="Push notifications are blocked",
    meaning="TCP 5223 to Apple's push service gets no answer, while port 443 works: iPhones on this Wi-Fi are not woken for calls and messages.",
    recognised="At least 2 SYN to port 5223 of a public address without answer from inside, and another public address answers on 443.",
    wireshark="tcp.dstport == 5223 with SYN retransmissions.",
    display_filter="tcp.port == 5223",
    remedy=("Open TCP 5223 outbound to 17.0.0.0/8 (and 443 to the same, which newer systems fall back to).",),
    how_sure="Medium: rests on absence.",
    facts={"address": "address asked", "syn": "SYNs sent"},
    sources=("Technical requirements for mobility in Lync Server 2013",),
    needs_both_ways=True,
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each device that has a session."""
    for session in {s.device.id: s for s in reversed(scene.sessions)}.values():
        device = session.device
        tried = [c for a in device.addresses for c in scene.find(a, None, 5223) if not scene.is_inside(c.server) and c.transport == "tcp"]
        silent = [c for c in tried if len(c.syns) >= scene.thresholds.syn_min and not c.established and not c.resets and not c.icmp]
        if not device.inside or not silent or any(c.established for c in tried):
            continue
        works = next((c for a in device.addresses for c in scene.find(a, None, 443) if c.synacks and not scene.is_inside(c.server)), None)
        if works is None:
            continue
        servers = list(dict.fromkeys(c.server for c in silent))
        evidence: list[Note] = [(Ref.of(c, s), f"SYN to {c.server}:5223, no answer") for c in silent[:3] for s in c.syns[:2]]
        evidence.append((Ref.of(works, works.synacks[0]), f"{works.server}:443 answers"))
        yield Hit(
            subject=(5223,),
            severity="info",
            confidence="medium",
            because=("port 443 works for the same device",),
            headline=f"{who(device)} got no answer on TCP 5223 (Apple push) from {', '.join(servers[:4])}.",
            evidence=tuple(evidence),
            facts={"address": silent[0].server, "syn": sum(len(c.syns) for c in silent)},
            device=device.id,
            session=session,
            absence=True,
        )

"""The U-turn to our own public address gets no answer."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._obstacle import Obstacle
from pcapkit.rules._reach import hairpin_hits, target
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

_ALLOW = (
    "On the firewall allow inside → {address}:{port} and translate both ways: destination NAT to the reverse proxy, plus source NAT (hairpin NAT, NAT loopback, U-turn NAT).",
    "Turn off anti-spoofing for the proxy's networks, or except them: TMG logs 0xC0040014 FWX_E_FWE_SPOOFING_PACKET_DROPPED.",
    "Or move the U-turn to a reverse proxy of its own, so that the firewall keeps its anti-spoofing.",
    "Until then: answer the name in *internal* DNS with the proxy's inside address, TTL ≤ 60 (roaming will hiccup: see explain hairpin-bypassed).",
)
_AFTER = (
    "The NAT works: look at the proxy. Its route back to the translated source, and its anti-spoofing or reverse-path filter, drop the SYN.",
    "Capture on the proxy's outside interface: does the SYN arrive, and where does the SYN-ACK go?",
)

RULE = Rule(
    code="hairpin-no-reply",
    severity="critical",
    title="The own public address does not answer from inside",
    meaning="The device was sent to the company's own public address and its SYNs vanish: the firewall does not turn the traffic round.",
    recognised="At least 2 SYN with one ISN (or 1 SYN and 3 s more of capture) from an inside device to a public address that is shown to be our own "
    "(evidence H1-H6), without SYN-ACK, RST or ICMP. A translated copy of the SYN in the capture says that the NAT works and the far side drops it.",
    wireshark="The same SYN again and again (tcp.analysis.retransmission) and nothing back. Wireshark's expert list has no entry for an unanswered SYN.",
    display_filter="tcp.flags.syn == 1 && tcp.flags.ack == 0 && tcp.analysis.retransmission",
    remedy=_ALLOW,
    how_sure="High when the address is configured (--public-ip), replies from inside or a close hop distance prove it; medium when only DNS or an autodiscover answer "
    "names it; one step up when the same device reaches other public hosts, one down with a single SYN or a capture with gaps.",
    facts={
        "address": "public address asked",
        "port": "TCP port",
        "name": "name that led there",
        "syn": "SYNs sent",
        "attempts": "connections tried",
        "family": "ipv4 or ipv6",
        "point": "before-nat, after-nat (a translated copy was seen) or unknown",
        "ours": "which of H1-H6 show that the address is our own",
    },
    sources=("RFC 5382, REQ-8", "Plan for Mobility for Skype for Business Server"),
    needs_both_ways=True,
)


def _headline(found: Obstacle) -> str:
    syn = found.facts["syn"]
    text = f"{who(found.session.device)} opened {target(found)} from inside; {syn} SYN, no answer."
    if found.facts.get("point") == "after-nat":
        return text + " The SYN was translated and sent on: the proxy, or its route back, drops it."
    return text + " That address is yours: the firewall does not turn the traffic round."


def _remedy(found: Obstacle) -> tuple[str, ...]:
    if found.facts.get("point") == "after-nat":
        return _AFTER
    return tuple(line.format(address=found.attempt.address, port=found.attempt.port) for line in _ALLOW)


def _unseen(found: Obstacle) -> tuple[str, ...]:
    return () if found.facts.get("point") == "after-nat" else ("the far side of the NAT: capture there to tell rule from route",)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and address."""
    return hairpin_hits(scene, "no-reply", _headline, unseen=_unseen, remedy=_remedy)

"""The U-turn's answer comes from another address than the one asked."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._obstacle import Obstacle
from pcapkit.rules._reach import hairpin_hits, target
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="hairpin-asymmetric-reply",
    severity="critical",
    title="The own public address answers from another address",
    meaning="The firewall translates the destination but not the source, so the proxy answers the device straight: from its private address, which the device "
    "never asked. The device resets it, and asks again.",
    recognised="A SYN-ACK reaches the port of the SYN with ack = ISN+1 from another address than the one asked; usually the device's RST to that address follows.",
    wireshark="Three packets that repeat: SYN to the public address, SYN-ACK from a private one with the same port and ack, RST without ACK from the device. "
    "Wireshark shows two conversations.",
    display_filter="tcp.flags.syn == 1 || tcp.flags.reset == 1",
    remedy=(
        "Add source NAT (masquerade) for inside → {address}, so that the answer passes the firewall again.",
        "Or put the proxy into another segment, so that its answer must pass the NAT.",
        "Or answer the name in *internal* DNS with {reply}, TTL ≤ 60 (split DNS; see explain hairpin-bypassed).",
    ),
    how_sure="High: the acknowledgement number names the SYN that it answers, and the address that answered is our own by that.",
    facts={
        "address": "public address asked",
        "port": "TCP port",
        "reply_from": "address that answered",
        "replies": "SYN-ACKs from there",
        "syn": "SYNs sent",
        "ours": "which of H1-H6 show that the address is our own",
    },
    sources=("RFC 5382, REQ-8", "RFC 4787, REQ-9"),
)


def _headline(found: Obstacle) -> str:
    return (
        f"{who(found.session.device)} opened {target(found)} from inside; the answer came from {found.facts.get('reply_from')} instead and was refused. "
        "The firewall translates the destination but not the source."
    )


def _remedy(found: Obstacle) -> tuple[str, ...]:
    return tuple(line.format(address=found.attempt.address, reply=found.facts.get("reply_from")) for line in RULE.remedy)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and address."""
    return hairpin_hits(scene, "asymmetric", _headline, remedy=_remedy)

"""The U-turn to our own public address is refused with a RST."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._obstacle import Obstacle
from pcapkit.rules._reach import hairpin_hits, target
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="hairpin-reset",
    severity="critical",
    title="The own public address refuses connections from inside",
    meaning="The device was sent to the company's own public address, and a RST comes back: no publishing rule or listener takes the connection from inside, "
    "or the address ends on the firewall itself.",
    recognised="A RST with ack = ISN+1 answers the SYN of an inside device to a public address shown to be our own (H1-H6).",
    wireshark="SYN, then RST, ACK at once. Compare ip.ttl of the RST with that of data from the same address: a full 64, 128 or 255 is the gateway's own.",
    display_filter="tcp.flags.reset == 1 && tcp.flags.ack == 1 && tcp.seq_raw == 0",
    remedy=(
        "Let the publishing rule and its listener accept the connection from the inside network too (TMG: add Internal to the rule's From tab).",
        "Check that the destination NAT also applies to packets that arrive on the inside interface, and not only on the outside one.",
        "If the address ends on the firewall itself: bind no other service to it, and translate it to the proxy.",
    ),
    how_sure="As for hairpin-no-reply. Whether the gateway or the proxy sent the RST is told from its delay and TTL (facts.gateway_answered).",
    facts={
        "address": "public address asked",
        "port": "TCP port",
        "name": "name that led there",
        "syn": "SYNs sent",
        "rst_ms": "ms from SYN to RST",
        "rst_ttl": "TTL of the RST",
        "gateway_answered": "true if delay or TTL mark a box in between",
        "ours": "which of H1-H6 show that the address is our own",
    },
    sources=("RFC 9293, 3.10.7.1",),
)


def _headline(found: Obstacle) -> str:
    by = " The RST came from the gateway itself, not from the server." if found.facts.get("gateway_answered") else ""
    return f"{who(found.session.device)} opened {target(found)} from inside and was refused with a RST.{by}"


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and address."""
    return hairpin_hits(scene, "reset", _headline)

"""A server that is not shown to be behind our own public address refuses the connection."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._obstacle import Kind, Obstacle
from pcapkit.rules._reach import service_hits, target
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="service-reset",
    severity="critical",
    title="The server refuses the connection",
    meaning="A RST answers the device's SYN: nothing listens on that port, or a filter rejects it.",
    recognised="A RST with ack = ISN+1 answers the SYN. (A SYN-ACK from another address than the one asked, where nothing shows a hairpin, counts as well.)",
    wireshark="SYN, then RST, ACK.",
    display_filter="tcp.flags.reset == 1 && tcp.flags.ack == 1",
    remedy=(
        "Start the service, or open its port on the server and the firewall in front of it.",
        "If it is closed on purpose (port 443 with discovery on 80 only): publish https as well; phones prefer it.",
        "If the address is your own public one, pass --public-ip to have it judged as hairpin.",
    ),
    how_sure="High: the refusal itself is in the capture.",
    facts={
        "address": "address asked",
        "port": "TCP port",
        "name": "name that led there",
        "syn": "SYNs sent",
        "rst_ms": "ms from SYN to RST",
        "rst_ttl": "TTL of the RST",
        "gateway_answered": "true if delay or TTL mark a box in between",
    },
    sources=("RFC 9293, 3.10.7.1",),
)


KINDS: Final[tuple[Kind, ...]] = ("reset", "asymmetric")


def _headline(found: Obstacle) -> str:
    if found.kind == "asymmetric":
        return f"{who(found.session.device)} opened {target(found)}; the answer came from {found.facts.get('reply_from')} and was refused."
    return f"{who(found.session.device)} opened {target(found)} and was refused with a RST."


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and address."""
    return chain.from_iterable(service_hits(scene, kind, _headline, lambda _: RULE.remedy) for kind in KINDS)

"""A router says by ICMP that a server cannot be reached."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._icmp import BY_ICMP, by_icmp
from pcapkit.rules._obstacle import Obstacle
from pcapkit.rules._reach import service_hits, target
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="service-unreachable",
    severity="critical",
    title="The server is unreachable",
    meaning="A router or firewall answers the device's SYN by ICMP: it will not or cannot deliver.",
    recognised="ICMP destination unreachable or time exceeded quotes the SYN.",
    wireshark="icmp.type 3 or 11 with the SYN quoted inside.",
    display_filter="(icmp.type == 3 || icmp.type == 11 || icmpv6.type == 1 || icmpv6.type == 3) && tcp",
    remedy=(
        "Code 13, 10 or 9: policy on the box that complains. Code 0 or 1: routing or a dead host. Code 3: no listener. Type 11: a routing loop.",
    ),
    how_sure="High: the box that refuses says so itself.",
    facts={
        "address": "address asked",
        "port": "TCP port",
        "icmp": "type and code in words",
        "icmp_type": "ICMP type",
        "icmp_code": "ICMP code",
        "sender": "box that sent it",
        "subtype": "ttl-exceeded for a loop",
    },
    sources=("RFC 792", "RFC 4443, 3.1"),
)


def _headline(found: Obstacle) -> str:
    return f"{who(found.session.device)} opened {target(found)}; {found.facts.get('sender')} answered by ICMP: {found.facts.get('icmp')}."


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and address."""
    return service_hits(scene, "unreachable", _headline, lambda found: by_icmp(found, BY_ICMP) or RULE.remedy)

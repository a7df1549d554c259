"""The U-turn to our own public address is answered with an ICMP error."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._icmp import by_icmp
from pcapkit.rules._obstacle import Obstacle
from pcapkit.rules._reach import hairpin_hits, target
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

_BY_CODE = {
    (3, 13): "A filter rule prohibits it (code 13): add a rule inside → {address}:{port}.",
    (3, 10): "Policy prohibits the host (code 10): add a rule inside → {address}:{port}.",
    (3, 9): "Policy prohibits the network (code 9): add a rule inside → {address}:{port}.",
    (3, 0): "{sender} has no route to its own public range (code 0): add the destination NAT, or the route.",
    (3, 1): "The host does not answer on its network (code 1): check the NAT's target and the proxy's address.",
    (3, 3): "Nothing listens there (code 3): check the NAT's target port and the proxy's listener.",
    (11, 0): "A routing loop: the packet goes round until its TTL ends. Fix the route of the public range, or translate it on the first gateway.",
}

RULE = Rule(
    code="hairpin-unreachable",
    severity="critical",
    title="The own public address is unreachable from inside",
    meaning="The device was sent to the company's own public address, and a router or firewall says by ICMP that it will not or cannot deliver.",
    recognised="ICMP destination unreachable or time exceeded quotes the SYN of an inside device to a public address shown to be our own (H1-H6).",
    wireshark="icmp.type 3 or 11; the quoted packet inside is the SYN (same ports and sequence number).",
    display_filter="(icmp.type == 3 || icmp.type == 11 || icmpv6.type == 1 || icmpv6.type == 3) && tcp",
    remedy=(
        "Code 13, 10 or 9: policy. Allow inside → the public address on the box that complains.",
        "Code 0 or 1: routing. Give that box a route or a destination NAT for the public range.",
        "Code 3: no listener. TTL exceeded: a routing loop.",
    ),
    how_sure="High: the box that refuses says so itself. That the address is our own is as sure as its evidence (H1-H6).",
    facts={
        "address": "public address asked",
        "port": "TCP port",
        "icmp_type": "ICMP type",
        "icmp_code": "ICMP code",
        "icmp": "type and code in words",
        "sender": "box that sent it",
        "subtype": "ttl-exceeded for a loop",
        "ours": "which of H1-H6 show that the address is our own",
    },
    sources=("RFC 792", "RFC 1812, 5.2.7.1", "RFC 4443, 3.1"),
)


def _headline(found: Obstacle) -> str:
    return f"{who(found.session.device)} opened {target(found)} from inside; {found.facts.get('sender')} answered by ICMP: {found.facts.get('icmp')}."


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and address."""
    return hairpin_hits(scene, "unreachable", _headline, remedy=lambda found: by_icmp(found, _BY_CODE))

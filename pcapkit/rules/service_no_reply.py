"""A server that is not shown to be behind our own public address does not answer."""

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
    code="service-no-reply",
    severity="critical",
    title="The server does not answer",
    meaning="The device's SYNs to a server of its sign-in get no answer (or the connection opens and no data ever comes): the server or the path to it is down. "
    "Nothing shows that the address is the company's own public one, so this is not called a hairpin.",
    recognised="At least 2 SYN with one ISN (or 1 SYN and 3 s more of capture) without SYN-ACK, RST or ICMP; or an open connection without server data for 3 s (point=after-handshake).",
    wireshark="tcp.analysis.retransmission on the SYN and nothing back.",
    display_filter="tcp.flags.syn == 1 && tcp.flags.ack == 0 && tcp.analysis.retransmission",
    remedy=(
        "Check that the server runs and that the path (routing, firewall rules) leads there.",
        "If the address is your own public one, pass --public-ip to have it judged as hairpin.",
    ),
    how_sure="High with repeated SYNs in a capture that shows both directions; medium with a single one; one step less with gaps.",
    facts={
        "address": "address asked",
        "port": "TCP port",
        "name": "name that led there",
        "syn": "SYNs sent",
        "attempts": "connections tried",
        "family": "ipv4 or ipv6",
        "point": "after-nat, after-handshake or unknown",
    },
    sources=("RFC 6298",),
    needs_both_ways=True,
)


KINDS: Final[tuple[Kind, ...]] = ("no-reply", "stalled")


def _headline(found: Obstacle) -> str:
    if found.kind == "stalled":
        return f"{who(found.session.device)} connected to {target(found)} and sent its first message; no data came back."
    return f"{who(found.session.device)} opened {target(found)}; {found.facts['syn']} SYN, no answer."


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and address; a stall is no reply after the handshake."""
    return chain.from_iterable(service_hits(scene, kind, _headline, lambda _: RULE.remedy) for kind in KINDS)

"""The U-turn opens, and then nothing large comes through."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._obstacle import Obstacle
from pcapkit.rules._reach import hairpin_hits, target
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="hairpin-stalled",
    severity="critical",
    title="The connection to the own public address opens and then stalls",
    meaning="Small packets make the U-turn, large ones do not: an MTU black hole, or a box that inspects TLS and keeps the server's answer.",
    recognised="TCP to a public address shown to be our own is established, the device sent its ClientHello, and for 3 s or until it gave up no payload of the server arrived. "
    "A jump in the server's sequence numbers the size of the lost flight is the best proof.",
    wireshark="After the ClientHello only ACKs; later 'TCP Previous segment not captured' from the server; perhaps ICMP 3/4 (fragmentation needed).",
    display_filter="tcp.analysis.lost_segment || (icmp.type == 3 && icmp.code == 4) || icmpv6.type == 2",
    remedy=(
        "Clamp the MSS or mend the MTU on the path of the U-turn (tunnels, PPPoE, VLAN stacking).",
        "Let ICMP 'fragmentation needed' (type 3 code 4) and ICMPv6 'packet too big' pass.",
        "Check TLS inspection on the firewall: except the public address of the proxy.",
    ),
    how_sure="Rests on absence: medium to high with the sequence jump or ICMP 3/4 in the capture, one step less where the capture itself has gaps.",
    facts={
        "address": "public address asked",
        "port": "TCP port",
        "lost_bytes": "bytes that the server sent by its numbers and that never came",
        "largest_segment": "largest segment seen from the address",
        "mtu": "MTU told by ICMP",
        "point": "after-handshake",
        "ours": "which of H1-H6 show that the address is our own",
    },
    sources=("RFC 1191", "RFC 2923, 2.1", "RFC 8201"),
    needs_both_ways=True,
)


def _headline(found: Obstacle) -> str:
    return f"{who(found.session.device)} connected to {target(found)} from inside and sent its first message; no data came back until it gave up."


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and address."""
    return hairpin_hits(scene, "stalled", _headline)

"""The server signed its certificate itself."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._chains import FACTS, by_reaction, chain_hits
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="untrusted-self-signed",
    severity="critical",
    title="The server's certificate signed itself",
    meaning="The certificate is nobody's but its own: the default one of a fresh server, firewall or load balancer. No phone trusts it.",
    recognised="Issuer and subject of the leaf are equal, its signature verifies with its own key, and no store nor --trust holds it. Critical if a device "
    "refused it and had no other way, warning if devices fell back or what they did cannot be seen, info if every device sent data.",
    wireshark="A Certificate message with one certificate whose issuer and subject are the same, then the client's alert or FIN.",
    display_filter="tls.handshake.type == 11 || tls.alert_message.level == 2",
    remedy=(
        "Replace it by a certificate of a public CA that lists every name phones ask for.",
        "Look at the listener: a self-signed one is often the default of a virtual server that was never bound to the right certificate.",
    ),
    how_sure="High when the certificate can be read (TLS 1.2 and before, or with keys); medium when it was read in another connection to the same server.",
    facts=dict(FACTS),
    sources=("RFC 5280, 3.2",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, server and name."""
    return chain_hits(scene, RULE.code, by_reaction)

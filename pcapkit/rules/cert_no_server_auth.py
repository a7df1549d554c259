"""The certificate is not meant for servers."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._chains import FACTS, always, chain_hits
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="cert-no-server-auth",
    severity="warning",
    title="The certificate is not meant for servers",
    meaning="The certificate's extended key usage leaves out server authentication, or says nothing although it was issued after 1 July 2019: "
    "it came from a template for users, computers or code. iOS 13 and later refuse it.",
    recognised="The extended key usage is there without serverAuth, or is absent from a certificate issued after 2019-07-01.",
    wireshark="extKeyUsage among the extensions of the first certificate in the Certificate message.",
    display_filter="tls.handshake.type == 11",
    remedy=("Reissue it from a Web Server template: the extended key usage must hold server authentication (1.3.6.1.5.5.7.3.1).",),
    how_sure="High when the chain can be read (TLS 1.2 and before, or with keys). Whether a device minds depends on its age: see facts.platforms.",
    facts=dict(FACTS),
    sources=("support.apple.com 103769", "RFC 5280, 4.2.1.12"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, server and name."""
    return chain_hits(scene, RULE.code, always(RULE.severity))

"""The certificate has a common name only."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._chains import FACTS, always, chain_hits
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="cert-no-san",
    severity="warning",
    title="The certificate has no subject alternative name",
    meaning="The certificate names its server in the common name alone, as was usual long ago. iOS 13 and later and current browsers do not look there.",
    recognised="The certificate has no subjectAltName extension.",
    wireshark="No subjectAltName among the extensions of the first certificate in the Certificate message.",
    display_filter="tls.handshake.type == 11",
    remedy=("Reissue it with every name as a subject alternative name, the common name among them.",),
    how_sure="High when the chain can be read (TLS 1.2 and before, or with keys). Whether a device minds depends on its age: see facts.platforms.",
    facts=dict(FACTS),
    sources=("support.apple.com 103769", "RFC 9525, 6.3"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, server and name."""
    return chain_hits(scene, RULE.code, always(RULE.severity))

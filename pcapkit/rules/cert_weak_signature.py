"""A certificate of the chain is signed with a broken hash."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._chains import FACTS, chain_hits, critical_if_refused
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="cert-weak-signature",
    severity="warning",
    title="A certificate is signed with SHA-1 or MD5",
    meaning="Such signatures can be forged, and current devices refuse them: an issuing CA of Windows Server 2008 days still signs so by default.",
    recognised="A certificate of the path other than the root is signed with SHA-1, MD5 or older. The signature itself was verified. Critical if a device refused "
    "the chain and no graver fault explains it.",
    wireshark="The signature algorithm of each certificate in the Certificate message.",
    display_filter="tls.handshake.type == 11",
    remedy=(
        "Reissue it with SHA-256.",
        "Move the issuing CA off SHA-1 (its CNGHashAlgorithm becomes SHA256, by certutil -setreg), then renew its certificate.",
    ),
    how_sure="High when the chain can be read (TLS 1.2 and before, or with keys). Whether a device minds depends on its age: see facts.platforms.",
    facts=dict(FACTS),
    sources=("support.apple.com 103769",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, server and name."""
    return chain_hits(scene, RULE.code, critical_if_refused)

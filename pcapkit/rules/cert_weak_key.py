"""A key of the chain is too short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pcapkit.model import Severity
from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._chains import FACTS, Meeting, chain_hits, critical_if_refused
from pcapkit.sessions.scene import Scene
from pcapkit.trust.verdict import Fault

BROKEN_BITS: Final = 1024
"""RSA keys below this can be factored."""

RULE = Rule(
    code="cert-weak-key",
    severity="warning",
    title="A key of the certificate chain is too short",
    meaning="The key of the server or of its issuing CA is shorter than current devices accept.",
    recognised="RSA below 2048 bits, an elliptic curve below 256, or DSA, in the server's certificate, its issuer's or an intermediate's. Critical below RSA 1024, "
    "or if a device refused the chain and no graver fault explains it.",
    wireshark="The subjectPublicKeyInfo of each certificate in the Certificate message.",
    display_filter="tls.handshake.type == 11",
    remedy=(
        "Make a new key of RSA 2048 or longer (or P-256) and reissue the certificate.",
        "The same rule holds for issuing CAs: renew theirs with a new key.",
    ),
    how_sure="High when the chain can be read (TLS 1.2 and before, or with keys). Whether a device minds depends on its age: see facts.platforms.",
    facts=dict(FACTS),
    sources=("support.apple.com 103769",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, server and name."""
    return chain_hits(scene, RULE.code, _grade)


def _grade(meeting: Meeting, fault: Fault) -> Severity:
    cert = meeting.at_fault(fault)
    if cert.key_type == "RSA" and (cert.key_bits or 0) < BROKEN_BITS:
        return "critical"
    return critical_if_refused(meeting, fault)

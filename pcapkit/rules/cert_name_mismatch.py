"""The certificate does not carry the name that was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.model import Severity
from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._chains import FACTS, Meeting, chain_hits
from pcapkit.sessions.scene import Scene
from pcapkit.trust.verdict import Fault

RULE = Rule(
    code="cert-name-mismatch",
    severity="critical",
    title="The certificate does not carry the name that was asked for",
    meaning="The server answers for a name that its certificate does not list: a discovery name of one more SIP or mail domain, a name that a CNAME led "
    "elsewhere, or the wrong virtual server answered.",
    recognised="No dNSName of the certificate covers the name in the ClientHello (without one: the name whose look-up gave the address). A wildcard stands "
    "for exactly one label; the common name does not count. At Exchange's first step (the bare mail domain) it is info when a later step works, else a warning.",
    wireshark="The server name in the ClientHello, and the subjectAltName inside the Certificate message.",
    display_filter="tls.handshake.extensions_server_name || tls.handshake.type == 11",
    remedy=(
        "Add the name to the certificate: lyncdiscover and lyncdiscoverinternal (or autodiscover) of every SIP and mail domain.",
        "Mind that a wildcard covers one label only: *.contoso.com does not cover a.b.contoso.com.",
        "If the wrong certificate came: check the binding by name (SNI) on the listener, and where the DNS name points.",
    ),
    how_sure="High when the chain can be read (TLS 1.2 and before, or with keys); medium when it was read in another connection to the same server.",
    facts=dict(FACTS),
    sources=("RFC 9525, 6.3",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, server and name."""
    return chain_hits(scene, RULE.code, _grade)


def _grade(meeting: Meeting, fault: Fault) -> Severity:
    if meeting.first.role != "exch-root":
        return "critical"
    return "info" if meeting.other_way else "warning"

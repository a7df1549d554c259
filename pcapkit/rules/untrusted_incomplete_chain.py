"""An intermediate certificate was not sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._chains import FACTS, chain_hit, critical_if_refused, headline, meetings
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="untrusted-incomplete-chain",
    severity="warning",
    title="The server does not send the whole chain",
    meaning="The certificate is good, but the server leaves out an intermediate that leads to its root. Clients that fetch it or know it connect, others "
    "refuse: the same name works in a browser and fails on a phone.",
    recognised="An issuer of the path was not sent, and the chain would end at a public root or one given with --trust: the issuer was sent by another "
    "server of the capture or stands in --intermediates, or the certificate carries transparency timestamps or a CA/Browser Forum policy, or its issuer "
    "has the organisation of a known root. Critical if a device refused it.",
    wireshark="A Certificate message with the server's certificate alone; its issuer is no root.",
    display_filter="tls.handshake.type == 11 || tls.alert_message.level == 2",
    remedy=(
        "Install the intermediate on the proxy or load balancer, on every virtual server that carries the name.",
        "Windows servers: put it into the machine's Intermediate Certification Authorities, then restart the service that holds the binding.",
    ),
    how_sure="High when the missing issuer is known and leads to a root; medium when only signs speak for a public CA. Where an intermediate was sent and only "
    "the last issuer is unknown, that may be a root, which need not be sent: then nothing is said.",
    facts={**FACTS, "missing_issuer": "the issuer that was not sent"},
    sources=("RFC 8446, 4.4.2", "RFC 5246, 7.4.2"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, server and name."""
    for meeting in meetings(scene):
        fault = meeting.fault(RULE.code)
        if fault is None:
            continue
        hit = chain_hit(meeting, fault, critical_if_refused(meeting, fault), headline(meeting, fault))
        sure = hit.confidence if meeting.verdict.anchor else "medium"
        yield replace(hit, confidence=sure, facts={**hit.facts, "missing_issuer": meeting.verdict.missing_issuer})

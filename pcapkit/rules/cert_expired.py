"""A certificate of the chain was out of date when it was shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._chains import FACTS, Meeting, chain_hit, headline, meetings, target
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene
from pcapkit.trust.checks import day_of
from pcapkit.trust.verdict import CertInfo, Fault

RULE = Rule(
    code="cert-expired",
    severity="critical",
    title="The server's certificate has expired",
    meaning="The server, or an intermediate that it sends, presents a certificate whose time is over. Phones refuse it, most without saying why.",
    recognised="The time of the packet, not of today, lies after notAfter of a certificate that was sent and is on the path. An expired certificate that was "
    "sent besides the path is info: some old clients stumble over it.",
    wireshark="Compare notAfter inside the Certificate message with the frame's time. The client's alert number (45, 46, 42 …) says which library it "
    "is, not what the fault is.",
    display_filter="tls.handshake.type == 11 || tls.alert_message.level == 2",
    remedy=(
        "Renew the certificate on every listener that serves the name: reverse proxy, each virtual server of the load balancer, Front End and Exchange servers.",
        "If an intermediate expired, send its successor; remove expired ones from what is sent.",
        "Then watch the dates: certificates of 47 days are coming, renew them by machine.",
    ),
    how_sure="High: the date is in the packet. Only a wrong clock of the capturing machine could mislead; check it when every certificate seems expired.",
    facts={**FACTS, "expired": "last day of the certificate at fault", "extra": "true: an expired certificate that the path does not need"},
    sources=("RFC 5280, 4.1.2.5",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, server and name; expired certificates beside the path apart."""
    for meeting in meetings(scene):
        extra = [c for c in meeting.verdict.sent if c.sha256 in meeting.verdict.expired_extra]
        if fault := meeting.fault(RULE.code):
            hit = chain_hit(meeting, fault, RULE.severity, headline(meeting, fault))
            yield replace(hit, facts={**hit.facts, "expired": day_of(meeting.at_fault(fault).not_after_ns), "extra": False})
        elif extra and not any(f.code == RULE.code for f in meeting.verdict.faults):
            yield _extra(meeting, extra[0])


def _extra(meeting: Meeting, cert: CertInfo) -> Hit:
    day = day_of(cert.not_after_ns)
    called = cert.common_name or cert.subject
    fault = Fault(RULE.code, cert.sha256, f"{called} expired on {day}")
    sentence = (
        f"{target(meeting)} also sent {called}, which expired on {day} and which the chain does not need (seen by {who(meeting.session.device)})."
    )
    hit = chain_hit(meeting, fault, "info", sentence)
    facts = {**hit.facts, "expired": day, "extra": True, "certificate_at_fault": cert.subject}
    return replace(
        hit,
        subject=(meeting.leaf.sha256, "extra"),
        facts=facts,
        title="An expired certificate is sent without need",
        remedy=("Remove the expired certificate from the chain that the server sends.",),
    )

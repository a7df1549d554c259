"""A certificate of the chain is not valid yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pcapkit.rules._api import Hit, Rule, Unjudged
from pcapkit.rules._chains import FACTS, Meeting, always, chain_hit, headline, meetings
from pcapkit.sessions.scene import Scene
from pcapkit.trust.checks import day_of
from pcapkit.trust.verdict import Fault

NO_CLOCK: Final = "the capture's clock was not set, dates cannot be judged: give the time with --at"
DATED: Final = ("cert-not-yet-valid", "cert-expired", "cert-expiring")
CLOCK_HOURS: Final = 48
"""A gap up to here looks like a wrong clock."""

RULE = Rule(
    code="cert-not-yet-valid",
    severity="critical",
    title="The server's certificate is not valid yet",
    meaning="The certificate was put to use before its first day, or a clock is wrong: that of the issuing CA, of the phone, or of the machine that captured.",
    recognised="The time of the packet lies before notBefore of a certificate that was sent and is on the path.",
    wireshark="Compare notBefore inside the Certificate message with the frame's time.",
    display_filter="tls.handshake.type == 11 || tls.alert_message.level == 2",
    remedy=(
        "Check the clocks of the issuing CA and of the servers; reissue the certificate if its first day is really to come.",
        "If the gap is a day or two: check the clock of the capturing machine, and of the phone, before anything else.",
    ),
    how_sure="High as far as the capture's own clock is right: a gap of up to 48 hours is said with the clocks in mind.",
    facts={**FACTS, "valid_from": "first day of the certificate at fault", "hours_early": "hours between the packet and that moment"},
    sources=("RFC 5280, 4.1.2.5",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit | Unjudged]:
    """One hit for each session, server and name; and whose dates cannot be judged at all."""
    undated = dict.fromkeys(m.session.device.id for m in meetings(scene) if m.verdict.undated)
    if undated:
        yield from (Unjudged(tuple(undated), NO_CLOCK, code) for code in DATED)
    for meeting in meetings(scene):
        if fault := meeting.fault(RULE.code):
            yield _hit(meeting, fault)


def _hit(meeting: Meeting, fault: Fault) -> Hit:
    cert = meeting.at_fault(fault)
    tls = meeting.first.tls
    shown_ns = (
        (tls.chain_ref.time_ns if tls and tls.chain_ref else meeting.first.first_time_ns) if not meeting.borrowed else meeting.first.first_time_ns
    )
    hours = round(((cert.not_before_ns or 0) - shown_ns) / 3_600e9, 1)
    hit = chain_hit(meeting, fault, always(RULE.severity)(meeting, fault), headline(meeting, fault))
    near = hours <= CLOCK_HOURS
    return replace(
        hit,
        headline=f"{hit.headline} That is {hours:g} hours ahead: a clock may be wrong." if near else hit.headline,
        confidence="medium" if near and hit.confidence == "high" else hit.confidence,
        because=(*hit.because, "the gap is small: the clock of the capture may be wrong instead") if near else hit.because,
        facts={**hit.facts, "valid_from": day_of(cert.not_before_ns), "hours_early": hours},
    )

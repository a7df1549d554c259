"""A certificate of the chain will expire soon."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pcapkit.limits import Thresholds
from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._chains import FACTS, Meeting, chain_hit, meetings, target
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene
from pcapkit.trust.checks import DAY_NS, day_of, lifetime_ns
from pcapkit.trust.verdict import Fault

SHORT_DAYS: Final = 28
"""Certificates that live no longer are renewed by machine: of them only the share counts."""

RULE = Rule(
    code="cert-expiring",
    severity="info",
    title="The server's certificate expires soon",
    meaning="Nothing is broken yet. When the certificate expires, every phone fails at once.",
    recognised="Less than 14 days, or less than 20 % of its lifetime, are left of the server's certificate at the time of the packet. Of certificates that live "
    "28 days or less only the share counts, and those of sign-in providers are not ours to renew.",
    wireshark="notAfter inside the Certificate message.",
    display_filter="tls.handshake.type == 11",
    remedy=("Renew it in time, on every listener; let a machine do it: certificates of 47 days are coming.",),
    how_sure="High: the date is in the packet.",
    facts={**FACTS, "days_left": "whole days left at the time of the packet"},
    sources=("CA/Browser Forum ballot SC-081v3",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, server and name."""
    for meeting in meetings(scene):
        left = left_ns(meeting)
        if meeting.first.role == "idp" or meeting.borrowed or left is None or left < 0 or not soon(meeting, left, scene.thresholds):
            continue
        days = left // DAY_NS
        fault = Fault(RULE.code, meeting.leaf.sha256, f"it expires on {day_of(meeting.leaf.not_after_ns)}")
        sentence = f"The certificate of {target(meeting)} expires on {day_of(meeting.leaf.not_after_ns)}, in {days} days (shown to {who(meeting.session.device)})."
        hit = chain_hit(meeting, fault, RULE.severity, sentence)
        yield replace(hit, facts={**hit.facts, "days_left": days})


def left_ns(meeting: Meeting) -> int | None:
    """Time from the packet to the last second of the leaf."""
    tls, end = meeting.first.tls, meeting.leaf.not_after_ns
    return end - tls.chain_ref.time_ns if tls and tls.chain_ref and end is not None else None


def soon(meeting: Meeting, left: int, limits: Thresholds) -> bool:
    """Too little is left, by days or by share."""
    whole = lifetime_ns(meeting.leaf) or 0
    return left < limits.expiring_share * whole or (left < limits.expiring_days * DAY_NS and whole > SHORT_DAYS * DAY_NS)

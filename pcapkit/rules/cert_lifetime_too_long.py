"""The certificate is valid for longer than devices accept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._chains import FACTS, always, chain_hit, headline, meetings
from pcapkit.sessions.scene import Scene
from pcapkit.trust.checks import DAY_NS, lifetime_ns, longest_days

RULE = Rule(
    code="cert-lifetime-too-long",
    severity="warning",
    title="The certificate is valid for longer than devices accept",
    meaning="Apple's devices refuse server certificates that live too long, those of a private CA included, even where the private root is trusted.",
    recognised="From notBefore to notAfter, both included: more than 825 days for any CA if issued since 2019-07-01; for public CAs more than 398 days if issued "
    "since 2020-09-01, 200 since 2026-03-15, 100 since 2027-03-15, 47 since 2029-03-15. A root given with --trust is no public CA.",
    wireshark="notBefore and notAfter of the first certificate in the Certificate message.",
    display_filter="tls.handshake.type == 11",
    remedy=("Reissue it for a shorter time (a year is safe for a private CA), and change the template so that the next one is short as well.",),
    how_sure="High when the chain can be read (TLS 1.2 and before, or with keys). Whether a device minds depends on its platform: see facts.platforms.",
    facts={**FACTS, "days": "days of validity", "limit": "days allowed"},
    sources=("support.apple.com 103769, 102028", "CA/Browser Forum ballot SC-081v3", "RFC 5280, 4.1.2.5"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, server and name."""
    for meeting in meetings(scene):
        fault = meeting.fault(RULE.code)
        if fault is None:
            continue
        leaf = meeting.leaf
        days = -(-(lifetime_ns(leaf) or 0) // DAY_NS)
        limit = longest_days(leaf.not_before_ns or 0, meeting.verdict.anchor_source in ("public", "retired") and meeting.verdict.anchored)
        hit = chain_hit(meeting, fault, always(RULE.severity)(meeting, fault), headline(meeting, fault))
        yield replace(hit, facts={**hit.facts, "days": days, "limit": limit})

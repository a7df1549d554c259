"""A desktop client goes on to the SIP records after autodiscover failed."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._names import question
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Lookup, Scene, SessionCase

RULE = Rule(
    code="sip-fallback",
    severity="info",
    title="The client goes on to the SIP records",
    meaning="After autodiscover failed, a desktop client looks for _sipinternaltls, _sip and sip.<domain>. It may sign in that way and hide the fault from its user; phones cannot.",
    recognised="_sip* SRV look-ups or sip.*, sipinternal.*, sipexternal.* after a failed autodiscover of the same domain.",
    wireshark="dns.qry.type == 33 with _sipinternaltls._tcp and its like.",
    display_filter='dns.qry.name contains "sip"',
    remedy=("Mend the fault that autodiscover met: the desktop client only hides it.",),
    how_sure="High: the look-ups are in the capture.",
    facts={"names": "names asked"},
    sources=("DNS requirements for Skype for Business Server 2015", "RFC 3263", "RFC 2782"),
)
_PREFIXES = ("_sipinternaltls.", "_sipinternal.", "_sip._tls.", "sipinternal.", "sip.", "sipexternal.")


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session."""
    for session in scene.sessions:
        if session.service != "lync":
            continue
        failed = _autodiscover_failed(session)
        asked = [x for x in session.device.lookups if _is_sip(x, session.domain) and failed is not None and x.first.time_ns >= failed]
        if asked:
            names = list(dict.fromkeys(x.name.lower() for x in asked))
            yield Hit(
                subject=(session.domain,),
                severity="info",
                confidence="high",
                because=("the look-ups are in the capture",),
                headline=f"{who(session.device)} asked for {', '.join(names[:3])} after autodiscover failed: a desktop client or IP phone.",
                evidence=tuple(question(x) for x in asked[:6]),
                facts={"names": list(names)},
                device=session.device.id,
                session=session,
            )


def _is_sip(lookup: Lookup, domain: str) -> bool:
    name = lookup.name.lower()
    return name.startswith(_PREFIXES) and name.endswith("." + domain)


def _autodiscover_failed(session: SessionCase) -> int | None:
    """Time of the first discovery that failed, None if one worked."""
    tries = session.of_role("discover-internal", "discover-external")
    if any(a.outcome == "ok" for a in tries):
        return None
    failed = [a.first_time_ns for a in tries if a.outcome == "failed"]
    failed += [
        x.first.time_ns
        for x in session.lookups
        if x.name.lower().startswith("lyncdiscover") and x.outcome in ("negative", "timeout", "servfail", "refused")
    ]
    return min(failed, default=None)

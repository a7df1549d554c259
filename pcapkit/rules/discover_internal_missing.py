"""The inside resolver does not know the internal discovery name."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.model import Severity
from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._names import answers, inside_resolver, of_name, positive, question
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="discover-internal-missing",
    severity="warning",
    title="Internal DNS has no lyncdiscoverinternal record",
    meaning="The device is inside, asks for lyncdiscoverinternal and is told that there is none; it goes on with lyncdiscover and takes itself for an outside client.",
    recognised="A negative answer (NXDOMAIN, or NODATA for every address type) for lyncdiscoverinternal from an inside resolver to an inside device, while lyncdiscover is answered.",
    wireshark="dns.flags.rcode == 3 or an answer without records for lyncdiscoverinternal.",
    display_filter='dns.qry.name contains "lyncdiscover"',
    remedy=(
        "Create lyncdiscoverinternal.{domain} in internal DNS, once for each SIP domain: on the Front End or Director web address, or on the reverse proxy.",
        "Without it clients believe that they are outside: AccessLocation External, and desktop clients may be led to other names.",
    ),
    how_sure="High: the answer itself is in the capture. Info if lyncdiscover then works for a phone, which needs no more.",
    facts={
        "name": "name asked",
        "resolver": "server that answered",
        "answer": "NXDOMAIN or NODATA",
        "external_worked": "true if lyncdiscover then worked",
    },
    sources=("RFC 2308", "DNS requirements for Skype for Business Server 2015"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session that meets it."""
    for session in scene.sessions:
        if session.service != "lync" or not session.device.inside:
            continue
        name, external = f"lyncdiscoverinternal.{session.domain}", f"lyncdiscover.{session.domain}"
        missing = [x for x in of_name(session, name) if x.outcome == "negative" and inside_resolver(scene, x)]
        outside = positive(of_name(session, external))
        if not missing or not outside:
            continue
        worked = any(a.outcome == "ok" for a in session.of_role("discover-external", "web-external", "mobility"))
        phone = session.device.platform.name not in ("windows", "macos", "linux")
        severity: Severity = "info" if worked and phone else "warning"
        first = missing[0]
        yield Hit(
            subject=(name,),
            severity=severity,
            confidence="high",
            because=("the inside resolver's answer is in the capture",),
            headline=f"{who(session.device)} asked {first.queries[0].server} for {name} and was told that there is none; it went on with {external}.",
            evidence=(question(first), *answers(first), question(outside[0]), *answers(outside[0])),
            facts={
                "name": name,
                "resolver": first.queries[0].server,
                "answer": "NXDOMAIN" if first.nxdomain else "NODATA",
                "external_worked": worked,
            },
            device_facts={"external_worked": worked},
            device=session.device.id,
            session=session,
            remedy=tuple(line.format(domain=session.domain) for line in RULE.remedy),
        )

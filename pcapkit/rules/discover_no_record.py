"""No discovery name of the account's domain exists."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.model import Confidence
from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._names import answers, of_name, question
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Lookup, Scene, SessionCase

RULE = Rule(
    code="discover-no-record",
    severity="critical",
    title="DNS has no discovery record for the domain",
    meaning="Every name by which the device could find its server is answered negatively: nothing is published, or the domain is misspelt.",
    recognised="Lync: lyncdiscoverinternal and lyncdiscover both negative. Exchange: every name that was asked is negative, autodiscover.<domain> among them.",
    wireshark="dns.flags.rcode == 3, or answers without records.",
    display_filter='dns.qry.name contains "discover"',
    remedy=(
        "Publish the records for {domain}: lyncdiscover (and lyncdiscoverinternal inside) for Lync/Skype for Business, autodiscover for Exchange.",
        "Check the spelling of the domain in the sign-in address.",
    ),
    how_sure="High when all names were asked and answered; medium when the Exchange SRV record was not asked.",
    facts={"domain": "account domain", "names": "names asked", "resolvers": "servers that answered"},
    sources=("RFC 2308", "MS-OXDISCO 3.1.5"),
)


def _lync(session: SessionCase) -> tuple[list[Lookup], Confidence] | None:
    names = [f"lyncdiscoverinternal.{session.domain}", f"lyncdiscover.{session.domain}"]
    asked = [of_name(session, name) for name in names]
    if not all(asked) or any(x.outcome != "negative" for lookups in asked for x in lookups):
        return None
    return [lookups[0] for lookups in asked], "high"


def _exchange(session: SessionCase) -> tuple[list[Lookup], Confidence] | None:
    names = [f"autodiscover.{session.domain}", session.domain, f"_autodiscover._tcp.{session.domain}"]
    asked = {name: of_name(session, name) for name in names}
    flat = [x for lookups in asked.values() for x in lookups]
    if not asked[names[0]] or any(x.outcome != "negative" for x in flat):
        return None
    return [lookups[0] for lookups in asked.values() if lookups], "high" if asked[names[2]] else "medium"


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session without any record."""
    for session in scene.sessions:
        found = _lync(session) if session.service == "lync" else _exchange(session)
        if found is None:
            continue
        lookups, confidence = found
        evidence: list[Note] = []
        for lookup in lookups:
            evidence += [question(lookup), *answers(lookup)]
        names = [x.name.lower() for x in lookups]
        because = "every name was asked and answered" if confidence == "high" else "the SRV record was not asked"
        yield Hit(
            subject=(session.service, session.domain),
            severity="critical",
            confidence=confidence,
            because=(because,),
            headline=f"{who(session.device)} found no record for {session.domain}: {', '.join(names)} do not exist here.",
            evidence=tuple(evidence),
            facts={"domain": session.domain, "names": list(names), "resolvers": [*sorted({q.server for x in lookups for q in x.queries})]},
            device=session.device.id,
            session=session,
            remedy=tuple(line.format(domain=session.domain) for line in RULE.remedy),
        )

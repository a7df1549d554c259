"""The external web services name does not resolve inside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._names import answers, inside_resolver, names_of, positive, question
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Lookup, NameFact, Scene

RULE = Rule(
    code="external-fqdn-unresolved",
    severity="critical",
    title="The external web services name does not resolve inside",
    meaning="Discovery sends every phone, inside as well, to the external web services name; the internal zone does not have it (typically a zone of the same name shadows "
    "the public one), or a filter swallows its answer.",
    recognised="A name known to be the external web services name (from an autodiscover answer, another device, or --external-fqdn) gets a negative answer or a sinkhole address inside. "
    "Subtype shadowed: a public resolver in the same capture knows it; filtered: the answer is a sinkhole or was emptied by rebind protection.",
    wireshark="dns.flags.rcode == 3, or an answer with 0.0.0.0, 127.0.0.1 or ::.",
    display_filter="dns.flags.rcode == 3 || dns.a == 0.0.0.0 || dns.a == 127.0.0.1 || dns.aaaa == ::",
    remedy=(
        "Create {name} in the internal zone with the *same public address* as outside (or as a pinpoint zone of just that name).",
        "If a filter answers: except the name from rebind protection or the block list.",
    ),
    how_sure="High: the name's role is known and the answer is in the capture.",
    facts={
        "name": "name asked",
        "resolver": "server that answered",
        "subtype": "missing, shadowed or filtered",
        "because": "how the name's role is known",
    },
    sources=("RFC 2308", "Plan for Mobility for Skype for Business Server"),
)

Subtype = Literal["missing", "shadowed", "filtered"]


def _public_answer(scene: Scene, name: str) -> Lookup | None:
    """A positive answer for the same name from a public resolver, by any device."""
    return next((x for x in positive([y for y in scene.lookups if y.name.lower() == name]) if not inside_resolver(scene, x)), None)


def _known_external(scene: Scene, name: str) -> NameFact | None:
    fact = scene.names.get(name)
    return fact if fact and fact.known and fact.role in ("web-external", "mobility") else None


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and name."""
    for session in scene.sessions:
        if not session.device.inside:
            continue
        for name, lookups in names_of(session):
            fact = _known_external(scene, name)
            bad = [x for x in lookups if x.outcome == "negative" or x.sinkholed]
            if fact is None or not bad or positive(lookups) or not inside_resolver(scene, bad[0]):
                continue
            elsewhere = _public_answer(scene, name)
            subtype: Subtype = "filtered" if bad[0].sinkholed else "shadowed" if elsewhere else "missing"
            evidence: list[Note] = [(fact.source, f"{name} is the external web services name: {fact.because}")] if fact.source else []
            evidence += [question(bad[0]), *answers(bad[0])]
            if elsewhere:
                evidence += answers(elsewhere)[:1]
            yield Hit(
                subject=(name,),
                severity="critical",
                confidence="high",
                because=(fact.because, "the inside resolver's answer is in the capture"),
                headline=f"{who(session.device)} was sent to {name}, and {bad[0].queries[0].server} inside answers {_words(bad[0])}.",
                evidence=tuple(evidence),
                facts={"name": name, "resolver": bad[0].queries[0].server, "subtype": subtype, "because": fact.because},
                device=session.device.id,
                session=session,
                remedy=tuple(line.format(name=name) for line in RULE.remedy),
            )


def _words(lookup: Lookup) -> str:
    if lookup.sinkholed:
        return f"{', '.join(lookup.addresses)}, which leads nowhere"
    return "NXDOMAIN" if lookup.nxdomain else "no address"

"""One name has a private and a public answer for inside devices."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._names import answers, positive
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Lookup, Scene

RULE = Rule(
    code="dns-split-mismatch",
    severity="warning",
    title="The same name has a private and a public answer",
    meaning="Inside devices get different views of one name, from different resolvers or at different times: what works depends on luck or on the roaming of the phone.",
    recognised="A name with a role in a session is answered with a private address and with a public one, to inside devices of this capture.",
    wireshark="Compare dns.a of the answers for the name.",
    display_filter="dns.flags.response == 1 && dns.a",
    remedy=(
        "Align the two views: the external web services name should have the same public address inside and outside, or the same private one on every resolver inside.",
    ),
    how_sure="High: both answers are in the capture.",
    facts={
        "name": "name asked",
        "private": "private addresses answered",
        "public": "public addresses answered",
        "resolvers": "servers that answered",
    },
    sources=("DNS requirements for Skype for Business Server 2015", "Advanced Edge Server DNS planning"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session that asked such a name."""
    inside = {d.id for d in scene.devices if d.inside}
    by_name: dict[str, list[Lookup]] = {}
    for lookup in positive(scene.lookups):
        if lookup.device in inside:
            by_name.setdefault(lookup.name.lower(), []).append(lookup)
    mismatches = {name: hit for name in scene.names if (hit := _mismatch(scene, by_name.get(name, [])))}
    for session in scene.sessions:
        if not session.device.inside:
            continue
        asked = {x.name.lower() for x in session.lookups if x.outcome == "answered"}
        for name in sorted(asked):
            if name not in mismatches:
                continue
            private, public = mismatches[name]
            evidence: list[Note] = [*answers(private)[:1], *answers(public)[:1]]
            addresses = [a for x in by_name[name] for a in x.addresses]
            yield Hit(
                subject=(name,),
                severity="warning",
                confidence="high",
                because=("both answers are in the capture",),
                headline=f"{name} is {', '.join(private.addresses)} in one answer and {', '.join(public.addresses)} in another; {who(session.device)} asked for it.",
                evidence=tuple(evidence),
                facts={
                    "name": name,
                    "private": [*sorted({a for a in addresses if scene.is_inside(a)})],
                    "public": [*sorted({a for a in addresses if not scene.is_inside(a)})],
                    "resolvers": [*sorted({q.server for x in by_name[name] for q in x.queries})],
                },
                device=session.device.id,
                session=session,
            )


def _mismatch(scene: Scene, lookups: list[Lookup]) -> tuple[Lookup, Lookup] | None:
    """A look-up with private IPv4 answers only and one with public ones only. One answer that mixes both is no mismatch of views."""
    private = [x for x in lookups if _all(scene, x, inside=True)]
    public = [x for x in lookups if _all(scene, x, inside=False)]
    return (private[0], public[0]) if private and public else None


def _all(scene: Scene, lookup: Lookup, *, inside: bool) -> bool:
    v4 = [a for a in lookup.addresses if ":" not in a]
    return bool(v4) and all(scene.is_inside(a) == inside for a in v4)

"""A look-up got no answer."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._names import of_name, positive
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="dns-timeout",
    severity="warning",
    title="A name look-up got no answer",
    meaning="The device asked for a name of its sign-in, again and again, and no resolver answered.",
    recognised="3 s since the first query with at least one repeat and no answer; or a single query and 5 s in which nothing of the device shows that it knew the answer.",
    wireshark="dns.retransmit_request, and queries without dns.response_in.",
    display_filter="dns && !dns.response_in && dns.flags.response == 0",
    remedy=("Check the resolver {resolver}, and whether the firewall lets UDP and TCP 53 pass from this network to it.",),
    how_sure="Rests on absence: one step less where the capture has gaps, and not said where it shows one direction only. Critical if the name never resolves in the session and nothing else let it succeed.",
    facts={"name": "name asked", "resolver": "first server asked", "queries": "questions sent", "waited_s": "s from first to last question"},
    sources=("RFC 1035, 4.2.1",),
    needs_both_ways=True,
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each look-up."""
    for session in scene.sessions:
        for lookup in session.lookups:
            if lookup.outcome != "timeout":
                continue
            name = lookup.name.lower()
            never = not positive(of_name(session, name)) and session.outcome not in ("succeeded", "degraded")
            servers = list(dict.fromkeys(q.server for q in lookup.queries))
            first, last = lookup.queries[0].ref, lookup.queries[-1].ref
            evidence: list[Note] = [(q.ref, f"DNS {q.qtype} {lookup.name} to {q.server}, no answer") for q in lookup.queries[:12]]
            yield Hit(
                subject=(name,),
                severity="critical" if never else "warning",
                confidence="high" if len(lookup.queries) > 1 else "medium",
                because=(f"{len(lookup.queries)} questions, none answered",),
                headline=f"{who(session.device)} asked {' and '.join(servers[:3])} for {name}; no answer to {len(lookup.queries)} questions.",
                evidence=tuple(evidence),
                facts={
                    "name": name,
                    "resolver": servers[0],
                    "queries": len(lookup.queries),
                    "waited_s": round((last.time_ns - first.time_ns) / 1e9, 3),
                },
                device_facts={"queries": len(lookup.queries)},
                device=session.device.id,
                session=session,
                remedy=tuple(line.format(resolver=", ".join(servers[:3])) for line in RULE.remedy),
                absence=True,
            )

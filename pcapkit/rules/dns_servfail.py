"""A resolver says that it cannot answer."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._names import answers, of_name, positive, question
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="dns-servfail",
    severity="warning",
    title="The resolver could not or would not answer",
    meaning="SERVFAIL (2) or REFUSED (5): the resolver is there, but its forwarder, DNSSEC validation or a delegation is broken, or it will not serve this client.",
    recognised="rcode 2 or 5 for a name of the sign-in, and no other server answered it.",
    wireshark="dns.flags.rcode == 2 or 5.",
    display_filter="dns.flags.rcode == 2 || dns.flags.rcode == 5",
    remedy=("Check forwarders, DNSSEC and delegations of {resolver}; for REFUSED, which networks it serves.",),
    how_sure="High: the answer is in the capture. Critical if the name never resolves in the session and nothing else let it succeed.",
    facts={"name": "name asked", "resolver": "server that answered", "rcode": "2 or 5"},
    sources=("RFC 1035, 4.1.1", "RFC 8914"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each look-up."""
    for session in scene.sessions:
        for lookup in session.lookups:
            if lookup.outcome not in ("servfail", "refused"):
                continue
            name = lookup.name.lower()
            never = not positive(of_name(session, name)) and session.outcome not in ("succeeded", "degraded")
            resolver = lookup.queries[0].server
            yield Hit(
                subject=(name,),
                severity="critical" if never else "warning",
                confidence="high",
                because=("the answer is in the capture",),
                headline=f"{who(session.device)} asked {resolver} for {name}: {lookup.outcome.upper()}.",
                evidence=(question(lookup), *answers(lookup)),
                facts={"name": name, "resolver": resolver, "rcode": 2 if lookup.outcome == "servfail" else 5},
                device=session.device.id,
                session=session,
                remedy=tuple(line.format(resolver=resolver) for line in RULE.remedy),
            )

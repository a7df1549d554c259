"""A discovery name is an alias into another domain, and https follows."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._names import answers
from pcapkit.rules._texts import who
from pcapkit.sessions.roles import organisational_domain
from pcapkit.sessions.scene import Lookup, Ref, Scene, SessionCase

RULE = Rule(
    code="discover-cname-foreign",
    severity="warning",
    title="The discovery name is an alias into another domain",
    meaning="lyncdiscover is a CNAME into another registrable domain. Mobile clients do not support that over HTTPS: the certificate there cannot list the name.",
    recognised="The answer for a Lync discovery name has a CNAME into another registrable domain, and a ClientHello for the discovery name follows.",
    wireshark="dns.cname in the answer, then a ClientHello with the discovery name.",
    display_filter='dns.cname || tls.handshake.extensions_server_name contains "lyncdiscover"',
    remedy=("Use an A record or a CNAME within the same domain, or answer the discovery name over HTTP with a Redirect.",),
    how_sure="High: answer and ClientHello are in the capture.",
    facts={"name": "name asked", "cname": "where the alias leads"},
    sources=("Autodiscover Service Requirements (hh690012)",),
)


def _foreign(lookup: Lookup) -> str | None:
    home = organisational_domain(lookup.name.lower())
    return next((c for c in lookup.cname if organisational_domain(c.lower()) != home), None)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and discovery name."""
    for session in scene.sessions:
        if session.service == "lync":
            yield from _of(session)


def _of(session: SessionCase) -> Iterator[Hit]:
    done: set[str] = set()
    for attempt in session.of_role("discover-internal", "discover-external"):
        lookup, tls = attempt.lookup, attempt.tls
        cname = _foreign(lookup) if lookup else None
        if lookup is None or cname is None or tls is None or tls.hello_ref is None or lookup.name.lower() in done:
            continue
        done.add(lookup.name.lower())
        hello: Ref = tls.hello_ref
        evidence: list[Note] = [*answers(lookup)[:2], (hello, f"ClientHello for {tls.sni or lookup.name}")]
        yield Hit(
            subject=(lookup.name.lower(),),
            severity="warning",
            confidence="high",
            because=("answer and ClientHello are in the capture",),
            headline=f"{lookup.name} is an alias for {cname}, in another domain, and {who(session.device)} goes there with HTTPS.",
            evidence=tuple(evidence),
            facts={"name": lookup.name.lower(), "cname": cname},
            device=session.device.id,
            session=session,
            attempt=attempt,
        )

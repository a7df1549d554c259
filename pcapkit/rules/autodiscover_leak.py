"""Autodiscover is asked of a domain that the account does not belong to."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._names import question
from pcapkit.rules._texts import who
from pcapkit.sessions.credentials import clear_credentials
from pcapkit.sessions.roles import is_public_suffix
from pcapkit.sessions.scene import Attempt, Lookup, Scene, SessionCase

RULE = Rule(
    code="autodiscover-leak",
    severity="warning",
    title="Autodiscover leaves the account's domain",
    meaning="After its own names failed, the client asked autodiscover.<top-level domain> or another parent domain: whoever owns that name is offered the user's credentials.",
    recognised="A DNS query, SNI or Host autodiscover.X where X is a public suffix or a proper parent of the account's domain. Critical if TLS data or credentials followed.",
    wireshark='dns.qry.name or the SNI "autodiscover.com" and its like.',
    display_filter='dns.qry.name contains "autodiscover." || tls.handshake.extensions_server_name contains "autodiscover."',
    remedy=(
        "Block autodiscover.<top-level domains> at the resolver and the firewall.",
        "Publish proper records for the domain, so that clients never get that far. Disable Basic authentication.",
    ),
    how_sure="High: the name is in the capture.",
    facts={"name": "name asked", "followed": "nothing, connection or credentials"},
    sources=("Guardicore Labs: Autodiscovering the Great Leak",),
)


def foreign(name: str, domain: str) -> bool:
    """``autodiscover.X`` with X a public suffix, or a proper parent of the account's domain."""
    if not name.startswith("autodiscover."):
        return False
    rest = name.removeprefix("autodiscover.")
    return bool(rest) and rest != domain and (is_public_suffix(rest) or domain.endswith("." + rest))


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and name."""
    for session in scene.sessions:
        if session.service != "exchange":
            continue
        leaks: dict[str, tuple[list[Lookup], list[Attempt]]] = {}
        for lookup in session.device.lookups:
            name = lookup.name.lower()
            if foreign(name, session.domain) and session.first_time_ns <= lookup.first.time_ns <= session.last_time_ns + 120 * 10**9:
                leaks.setdefault(name, ([], []))[0].append(lookup)
        for attempt in session.attempts:
            if attempt.name and foreign(attempt.name, session.domain):
                leaks.setdefault(attempt.name, ([], []))[1].append(attempt)
        for name, (lookups, attempts) in sorted(leaks.items()):
            yield _hit(session, name, lookups, attempts)


def _hit(session: SessionCase, name: str, lookups: list[Lookup], attempts: list[Attempt]) -> Hit:
    evidence: list[Note] = [question(x) for x in lookups[:3]]
    followed = "nothing"
    for attempt in attempts:
        if attempt.tls and attempt.tls.hello_ref:
            evidence.append((attempt.tls.hello_ref, f"ClientHello for {name}"))
            followed = "connection" if followed == "nothing" else followed
            if attempt.tls.accepted:
                followed = "credentials" if any(clear_credentials(e) for e in attempt.exchanges) else "connection"
        for exchange in attempt.exchanges:
            if exchange.request_ref:
                evidence.append((exchange.request_ref, f"HTTP request to {name}"))
                followed = "credentials" if clear_credentials(exchange) else "connection" if followed == "nothing" else followed
    return Hit(
        subject=(name,),
        severity="warning" if followed == "nothing" else "critical",
        confidence="high",
        because=("the name is in the capture",),
        headline=f"{who(session.device)} asked for {name}, which does not belong to {session.domain}.",
        evidence=tuple(evidence),
        facts={"name": name, "followed": followed},
        device=session.device.id,
        session=session,
        attempt=attempts[0] if attempts else None,
    )

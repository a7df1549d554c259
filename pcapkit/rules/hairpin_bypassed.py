"""Internal DNS leads straight to the proxy's inside address: it works without hairpin, and roaming is not seamless."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.model import Severity
from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._names import answers, positive
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Attempt, Lookup, Ref, Scene, SessionCase

RULE = Rule(
    code="hairpin-bypassed",
    severity="info",
    title="Internal DNS answers the external name with a private address",
    meaning="The external web services name has a private address inside, so nothing needs to make the U-turn. It works; but a phone that moves between Wi-Fi and the "
    "mobile network changes servers on the way, and keeps the old address for as long as the TTL says.",
    recognised="A name known as web-external, or lyncdiscover, or one that is answered publicly elsewhere in the capture, is answered with a private address inside, and a connection to it works.",
    wireshark="dns.a with a private address for the external name, then a SYN-ACK from there.",
    display_filter="dns.a && dns.flags.response == 1",
    remedy=(
        "Lower the TTL of the record in both views (≤ 60 s), inside and outside; mind the DNS load of all clients.",
        "Or answer with the public address inside too, and allow the hairpin: then the move between Wi-Fi and cellular is seamless.",
    ),
    how_sure="High: the answer and the connection are in the capture. Warning if the TTL is above 300 s, if both views were seen, or if the device roams.",
    facts={
        "name": "name asked",
        "address": "private address answered",
        "ttl": "TTL of the record in s",
        "both_views": "true if a public answer was seen as well",
    },
    sources=("Plan for Mobility for Skype for Business Server", "DNS requirements for Skype for Business Server 2015"),
)


def _meant(scene: Scene, name: str, session: SessionCase) -> bool:
    """The name belongs outside: known so, or by its own name, or because somebody got a public answer for it."""
    fact = scene.names.get(name)
    if fact and fact.known and fact.role == "web-external":
        return True
    if name == f"lyncdiscover.{session.domain}":
        return True
    return fact is not None and fact.role == "web-external" and _both_views(scene, name)


def _both_views(scene: Scene, name: str) -> bool:
    """Somebody was given a public IPv4 address too. IPv6 addresses are the same inside and outside."""
    return any(":" not in a and not scene.is_inside(a) for x in positive(scene.lookups) if x.name.lower() == name for a in x.addresses)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and name."""
    for session in scene.sessions:
        if not session.device.inside:
            continue
        done: set[str] = set()
        for attempt in session.attempts:
            lookup = attempt.lookup
            if (
                lookup is None
                or attempt.address is None
                or not scene.is_inside(attempt.address)
                or attempt.connection is None
                or not attempt.connection.established
            ):
                continue
            name = lookup.name.lower()
            if name in done or not _meant(scene, name, session):
                continue
            done.add(name)
            yield _hit(scene, session, attempt, lookup, name)


def _hit(scene: Scene, session: SessionCase, attempt: Attempt, lookup: Lookup, name: str) -> Hit:
    ttl, both = lookup.ttl_s, _both_views(scene, name)
    severity: Severity = "warning" if both or (ttl or 0) > scene.thresholds.ttl_high_s else "info"
    evidence: list[Note] = answers(lookup)[:1]
    connection = attempt.connection
    if connection and connection.synacks:
        answer = connection.synacks[0]
        evidence.append((Ref.of(connection, answer), f"SYN-ACK from {attempt.server}"))
    return Hit(
        subject=(attempt.address, attempt.port),
        severity=severity,
        confidence="high",
        because=("answer and connection are in the capture",),
        headline=f"{who(session.device)} was given {attempt.address} for {name} (TTL {ttl} s) and connected there: no U-turn is needed, and roaming is not seamless.",
        evidence=tuple(evidence),
        facts={"name": name, "address": attempt.address, "ttl": ttl, "both_views": both},
        device=session.device.id,
        session=session,
        attempt=attempt,
    )

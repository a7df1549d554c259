"""The device refused the server's flight, and no certificate that we could read says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pcapkit_dissectors.tls_names import version_name

from pcapkit.model import CONFIDENCES, Confidence, Json, Severity
from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._chains import OTHER_WAYS
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Attempt, Refusal, Scene, SessionCase

RULE = Rule(
    code="tls-rejected-by-client",
    severity="critical",
    title="The phone refused the server's certificate or parameters",
    meaning="The phone broke off after the server's flight. The chain says nothing against it, or could not be seen (TLS 1.3, resumption): the phone may lack "
    "the root, pin another certificate, or mind something that this capture does not show.",
    recognised="A: a fatal alert about the certificate from the client. B (TLS 1.3): its first protected record is as short as an alert, and it closes. C: it "
    "finishes the handshake, sends nothing and closes within 5 s. D: it closes right after the server's flight. E: it sends nothing for more than 3 s, as if "
    "asking its user, then closes. Silent where the same device sent data to the same name in another connection (C-E: a spare connection).",
    wireshark="After the server's flight: an Alert record of the client (length 2 in clear, 19 or 35 protected in TLS 1.3, 26 after ChangeCipherSpec), or its FIN "
    "or RST without application data.",
    display_filter="tls.record.content_type == 21 || tcp.flags.reset == 1 || tcp.flags.fin == 1",
    remedy=(
        "Get the chain: capture with a key log from a test client, force TLS 1.2 once, or ask the server (openssl s_client -showcerts) and give it with --intermediates.",
        "Then look at it as for untrusted-private-ca: is the root on the phone, are all names in it, is the intermediate sent?",
        "If the chain is sound: does the app pin a certificate, or is TLS being inspected on the way?",
    ),
    how_sure="Class A and B high; C medium, high when repeated; D medium; E low. The alert's number names the client's library, never the fault.",
    facts={
        "server": "address and port",
        "name": "server name",
        "version": "TLS version negotiated",
        "class": "A-E, how it was refused",
        "count": "refused connections",
        "library": "library that such a refusal fits, or null",
        "chain": "what was read of the chain: a status, or null",
        "by_device": "for each device: class, count, library, platform, accepted_elsewhere, other_way",
    },
    sources=("RFC 8446, 6.2", "RFC 5246, 7.2.2"),
)
QUIET: Final = frozenset("CDE")
"""Classes that a spare connection, opened in advance and never used, looks like as well."""


@dataclass(slots=True)
class Refused:
    """The refused connections of one session to one server and name, and whether others carried data."""

    session: SessionCase
    attempts: list[Attempt] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    accepted: bool = False
    other_way: bool = False
    """A later step of discovery worked without this name."""

    @property
    def surest(self) -> Refusal:
        return min(self.refusals, key=lambda r: (CONFIDENCES.index(r.confidence), r.kind))


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, server and name. What a chain explains is hidden under that finding."""
    accepted = {(session.device.id, a.name) for session in scene.sessions for a in session.attempts if a.tls and a.tls.accepted}
    for session in scene.sessions:
        worked = {a.role for a in session.attempts if a.outcome == "ok"}
        found: dict[tuple[str | None, str | None], Refused] = {}
        for attempt in session.attempts:
            if attempt.tls is None or attempt.tls.refusal is None:
                continue
            refused = found.setdefault((attempt.server, attempt.name), Refused(session))
            refused.attempts.append(attempt)
            refused.refusals.append(attempt.tls.refusal)
            refused.accepted = (session.device.id, attempt.name) in accepted
            refused.other_way = not worked.isdisjoint(OTHER_WAYS.get(attempt.role, ()))
        yield from (_hit(refused) for refused in found.values() if counts(refused))


def counts(refused: Refused) -> bool:
    """Neither a spare connection nor Exchange's first step with a later one that worked."""
    spare = refused.accepted and all(r.kind in QUIET for r in refused.refusals)
    step_one = refused.attempts[0].role == "exch-root" and refused.other_way
    return not spare and not step_one


def grade(refused: Refused) -> tuple[Severity, Confidence]:
    """Critical; warning for a single quiet refusal, or where the device went on all the same."""
    surest, many = refused.surest, len(refused.refusals) > 1
    confidence = "high" if surest.kind == "C" and many and surest.confidence == "medium" else surest.confidence
    single = surest.kind in QUIET and (not many or surest.kind == "E")
    severity: Severity = "warning" if single or refused.accepted or refused.other_way else "critical"
    return severity, confidence


def _hit(refused: Refused) -> Hit:
    first, surest = refused.attempts[0], refused.surest
    severity, confidence = grade(refused)
    tls = first.tls
    verdict = tls.verdict if tls else None
    device_facts: dict[str, Json] = {
        "class": surest.kind,
        "count": len(refused.refusals),
        "library": surest.library,
        "platform": refused.session.device.platform.name,
        "accepted_elsewhere": refused.accepted,
        "other_way": refused.other_way,
    }
    return Hit(
        subject=(first.server, first.name),
        severity=severity,
        confidence=confidence,
        because=_because(refused),
        headline=_headline(refused),
        evidence=tuple(_evidence(refused)),
        facts={
            "server": first.server,
            "name": first.name,
            "version": version_name(tls.version) if tls and tls.version else None,
            "class": surest.kind,
            "count": len(refused.refusals),
            "library": surest.library,
            "chain": verdict.status if verdict else None,
        },
        device_facts=device_facts,
        session=refused.session,
        attempt=next(a for a in refused.attempts if a.tls and a.tls.refusal is surest),
        absence=surest.kind in QUIET,
        unseen=() if verdict else ("the server's certificates",),
    )


def _because(refused: Refused) -> tuple[str, ...]:
    reasons = [f"refusal of class {refused.surest.kind}" + (f", {len(refused.refusals)} times" if len(refused.refusals) > 1 else "")]
    if refused.surest.library:
        reasons.append(f"it looks like {refused.surest.library}")
    if refused.accepted:
        reasons.append("yet the device sent data to this name in another connection")
    return tuple(reasons)


def _headline(refused: Refused) -> str:
    first = refused.attempts[0]
    times = "" if len(refused.refusals) == 1 else f" {len(refused.refusals)} times"
    return f"{who(refused.session.device)} refused what {first.name or 'the server'} at {first.server} presented{times}: {_reason(refused)}."


def _reason(refused: Refused) -> str:
    tls = refused.attempts[0].tls
    if tls is None or tls.verdict is None:
        return "its certificates cannot be seen in this capture"
    if tls.chain_borrowed:
        return "its certificates were seen in another connection only, and explain nothing"
    return "nothing in the chain that was read explains it" if tls.verdict.anchored else tls.verdict.reason


def _evidence(refused: Refused) -> Iterator[Note]:
    for attempt in refused.attempts[:4]:
        tls = attempt.tls
        if tls is None or tls.refusal is None:
            continue
        if tls.hello_ref:
            yield tls.hello_ref, f"ClientHello to {attempt.server}" + (f" for {tls.sni}" if tls.sni else ", no server name")
        if tls.chain_ref and not tls.chain_borrowed:
            yield tls.chain_ref, "Certificate"
        elif tls.server_hello_ref:
            yield tls.server_hello_ref, f"ServerHello, {version_name(tls.version or 0)}"
        yield from tls.refusal.evidence

"""What devices met and how they took it: shared by the ``untrusted-*`` and ``cert-*`` rules (docs/domain.md, 6 and 9).

A *meeting* is one chain that one session was shown by one server for one name. What the device did is judged there and not for the whole device: a
mail app accepts what another app refuses (docs/domain.md, 3).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from pcapkit_dissectors.tls_names import APPLICATION_DATA, is_tls13

from pcapkit.flows.facts import FORWARD
from pcapkit.model import CONFIDENCES, Confidence, Json, Severity
from pcapkit.rules._api import Hit, Note
from pcapkit.rules._texts import listed, who
from pcapkit.sessions.scene import Attempt, Ref, Role, Scene, SessionCase, Tls
from pcapkit.trust.checks import day_of
from pcapkit.trust.verdict import CertInfo, Fault, Verdict

Reaction = Literal["accepted", "accepted-after-refusal", "fell-back", "refused", "unknown"]

ATTEMPTS_SHOWN: Final = 4
"""Connections of one meeting whose frames are listed."""
NAMES_SHOWN: Final = 50
OTHER_WAYS: Final[dict[Role, tuple[Role, ...]]] = {
    "discover-internal": ("discover-external",),
    "discover-external": ("discover-internal",),
    "exch-root": ("exch-autodiscover", "exch-srv", "mobility"),
    "exch-autodiscover": ("exch-root", "exch-srv", "mobility"),
    "exch-srv": ("exch-root", "exch-autodiscover", "mobility"),
}
"""Where a client goes on when a name fails (docs/domain.md, 2 and 3). Beside these, the same name elsewhere, or over HTTP."""
_HOW: Final = {
    "A": "with a TLS alert",
    "B": "with an encrypted alert",
    "C": "by closing after the handshake without sending anything",
    "D": "by closing right after the server's certificate",
    "E": "by closing after a while without sending anything, as one does who is asked",
}


@dataclass(slots=True)
class Meeting:
    """One session, one chain, one server, one name. ``attempts`` in order of time, each with ``tls`` and its verdict."""

    session: SessionCase
    verdict: Verdict
    attempts: list[Attempt] = field(default_factory=list)
    reaction: Reaction = "unknown"
    other_way: Attempt | None = None
    """The attempt that worked instead."""
    next_name: Attempt | None = None
    """What the device turned to next, whether it worked or not."""

    @property
    def first(self) -> Attempt:
        return self.attempts[0]

    @property
    def leaf(self) -> CertInfo:
        return self.verdict.sent[0]

    def fault(self, code: str) -> Fault | None:
        """The chain's fault of this code, unless it is Exchange's first step, whose failure is normal (only a wrong name is said there)."""
        if step_one_passed(self) and code != "cert-name-mismatch":
            return None
        return next((f for f in self.verdict.faults if f.code == code), None)

    def at_fault(self, fault: Fault) -> CertInfo:
        """The certificate that a fault is about."""
        return next((c for c in (*self.verdict.path, *self.verdict.sent) if c.sha256 == fault.sha256), self.leaf)

    @property
    def refused(self) -> list[Tls]:
        return [a.tls for a in self.attempts if a.tls and a.tls.refusal]

    @property
    def borrowed(self) -> bool:
        return all(a.tls is None or a.tls.chain_borrowed for a in self.attempts)

    @property
    def server(self) -> str:
        return self.first.server or "an unknown server"


_LAST: list[tuple[Scene, list[Meeting]]] = []
"""The scene that was asked about last: many rules ask about the same one."""


def meetings(scene: Scene) -> list[Meeting]:
    """Every meeting of a readable chain, in order of sessions and time."""
    if not _LAST or _LAST[0][0] is not scene:
        _LAST[:] = [(scene, list(_find_meetings(scene)))]
    return _LAST[0][1]


def _find_meetings(scene: Scene) -> Iterator[Meeting]:
    window = int(scene.thresholds.fallback_window_s * 1e9)
    for session in scene.sessions:
        found: dict[tuple[str, str | None, str | None, int | None], Meeting] = {}
        for attempt in session.attempts:
            verdict = attempt.tls.verdict if attempt.tls else None
            if verdict is None or not verdict.sent or not counts(attempt):
                continue
            key = (verdict.sent[0].sha256, attempt.name, attempt.address, attempt.port)
            found.setdefault(key, Meeting(session, verdict)).attempts.append(attempt)
        ways = Ways(session.attempts) if found else None
        for meeting in found.values():
            if ways:
                react(meeting, ways, window)
            yield meeting


def counts(attempt: Attempt) -> bool:
    """The chain was seen, or is known from elsewhere and explains a refusal. One that is merely borrowed says nothing of this connection."""
    tls = attempt.tls
    return tls is not None and bool(tls.chain) and (not tls.chain_borrowed or (tls.refusal is not None and not tls.resumed))


class Ways:
    """The attempts of a session by where they lead, to find what the device could do or did instead."""

    def __init__(self, attempts: Sequence[Attempt]) -> None:
        self._lists: dict[tuple[Role, str | None], list[Attempt]] = {}
        self._worked: dict[tuple[Role, str | None], list[Attempt]] = {}
        for attempt in sorted(attempts, key=lambda a: a.first_time_ns):
            for place in ((attempt.role, None), (attempt.role, attempt.name or "")):
                self._lists.setdefault(place, []).append(attempt)
                if attempt.outcome == "ok":
                    self._worked.setdefault(place, []).append(attempt)

    def that_worked(self, meeting: Meeting) -> Attempt | None:
        """The first attempt that worked instead."""
        return self._first(meeting, (self._worked.get(place, ()) for place in places(meeting)))

    def next_after(self, meeting: Meeting) -> Attempt | None:
        """What the device turned to next."""
        return self._first(meeting, (self._after(place, meeting.first.first_time_ns) for place in places(meeting)))

    def _after(self, place: tuple[Role, str | None], since: int) -> Iterator[Attempt]:
        found = self._lists.get(place, [])
        start = bisect_right(found, since, key=lambda a: a.first_time_ns)
        return (found[k] for k in range(start, len(found)))

    @staticmethod
    def _first(meeting: Meeting, lists: Iterable[Iterable[Attempt]]) -> Attempt | None:
        mine = {id(a) for a in meeting.attempts}
        firsts = [next((a for a in found if id(a) not in mine), None) for found in lists]
        return min((a for a in firsts if a), key=lambda a: a.first_time_ns, default=None)


def places(meeting: Meeting) -> list[tuple[Role, str | None]]:
    """Where a client of this name goes instead: other roles under any name, its own role under the same name."""
    first = meeting.first
    return [*((role, None) for role in OTHER_WAYS.get(first.role, ())), (first.role, first.name or "")]


def react(meeting: Meeting, ways: Ways, window: int) -> None:
    """Fill in what the device did."""
    meeting.other_way = ways.that_worked(meeting)
    turned = ways.next_after(meeting)
    meeting.next_name = turned if turned and turned.first_time_ns <= meeting.attempts[-1].last_time_ns + window else None
    if any(a.tls and a.tls.accepted for a in meeting.attempts):
        firm = any(a.tls and a.tls.refusal and a.tls.refusal.confidence != "low" for a in meeting.attempts)
        meeting.reaction = "accepted-after-refusal" if firm else "accepted"
    elif meeting.refused:
        meeting.reaction = "fell-back" if meeting.other_way else "refused"


def step_one_passed(meeting: Meeting) -> bool:
    """Exchange's first step failed and a later one worked: that is how it should be, and silent (docs/domain.md, 3)."""
    return meeting.first.role == "exch-root" and meeting.other_way is not None and not meeting.reaction.startswith("accepted")


# ---------------------------------------------------------------- severities (docs/domain.md, 9)

Grade = Callable[[Meeting, Fault], Severity]


def by_reaction(meeting: Meeting, fault: Fault) -> Severity:
    """Refused without another way: critical; fell back, or not to be told: warning; the device sent data: info."""
    if meeting.reaction.startswith("accepted"):
        return "info"
    return "critical" if meeting.reaction == "refused" else "warning"


def critical_if_refused(meeting: Meeting, fault: Fault) -> Severity:
    """Warning, but critical where the device refused, and this fault ranks first."""
    first = meeting.verdict.faults[0].code if meeting.verdict.faults else fault.code
    return "critical" if meeting.reaction in ("refused", "fell-back") and first == fault.code else "warning"


def always(severity: Severity) -> Grade:
    """The same for every reaction."""
    return lambda meeting, fault: severity


# ---------------------------------------------------------------- hits


def chain_hits(scene: Scene, code: str, grade: Grade, tell: Callable[[Meeting, Fault], str] | None = None) -> Iterator[Hit]:
    """One hit for each meeting whose chain has the fault."""
    for meeting in meetings(scene):
        if fault := meeting.fault(code):
            yield chain_hit(meeting, fault, grade(meeting, fault), tell(meeting, fault) if tell else headline(meeting, fault))


def chain_hit(meeting: Meeting, fault: Fault, severity: Severity, sentence: str) -> Hit:
    """The hit of one meeting and fault; the subject is the leaf."""
    return Hit(
        subject=(meeting.leaf.sha256,),
        severity=severity,
        confidence=confidence(meeting, fault),
        because=because(meeting, fault),
        headline=sentence,
        evidence=tuple(evidence(meeting)),
        facts=facts(meeting, fault),
        device_facts=device_facts(meeting),
        session=meeting.session,
        attempt=blamed(meeting),
        name=meeting.first.name,
    )


def blamed(meeting: Meeting) -> Attempt:
    """The attempt that the finding is about: a refused one if there is one."""
    return next((a for a in meeting.attempts if a.tls and a.tls.refusal), meeting.first)


def confidence(meeting: Meeting, fault: Fault) -> Confidence:
    """High for a chain that was read; medium where it was seen elsewhere, or may be public after all; low where its names were replaced."""
    if meeting.verdict.by_names:
        return CONFIDENCES[2]
    doubtful = meeting.borrowed or (fault.code.startswith("untrusted-") and meeting.verdict.low_confidence is not None)
    return CONFIDENCES[1] if doubtful else CONFIDENCES[0]


def because(meeting: Meeting, fault: Fault) -> tuple[str, ...]:
    """Why we are as sure as we are."""
    if meeting.borrowed:
        seen = any(a.tls and a.tls.chain_ref for a in meeting.attempts)
        where = "read in another connection to the same server and name" if seen else "given with --intermediates, not seen in the capture"
        reasons = [f"the chain was {where}"]
    else:
        how = "by names" if meeting.verdict.by_names else "signature by signature"
        reasons = [f"the chain was read in the capture, {how}, at the packet's own time"]
    if (meeting.verdict.by_names or fault.code.startswith("untrusted-")) and meeting.verdict.low_confidence:
        reasons.append(meeting.verdict.low_confidence)
    if refusal := next((t.refusal for t in meeting.refused), None):
        reasons.append(f"the device refused {_HOW[refusal.kind]}")
    elif meeting.reaction == "accepted":
        reasons.append("the device sent application data: it accepted the chain")
    return tuple(reasons)


def headline(meeting: Meeting, fault: Fault) -> str:
    """The instance in a sentence."""
    return f"{who(meeting.session.device)} {did(meeting)} the certificate of {target(meeting)}: {fault.detail}."


def target(meeting: Meeting) -> str:
    """``name at address:port``."""
    return f"{meeting.first.name} at {meeting.server}" if meeting.first.name else meeting.server


def did(meeting: Meeting) -> str:
    """What the device did, as a verb."""
    doubtful = all(tls.refusal is None or tls.refusal.confidence == "low" for tls in meeting.refused)
    refused = "probably refused" if doubtful else "refused"
    if meeting.reaction == "fell-back" and meeting.other_way:
        return f"fell back to {elsewhere(meeting, meeting.other_way)} after it {refused}"
    words = {"accepted": "accepted", "accepted-after-refusal": "first refused and then accepted", "refused": refused, "unknown": "was shown"}
    return words[meeting.reaction]


def elsewhere(meeting: Meeting, other: Attempt) -> str:
    """Where the device went instead, as shortly as it can be told from where it was."""
    if other.name and other.name != meeting.first.name:
        return other.name
    return "clear-text HTTP" if other.port == 80 else other.server or "another server"


def evidence(meeting: Meeting) -> Iterator[Note]:
    """ClientHello, certificate, reaction of the first few connections, and what the device turned to."""
    for attempt in meeting.attempts[:ATTEMPTS_SHOWN]:
        if attempt.tls:
            yield from handshake_notes(attempt, attempt.tls)
    turned = meeting.other_way or (meeting.next_name if meeting.refused else None)
    if turned and meeting.refused:
        if turned.lookup and turned.lookup.name != meeting.first.name:
            yield turned.lookup.first, f"the device asks for {turned.lookup.name} instead"
        elif turned.connection and turned.connection.syns:
            syn = turned.connection.syns[0]
            yield Ref.of(turned.connection, syn), f"the device tries {turned.name or ''} at {turned.server} instead"


def handshake_notes(attempt: Attempt, tls: Tls) -> Iterator[Note]:
    """Frames of one handshake that matter here."""
    if tls.sni is None and attempt.name and attempt.lookup and attempt.lookup.answer:
        yield attempt.lookup.answer, f"DNS answer {attempt.name} → {listed(attempt.lookup.addresses)}"
    if tls.hello_ref:
        yield tls.hello_ref, f"ClientHello to {attempt.server}" + (f" for {tls.sni}" if tls.sni else ", no server name")
    if tls.chain_ref and tls.verdict and tls.verdict.leaf:
        borrowed = " (seen in another connection)" if tls.chain_borrowed else ""
        yield tls.chain_ref, f"Certificate {tls.verdict.leaf.common_name or tls.verdict.leaf.subject}, {len(tls.verdict.sent)} sent{borrowed}"
    if tls.refusal:
        yield from tls.refusal.evidence
    elif tls.accepted and (data := first_data(tls)):
        yield data, "application data of the device: it accepted"


def first_data(tls: Tls) -> Ref | None:
    """The client's first application record after the server's flight; in TLS 1.3 the first protected one is its Finished."""
    records = [
        r.ref
        for r in tls.records
        if r.direction == FORWARD and r.content_type == APPLICATION_DATA and (tls.chain_ref is None or r.ref >= tls.chain_ref)
    ]
    records = records[1:] if is_tls13(tls.version or 0) else records
    return records[0] if records else None


def facts(meeting: Meeting, fault: Fault) -> dict[str, Json]:
    """Facts of the leaf, and of the certificate at fault if it is another."""
    leaf, verdict = meeting.leaf, meeting.verdict
    at_fault = meeting.at_fault(fault)
    out: dict[str, Json] = {
        "leaf_sha256": leaf.sha256,
        "subject": leaf.subject,
        "issuer": leaf.issuer,
        "names": list((*leaf.san_dns, *leaf.san_other)[:NAMES_SHOWN]),
        "not_before": day_of(leaf.not_before_ns),
        "not_after": day_of(leaf.not_after_ns),
        "asked": [meeting.first.name] if meeting.first.name else [],
        "servers": [meeting.server],
        "sent": len(verdict.sent),
        "status": verdict.status,
    }
    if at_fault.sha256 != leaf.sha256:
        out["certificate_at_fault"] = at_fault.subject
    return out


def device_facts(meeting: Meeting) -> dict[str, Json]:
    """What this device did, and how it was seen."""
    out: dict[str, Json] = {"reaction": meeting.reaction, "connections": len(meeting.attempts), "platform": meeting.session.device.platform.name}
    if refusal := next((t.refusal for t in meeting.refused), None):
        out |= {"refusal_class": refusal.kind, "how": _HOW[refusal.kind], "library": refusal.library, "refusals": len(meeting.refused)}
    if meeting.refused and (turned := meeting.other_way or meeting.next_name):
        out |= {"went_on_to": turned.name or turned.server, "that_worked": turned.outcome == "ok"}
    return out


FACTS: Final = {
    "leaf_sha256": "SHA-256 of the server's certificate",
    "subject": "its subject",
    "issuer": "its issuer",
    "names": "its alternative names",
    "not_before": "first day of validity (UTC)",
    "not_after": "last day of validity (UTC)",
    "asked": "names that devices asked for",
    "servers": "addresses and ports that presented it",
    "sent": "certificates in the message",
    "status": "public, trusted, private, self-signed, incomplete …",
    "certificate_at_fault": "subject of the certificate with the fault, where it is not the server's own",
    "by_device": "for each device: reaction (accepted, accepted-after-refusal, fell-back, refused, unknown), connections, platform, refusal_class (A-E), "
    "how, library (hint from the refusal), refusals, went_on_to, that_worked",
}
"""Documentation of ``facts``, for every rule on chains."""

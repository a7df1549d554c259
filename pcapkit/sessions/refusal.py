"""Did the client accept the server's flight, or refuse it, and how surely is that known (docs/domain.md, 6).

A refusal is read from alerts, record lengths and who closed. **The alert number names the client's library, never the fault**: the chain says why,
the alert says *that*. ``classify`` looks at one connection; ``refine`` at all connections of one device to one name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pcapkit_dissectors.tls_names import (
    ALERT,
    APPLICATION_DATA,
    CERTIFICATE,
    CHANGE_CIPHER_SPEC,
    CLIENT_KEY_EXCHANGE,
    HANDSHAKE,
    alert_name,
    is_tls13,
)

from pcapkit.flows.facts import FORWARD, REVERSE, RST, Connection, Control
from pcapkit.limits import Thresholds
from pcapkit.model import Confidence
from pcapkit.sessions.scene import ClearRecord, Ref, Refusal, Tls

CERTIFICATE_ALERTS: Final = frozenset({42, 43, 44, 45, 46, 48, 49, 113})
"""Descriptions that a client sends about a certificate (RFC 8446, 6.2)."""
FINISHED_LENGTHS: Final = frozenset({53, 69, 85})
"""Record payload of a TLS 1.3 Finished: SHA-256, SHA-384, and SHA-384 with the padding of JSSE."""
ALERT_LENGTHS: Final = frozenset({19, 35})
"""Record payload of a TLS 1.3 alert: two bytes, a type and a tag; JSSE pads by 16."""
EARLY_DATA: Final = 42
"""The extension that offers data before the handshake (RFC 8446, 4.2.10)."""
_FATAL: Final = 2
_CLOSE_NOTIFY: Final = 0
_SECOND: Final = 10**9
_BAD_STATUS: Final = frozenset({"private", "self-signed", "incomplete"})
_NO_GROUND: Final = frozenset({"cert-expiring"})

_LIBRARY_BY_ALERT: Final = {42: "GnuTLS or OpenSSL", 45: "OpenSSL", 46: "BoringSSL (Android, Apple, Chromium) or Java", 48: "OpenSSL"}
_LIBRARY_BY_LENGTH: Final = {19: "GnuTLS, BoringSSL (Chromium) or NSS (Firefox)", 35: "Java"}

Note = tuple[Ref, str]


@dataclass(slots=True)
class _Course:
    """What happened after the server's flight. ``flight``: where it ended. ``ended``: the client's FIN or RST if it closed first."""

    tls13: bool
    """Or cannot be told from it, the server's hello not being there."""
    flight: Ref | None
    client: list[ClearRecord]
    server: list[ClearRecord]
    spoke: bool
    ended: Control | None
    over: Control | None
    """The first FIN or RST of either side: a server closes at once when it is sent an alert."""
    whole: bool
    capture: int

    def closed_ns(self, alert: ClearRecord | None) -> int | None:
        """When the client closed: by its own FIN or RST, or by an alert, which servers answer at once with theirs. None if the server closed first."""
        if self.ended:
            return self.ended.time_ns
        return alert.ref.time_ns if alert and self.over and alert.ref.time_ns <= self.over.time_ns else None

    def notes(self, *more: Note) -> tuple[Note, ...]:
        """The flight, what else is shown, and the client's close."""
        out = [(self.flight, "the server's flight")] if self.flight else []
        out += more
        if self.ended:
            how = "RST" if self.ended.flags & RST else "FIN"
            out.append((Ref(self.capture, self.ended.frame, self.ended.time_ns), f"the client closes ({how})"))
        return tuple(out)


def classify(tls: Tls, connection: Connection, thresholds: Thresholds) -> tuple[bool, Refusal | None]:
    """Whether the client accepted (sent application data after the server's flight), and else how it refused, None if neither can be told."""
    course = _course(tls, connection)
    if _sent_data(tls, course, thresholds.appdata_min) or (tls.accepted and tls.decrypted):
        return True, None
    if tls.resumed or _ruled_out(tls, course):
        return False, None
    refusal = (
        _by_alert(tls, course)
        or _by_protected_alert(course)
        or _by_close_after_handshake(course, thresholds)
        or _by_close(course, thresholds)
    )  # fmt: skip
    return False, refusal


# ---------------------------------------------------------------- what happened


def _course(tls: Tls, connection: Connection) -> _Course:
    tls13 = is_tls13(tls.server_hello.version) if tls.server_hello else not _sent_key_exchange(tls)
    flight = _flight_end(tls, tls13)
    start = tls.server_hello_ref
    client = [r for r in tls.records if r.direction == FORWARD and (start is None or r.ref >= start)]
    lossless = not (connection.forward.missing or connection.reverse.missing or connection.forward.cut)
    return _Course(
        tls13=tls13,
        flight=flight,
        client=client,
        server=[r for r in tls.records if r.direction == REVERSE],
        spoke=flight is not None and _spoke(tls, connection, flight, {r.ref.frame for r in client if not _goes_on(r, tls13)}),
        ended=_client_close(connection),
        over=min((*connection.fins, *connection.resets), key=lambda c: (c.time_ns, c.frame), default=None),
        whole=lossless and connection.reverse.packets > 0,
        capture=connection.capture,
    )


def _sent_key_exchange(tls: Tls) -> bool:
    """ClientKeyExchange in clear, which TLS 1.3 has not."""
    return any(direction == FORWARD and kind == CLIENT_KEY_EXCHANGE for _, direction, kind in tls.handshake)


def _spoke(tls: Tls, connection: Connection, flight: Ref, idle: set[int]) -> bool:
    """The client sent something after the flight, in frames other than ``idle``, be it read or not."""
    if any(direction == FORWARD and ref > flight for ref, direction, _ in tls.handshake):
        return True
    last = connection.forward.last_data
    return last is not None and last[1] > flight.time_ns and last[0] not in idle


def _flight_end(tls: Tls, tls13: bool) -> Ref | None:
    """Where the server's first flight ended as far as it was seen; None if nothing of it but the hello was.

    Up to TLS 1.2 it can be read; in TLS 1.3 it is what the server sent protected before the client's first protected record.
    """
    hello = tls.server_hello_ref
    if hello is None:
        return None
    if not tls13:
        parts = [ref for ref, direction, kind in tls.handshake if direction == REVERSE and kind >= CERTIFICATE]
        if tls.chain_ref and not tls.chain_borrowed:
            parts.append(tls.chain_ref)
        return max(parts) if parts else None
    answer = min((r.ref for r in tls.records if r.direction == FORWARD and r.content_type != CHANGE_CIPHER_SPEC and r.ref >= hello), default=None)
    parts = [r.ref for r in tls.records if r.direction == REVERSE and r.content_type == APPLICATION_DATA and (answer is None or r.ref <= answer)]
    return max(parts) if parts else None


def _client_close(connection: Connection) -> Control | None:
    """The client's FIN or RST, if the server had not closed before it."""
    ends = sorted((*connection.fins, *connection.resets), key=lambda c: (c.time_ns, c.frame))
    return ends[0] if ends and ends[0].direction == FORWARD else None


def _after_finished(client: Iterable[ClearRecord], tls13: bool) -> list[ClearRecord]:
    """The client's protected records behind the end of its handshake.

    In TLS 1.3 certificates and Finished look like data. Where no record has the length of a Finished, the first one holds it among others.
    """
    sent = [r for r in client if r.content_type == APPLICATION_DATA]
    if not tls13:
        return sent
    finished = next((n for n, r in enumerate(sent) if r.length in FINISHED_LENGTHS), 0)
    return sent[finished + 1 :]


def first_request(tls: Tls, appdata_min: int) -> Ref | None:
    """Where the client's first request stands that cannot be read: its first application data behind the handshake."""
    client = [r for r in tls.records if r.direction == FORWARD]
    return next((r.ref for r in _after_finished(client, is_tls13(tls.version or 0)) if r.length >= appdata_min), None)


def _sent_data(tls: Tls, course: _Course, appdata_min: int) -> bool:
    early = tls.server_hello is None and tls.hello is not None and EARLY_DATA in tls.hello.extensions
    return not early and any(r.length >= appdata_min for r in _after_finished(course.client, course.tls13))


def _ruled_out(tls: Tls, course: _Course) -> bool:
    """The server gave up first, or the client said that something else was wrong (versions, ciphers, a message it could not read)."""
    own = next((r for r in course.client if r.alert and r.alert.description != _CLOSE_NOTIFY), None)
    if own and own.alert and own.alert.description not in CERTIFICATE_ALERTS:
        return True
    until = own.ref if own else None
    return any(_is_server_alert(r, course) for r in course.server if until is None or r.ref < until)


def _is_server_alert(record: ClearRecord, course: _Course) -> bool:
    """An alert of the server that comes before the client's close: in clear, protected, or in TLS 1.3 by its length."""
    if course.ended and record.ref.time_ns > course.ended.time_ns:
        return False
    if record.content_type == ALERT:
        return True
    behind = course.flight is not None and record.ref > course.flight
    return course.tls13 and behind and record.content_type == APPLICATION_DATA and record.length in ALERT_LENGTHS


# ---------------------------------------------------------------- classes


def _by_alert(tls: Tls, course: _Course) -> Refusal | None:
    """A: an alert in clear, or decrypted, that only a certificate can cause. It proves itself, so gaps do not matter."""
    for record in course.client:
        alert = record.alert
        if alert and alert.level == _FATAL and alert.description in CERTIFICATE_ALERTS:
            note = (record.ref, f"the client's alert {alert_name(alert.description)} ({alert.description})")
            confidence: Confidence = "high" if course.flight or tls.server_hello_ref else "medium"
            return Refusal("A", confidence, course.notes(note), _LIBRARY_BY_ALERT.get(alert.description))
    return None


def _by_protected_alert(course: _Course) -> Refusal | None:
    """B: in TLS 1.3 the first protected record of the client is as short as an alert, where a Finished would stand; then the connection is closed."""
    first = next((r for r in course.client if r.content_type == APPLICATION_DATA), None)
    if not course.tls13 or not course.flight or not course.over or first is None or first.length not in ALERT_LENGTHS:
        return None
    if not course.whole or first.ref < course.flight or course.over.time_ns < first.ref.time_ns:
        return None
    note = (first.ref, f"the client's first protected record has {first.length} bytes: an alert, not a Finished")
    return Refusal("B", "high", course.notes(note), _LIBRARY_BY_LENGTH[first.length])


def _by_close_after_handshake(course: _Course, thresholds: Thresholds) -> Refusal | None:
    """C: the client ends the handshake, sends nothing, and closes first."""
    finished, alert = _finished(course), _protected_alert(course)
    closed_ns = course.closed_ns(alert)
    if finished is None or not course.flight or closed_ns is None or not course.whole:
        return None
    if not 0 <= (closed_ns - finished.ref.time_ns) / _SECOND <= thresholds.reject_close_s or not (alert or _server_finished(course)):
        return None
    notes = [(finished.ref, "the client ends the handshake")]
    if alert:
        notes.append((alert.ref, f"a protected alert of the client ({alert.length} bytes)"))
    return Refusal("C", "medium", course.notes(*notes), _library_of_close(course, finished, alert))


def _finished(course: _Course) -> ClearRecord | None:
    """The client's Finished: up to TLS 1.2 the first protected handshake record; in TLS 1.3 the last protected record that is no alert."""
    if not course.tls13:
        return next((r for r in course.client if r.content_type == HANDSHAKE), None)
    sent = [r for r in course.client if r.content_type == APPLICATION_DATA and r.length not in ALERT_LENGTHS]
    return next((r for r in sent if r.length in FINISHED_LENGTHS), sent[-1] if sent else None)


def _server_finished(course: _Course) -> bool:
    """Up to TLS 1.2 the server answers the client's Finished; if it does not, a client that closes refuses nothing."""
    return course.tls13 or any(r.content_type == HANDSHAKE for r in course.server)


def _protected_alert(course: _Course) -> ClearRecord | None:
    if not course.tls13:
        return next((r for r in course.client if r.content_type == ALERT and r.alert is None), None)
    return next((r for r in _after_finished(course.client, course.tls13) if r.length in ALERT_LENGTHS), None)


def _library_of_close(course: _Course, finished: ClearRecord, alert: ClearRecord | None) -> str | None:
    if course.tls13:
        if finished.length == 85:
            return "Java"
        return "OpenSSL (curl)" if alert else None
    return "NSS (Firefox) or OpenSSL (curl)" if alert else "GnuTLS (Wget), Node.js or BoringSSL"


def _by_close(course: _Course, thresholds: Thresholds) -> Refusal | None:
    """D: the client closes right after the server's flight without a word. E: it waits, as one does who asks a user, and then closes."""
    if not course.flight or not course.ended or not course.whole or course.spoke or any(_goes_on(r, course.tls13) for r in course.client):
        return None
    waited = (course.ended.time_ns - course.flight.time_ns) / _SECOND
    if waited < 0:
        return None
    if waited > thresholds.prompt_wait_s:
        return Refusal("E", "low", course.notes())
    return Refusal("D", "medium", course.notes(), "Node.js" if course.tls13 else None)


def _goes_on(record: ClearRecord, tls13: bool) -> bool:
    """A record by which the client goes on. A cipher change means nothing in TLS 1.3; close_notify is a way to close."""
    if record.content_type == CHANGE_CIPHER_SPEC:
        return not tls13
    return not (record.alert and record.alert.description == _CLOSE_NOTIFY)


# ---------------------------------------------------------------- one device and name


@dataclass(frozen=True, slots=True)
class Trial:
    """One connection of a device to a name: from when to when, and its handshake with ``accepted`` and ``refusal`` filled in."""

    tls: Tls
    first_time_ns: int
    last_time_ns: int


def refine(trials: Sequence[Trial]) -> None:
    """Weigh the refusals of one device to one name against each other and against the verdict on the chain, in place.

    C becomes high if repeated or if our own verdict is bad, low if other connections of the device carry data (it opened more than it needed);
    so does D become low. A refusal that the same device overrode *later* is no such spare connection: its user agreed, which a bad verdict explains.
    """
    repeats = sum(t.tls.refusal is not None and t.tls.refusal.kind == "C" for t in trials)
    for trial in trials:
        refusal = trial.tls.refusal
        if refusal is None or refusal.kind in ("A", "B"):
            continue
        accepted = [t for t in trials if t is not trial and t.tls.accepted]
        later = bool(accepted) and all(t.first_time_ns >= trial.last_time_ns for t in accepted)
        bad = is_bad(trial.tls)
        confidence: Confidence
        if refusal.kind == "E":
            confidence = "medium" if later else "low"
        elif accepted and not (later and bad):
            confidence = "low"
        elif refusal.kind == "C" and not accepted and (bad or repeats >= 2):
            confidence = "high"
        else:
            confidence = "medium"
        trial.tls.refusal = replace(refusal, confidence=confidence)


def is_bad(tls: Tls) -> bool:
    """Our own verdict gives a client ground to refuse the chain."""
    verdict = tls.verdict
    if verdict is None:
        return False
    faults: Iterable[str] = (fault.code for fault in verdict.faults)
    return verdict.status in _BAD_STATUS or verdict.name_ok is False or any(code not in _NO_GROUND for code in faults)

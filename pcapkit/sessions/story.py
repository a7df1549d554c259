"""What was sent within each step, in order: the arrows from which the terminal browser draws its ladder. No secret is among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pcapkit_dissectors.dns import rcode_name
from pcapkit_dissectors.messages import Dns, ExchangeAnswer, LyncAnswer, Unreadable
from pcapkit_dissectors.tls_names import APPLICATION_DATA, TLS13, alert_name, version_name

from pcapkit.flows.facts import FORWARD, REVERSE, RST, Connection, Control
from pcapkit.model import FrameRef, StepEvent, StepOutcome
from pcapkit.sessions.outcomes import answering_reset, is_challenge
from pcapkit.sessions.roles import host_of
from pcapkit.sessions.scene import Attempt, ClearRecord, Exchange, ForeignReply, Lookup, NatCopy, Query, Ref, Tls

NS: Final = 10**9
FRAMES: Final = 16
"""Frames that an arrow names; the capture has the others."""
FATAL: Final = 2


@dataclass(frozen=True, slots=True)
class Around:
    """What the scene knows of conversations beside their own packets, by flow."""

    foreign: Mapping[int, tuple[ForeignReply, ...]] = field(default_factory=dict)
    copies: Mapping[int, tuple[NatCopy, ...]] = field(default_factory=dict)


NOTHING: Final = Around()


def places(refs: Iterable[Ref | None]) -> tuple[FrameRef, ...]:
    """Frames in the order given, without repeats."""
    return tuple(FrameRef(*place) for place in list(dict.fromkeys((r.capture, r.frame) for r in refs if r is not None))[:FRAMES])


def span(ns: int) -> str:
    """``0.04 ms``, ``3.1 ms``, ``12 ms``, ``3.1 s``."""
    if ns < 10**7:
        return f"{ns / 10**6:.{2 if ns < 10**6 else 1}f} ms"
    return f"{ns / 10**6:.0f} ms" if ns < NS else f"{ns / NS:.1f} s"


# ---------------------------------------------------------------- DNS


def of_lookup(lookup: Lookup) -> tuple[StepEvent, ...]:
    """For each server asked: the questions as one arrow, the answers as one."""
    servers: dict[str, list[Query]] = {}
    for query in lookup.queries:
        servers.setdefault(query.server, []).append(query)
    found: list[StepEvent] = []
    for server, queries in servers.items():
        found.append(_question(lookup, server, queries))
        answers = [(q.reply, q.message) for q in queries if q.reply is not None and q.message is not None]
        if answers:
            found.append(_answer(server, answers))
    return tuple(sorted(found, key=lambda e: e.time_ns))


def _question(lookup: Lookup, server: str, queries: list[Query]) -> StepEvent:
    types = list(dict.fromkeys(q.qtype for q in queries))
    again = [q for n, q in enumerate(queries) if q.qtype in {earlier.qtype for earlier in queries[:n]}]
    answered = any(q.reply for q in queries)
    lost = not answered and lookup.outcome != "unknown"
    outcome: StepOutcome = "ok" if answered else "failed" if lost else "unknown"
    return StepEvent(
        "query",
        queries[0].ref.time_ns,
        True,
        server,
        f"{', '.join(types)} {lookup.name}",
        places(q.ref for q in queries if q.asked),
        outcome,
        repeats_ns=tuple(q.ref.time_ns for q in again),
        lost=lost,
        seen=any(q.asked for q in queries),
    )


def _answer(server: str, answers: Sequence[tuple[Ref, Dns]]) -> StepEvent:
    said = [text for _, message in answers for text in _records(message)]
    decisive = next((ref for ref, message in answers if _records(message)), answers[0][0])
    codes = [rcode_name(message.rcode) if message.rcode else "no such record (NODATA)" for _, message in answers]
    return StepEvent(
        "answer",
        decisive.time_ns,
        False,
        server,
        ", ".join(dict.fromkeys(said)) or codes[0],
        places(ref for ref, _ in answers),
        "ok" if said else "failed",
    )


def _records(message: Dns) -> list[str]:
    """Addresses and services of an answer, behind the alias that leads to them."""
    alias = [str(r.data) for r in message.answers if r.type == "CNAME"]
    said = [str(r.data) for r in message.answers if r.type in ("A", "AAAA")]
    said += [" ".join(str(r.data).split()[2:4][::-1]) or str(r.data) for r in message.answers if r.type == "SRV"]
    return [f"CNAME {alias[-1]}", *said] if alias and said else said


# ---------------------------------------------------------------- TCP


def of_connect(attempt: Attempt, connection: Connection, around: Around) -> tuple[StepEvent, ...]:
    """The opening of a connection as one arrow, or the SYN and what came back."""
    syns, server = connection.syns, connection.server
    copies = around.copies.get(connection.flow, ())
    if connection.established:
        return (_copied(_opened(connection), copies),)
    if not syns:
        return ()
    replies = list(_replies(connection, around.foreign.get(connection.flow, ())))
    failed = attempt.failed_at == "connect"
    asked = StepEvent(
        "syn",
        syns[0].time_ns,
        True,
        server,
        f"SYN to {attempt.server}",
        _frames(connection, syns),
        "ok" if replies else "failed" if failed else "unknown",
        repeats_ns=tuple(s.time_ns for s in syns[1:]),
        lost=failed and not replies,
    )
    return (_copied(asked, copies), *replies)


def _opened(connection: Connection) -> StepEvent:
    port, rtt = connection.server_port, connection.rtt_ns
    answer = connection.synacks[0] if connection.synacks else None
    syns = [s for s in connection.syns if answer is None or s.time_ns <= answer.time_ns]
    if answer is None and not syns:
        return StepEvent("open", connection.first_time_ns, True, connection.server, f"TCP {port} was open before", (), seen=False)
    first = syns[0] if syns else answer
    assert first is not None
    text = f"TCP {port} open, {span(rtt)}" if rtt is not None else f"TCP {port} open"
    frames = _frames(connection, [*syns, *([answer] if answer else [])])
    again = tuple(s.time_ns for s in syns[1:])
    return StepEvent("open", first.time_ns, True, connection.server, text, frames, repeats_ns=again)


def _replies(connection: Connection, foreign: Sequence[ForeignReply]) -> Iterator[StepEvent]:
    """What came in place of a SYN-ACK."""
    if foreign:
        first, again = foreign[0], tuple(f.reply.time_ns for f in foreign[1:])
        note = f"SYN-ACK from {first.source}, which was not asked"
        yield StepEvent("foreign", first.reply.time_ns, False, first.source, note, places(f.reply for f in foreign), "failed", again)
        resets = [f.reset for f in foreign if f.reset]
        if resets:
            later = tuple(r.time_ns for r in resets[1:])
            yield StepEvent("refused", resets[0].time_ns, True, first.source, "RST: the device never asked it", places(resets), "failed", later)
    reset = answering_reset(connection)
    if reset:
        yield StepEvent("refused", reset.time_ns, False, connection.server, "RST refuses the SYN", _frames(connection, [reset]), "failed")
    seen = [i for i in connection.icmp if i.direction == FORWARD]
    if seen:
        text = f"ICMP {seen[0].error.code_name or 'unreachable'}"
        frames = places(Ref.of(connection, i) for i in seen)
        yield StepEvent("icmp", seen[0].time_ns, False, seen[0].sender, text, frames, "failed", tuple(i.time_ns for i in seen[1:]))


def _frames(connection: Connection, controls: Iterable[Control]) -> tuple[FrameRef, ...]:
    return places(Ref.of(connection, c) for c in controls)


def _copied(event: StepEvent, copies: Sequence[NatCopy]) -> StepEvent:
    """The event with what was captured of it behind a NAT."""
    if not copies:
        return event
    first = copies[0]
    return replace(event, copies=places(c.copy for c in copies), copied_as=f"{first.copy_source} → {first.copy_destination}")


# ---------------------------------------------------------------- TLS


def of_tls(attempt: Attempt, connection: Connection, tls: Tls) -> tuple[StepEvent, ...]:
    """Hello, the server's flight, alerts and closes, and that data followed."""
    found: list[StepEvent] = []
    failed = attempt.failed_at == "tls"
    unanswered = tls.server_hello is None and not connection.reverse.bytes
    if tls.hello and tls.hello_ref:
        name = f" for {tls.sni}" if tls.sni else " without a name"
        outcome: StepOutcome = "failed" if failed and unanswered else "ok"
        frames = places([tls.hello_ref])
        lost = failed and unanswered and not connection.closed_by
        found.append(StepEvent("hello", tls.hello_ref.time_ns, True, connection.server, f"ClientHello{name}", frames, outcome, lost=lost))
    flight = tls.server_hello_ref or (None if tls.chain_borrowed else tls.chain_ref)
    if flight:
        frames = places([tls.server_hello_ref, None if tls.chain_borrowed else tls.chain_ref])
        found.append(StepEvent("flight", flight.time_ns, False, connection.server, _flight(tls), frames))
    found += _alerts(connection, tls)
    found += _refused(connection, tls) if tls.refusal and tls.refusal.kind != "A" else ()
    found += _closed(connection) if failed and tls.server_hello is None else ()
    found += _data(connection, tls) if tls.accepted and not attempt.exchanges else ()
    return tuple(sorted(found, key=lambda e: e.time_ns))


def _flight(tls: Tls) -> str:
    version = version_name(tls.version) if tls.version else "TLS"
    if tls.chain and not tls.chain_borrowed:
        leaf = tls.verdict.leaf if tls.verdict else None
        name = (leaf.common_name or leaf.subject) if leaf else ""
        return f"{version} Certificate {name}, {len(tls.chain)} sent".replace(" , ", ", ")
    if tls.resumed:
        return f"{version} ServerHello, resumed: no certificate"
    hidden = ", certificate hidden" if tls.version == TLS13 else ""
    return f"{version} ServerHello{hidden}"


def _alerts(connection: Connection, tls: Tls) -> Iterator[StepEvent]:
    for record in tls.records:
        if record.alert is None or record.alert.description == 0:
            continue
        level = "fatal" if record.alert.level == FATAL else "warning"
        text = f"Alert {level}: {alert_name(record.alert.description).replace('_', ' ').replace(' ca', ' CA')}"
        sent = record.direction == FORWARD
        yield StepEvent("alert", record.ref.time_ns, sent, connection.server, text, places([record.ref]), "failed" if level == "fatal" else "ok")


def _refused(connection: Connection, tls: Tls) -> Iterator[StepEvent]:
    """A refusal without an alert that can be read: what shows it."""
    assert tls.refusal is not None
    told = {tls.hello_ref, tls.server_hello_ref, tls.chain_ref}
    for ref, note in tls.refusal.evidence:
        if ref not in told:
            yield StepEvent("close", ref.time_ns, True, connection.server, note, places([ref]), "failed")


def _closed(connection: Connection) -> Iterator[StepEvent]:
    """The server's close, where it is its answer."""
    ends = [c for c in (*connection.fins, *connection.resets) if c.direction == REVERSE]
    if ends and not connection.reverse.bytes:
        end = min(ends, key=lambda c: c.time_ns)
        how = "RST" if end.flags & RST else "FIN"
        yield StepEvent("close", end.time_ns, False, connection.server, f"{how}: the server closes", _frames(connection, [end]), "failed")


def _data(connection: Connection, tls: Tls) -> Iterator[StepEvent]:
    """Protected data both ways: a request and its answer that cannot be read."""
    asked = [r for r in tls.records if r.direction == FORWARD and r.content_type == APPLICATION_DATA]
    request = asked[1] if tls.version == TLS13 and len(asked) > 1 else asked[0] if asked else None
    if request is None:
        return
    yield _protected(connection, request, True)
    answer = next((r for r in tls.records if r.direction == REVERSE and r.content_type == APPLICATION_DATA and r.ref > request.ref), None)
    last = connection.reverse.last_data
    if answer:
        yield _protected(connection, answer, False)
    elif last and last[1] > request.ref.time_ns:
        yield StepEvent("data", last[1], False, connection.server, "encrypted answer", (FrameRef(connection.capture, last[0]),))


def _protected(connection: Connection, record: ClearRecord, sent: bool) -> StepEvent:
    text = f"encrypted {'request' if sent else 'answer'}, {record.length:,} B"
    return StepEvent("data", record.ref.time_ns, sent, connection.server, text, places([record.ref]))


# ---------------------------------------------------------------- HTTP


def of_exchange(attempt: Attempt, exchange: Exchange, fault: str | None) -> tuple[StepEvent, ...]:
    """Request and response."""
    found: list[StepEvent] = []
    peer = attempt.address or ""
    if exchange.request and exchange.request_ref:
        how = "decrypted" if exchange.secure else f"clear text, port {attempt.port}"
        text = f"{exchange.request.method} {exchange.path or '/'} ({how})"
        lost = exchange.response is None
        outcome: StepOutcome = "unknown" if lost else "ok"
        found.append(StepEvent("request", exchange.request_ref.time_ns, True, peer, text, places([exchange.request_ref]), outcome, lost=lost))
    if exchange.response and exchange.response_ref:
        outcome = "failed" if fault else "ok"
        frames = places([exchange.response_ref])
        found.append(StepEvent("response", exchange.response_ref.time_ns, False, peer, _response(exchange), frames, outcome))
    return tuple(found)


def _response(exchange: Exchange) -> str:
    response = exchange.response
    assert response is not None
    said = f"{response.status} {_says(exchange)}" if _says(exchange) else f"{response.status} {response.reason}".rstrip()
    return said if response.status else "answer (status not captured)"


def _says(exchange: Exchange) -> str:
    """What a response says, beyond its status."""
    answer, response = exchange.answer, exchange.response
    assert response is not None
    if isinstance(answer, LyncAnswer):
        where = f"AccessLocation {answer.access_location}, " if answer.access_location else ""
        return f"{where}{len(answer.links)} link{'' if len(answer.links) == 1 else 's'}"
    if isinstance(answer, ExchangeAnswer):
        aims = {"redirect_addr": "go to another address", "redirect_url": "go to another URL", "error": f"error {answer.error_code or ''}".rstrip()}
        return aims.get(answer.action, f"Exchange {answer.action}")
    if isinstance(answer, Unreadable):
        return "a web page, no discovery answer" if answer.html else "no discovery answer"
    if response.location and 300 <= response.status < 400:
        return f"go to {host_of(response.location) or 'another place'}"
    if is_challenge(exchange) or response.status == 401:
        schemes = dict.fromkeys(text.split(" ")[0] for text in response.www_authenticate)
        return f"asks for credentials ({', '.join(schemes)})" if schemes else "asks for credentials"
    return ""

"""An attempt → its steps, as the report shows them: each with outcome, reason and frames. No secret is among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pcapkit.flows.facts import Connection
from pcapkit.model import FrameRef, Json, Step, StepOutcome
from pcapkit.sessions import story
from pcapkit.sessions.outcomes import answering_reset, exchange_fault, is_challenge, lookup_reason
from pcapkit.sessions.scene import Attempt, Exchange, Lookup, Ref, Tls

NS: Final = 10**9
EXCHANGES_SHOWN: Final = 50
FRAMES_SHOWN: Final = 64


def steps_of(attempts: list[Attempt], around: story.Around = story.NOTHING) -> tuple[Step, ...]:
    """Steps of a session in order of time; a look-up that led to several connections is one step."""
    found: list[Step] = []
    told: set[int] = set()
    for number, attempt in enumerate(attempts):
        steps: list[Step] = []
        if attempt.lookup is not None and id(attempt.lookup) not in told:
            told.add(id(attempt.lookup))
            steps.append(_dns(attempt, attempt.lookup))
        if attempt.connection is not None:
            steps.append(_connect(attempt, attempt.connection, around))
            if attempt.tls is not None:
                steps.append(_tls(attempt, attempt.connection, attempt.tls))
            steps += [_http(attempt, e) for e in attempt.exchanges[:EXCHANGES_SHOWN]]
        flow = f"T{attempt.connection.flow + 1}" if attempt.connection else None
        found += [replace(step, attempt=number, flow=None if step.kind == "dns" else flow) for step in steps]
    return tuple(sorted(found, key=lambda s: s.time_ns))


def _frames(refs: Iterator[Ref | None] | list[Ref | None]) -> tuple[FrameRef, ...]:
    unique = dict.fromkeys((r.capture, r.frame) for r in refs if r is not None)
    return tuple(FrameRef(*place) for place in sorted(unique)[:FRAMES_SHOWN])


def _dns(attempt: Attempt, lookup: Lookup) -> Step:
    good = lookup.outcome == "answered" and not lookup.sinkholed
    outcome: StepOutcome = "ok" if good else "unknown" if lookup.outcome == "unknown" else "failed"
    refs: list[Ref | None] = [q.ref for q in lookup.queries]
    refs += [q.reply for q in lookup.queries]
    answer = lookup.answer
    detail: dict[str, Json] = {
        "types": list(dict.fromkeys(q.qtype for q in lookup.queries)),
        "answers": [*lookup.addresses[:16], *lookup.srv[:8]],
        "cname": list(lookup.cname),
        "ttl_s": lookup.ttl_s,
        "queries": len(lookup.queries),
        "latency_s": round((answer.time_ns - lookup.first.time_ns) / NS, 6) if answer else None,
    }
    reason = None if outcome == "ok" else lookup_reason(lookup)
    events = story.of_lookup(lookup)
    return Step("dns", attempt.role, lookup.first.time_ns, outcome, lookup.name, lookup.queries[0].server, reason, _frames(refs), detail, events)


def _connect(attempt: Attempt, connection: Connection, around: story.Around) -> Step:
    controls = connection.syns + connection.synacks
    refs: list[Ref | None] = [Ref.of(connection, c) for c in controls]
    outcome: StepOutcome = "ok" if connection.established else "failed" if attempt.failed_at == "connect" else "unknown"
    if outcome == "failed":
        reset = answering_reset(connection)
        refs += [Ref.of(connection, reset)] if reset else []
        refs += [Ref.of(connection, s) for s in connection.icmp]
    if not refs:
        refs = [Ref(connection.capture, connection.first_frame, connection.first_time_ns)]
    rtt = connection.rtt_ns
    detail: dict[str, Json] = {"port": connection.server_port, "syn": len(connection.syns), "rtt_s": round(rtt / NS, 6) if rtt is not None else None}
    reason = attempt.reason if outcome != "ok" else None
    events = story.of_connect(attempt, connection, around)
    return Step("connect", attempt.role, connection.first_time_ns, outcome, attempt.name, attempt.server, reason, _frames(refs), detail, events)


def _tls(attempt: Attempt, connection: Connection, tls: Tls) -> Step:
    outcome: StepOutcome = "ok" if tls.accepted else "failed" if attempt.failed_at == "tls" else "unknown"
    refs = [tls.hello_ref, tls.server_hello_ref, None if tls.chain_borrowed else tls.chain_ref]
    refs += [r.ref for r in tls.records if r.alert]
    if tls.refusal:
        refs += [ref for ref, _ in tls.refusal.evidence]
    first = tls.hello_ref or tls.server_hello_ref or (tls.records[0].ref if tls.records else None)
    detail: dict[str, Json] = {
        "sni": tls.sni,
        "version": tls.version,
        "alpn": list(tls.hello.alpn) if tls.hello else [],
        "ja4": tls.hello.ja4 if tls.hello else None,
        "chain": [c.sha256 for c in tls.verdict.sent] if tls.verdict else [],
        "chain_status": tls.verdict.status if tls.verdict else None,
        "chain_borrowed": tls.chain_borrowed,
        "resumed": tls.resumed,
        "decrypted": tls.decrypted,
        "refusal": tls.refusal.kind if tls.refusal else None,
    }
    when = first.time_ns if first else connection.first_time_ns
    reason = attempt.reason if outcome != "ok" else None
    events = story.of_tls(attempt, connection, tls)
    return Step("tls", attempt.role, when, outcome, tls.sni or attempt.name, attempt.server, reason, _frames(refs), detail, events)


def _http(attempt: Attempt, exchange: Exchange) -> Step:
    fault = exchange_fault(exchange, attempt)
    response, request = exchange.response, exchange.request
    outcome: StepOutcome = "failed" if fault else "ok" if response is not None else "unknown"
    when = exchange.request_ref or exchange.response_ref
    detail: dict[str, Json] = {
        "method": request.method if request else None,
        "path": exchange.path or None,
        "status": response.status if response else None,
        "secure": exchange.secure,
        "challenge": is_challenge(exchange),
    }
    reason = fault or (None if response is not None else "no response in the capture")
    frames = _frames([exchange.request_ref, exchange.response_ref])
    time_ns = when.time_ns if when else attempt.first_time_ns
    events = story.of_exchange(attempt, exchange, fault)
    return Step("http", attempt.role, time_ns, outcome, attempt.name, attempt.server, reason, frames, detail, events)

"""HTTP events of a conversation → requests with their responses, and what the documents in them say."""

from __future__ import annotations

from pcapkit_dissectors.messages import ExchangeAnswer, ExchangeRequest, HttpRequest, HttpResponse, LyncAnswer, Unreadable

from pcapkit.sessions.collect import FlowFacts
from pcapkit.sessions.scene import Exchange


def assemble(facts: FlowFacts) -> list[Exchange]:
    """Exchanges in order of their requests. Interim responses (RFC 9110, 15.2) are left out, 101 is none."""
    found: list[Exchange] = []
    waiting: list[Exchange] = []
    latest: Exchange | None = None
    for seen in facts.events:
        message = seen.message
        if isinstance(message, HttpRequest):
            latest = Exchange(message, seen.ref, None, None, seen.decrypted)
            found.append(latest)
            waiting.append(latest)
        elif isinstance(message, HttpResponse):
            if 100 <= message.status < 200 and message.status != 101:
                continue
            latest = _asked(waiting, message)
            if latest is None:
                latest = Exchange(None, None, None, None, seen.decrypted)
                found.append(latest)
            latest.response, latest.response_ref, latest.response_complete = message, seen.ref, seen.complete
        elif isinstance(message, ExchangeRequest):
            if latest is not None:
                latest.asked = message
        elif isinstance(message, LyncAnswer | ExchangeAnswer | Unreadable):
            answered = [e for e in found if e.response_ref == seen.ref] or [e for e in found if e.response is not None]
            if answered:
                answered[-1].answer = message
    return found


def _asked(waiting: list[Exchange], response: HttpResponse) -> Exchange | None:
    """The request that a response answers: of its stream, at its frame, else the eldest that waits (RFC 9112, 9.3)."""
    for index, exchange in enumerate(waiting):
        request = exchange.request
        if request is None or request.stream_id != response.stream_id:
            continue
        if response.request_frame is not None and exchange.request_ref and exchange.request_ref.frame != response.request_frame:
            continue
        return waiting.pop(index)
    return None

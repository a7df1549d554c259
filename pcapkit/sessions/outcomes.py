"""How an attempt ended: the first layer that failed, and why (docs/domain.md, 5, 6 and 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pcapkit_dissectors.messages import ExchangeAnswer, IcmpError, Unreadable
from pcapkit_dissectors.tls_names import alert_name

from pcapkit.flows.facts import ACK, FORWARD, REVERSE, RST, Connection, Control, SeenIcmp
from pcapkit.limits import Thresholds
from pcapkit.sessions.credentials import tries_to_sign_in
from pcapkit.sessions.refusal import first_request
from pcapkit.sessions.roles import by_path, host_of, organisational_domain
from pcapkit.sessions.scene import Attempt, Exchange, ForeignReply, Layer, Lookup, Tls

NS: Final = 10**9
CHALLENGES: Final = frozenset({"ntlm", "negotiate"})


def decide(attempt: Attempt, end_ns: int, foreign: Mapping[int, tuple[ForeignReply, ...]], thresholds: Thresholds, *, both_ways: bool = True) -> None:
    """Fill ``outcome``, ``failed_at`` and ``reason``. ``both_ways``: silence means something, the capture would have heard an answer."""
    _decide(attempt, end_ns, foreign, thresholds)
    if attempt.silence and not both_ways:
        attempt.outcome, attempt.failed_at, attempt.reason = "unknown", None, "only one direction was captured"


def _decide(attempt: Attempt, end_ns: int, foreign: Mapping[int, tuple[ForeignReply, ...]], thresholds: Thresholds) -> None:
    if attempt.connection is None:
        _by_lookup(attempt)
        return
    connection = attempt.connection
    if not connection.established:
        _by_handshake(attempt, connection, end_ns, foreign, thresholds)
    elif attempt.tls is not None and (attempt.tls.hello or attempt.tls.server_hello or not attempt.exchanges):
        _by_tls(attempt, connection, attempt.tls, end_ns, thresholds)
    else:
        _by_http(attempt, connection, end_ns, thresholds)


def fail(attempt: Attempt, layer: Layer, reason: str, *, silence: bool = False) -> None:
    """It broke at this layer, for this reason; ``silence``: since nothing came back."""
    attempt.outcome, attempt.failed_at, attempt.reason, attempt.silence = "failed", layer, reason, silence


def _by_lookup(attempt: Attempt) -> None:
    lookup = attempt.lookup
    if lookup is None:
        return
    reason = lookup_reason(lookup)
    if lookup.sinkholed or lookup.outcome in ("negative", "servfail", "refused", "timeout"):
        fail(attempt, "dns", reason, silence=lookup.outcome == "timeout")
    elif lookup.srv:
        attempt.outcome, attempt.reason = "ok", reason
    else:
        attempt.reason = "answered, but no connection followed" if lookup.outcome == "answered" else reason


def lookup_reason(lookup: Lookup) -> str:
    """What came of a look-up, in words."""
    match lookup.outcome:
        case "negative":
            return "no such name (NXDOMAIN)" if lookup.nxdomain else "no address record (NODATA)"
        case "servfail":
            return "SERVFAIL"
        case "refused":
            return "REFUSED"
        case "timeout":
            return f"no answer to {len(lookup.queries)} quer{'y' if len(lookup.queries) == 1 else 'ies'}"
        case "answered":
            told = ", ".join((*lookup.addresses[:4], *lookup.srv[:2]))
            return f"answered {told}, which leads nowhere" if lookup.sinkholed else told
        case _:
            return "no answer in the capture"


def _by_handshake(
    attempt: Attempt, connection: Connection, end_ns: int, foreign: Mapping[int, tuple[ForeignReply, ...]], thresholds: Thresholds
) -> None:
    syns = connection.syns
    replies = foreign.get(connection.flow, ())
    fatal = unreachable(connection)
    refused = answering_reset(connection)
    if replies:
        fail(attempt, "connect", f"answered by {replies[0].source}, which was not asked")
    elif refused:
        fail(attempt, "connect", "refused: RST answers the SYN")
    elif fatal:
        fail(attempt, "connect", f"ICMP from {fatal.sender}: {fatal.error.code_name or 'unreachable'}")
    elif syns and not connection.reverse.packets:
        waited = end_ns - syns[0].time_ns
        if len(syns) >= thresholds.syn_min or waited >= thresholds.syn_wait_s * NS:
            fail(attempt, "connect", f"no answer to {len(syns)} SYN", silence=True)
        else:
            attempt.reason = "the capture ends before an answer could be expected"
    else:
        attempt.reason = "the opening of the connection is not in the capture"


def answering_reset(connection: Connection) -> Control | None:
    """A RST of the server that acknowledges a SYN (RFC 9293, 3.10.7.1)."""
    wanted = {(s.seq + 1) & 0xFFFFFFFF for s in connection.syns}
    return next((c for c in connection.resets if c.direction == REVERSE and c.flags & ACK and c.ack in wanted), None)


def unreachable(connection: Connection) -> SeenIcmp | None:
    """The first ICMP error that says that the server cannot be reached."""
    return next((seen for seen in connection.icmp if seen.direction == FORWARD and is_fatal(seen.error)), None)


def is_fatal(error: IcmpError) -> bool:
    """Destination unreachable (but not fragmentation needed) or time exceeded, of either IP version (RFC 792, RFC 4443)."""
    return error.mtu is None and error.icmp_type in (1, 3, 11)


def _by_tls(attempt: Attempt, connection: Connection, tls: Tls, end_ns: int, thresholds: Thresholds) -> None:
    refused = tls.refusal
    server_alert = next((r for r in tls.records if r.direction == REVERSE and r.alert and r.alert.level == 2), None)
    if tls.accepted:
        if attempt.exchanges:
            _by_http(attempt, connection, end_ns, thresholds)
        else:
            _by_answer(attempt, connection, tls, thresholds)
    elif server_alert and server_alert.alert:
        fail(attempt, "tls", f"the server ends the handshake: alert {alert_name(server_alert.alert.description)}")
    elif refused:
        fail(attempt, "tls", _refusal_reason(tls))
    elif tls.server_hello is None:
        _by_silence(attempt, connection, tls, end_ns, thresholds)
    else:
        attempt.reason = "handshake seen, no application data followed"


def _by_answer(attempt: Attempt, connection: Connection, tls: Tls, thresholds: Thresholds) -> None:
    """Encrypted: the request is there; was it answered? The server's part is not read to its end, but when it last spoke is known."""
    request = first_request(tls, thresholds.appdata_min)
    answered = connection.reverse.last_data
    if request and answered and answered[1] > request.time_ns:
        attempt.outcome = "ok"
    else:
        attempt.reason = "a request was sent, no answer is in the capture"


def _refusal_reason(tls: Tls) -> str:
    assert tls.refusal is not None
    alert = next((r.alert for r in tls.records if r.direction == FORWARD and r.alert and r.alert.description), None)
    if alert is not None:
        return f"the device refuses the server: alert {alert_name(alert.description)}"
    return f"the device refuses the server (class {tls.refusal.kind}: {tls.refusal.evidence[-1][1] if tls.refusal.evidence else 'it closes'})"


def _by_silence(attempt: Attempt, connection: Connection, tls: Tls, end_ns: int, thresholds: Thresholds) -> None:
    """A ClientHello, and no ServerHello."""
    spoke = connection.forward.first_data
    ends = [c for c in connection.fins + connection.resets if not c.duplicate]
    by_server = next((c for c in ends if c.direction == REVERSE), None)
    client_alert = next((r.alert for r in tls.records if r.direction == FORWARD and r.alert and r.alert.description), None)
    if client_alert:
        fail(attempt, "tls", f"the device ends the handshake: alert {alert_name(client_alert.description)}")
    elif by_server and not connection.reverse.bytes:
        how = "RST" if by_server.flags & RST else "FIN"
        fail(attempt, "tls", f"the server closes ({how}) after the ClientHello")
    elif connection.forward.last_ack > 1 and not connection.reverse.bytes:
        attempt.reason = "the server's answer was acknowledged, but not captured"
    elif spoke and not connection.reverse.bytes:
        until = min((c.time_ns for c in ends), default=end_ns)
        if until - spoke[1] >= thresholds.stall_wait_s * NS:
            fail(attempt, "tls", f"connected, then no answer to the ClientHello for {(until - spoke[1]) / NS:.1f} s", silence=True)
        else:
            attempt.reason = "no answer to the ClientHello in the capture"
    else:
        attempt.reason = "the server's part of the handshake is not readable"


def _by_http(attempt: Attempt, connection: Connection, end_ns: int, thresholds: Thresholds) -> None:
    if not attempt.exchanges:
        attempt.reason = "connected, nothing readable was said"
        spoke = connection.forward.first_data
        ends = [c.time_ns for c in connection.fins + connection.resets]
        if spoke and not connection.reverse.bytes and min(ends, default=end_ns) - spoke[1] >= thresholds.stall_wait_s * NS:
            fail(attempt, "http", "connected, then no answer to what the device sent", silence=True)
        return
    answered = [e for e in attempt.exchanges if e.response is not None]
    good = [e for e in answered if not is_challenge(e) and exchange_fault(e, attempt) is None]
    final = next((e for e in reversed(answered) if by_path(e.path) or not good), None)
    fault = exchange_fault(final, attempt) if final else None
    if fault:
        fail(attempt, "http", fault)
    elif good:
        attempt.outcome = "ok"
    else:
        attempt.reason = "the server asks for credentials, and none are seen" if answered else "no response in the capture"


def exchange_fault(exchange: Exchange, attempt: Attempt | None = None) -> str | None:
    """What is wrong with a response, None if nothing is, or there is none. ``attempt``: judge redirects too, by what was asked for."""
    response = exchange.response
    if response is None or response.status == 0:
        return None
    if response.status >= 400 and not is_challenge(exchange):
        return f"HTTP {response.status} to {exchange.request.method if exchange.request else 'a request'} {exchange.sent_path}".rstrip()
    if attempt is not None and attempt.role in ("discover-internal", "discover-external") and _leaves_domain(attempt, exchange):
        return f"redirected to another domain ({response.status})"
    if _leads_back(exchange):
        return f"redirected to where it was asked ({response.status})"
    if isinstance(exchange.answer, Unreadable):
        return "a web page in place of a discovery answer" if exchange.answer.html else f"unreadable answer: {exchange.answer.reason}"
    if isinstance(exchange.answer, ExchangeAnswer) and exchange.answer.action == "error" and not _harmless(exchange, exchange.answer):
        return f"Exchange error {exchange.answer.error_code}"
    return None


def _leaves_domain(attempt: Attempt, exchange: Exchange) -> bool:
    """A 3xx to another domain, which Lync clients do not follow (docs/domain.md, 2)."""
    response = exchange.response
    if response is None or not 300 <= response.status < 400 or not response.location or "://" not in response.location:
        return False
    host = host_of(response.location)
    return host is not None and organisational_domain(host) != organisational_domain(attempt.name or "")


def _leads_back(exchange: Exchange) -> bool:
    """A 3xx to the very URL that was asked for."""
    response, request = exchange.response, exchange.request
    if response is None or request is None or not 300 <= response.status < 400 or not response.location or not request.host:
        return False
    asked = request.uri if "://" in request.uri else f"{'https' if exchange.secure else 'http'}://{request.host}{request.uri}"
    return response.location.lower() in (asked.lower(), request.uri.lower())


def _harmless(exchange: Exchange, answer: ExchangeAnswer) -> bool:
    """ErrorCode 600 on a GET is the healthy sign (docs/domain.md, 3)."""
    return answer.error_code == "600" and exchange.request is not None and exchange.request.method == "GET"


def is_challenge(exchange: Exchange) -> bool:
    """A normal 401: the request bore no credentials, or the handshake of NTLM goes on (docs/domain.md, 7)."""
    if exchange.response is None or exchange.response.status != 401:
        return False
    if not tries_to_sign_in(exchange):
        return True
    return any(w.partition(" ")[0].lower() in CHALLENGES and " " in w.strip() for w in exchange.response.www_authenticate)

"""What a conversation said, as text of both directions: decrypted where keys are, secrets hidden, bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from pcapkit_dissectors._api import Malformed
from pcapkit_dissectors.messages import (
    Alert,
    Certificate,
    ChangeCipherSpec,
    ClientHello,
    Dns,
    Encrypted,
    HandshakeMessage,
    HttpRequest,
    HttpResponse,
    ServerHello,
    TlsKeys,
)
from pcapkit_dissectors.tls_names import GREASE, alert_name, cipher_name, version_name

from pcapkit.events import shown_url
from pcapkit.flows.facts import Observation
from pcapkit.report.cells import clip
from pcapkit.report.style import Style
from pcapkit_tui.view import secrets
from pcapkit_tui.view.layers import TLS_MESSAGES, TLS_RECORDS
from pcapkit_tui.view.lines import Line, Span, line

BODY: Final = 16_384
"""Bytes of a body that are shown."""
RAW: Final = 1 << 20
"""Bytes of each direction that are put together."""
TOTAL: Final = 20_000
"""Lines that are shown."""
HEX: Final = 256


@dataclass(slots=True)
class Said:
    """Something that one side said. ``way``: 0 the client, 1 the server; ``body``: lines of true text."""

    way: int
    frame: int
    time_ns: int
    title: str
    body: list[str] = field(default_factory=list)
    dim: bool = False


# ---------------------------------------------------------------- messages


def of_messages(observations: Iterable[Observation]) -> list[Said]:
    """What the dissectors read."""
    found: list[Said] = []
    for observation in observations:
        event = observation.event
        told = _told(event.message)
        if told is None:
            continue
        title, body, dim = told
        if event.decrypted:
            title += "  (decrypted)"
        if not event.complete:
            title += "  (not whole in the capture)"
        found.append(Said(event.direction, event.frames[-1], event.time_ns, title, body, dim))
    return found


def _told(message: object) -> tuple[str, list[str], bool] | None:
    """Title, lines, and whether it is by the way."""
    match message:
        case HttpRequest():
            return f"{message.method} {_url(message.uri)} {message.version}", _http(message.raw_headers, message.raw_body, message.body_len), False
        case HttpResponse():
            title = f"{message.version} {message.status} {message.reason}".rstrip()
            return title, _http(message.raw_headers, message.raw_body, message.body_len), False
        case Dns():
            return _dns(message)
        case Malformed():
            return f"not readable as {message.protocol}: {message.reason}", [], True
    return _tls(message)


def _tls(message: object) -> tuple[str, list[str], bool] | None:
    match message:
        case ClientHello():
            versions = ", ".join(version_name(v) for v in message.versions if v not in GREASE)
            facts = [f"name {message.sni or 'none'}", f"versions {versions}", f"ALPN {', '.join(message.alpn) or 'none'}", f"JA4 {message.ja4}"]
            return "TLS ClientHello", facts, False
        case ServerHello():
            return f"TLS ServerHello {version_name(message.version)}, {cipher_name(message.cipher)}", [], False
        case Certificate():
            return f"TLS Certificate, {len(message.certs)} sent", [f"SHA-256 {digest}" for digest in message.certs], False
        case Alert():
            return f"TLS Alert {'fatal' if message.level == 2 else 'warning'}: {alert_name(message.description)}", [], False
        case HandshakeMessage():
            return f"TLS {TLS_MESSAGES.get(message.msg_type, f'message {message.msg_type}')}, {message.length:,} bytes", [], True
        case Encrypted():
            return f"TLS protected {TLS_RECORDS.get(message.content_type, message.content_type)}, {message.length:,} bytes", [], True
        case ChangeCipherSpec():
            return "TLS ChangeCipherSpec", [], True
        case TlsKeys():
            return f"keys {message.status}: {message.detail}", [], True
    return None


def _dns(message: Dns) -> tuple[str, list[str], bool]:
    kind = "answer" if message.response else "query"
    rows = [f"{r.name} {r.type} {r.data if isinstance(r.data, str) else ' '.join(r.data)} TTL {r.ttl}" for r in message.answers]
    code = f", code {message.rcode}" if message.rcode else ""
    return f"DNS {kind} {message.qtype} {message.qname}{code}", rows, False


def _url(uri: str) -> str:
    return secrets.hidden(shown_url(uri).encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def _http(headers: Sequence[tuple[str, str]], body: bytes | None, size: int | None) -> list[str]:
    raw = "\n".join(f"{name}: {value}" for name, value in headers).encode("utf-8", "surrogateescape")
    found = _texts(secrets.hidden(raw)) if headers else []
    if body:
        found += ["", *_body(body)]
        if len(body) > BODY:
            found.append(f"… {len(body) - BODY:,} more bytes")
    elif size:
        found += ["", f"(body of {size:,} bytes)"]
    return found


def _body(body: bytes) -> list[str]:
    part = body[:BODY]
    if not _readable(part):
        return [f"({len(body):,} bytes that are no text)"]
    return _texts(secrets.hidden(part))


def _readable(data: bytes) -> bool:
    """Mostly text."""
    strange = sum(byte < 32 and byte not in (9, 10, 13) for byte in data[:2_048])
    return strange * 20 <= len(data[:2_048])


def _texts(data: bytes) -> list[str]:
    return data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").replace("\r", "\n").split("\n")


# ---------------------------------------------------------------- bytes


def of_bytes(payloads: Iterable[tuple[int, int, int, int, bytes, int]], tcp: bool) -> list[Said]:
    """Where no dissector reads the protocol: the bytes in order, as text, a turn of each side together."""
    found: list[Said] = []
    for way, frame, time_ns, data, gap in _ordered(payloads, tcp):
        if gap:
            found.append(Said(way, frame, time_ns, f"{gap:,} bytes are missing in the capture", dim=True))
        if found and found[-1].way == way and not found[-1].dim:
            found[-1].body += [data.decode("latin-1")]
        else:
            found.append(Said(way, frame, time_ns, "", [data.decode("latin-1")]))
    for said in found:
        if not said.dim:
            data = "".join(said.body).encode("latin-1")
            said.title = f"{len(data):,} bytes"
            said.body = _texts(secrets.hidden(data)) if _readable(data) else _hex(data)
    return found


def _hex(data: bytes) -> list[str]:
    shown = data[:HEX]
    rows = [f"{at:04x}  {shown[at : at + 16].hex(' ')}" for at in range(0, len(shown), 16)]
    return rows + ([f"… {len(data) - HEX:,} more bytes"] if len(data) > HEX else [])


def _ordered(payloads: Iterable[tuple[int, int, int, int, bytes, int]], tcp: bool) -> Iterator[tuple[int, int, int, bytes, int]]:
    """(direction, frame, time, new bytes, bytes missing before them), retransmissions left out."""
    expected: dict[int, int] = {}
    taken = [0, 0]
    for frame, time_ns, way, seq, data, length in payloads:
        if taken[way] >= RAW:
            continue
        if not tcp:
            taken[way] += len(data)
            yield way, frame, time_ns, data, 0
            continue
        ahead = _ahead(seq, expected.get(way, seq))
        fresh = data[-ahead:] if ahead < 0 else data
        if ahead + length <= 0 and way in expected:
            continue
        expected[way] = (max(seq, 0) + length) & 0xFFFF_FFFF
        taken[way] += len(fresh)
        yield way, frame, time_ns, fresh, max(0, ahead)


def _ahead(seq: int, expected: int) -> int:
    """How far a sequence number lies ahead of the one expected (behind: negative)."""
    distance = (seq - expected) & 0xFFFF_FFFF
    return distance - 0x1_0000_0000 if distance >> 31 else distance


# ---------------------------------------------------------------- lines


def lines(style: Style, found: Sequence[Said], width: int) -> list[Line]:
    """The talk: the client's part at the margin, the server's set in. Keys: ``3.0`` the head of the fourth."""
    made: list[Line] = []
    for number, said in enumerate(found):
        indent = "" if said.way == 0 else "    "
        arrow = style.own("→" if said.way == 0 else "←")
        head = f"{indent}{arrow} {style.clock(said.time_ns, fraction=True)} frame {said.frame}  "
        title = style.own(style.show(said.title, 2_000))
        look = "dim" if said.dim else "accent" if said.way == 0 else "ok"
        room = max(8, width - len(head))
        made.append(line(Span(head, "dim"), Span(clip(title, room, style.own("…")), look), key=f"{number}.0"))
        for row, text in enumerate(said.body, 1):
            shown = clip(style.own(style.show(text, 4_000)), max(8, width - len(indent) - 2), style.own("…"))
            made.append(line(f"{indent}  {shown}", key=f"{number}.{row}"))
        if len(made) > TOTAL:
            made.append(line(Span("the rest is not shown", "warning"), key="end"))
            break
    return made

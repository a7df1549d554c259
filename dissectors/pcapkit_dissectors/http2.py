"""HTTP/2 conversations (RFC 9113): requests and responses by stream, with bodies bounded and decoded as those of HTTP/1.

Captures start late and have gaps. Header fields that refer to what was lost are left out, and the event is marked as not complete.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pcapkit_dissectors import http2_frames as wire
from pcapkit_dissectors._api import Context, Event, Malformed, Stamp, StreamDissector
from pcapkit_dissectors._coding import Body, BodyFacts
from pcapkit_dissectors._limits import EVENT_FRAMES, HTTP_HEADER_BYTES, HTTP_PENDING, MAX_PROBLEMS_PER_FLOW
from pcapkit_dissectors.http1_head import Head
from pcapkit_dissectors.http2_frames import Frame, Frames, Lost
from pcapkit_dissectors.http_interest import keeps_bodies, keeps_body_of_type, request_matters, response_matters
from pcapkit_dissectors.messages import Http2Request, Http2Response
from pcapkit_dissectors.tls_assembly import place

if TYPE_CHECKING:
    from pcapkit_dissectors.http2_fields import FieldDecoder, Fields

NAME: Final = "http2"
_VERSION: Final = "HTTP/2"
_LOOKED_AT: Final = 4
"""Exchanges of no interest after which a conversation is left."""


@dataclass(slots=True)
class _Half:
    """A request or a response that has begun. ``lacking``: some of its fields or of its body are not known."""

    head: Head
    direction: int
    body: Body
    stamps: list[Stamp]
    lacking: bool

    def took(self, stamps: Iterable[Stamp]) -> None:
        """These segments carried a part, too."""
        for stamp in stamps:
            if stamp != self.stamps[-1]:
                self.stamps.append(stamp)
        if len(self.stamps) > EVENT_FRAMES:
            del self.stamps[EVENT_FRAMES - 1 : -1]


@dataclass(slots=True)
class _Exchange:
    """A stream. ``asked``: head of the request, ``frame`` the one that completed it; ``open``: what each direction is sending."""

    asked: Head | None = None
    frame: int | None = None
    answered: bool = False
    open: list[_Half | None] = field(default_factory=lambda: [None, None])


@dataclass(slots=True)
class _Block:
    """Header fields over HEADERS or PUSH_PROMISE and any CONTINUATION. ``carrier`` is the stream that brings them, ``stream`` the one they are of."""

    stream: int
    carrier: int
    ends: bool
    data: bytes
    stamps: list[Stamp]


def _field_decoder() -> FieldDecoder:
    """hpack is loaded by those who meet HTTP/2."""
    from pcapkit_dissectors.http2_fields import FieldDecoder

    return FieldDecoder()


@dataclass(slots=True)
class _Side:
    direction: int
    frames: Frames = field(default_factory=Frames)
    fields: FieldDecoder = field(default_factory=_field_decoder)
    block: _Block | None = None


class _Conversation:
    """See ``Conversation``."""

    def __init__(self, context: Context) -> None:
        self.done = False
        self._full = context.full
        self._sides = (_Side(0), _Side(1))
        self._exchanges: OrderedDict[int, _Exchange] = OrderedDict()
        self._problems = 0
        self._idle = 0

    def feed(self, direction: int, data: bytes, stamp: Stamp) -> list[Event]:
        side = self._sides[direction]
        return self._taken(side, side.frames.feed(data, stamp))

    def gap(self, direction: int, size: int) -> list[Event]:
        side = self._sides[direction]
        return self._taken(side, side.frames.gap(size))

    def end(self, direction: int) -> list[Event]:
        return [event for event in self._cut_off(direction, "the rest was not captured") if not self.done]

    def _taken(self, side: _Side, frames: Iterator[Frame | Lost]) -> list[Event]:
        events: list[Event] = []
        for frame in frames:
            if self.done:
                break
            events += self._frame(side, frame)
        return events

    # ------------------------------------------------------------ frames

    def _frame(self, side: _Side, frame: Frame | Lost) -> Iterator[Event]:
        if isinstance(frame, Lost):
            yield from self._lost(side, frame)
        elif side.block is not None and (frame.kind != wire.CONTINUATION or frame.stream != side.block.carrier):
            yield self._broken(side, frame, "another frame stands amid header fields")  # RFC 9113, 6.10
        elif frame.kind == wire.DATA:
            yield from self._data(side, frame)
        elif frame.missing and frame.kind in (wire.HEADERS, wire.PUSH_PROMISE, wire.CONTINUATION):
            yield self._broken(side, frame, "header fields over the limit")
        elif frame.kind in (wire.HEADERS, wire.PUSH_PROMISE):
            yield from self._fields(side, frame, _begun(frame))
        elif frame.kind == wire.CONTINUATION and side.block is not None:
            block = side.block
            block.data += frame.payload
            block.stamps = [*block.stamps, *frame.stamps]
            yield from self._fields(side, frame, block)
        elif frame.kind == wire.RST_STREAM:
            yield from self._reset(frame)

    def _fields(self, side: _Side, frame: Frame, block: _Block) -> Iterator[Event]:
        """Header fields that go on in the next frame, or are whole."""
        if len(block.data) > HTTP_HEADER_BYTES:
            yield self._broken(side, frame, "header fields over the limit")
        elif frame.flags & wire.END_HEADERS:
            side.block = None
            yield from self._headers(side, block, side.fields.decode(block.data))
        else:
            side.block = block

    def _headers(self, side: _Side, block: _Block, fields: Fields) -> Iterator[Event]:
        if fields.wrong:
            yield self._malformed(side, fields.wrong, block.stamps)
        exchange = self._exchange(block.stream)
        going_on = exchange.open[side.direction]
        if going_on is not None:  # trailers (RFC 9113, 8.1)
            going_on.took(block.stamps)
        else:
            exchange.open[side.direction] = self._begin(side, block, fields, exchange)
        half = exchange.open[side.direction]
        assert half is not None
        interim = not half.head.is_request and 100 <= half.head.status < 200
        if block.ends or interim:
            yield from self._finish(block.stream, exchange, half)
        elif not half.head.is_request:
            yield from self._pass_over(block.stream, exchange, half)

    def _begin(self, side: _Side, block: _Block, fields: Fields, exchange: _Exchange) -> _Half:
        head = _head(fields, is_request=side.direction == 0 and exchange.asked is None)
        if head.is_request:
            exchange.asked = head
            keep = keeps_bodies(head.target, head.get("host"))
        else:
            asked = exchange.asked
            keep = keeps_bodies(asked.target, asked.get("host")) if asked else keeps_body_of_type(head.get("content-type"))
        return _Half(head, side.direction, Body(head.get("content-encoding"), keep), list(block.stamps), fields.lacking)

    def _data(self, side: _Side, frame: Frame) -> Iterator[Event]:
        exchange = self._exchanges.get(frame.stream)
        half = exchange.open[side.direction] if exchange else None
        if exchange is None or half is None:
            return
        half.took(frame.stamps)
        if frame.missing:
            half.body.gap(frame.missing)
        else:
            start, stop = frame.content
            half.body.feed(frame.payload[start:stop])
        if frame.ends and frame.flags & wire.END_STREAM:
            yield from self._finish(frame.stream, exchange, half)

    def _reset(self, frame: Frame) -> Iterator[Event]:
        """Either side may end a stream; what it had begun is told as it is."""
        exchange = self._exchanges.get(frame.stream)
        for half in list(exchange.open) if exchange else []:
            if exchange and half:
                yield from self._finish(frame.stream, exchange, half, "the stream was reset")

    def _lost(self, side: _Side, lost: Lost) -> Iterator[Event]:
        side.block = None
        side.fields.forget()
        yield from self._cut_off(side.direction, "a part was not captured")
        if not lost.gap and lost.stamp:
            yield self._malformed(side, "no frame of HTTP/2", [lost.stamp])

    def _cut_off(self, direction: int, note: str) -> Iterator[Event]:
        """What this side has begun stays so."""
        for number, exchange in list(self._exchanges.items()):
            half = exchange.open[direction]
            if half:
                half.body.cut(note)
                yield from self._finish(number, exchange, half)

    # ------------------------------------------------------------ exchanges

    def _exchange(self, number: int) -> _Exchange:
        """The exchange on a stream. The oldest is given up where there are more than anybody can have open."""
        if number not in self._exchanges and len(self._exchanges) >= HTTP_PENDING:
            self._exchanges.popitem(last=False)
        return self._exchanges.setdefault(number, _Exchange())

    def _finish(self, number: int, exchange: _Exchange, half: _Half, note: str | None = None) -> Iterator[Event]:
        """Tell a message."""
        exchange.open[half.direction] = None
        facts = half.body.facts()
        facts = facts._replace(note=note or facts.note)
        frames, time_ns = place(half.stamps)
        message = _request(half.head, facts, number) if half.head.is_request else _response(half.head, facts, number, exchange.frame)
        if half.head.is_request:
            exchange.frame = frames[-1]
        else:
            exchange.answered = exchange.answered or not 100 <= half.head.status < 200
        if exchange.answered and exchange.open == [None, None]:
            self._exchanges.pop(number, None)
        yield Event(message, half.direction, frames, time_ns, complete=not (half.lacking or half.body.missing))

    def _pass_over(self, number: int, exchange: _Exchange, half: _Half) -> Iterator[Event]:
        """Leave the conversation after some exchanges on which no verdict will rest."""
        asked = exchange.asked
        if self._full or asked is None:
            return
        if request_matters(asked.target, asked.get("host"), asked.names) or response_matters(
            half.head.status, half.head.get("content-type"), half.head.names
        ):
            self._full = True
            return
        self._idle += 1
        if self._idle >= _LOOKED_AT:
            yield from self._finish(number, exchange, half, "not read")
            self.done = True

    # ------------------------------------------------------------ problems

    def _broken(self, side: _Side, frame: Frame, reason: str) -> Event:
        side.block = None
        side.fields.forget()
        return self._malformed(side, reason, frame.stamps)

    def _malformed(self, side: _Side, reason: str, stamps: list[Stamp]) -> Event:
        self._problems += 1
        self.done = self.done or self._problems >= MAX_PROBLEMS_PER_FLOW
        frames, time_ns = place(stamps)
        return Event(Malformed(NAME, reason, 0, cut=False), side.direction, frames, time_ns)


def _begun(frame: Frame) -> _Block:
    start, stop = frame.content
    if frame.kind == wire.PUSH_PROMISE:  # a request that the server makes in the client's name (RFC 9113, 8.4)
        promised = int.from_bytes(frame.payload[start : start + 4], "big") & 0x7FFFFFFF
        return _Block(promised, frame.stream, True, frame.payload[start + 4 : stop], frame.stamps)
    start += 5 if frame.flags & wire.PRIORITISED else 0
    return _Block(frame.stream, frame.stream, bool(frame.flags & wire.END_STREAM), frame.payload[start:stop], frame.stamps)


def _head(fields: Fields, is_request: bool) -> Head:
    """Fields as the head of a message; ``is_request`` decides where no pseudo-header does (RFC 9113, 8.3)."""
    pseudo = {name: value for name, value in fields.listed if name.startswith(":")}
    headers = tuple([(name, value) for name, value in fields.listed if not name.startswith(":")])
    first: dict[str, str] = {}
    for name, value in headers:
        first.setdefault(name.lower(), value)
    if ":authority" in pseudo:
        first["host"] = pseudo[":authority"]
    status = pseudo.get(":status", "")
    if status or not (is_request or ":method" in pseudo):
        number = int(status) if status.isascii() and status.isdigit() and len(status) == 3 else 0
        return _ResponseHead(_VERSION, headers, first, status=number)
    return Head(_VERSION, headers, first, method=pseudo.get(":method", ""), target=pseudo.get(":path", ""))


class _ResponseHead(Head):
    """A response stays one where its status is not known."""

    __slots__ = ()

    @property
    def is_request(self) -> bool:
        return False


def _request(head: Head, body: BodyFacts, stream: int) -> Http2Request:
    return Http2Request(
        method=head.method,
        uri=head.target,
        version=head.version,
        host=head.get("host"),
        user_agent=head.get("user-agent"),
        content_type=head.get("content-type"),
        content_length=head.content_length,
        body_len=body.length,
        body_sha256=body.sha256,
        raw_headers=head.headers,
        raw_body=body.raw,
        stream_id=stream,
        body_note=body.note,
    )


def _response(head: Head, body: BodyFacts, stream: int, request_frame: int | None) -> Http2Response:
    return Http2Response(
        status=head.status,
        reason=head.reason,
        version=head.version,
        content_type=head.get("content-type"),
        location=head.get("location"),
        server=head.get("server"),
        www_authenticate=head.all("www-authenticate"),
        content_length=head.content_length,
        body_len=body.length,
        body_sha256=body.sha256,
        request_frame=request_frame,
        raw_headers=head.headers,
        raw_body=body.raw,
        stream_id=stream,
        body_note=body.note,
    )


def recognise(data: bytes) -> float:
    """1.0 for the preface of a client, 0.6 for the SETTINGS with which a server begins (RFC 9113, 3.4)."""
    if data.startswith(wire.PREFACE):
        return 1.0
    if len(data) < wire.HEADER:
        return 0.3 if data and wire.PREFACE.startswith(data) else 0.0
    if wire.PREFACE.startswith(data):
        return 0.9
    return 0.6 if data[3] == wire.SETTINGS and not data[4] and wire.follows_on(data) else 0.0


DISSECTOR: Final = StreamDissector(NAME, recognise, _Conversation)

"""HTTP/1 conversations on any port: requests and responses of both directions, tied together (RFC 9112).

Each direction is read for itself, a response or a request by its own first line, so that half a conversation can be read as well. A gap is
skipped where the length of the body tells how far; else reading goes on at the next segment that begins with a head.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from pcapkit_dissectors._api import Context, DissectError, Event, Handover, Malformed, Message, Stamp, StreamDissector
from pcapkit_dissectors._coding import Body, BodyFacts
from pcapkit_dissectors._limits import HTTP_HEADER_BYTES, HTTP_PENDING, MAX_PROBLEMS_PER_FLOW
from pcapkit_dissectors._spool import Spool
from pcapkit_dissectors.http1_body import Framing, framing_of
from pcapkit_dissectors.http1_head import Head, head_size, looks_like_head, may_begin_head, parse_head
from pcapkit_dissectors.http_interest import keeps_bodies, keeps_body_of_type, request_matters, response_matters
from pcapkit_dissectors.messages import HttpRequest, HttpResponse

NAME: Final = "http"
_SURE: Final = 0.8


@dataclass(slots=True)
class _Asked:
    """A request that waits for its response. ``frame``: the one that brought the last of it so far."""

    method: str
    upgrade: str | None
    frame: int
    keeps_body: bool
    matters: bool

    @property
    def leads_away(self) -> bool:
        """Once granted, what follows is another protocol."""
        return self.method == "CONNECT" or self.upgrade is not None


@dataclass(slots=True)
class _Reading:
    """A message whose head was read. ``asked``: itself if a request, else what it answers. ``begun``: some of its body was there."""

    head: Head
    asked: _Asked | None
    framing: Framing | None
    body: Body
    begun: bool = False

    def pull(self, spool: Spool) -> bool:
        """Read of the body what there is; True once it is over."""
        if self.framing is None:
            return True
        self.begun = self.begun or len(spool) > 0
        return self.framing.pull(spool, self.body)

    @property
    def may_end_here(self) -> bool:
        """The end of the conversation takes nothing away."""
        return self.framing is None or self.framing.until_close


class _Side:
    """One direction. ``searched``: bytes of the spool in which no end of a head was found. ``lost``: until a segment begins with a head.
    ``bridged``: behind a hole that a declared length bridged: what follows is read, and not vouched for.
    ``found_again``: behind a hole that no length bridged, where it is guessed which messages follow, and whether they are whole."""

    __slots__ = ("bridged", "found_again", "lost", "reading", "searched", "spool")

    def __init__(self, direction: int) -> None:
        self.spool = Spool(direction)
        self.reading: _Reading | None = None
        self.searched = 0
        self.lost = self.found_again = self.bridged = False

    def lose_track(self) -> None:
        """Nothing that is here can be read."""
        self.spool.skip(len(self.spool))
        self.searched = 0
        self.lost = True


class _Conversation:
    """Both directions of one TCP conversation. ``unsure``: requests or responses were lost, so that their order pairs them no longer."""

    def __init__(self, context: Context) -> None:
        self.done = False
        self._full = context.full
        self._sides = (_Side(0), _Side(1))
        self._asked: deque[_Asked] = deque(maxlen=HTTP_PENDING)
        self._unsure = False
        self._problems = 0

    def feed(self, direction: int, data: bytes, stamp: Stamp) -> list[Event]:
        side = self._sides[direction]
        if side.lost and looks_like_head(data) < _SURE:
            return []
        side.lost = False
        events = list(self._never_sent(side, data))
        side.spool.add(data, stamp)
        events += self._read(side)
        return events

    def gap(self, direction: int, size: int) -> list[Event]:
        side = self._sides[direction]
        if side.reading is not None:
            side.reading.body.gap(size)
            if side.reading.framing is not None and side.reading.framing.gap(size):
                side.bridged = True
                return list(self._read(side))
        events = list(self._stop(side))
        self._unsure = side.found_again = True
        return events

    def end(self, direction: int) -> list[Event]:
        return list(self._stop(self._sides[direction]))

    # ---------------------------------------------------------------- one direction, message by message

    def _read(self, side: _Side) -> Iterator[Event]:
        """Read messages until more bytes are needed."""
        while not self.done:
            try:
                reading = side.reading or self._begin(side)
                if reading is None:
                    return
                if self._is_beside_the_point(reading):
                    yield from self._leave(side)
                    return
                if not reading.pull(side.spool):
                    return
            except DissectError as error:
                yield from self._lose(side, error.reason)
                return
            yield from self._finish(side)

    def _begin(self, side: _Side) -> _Reading | None:
        """Read a head; None until all of it is there.

        Raises:
            DissectError: what stands here is no head, or one without end.
        """
        spool = side.spool
        while spool.data.startswith((b"\r", b"\n")):
            spool.skip(1)
        size = head_size(spool.data, side.searched)
        if size is not None:
            head = parse_head(bytes(spool.data[:size]))
            spool.skip(size)
            return self._open(side, head)
        if not may_begin_head(spool.data, side.searched):
            raise DissectError("no start line of HTTP/1")
        side.searched = len(spool)
        if len(spool) >= HTTP_HEADER_BYTES:
            raise DissectError(f"head of more than {HTTP_HEADER_BYTES} bytes")
        return None

    def _open(self, side: _Side, head: Head) -> _Reading:
        """Begin the message of this head."""
        side.searched = 0
        if head.is_request:
            asked: _Asked | None = self._ask(head, side.spool.frame)
            keep = asked is not None and asked.keeps_body
            method = None
        else:
            asked = self._answered(head, side.spool.first_frame)
            keep = asked.keeps_body if asked else keeps_body_of_type(head.get("content-type"))
            method = asked.method if asked else None
        framing = None if self._leads_away(head, asked) else framing_of(head, method)
        side.reading = _Reading(head, asked, framing, Body(head.get("content-encoding"), keep))
        if side.bridged:
            side.reading.body.doubt("its place rests on a length that a gap was bridged by")
        return side.reading

    def _ask(self, head: Head, frame: int) -> _Asked:
        host = head.get("host")
        matters = request_matters(head.target, host, head.names)
        asked = _Asked(head.method, head.get("upgrade"), frame, keeps_bodies(head.target, host), matters)
        self._asked.append(asked)
        return asked

    def _answered(self, head: Head, frame: int) -> _Asked | None:
        """The request of a response that begins in ``frame``: the first that waits; after a loss the last before it, since hardly anybody
        sends a request before the answer to another."""
        waiting = self._asked
        if self._unsure:
            self._unsure = False
            while len(waiting) > 1 and waiting[1].frame < frame:
                waiting.popleft()
            if waiting and waiting[0].frame > frame:
                return None
        if not waiting:
            return None
        interim = head.status < 200 and head.status != 101
        return waiting[0] if interim else waiting.popleft()

    def _finish(self, side: _Side) -> Iterator[Event]:
        """Give the message that was read, then what follows from it."""
        reading, side.reading = side.reading, None
        if reading is None:
            return
        head, asked = reading.head, reading.asked
        if side.found_again:
            reading.body.doubt("found again after a gap")
        event = side.spool.event(_message(head, asked, reading.body.facts()), not reading.body.missing)
        if head.is_request and asked is not None:
            asked.frame = event.frame
        yield event
        for problem in head.problems:
            yield replace(event, message=self._problem(problem))
        if not head.is_request and self._leads_away(head, asked):
            yield self._hand_over(side, head.get("upgrade") if head.status == 101 else None)

    def _stop(self, side: _Side) -> Iterator[Event]:
        """Give what was begun, since no more of it will come; a body that only the end delimits is whole then."""
        if side.reading is None and len(side.spool):
            begun = looks_like_head(side.spool.data)
            try:
                side.reading = self._open(side, parse_head(side.spool.take(len(side.spool))))
            except DissectError as error:
                yield side.spool.event(self._problem(error.reason, cut=begun > 0), complete=False)
            else:
                side.reading.body.cut("the head was not captured whole")
        elif side.reading is not None and not side.reading.may_end_here:
            side.reading.body.cut("the rest was not captured")
        yield from self._finish(side)
        side.lose_track()

    def _lose(self, side: _Side, reason: str) -> Iterator[Event]:
        """What stands here cannot be read. A client that was led away says so by it, if the answer was not captured."""
        if side.reading is None and self._asked and self._asked[-1].leads_away and not looks_like_head(side.spool.data):
            yield self._hand_over(side, self._asked[-1].upgrade)
            return
        if side.reading is not None:
            side.reading.body.cut(reason)
            yield from self._finish(side)
        side.lose_track()
        self._unsure = True
        yield side.spool.event(self._problem(reason), complete=False)

    def _problem(self, reason: str, cut: bool = False) -> Malformed:
        self._problems += 1
        self.done = self.done or self._problems >= MAX_PROBLEMS_PER_FLOW
        return Malformed(NAME, reason, 0, cut)

    # ---------------------------------------------------------------- ways out

    def _leads_away(self, head: Head, asked: _Asked | None) -> bool:
        """A response behind which another protocol begins (RFC 9110, 7.8 and 9.3.6); half a conversation is told by the proxies' usual words."""
        if head.status == 101:
            return True
        if not 200 <= head.status < 300:
            return False
        return asked.method == "CONNECT" if asked else head.reason.lower() == "connection established" and not head.content_length

    def _hand_over(self, side: _Side, protocol: str | None) -> Event:
        self.done = True
        rest = tuple(each.spool.take(len(each.spool)) for each in self._sides)
        name = protocol.split(",")[0].strip().lower() if protocol else None
        return side.spool.event(Handover(name, (rest[0], rest[1])))

    def _is_beside_the_point(self, reading: _Reading) -> bool:
        """The first exchange of a conversation shows that no verdict will rest on it."""
        head, asked = reading.head, reading.asked
        if self._full or head.is_request or asked is None or asked.matters or head.status < 200:
            return False
        return not response_matters(head.status, head.get("content-type"), head.names)

    def _leave(self, side: _Side) -> Iterator[Event]:
        """Give both heads of the exchange and read no further."""
        for each in (self._sides[1 - side.spool.direction], side):
            if each.reading is not None:
                each.reading.body.leave("not read")
                yield from self._finish(each)
        self.done = True

    def _never_sent(self, side: _Side, data: bytes) -> Iterator[Event]:
        """A body that was announced need not come: to a client that waited for "100 Continue" and was refused (RFC 9110, 10.1.1), or if the
        request, which nobody saw, was HEAD. Then the next segment begins with the next head."""
        reading = side.reading
        if reading is None or reading.begun or reading.framing is None or looks_like_head(data) < _SURE:
            return
        if reading.asked is None or (reading.head.is_request and (reading.head.get("expect") or "").lower() == "100-continue"):
            reading.body.leave("never sent")
            yield from self._finish(side)


def _message(head: Head, asked: _Asked | None, body: BodyFacts) -> Message:
    if head.is_request:
        return HttpRequest(
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
            body_note=body.note,
        )
    return HttpResponse(
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
        request_frame=asked.frame if asked else None,
        raw_headers=head.headers,
        raw_body=body.raw,
        body_note=body.note,
    )


DISSECTOR: Final = StreamDissector(NAME, looks_like_head, _Conversation, frozenset({80, 8080, 3128, 8008}))

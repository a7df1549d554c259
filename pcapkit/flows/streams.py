"""Ordered streams to events: which dissector reads a conversation, and the one boundary where its errors stop (docs/security.md)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, NamedTuple

from pcapkit_dissectors._api import Context, Conversation, DissectError, Event, Handover, Malformed, Stamp, StreamDissector, Truncated
from pcapkit_dissectors.autodiscover import read_answer, read_request
from pcapkit_dissectors.autodiscover_paths import is_discovery_host
from pcapkit_dissectors.http_interest import keeps_bodies
from pcapkit_dissectors.messages import ClientHello, HttpRequest, HttpResponse

from pcapkit.flows.segments import Piece, Segments
from pcapkit.limits import BODY_SEEN, MAX_PROBLEMS_PER_FLOW, STREAM_DEPTH_OTHER

SURE: Final = 0.5
"""A dissector that is as sure as this reads the conversation; one at its usual port may be less sure."""
ENOUGH: Final = 16
"""Bytes by which every dissector must know its protocol."""
LINGER_NS: Final = 10**9
"""What still comes this long after both sides have closed, or one has reset, belongs to the conversation."""
REQUESTS: Final = 64
"""Requests of a conversation that wait for their answer."""


class End(NamedTuple):
    """One end of a conversation."""

    address: str
    port: int
    mac: str | None


class Boundary:
    """Where errors of dissectors stop. What the sender did wrong is data; anything else is a bug of ours: counted, or raised under
    ``PCAPKIT_STRICT=1``. ``bugs``: (dissector, error) → count and first frame."""

    def __init__(self) -> None:
        self.bugs: dict[tuple[str, str], tuple[int, int]] = {}
        self.strict = os.environ.get("PCAPKIT_STRICT") == "1"

    def run(self, name: str, direction: int, stamp: Stamp, work: Callable[[], Iterable[Event]]) -> list[Event] | None:
        """The events of ``work``; None after a bug."""
        try:
            return list(work())
        except DissectError as error:
            cut = isinstance(error, Truncated)
            return [Event(Malformed(name, error.reason, error.offset, cut), direction, (stamp.frame,), stamp.time_ns, complete=False)]
        except Exception as error:
            self.bug(name, stamp.frame, error)
            return None

    def bug(self, name: str, frame: int, error: Exception) -> None:
        """Count a bug, or raise it again."""
        if self.strict:
            raise error
        key = (name, f"{type(error).__name__}: {error}"[:200])
        count, first = self.bugs.get(key, (0, frame))
        self.bugs[key] = (count + 1, first)


class Talk:
    """A TCP conversation while it is read. ``done``: nothing more is wanted; ``lost``: no dissector knows it (so far); ``deep``: much is wanted."""

    __slots__ = (
        "_boundary",
        "_context",
        "_dissectors",
        "_last",
        "_malformed",
        "_pending",
        "_reader",
        "_requests",
        "_seen",
        "_segments",
        "_unread",
        "counted",
        "deep",
        "done",
        "ends",
        "first_ns",
        "interesting",
        "lost",
        "name",
        "number",
        "over_ns",
    )  # fmt: skip

    def __init__(
        self, number: int, ends: tuple[End, End], first_ns: int, dissectors: Sequence[StreamDissector], context: Context, boundary: Boundary
    ) -> None:
        self.number = number
        self.ends = ends
        self.first_ns = first_ns
        self.done = self.deep = self.lost = self.interesting = False
        self.over_ns: int | None = None
        self.counted = 0
        self.name = ""
        self._dissectors = dissectors
        self._context = context
        self._boundary = boundary
        self._segments: list[Segments | None] = [None, None]
        self._reader: Conversation | None = None
        self._pending: tuple[list[Piece], list[Piece]] = ([], [])
        self._unread = [0, 0]
        self._requests: dict[tuple[int, int | None], list[HttpRequest]] = {}
        """By the frame that completed them and the HTTP/2 stream, in order: several may be pipelined in one frame."""
        self._malformed = 0
        self._last = Stamp(0, 0)
        self._seen = 0

    @property
    def held(self) -> int:
        """Bytes kept for it, as far as they can be known: those out of order, and those that have not given an event yet."""
        return self._seen + sum(side.held for side in self._segments if side is not None)

    def count_held(self) -> int:
        """How many more bytes (or fewer) are held than when this was asked before."""
        more = self.held - self.counted
        self.counted += more
        return more

    @property
    def refused(self) -> tuple[int, int]:
        """Segments beyond the limits, and overlaps that differ."""
        sides = [side for side in self._segments if side is not None]
        return sum(side.ignored for side in sides), sum(side.conflicts for side in sides)

    def feed(self, direction: int, start: int, top: int, data: bytes, size: int, stamp: Stamp) -> list[Event]:
        """Take a segment at position ``start`` with ``size`` bytes on the wire; ``top``: the highest position reached before it.

        What came before the first segment that is fed, and was seen, is not waited for.
        """
        segments = self._segments[direction]
        if segments is None:
            segments = self._segments[direction] = Segments(max(0, min(start, top)))
        events: list[Event] = []
        for piece in segments.add(start, data, size, stamp):
            self._take(direction, piece, events)
            if self.done:
                break
        return events

    def finish(self) -> list[Event]:
        """The conversation is over: what was begun is given, with gaps where something is missing.

        Where nobody closed it but the capture ended, nothing that only the end delimits is whole.
        """
        events: list[Event] = []
        for direction, segments in enumerate(self._segments):
            for piece in segments.give_up() if segments else ():
                if not self.done:
                    self._take(direction, piece, events)
        before = len(events)
        for direction in (0, 1):
            if self._reader is not None and not self.done:
                self._run(direction, self._last, partial(self._reader.end, direction), events)
        for event in events[before:] if self.over_ns is None else ():
            event.complete = False
        self.done = True
        return events

    def _take(self, direction: int, piece: Piece, events: list[Event]) -> None:
        self._last = piece.stamp
        if self._reader is None:
            self._recognise(direction, piece, events)
        elif piece.data:
            self._seen += piece.size
            self._run(direction, piece.stamp, partial(self._reader.feed, direction, piece.data, piece.stamp), events)
        else:
            self._run(direction, piece.stamp, partial(self._reader.gap, direction, piece.size), events)

    def _recognise(self, direction: int, piece: Piece, events: list[Event]) -> None:
        """Find the dissector for what begins here; a few bytes alone wait for those behind them."""
        pending = self._pending[direction]
        if not piece.data:
            pending.clear()
            return
        pending.append(piece)
        data = b"".join(waiting.data for waiting in pending)
        chosen = self._choose(data)
        if chosen is None and len(pending) > 1 and (chosen := self._choose(piece.data)) is not None:
            del pending[:-1]  # what came before was a keep-alive, or the end of something else
        if chosen is None:
            self._stay_lost(direction, data)
            return
        self.lost = False
        self.name = chosen.name
        self._reader = chosen.start(self._context)
        self.deep = self.deep or bool(self._context.keys)
        waiting = list(pending)
        pending.clear()
        for held in waiting:
            if not self.done:
                self._take(direction, held, events)

    def _stay_lost(self, direction: int, data: bytes) -> None:
        """No dissector knows these bytes; those behind them are asked about anew."""
        if len(data) >= ENOUGH:
            self._pending[direction].clear()
            self._unread[direction] += len(data)
            self.lost = True
            self.done = self._unread[direction] >= STREAM_DEPTH_OTHER

    def _choose(self, data: bytes) -> StreamDissector | None:
        ports = {self.ends[0].port, self.ends[1].port}
        best, best_score = None, 0.0
        for dissector in self._dissectors:
            score = dissector.recognise(data)
            usual = not ports.isdisjoint(dissector.ports)
            if score >= SURE or (usual and score > 0.0):
                score += 0.05 * usual
                if score > best_score:
                    best, best_score = dissector, score
        return best

    def _run(self, direction: int, stamp: Stamp, work: Callable[[], Iterable[Event]], events: list[Event]) -> None:
        """Let the dissector work; look at what it says."""
        reader = self._reader
        found = self._boundary.run(self.name, direction, stamp, work)
        if found is None:
            self.done = True
            return
        if found:
            self._seen = 0
            for event in found:
                self._look(event, events)
        if reader is not None and reader.done and self._reader is reader:
            self.done = True

    def _look(self, event: Event, events: list[Event]) -> None:
        """What an event means for the reading; it goes on to ``events``, with what a discovery document says behind it."""
        message = event.message
        if isinstance(message, Handover):
            self._hand_over(message, events)
            return
        event = _without_body(event)
        events.append(event)
        if isinstance(message, Malformed):
            self._malformed += 1
            self.done = self.done or self._malformed >= MAX_PROBLEMS_PER_FLOW
        elif isinstance(message, HttpRequest):
            if len(self._requests) < REQUESTS:
                self._requests.setdefault((event.frame, message.stream_id), []).append(message)
            if keeps_bodies(message.uri, message.host):
                self.deep = self.interesting = True
            self._document(read_request(message), event, events)
        elif isinstance(message, HttpResponse):
            self._document(read_answer(self._asked(message), message), event, events)
        elif isinstance(message, ClientHello):
            self.interesting = self.interesting or is_discovery_host(message.sni)

    def _asked(self, response: HttpResponse) -> HttpRequest | None:
        """The request of a response, forgotten once the final response is there."""
        key = (response.request_frame or 0, response.stream_id)
        waiting = self._requests.get(key)
        if not waiting:
            return None
        asked = waiting[0]
        if response.status >= 200:
            waiting.pop(0)
            if not waiting:
                del self._requests[key]
        return asked

    @staticmethod
    def _document(message: object, event: Event, events: list[Event]) -> None:
        if message is not None:
            events.append(Event(message, event.direction, event.frames, event.time_ns, event.complete, event.decrypted))  # type: ignore[arg-type]

    def _hand_over(self, handover: Handover, events: list[Event]) -> None:
        """The rest is another protocol: found by its first bytes, like the first one."""
        self._reader = None
        self.done = False
        for direction, rest in enumerate(handover.raw_rest):
            if rest and not self.done:
                self._take(direction, Piece(rest, len(rest), self._last), events)


def _without_body(event: Event) -> Event:
    """A message keeps only the beginning of its body: documents are read at once, and many bodies at a time would outgrow every other bound."""
    message = event.message
    if not isinstance(message, HttpRequest | HttpResponse) or message.raw_body is None or len(message.raw_body) <= BODY_SEEN:
        return event
    return replace(event, message=replace(message, raw_body=message.raw_body[:BODY_SEEN]))

"""DNS over TCP: messages with a length before each, many in one conversation (RFC 1035, 4.2.2; 7766)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pcapkit_dissectors._api import Context, DissectError, Event, Malformed, Stamp, StreamDissector, Truncated
from pcapkit_dissectors._limits import MAX_PROBLEMS_PER_FLOW
from pcapkit_dissectors._spool import Spool
from pcapkit_dissectors.dns import looks_like_dns, parse_dns, partial_dns

NAME: Final = "dns-tcp"
_PREFIX: Final = 2
_HEADER: Final = 12
_SMALLEST: Final = _HEADER + 5
"""A header and a question for the root."""


def recognise(data: bytes) -> float:
    """How surely these are the first bytes of a length and a DNS message. Some resolvers send the length alone first."""
    size = int.from_bytes(data[:_PREFIX], "big")
    if len(data) < _PREFIX or size < _SMALLEST:
        return 0.0
    if len(data) < _PREFIX + _SMALLEST:
        return 0.1
    if not looks_like_dns(data[_PREFIX : _PREFIX + size]):
        return 0.0
    return 0.9 if len(data) >= _PREFIX + size else 0.7


class _Side:
    """One direction. ``lost``: after a gap or nonsense, until a segment begins with a message again."""

    __slots__ = ("lost", "spool")

    def __init__(self, direction: int) -> None:
        self.spool = Spool(direction)
        self.lost = False

    def feed(self, data: bytes, stamp: Stamp) -> Iterator[Event]:
        if self.lost and recognise(data) < 0.5:
            return
        self.lost = False
        self.spool.add(data, stamp)
        while (size := self._waiting()) is not None:
            yield from self._read(size)

    def _waiting(self) -> int | None:
        """Size of the next message once all of it is here."""
        if len(self.spool) < _PREFIX:
            return None
        size = int.from_bytes(self.spool.data[:_PREFIX], "big")
        return size if len(self.spool) >= _PREFIX + size else None

    def _read(self, size: int) -> Iterator[Event]:
        self.spool.skip(_PREFIX)
        data = self.spool.take(size)
        try:
            yield self.spool.event(parse_dns(data))
        except DissectError as error:
            yield from self._damaged(data, error)
        if size < _HEADER:
            self.spool.skip(len(self.spool))
            self.lost = True

    def _damaged(self, data: bytes, error: DissectError, cut: bool = False) -> Iterator[Event]:
        """What can be read of a message, and what is wrong with it. Its length said how long it is, so running short is the sender's fault."""
        malformed = self.spool.event(Malformed(NAME, error.reason, error.offset, cut), complete=False)
        if (message := partial_dns(data)) is not None:
            yield Event(message, malformed.direction, malformed.frames, malformed.time_ns, complete=False)
        yield malformed

    def stop(self) -> Iterator[Event]:
        """Give what was begun: the rest was lost or never came."""
        self.lost = True
        if not len(self.spool):
            return
        self.spool.skip(_PREFIX)
        data = self.spool.take(len(self.spool))
        yield from self._damaged(data, Truncated("message is not whole", len(data)), cut=True)


class _Conversation:
    """Both directions; given up after too many problems."""

    def __init__(self, context: Context) -> None:
        self.done = False
        self._sides = (_Side(0), _Side(1))
        self._problems = 0

    def feed(self, direction: int, data: bytes, stamp: Stamp) -> list[Event]:
        return self._counted(self._sides[direction].feed(data, stamp))

    def gap(self, direction: int, size: int) -> list[Event]:
        return self._counted(self._sides[direction].stop())

    def end(self, direction: int) -> list[Event]:
        return self._counted(self._sides[direction].stop())

    def _counted(self, found: Iterator[Event]) -> list[Event]:
        events = list(found)
        self._problems += sum(isinstance(event.message, Malformed) for event in events)
        self.done = self._problems >= MAX_PROBLEMS_PER_FLOW
        return events


DISSECTOR: Final = StreamDissector(NAME, recognise, _Conversation, frozenset({53}))

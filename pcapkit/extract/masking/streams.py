"""The bytes of TCP conversations: read in order once, so that what lies across segments is found, then changed segment by segment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pcapkit_dissectors._api import Stamp
from pcapkit_dissectors.keylog import KeyLog

from pcapkit.extract.masking.dns import mask_dns
from pcapkit.extract.masking.http import BEGIN, HttpWalker
from pcapkit.extract.masking.masks import Masks
from pcapkit.extract.masking.regions import Budget, Gather, Patches, Region
from pcapkit.extract.masking.sealed import SealedTalk
from pcapkit.extract.masking.tls import TlsWalker, begins_hello, looks_like_old_hello, looks_like_tls
from pcapkit.flows.facts import SYN
from pcapkit.flows.segments import Piece, Segments

WORD: Final = 1 << 32
WEB: Final = frozenset((80, 443, 4443, 5061, 8080, 8443))
"""Where what cannot be read is blanked; elsewhere packets end before it, or a reader would take zeros for a broken protocol."""
DNS: Final = 53
KNOWN: Final = 4096
BEGIN_BYTES: Final = 64
"""Bytes kept of how segments begin, and of how many of a stream."""


class Direction(NamedTuple):
    """Who sends to whom: addresses as they are, ports."""

    source: bytes
    sport: int
    target: bytes
    dport: int

    @property
    def back(self) -> Direction:
        """The other direction."""
        return Direction(self.target, self.dport, self.source, self.sport)


class DnsWalker:
    """DNS over TCP: messages, each with its length before it (RFC 1035, 4.2.2)."""

    def __init__(self) -> None:
        self.regions: list[Region] = []
        self._held = Gather()

    def feed(self, position: int, data: bytes) -> None:
        self._held.add(position, data)
        while len(self._held.data) >= 2 and len(self._held.data) >= 2 + (size := int.from_bytes(self._held.data[:2], "big")):
            self.regions.append(self._held.split(2 + size).region(_mask_framed))

    def gap(self, _size: int) -> None:
        self.end()

    def end(self) -> None:
        if self._held.data:
            self.regions.append(self._held.region(_mask_framed))
            self._held = Gather()


def _mask_framed(masks: Masks, data: bytes) -> bytes:
    return data[:2] + mask_dns(masks, data[2:])


@dataclass(slots=True)
class Shared:
    """What all streams of a cut have in common. ``keys``: TLS secrets that the cut is to carry; ``talking``: by direction, the latest conversation."""

    masks: Masks
    keys: KeyLog | None = None
    budget: Budget = field(default_factory=Budget)
    talks: list[SealedTalk] = field(default_factory=list)
    talking: dict[Direction, tuple[SealedTalk, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Stream:
    """One direction of a conversation. ``base``: sequence number of its first byte; ``last``: a position near the next segment's."""

    base: int
    way: Direction
    patches: Patches = field(default_factory=Patches)
    segments: Segments = field(default_factory=Segments)
    walker: HttpWalker | TlsWalker | DnsWalker | None = None
    regions: list[Region] = field(default_factory=list)
    at: int = 0
    last: int = 0
    cuts: bool = False
    """What cannot be read is cut off instead of blanked."""
    talk: SealedTalk | None = None
    """What opens its TLS records, if there are keys; ``direction`` is this stream's in it."""
    direction: int = 0
    begins: dict[int, bytes] = field(default_factory=dict)
    """How segments begin, by position, to know copies that say something else."""

    def position(self, seq: int) -> int:
        """Where a sequence number stands, over wrap-around."""
        ahead = (seq - self.base - self.last + WORD // 2) % WORD - WORD // 2
        return self.last + ahead

    def take(self, position: int, data: bytes, size: int, stamp: Stamp, shared: Shared) -> None:
        """A segment, while everything is looked at."""
        if len(self.begins) < KNOWN:
            self.begins.setdefault(position, data[:BEGIN_BYTES])
        self.last = max(self.last, position + size)
        for piece in self.segments.add(position, data, size, stamp):
            self._read(piece, shared)

    def contradicts(self, position: int, data: bytes | bytearray) -> bool:
        """Another segment at this position began with other bytes, and was the one that was read."""
        known = self.begins.get(position, b"")
        return known[: len(data)] != data[: len(known)]

    def finish(self, shared: Shared) -> None:
        """All segments were seen. What was never read is blanked, should it come up."""
        for piece in self.segments.give_up():
            self._read(piece, shared)
        if self.walker is not None:
            self.walker.end()
            self._collect(shared)
        self._skip(self.at, 1 << 62)
        self.last = 0

    def _read(self, piece: Piece, shared: Shared) -> None:
        if not piece.data:
            self._skip(self.at, self.at + piece.size)
            if self.walker is not None:
                self.walker.gap(piece.size)
            if self.talk is not None:
                self.talk.gap(self.direction, piece.size)
            self.at += piece.size
        else:
            self._feed(piece.data)
            self._open(piece, shared)
            self.at += len(piece.data)
        self._collect(shared)

    def _open(self, piece: Piece, shared: Shared) -> None:
        """Let keys open what is TLS; a conversation begins with the client's hello."""
        if shared.keys is None or not isinstance(self.walker, TlsWalker):
            return
        if self.talk is None and begins_hello(piece.data):
            talk = SealedTalk(shared.keys, shared.masks, shared.budget)
            shared.talks.append(talk)
            shared.talking[self.way] = talk, 0
            shared.talking[self.way.back] = talk, 1
        if self.talk is None and self.way in shared.talking:
            self.talk, self.direction = shared.talking[self.way]
        if self.talk is not None:
            self.talk.feed(self.direction, self.at, piece.data, piece.stamp)

    def _feed(self, data: bytes) -> None:
        if self.walker is None:
            self.walker = self._chosen(data)
        if self.walker is None:
            self.cuts = self.cuts or not {self.way.sport, self.way.dport} & WEB
            self._skip(self.at, self.at + len(data))
            return
        rest = self.walker.feed(self.at, data)
        if isinstance(self.walker, HttpWalker) and self.walker.tunnelled:
            self.regions += self.walker.regions
            self.walker = TlsWalker()
            if rest:
                self.walker.feed(self.at + len(data) - len(rest), rest)

    def _chosen(self, data: bytes) -> HttpWalker | TlsWalker | DnsWalker | None:
        """What these first bytes, or bytes after unreadable ones, are."""
        if DNS in (self.way.sport, self.way.dport):
            return DnsWalker()
        if BEGIN.match(data):
            return HttpWalker(self.patches)
        return TlsWalker() if looks_like_tls(data) or looks_like_old_hello(data) else None

    def _skip(self, start: int, end: int) -> None:
        if end > start:
            self.patches.blanks.append((start, end))

    def _collect(self, shared: Shared) -> None:
        """Learn from the regions that were found, and keep them as long as there is room."""
        if self.walker is None:
            return
        for region in self.walker.regions:
            region.change(shared.masks, region.data)
            if shared.budget.take(len(region.data)):
                self.regions.append(region)
            else:
                for start, size in region.spans:
                    self._skip(start, start + size)
        self.walker.regions.clear()


class Streams:
    """All conversations of a cut. In the first reading segments are taken, in the second they are changed."""

    def __init__(self, masks: Masks, keys: KeyLog | None = None) -> None:
        self._shared = Shared(masks, keys)
        self._by_start: dict[tuple[Direction, int], Stream] = {}
        self._first: dict[tuple[int, Direction], Stream] = {}
        self._now: dict[tuple[int, Direction], Stream] = {}
        self._latest: dict[Direction, Stream] = {}

    def take(self, capture: int, way: Direction, flags: int, seq: int, data: bytes, size: int, stamp: Stamp) -> None:
        """Look at a segment of ``size`` bytes, of which ``data`` was captured."""
        stream = self._stream(capture, way, flags, seq)
        if size:
            stream.take(stream.position(seq + bool(flags & SYN)), data, size, stamp, self._shared)

    def settle(self) -> None:
        """Everything was looked at."""
        for stream in self._by_start.values():
            stream.finish(self._shared)
            if stream.talk is not None and isinstance(stream.walker, TlsWalker):
                stream.talk.usable &= stream.walker.protected == stream.talk.count(stream.direction)
        for talk in self._shared.talks:
            talk.finish()

    def ready(self) -> None:
        """Stand-ins are given out from now on: decide what becomes of every stream."""
        for stream in self._by_start.values():
            if stream.talk is not None and stream.talk.usable:
                stream.regions += stream.talk.sealed(stream.direction)
            stream.patches.settle(stream.regions, self._shared.masks)
            stream.regions.clear()
        self._now = dict(self._first)

    @property
    def randoms(self) -> set[bytes]:
        """Clients of the conversations whose keys may be handed out: what they open was changed. None at all where a resumed one was not."""
        talks = self._shared.talks
        if any(talk.resumed and not talk.usable for talk in talks):
            return set()
        return {talk.random for talk in talks if talk.usable and talk.random}

    def change(self, capture: int, way: Direction, flags: int, seq: int, data: bytearray) -> int:
        """Change the bytes of a segment; gives how many of them stay."""
        stream = self._stream(capture, way, flags, seq)
        position = stream.position(seq + bool(flags & SYN))
        stream.last = max(stream.last, position + len(data))
        if position < 0 or stream.contradicts(position, data):
            return 0
        return stream.patches.apply(position, data, stream.cuts)

    def _stream(self, capture: int, way: Direction, flags: int, seq: int) -> Stream:
        here = (capture, way)
        stream = self._now.get(here)
        if flags & SYN:
            stream = self._by_start.get((way, (seq + 1) % WORD)) or self._begin(way, (seq + 1) % WORD)
        elif stream is None:
            stream = self._latest.get(way)
            if stream is None or abs(stream.position(seq) - stream.last) > WORD // 4:
                stream = self._begin(way, seq)
        self._now[here] = stream
        self._latest[way] = stream
        self._first.setdefault(here, stream)
        return stream

    def _begin(self, way: Direction, base: int) -> Stream:
        return self._by_start.setdefault((way, base), Stream(base, way))

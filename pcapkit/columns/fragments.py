"""Putting fragments together: the slow exact path, one Python call for each fragment and none for any other packet.

Policy. A datagram is whole when its bytes from 0 to the end that the last fragment names are all there. Where two fragments of IPv4 or CAPWAP
overlap, the bytes that came first stay; an IPv6 datagram with overlaps is dropped (RFC 8200, 4.5). A fragment seen again (a mirror shows it twice)
changes nothing, nor does one that comes after the datagram is whole. Fragments of which the capture cut a part are not used.
Bounds: ``MAX_FRAG_DATAGRAMS`` and ``FRAG_BYTES``, oldest first, shared out among the tunnel depths; ``FRAG_TIMEOUT_NS`` of capture time.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Hashable
from typing import Final, NamedTuple

from pcapkit.limits import FRAG_BYTES, FRAG_TIMEOUT_NS, MAX_FRAG_DATAGRAMS, MAX_TUNNELS

LONGEST: Final = 65_535
PIECE_COST: Final = 256
"""Bytes that a fragment costs beside its data: tiny ones count for what they are."""
REMEMBERED: Final = 64
"""A datagram of more fragments is not known again once it is whole."""
SHARES: Final = (4, 4 * MAX_TUNNELS)
"""The bounds are shared out by division: for packets outside of any tunnel, and inside."""


class Fragment(NamedTuple):
    """A fragment: ``data`` stands at ``start`` of the datagram; ``head`` are the header bytes in front of it."""

    start: int
    data: bytes
    last: bool
    head: bytes
    frame: int
    time_ns: int


class Whole(NamedTuple):
    """A datagram put together, under the header of its first fragment. ``frames`` in order of arrival."""

    head: bytes
    data: bytes
    frames: tuple[int, ...]


class _Datagram:
    """Fragments so far, without overlaps, in order of ``start``. ``seen``: (start, length) → checksum of every fragment used."""

    __slots__ = ("dead", "end", "frames", "head", "held", "pieces", "seen", "starts", "time_ns")

    def __init__(self, time_ns: int) -> None:
        self.time_ns = time_ns
        self.starts: list[int] = []
        self.pieces: list[bytes] = []
        self.frames: list[int] = []
        self.seen: dict[tuple[int, int], int] = {}
        self.head = b""
        self.end: int | None = None
        self.held = 0
        self.dead = False

    @property
    def cost(self) -> int:
        """Bytes of memory, about."""
        return self.held + PIECE_COST * (1 + len(self.seen) + len(self.pieces))

    @property
    def whole(self) -> bool:
        return self.end is not None and self.held == self.end and bool(self.head)

    def add(self, start: int, data: bytes) -> bool:
        """Fill the holes that ``data`` fits; False if it overlaps what is there."""
        clean = True
        at = bisect_left(self.starts, start)
        if at and self.starts[at - 1] + len(self.pieces[at - 1]) > start:
            known = self.starts[at - 1] + len(self.pieces[at - 1])
            data, start, clean = data[known - start :], known, False
        while data:
            room = self.starts[at] - start if at < len(self.starts) else len(data)
            if room > 0:
                self.starts.insert(at, start)
                self.pieces.insert(at, data[:room])
                self.held += len(self.pieces[at])
                at += 1
            if room >= len(data):
                break
            clean = False
            known = self.starts[at] + len(self.pieces[at])
            data, start = data[known - start :], known
            at += 1
        return clean

    def contradicts(self, end: int, last: bool) -> bool:
        """The datagram cannot end where these fragments say."""
        return end > LONGEST or (self.end is not None and (end > self.end or (last and end != self.end)))

    def kill(self) -> None:
        """Nothing more can come of it: free the bytes, keep the place so that its other fragments are known."""
        self.dead, self.held = True, 0
        self.starts, self.pieces, self.seen = [], [], {}


class Reassembler:
    """Fragments of one protocol at one tunnel depth. ``limits`` counts what was given up, by bound."""

    def __init__(self, share: int = 1) -> None:
        self._open: OrderedDict[Hashable, _Datagram] = OrderedDict()
        self._done: OrderedDict[Hashable, _Datagram] = OrderedDict()
        self._room = MAX_FRAG_DATAGRAMS // share
        self._memory = FRAG_BYTES // share
        self._used = 0
        self.limits: Counter[str] = Counter()

    def add(self, key: Hashable, fragment: Fragment, *, strict: bool) -> Whole | None:
        """The datagram, if this fragment makes it whole. ``strict``: overlaps drop it. Call in order of frame."""
        self._forget_old(fragment.time_ns)
        place, digest = (fragment.start, len(fragment.data)), zlib.crc32(fragment.data)
        done = self._done.get(key)
        if done is not None and done.seen.get(place) == digest and abs(fragment.time_ns - done.time_ns) <= FRAG_TIMEOUT_NS:
            return None
        datagram = self._open.get(key)
        if datagram is not None and abs(fragment.time_ns - datagram.time_ns) > FRAG_TIMEOUT_NS:
            self._give_up(key, "FRAG_TIMEOUT_NS")
            datagram = None
        if datagram is None:
            datagram = self._open[key] = _Datagram(fragment.time_ns)
            self._used += datagram.cost
        if datagram.dead or datagram.seen.get(place) == digest:
            return None
        self._used -= datagram.cost
        self._use(datagram, fragment, strict)
        datagram.seen[place] = digest
        self._used += datagram.cost
        if datagram.whole and not datagram.dead:
            return self._finish(key, datagram)
        self._make_room(key)
        return None

    def _use(self, datagram: _Datagram, fragment: Fragment, strict: bool) -> None:
        clean = datagram.add(fragment.start, fragment.data)
        end = fragment.start + len(fragment.data)
        beyond = fragment.last and datagram.starts and datagram.starts[-1] + len(datagram.pieces[-1]) > end
        if datagram.contradicts(end, fragment.last) or beyond or (strict and not clean):
            datagram.kill()
            return
        datagram.frames.append(fragment.frame)
        if fragment.last:
            datagram.end = end
        if fragment.start == 0 and not datagram.head:
            datagram.head = fragment.head

    def _finish(self, key: Hashable, datagram: _Datagram) -> Whole:
        whole = Whole(datagram.head, b"".join(datagram.pieces), tuple(dict.fromkeys(datagram.frames)))
        self._used -= datagram.cost
        del self._open[key]
        datagram.pieces, datagram.starts = [], []
        datagram.seen = datagram.seen if len(datagram.seen) <= REMEMBERED else {}
        self._done.pop(key, None)
        self._done[key] = datagram
        if len(self._done) > self._room:
            self._done.popitem(last=False)
        return whole

    def _give_up(self, key: Hashable, limit: str) -> None:
        datagram = self._open.pop(key)
        self._used -= datagram.cost
        self.limits[limit] += not datagram.dead

    def _forget_old(self, now_ns: int) -> None:
        while self._open:
            key, oldest = next(iter(self._open.items()))
            if now_ns - oldest.time_ns <= FRAG_TIMEOUT_NS:
                break
            self._give_up(key, "FRAG_TIMEOUT_NS")

    def _make_room(self, keep: Hashable) -> None:
        while len(self._open) > self._room or self._used > self._memory:
            key = next(iter(self._open))
            if key == keep:
                break
            self._give_up(key, "MAX_FRAG_DATAGRAMS" if len(self._open) > self._room else "FRAG_BYTES")

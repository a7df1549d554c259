"""The work list: rows that stand before the same layer are read together, a handful of numpy calls for thousands of packets."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.layers import Tables, name_of
from pcapkit.columns.table import CUT, PROTECTED, TUNNELS, UNKNOWN, Table, WlanEvent
from pcapkit.limits import MAX_TUNNELS

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Heads = NDArray[np.void]

CHUNK: Final = 32_768
"""Rows decoded together: their temporaries stay in the processor's cache."""
MAX_ROUNDS: Final = 256
"""Layers in a row, more than tags, tunnels and extension headers within their limits can make."""
ENCAPSULATIONS: Final = ("vlan", *TUNNELS[1:], "802.11")


class Batch(NamedTuple):
    """Rows that stand before the same layer; all int64 (n,).

    ``at``: offset of the layer's first byte; ``end``: behind the last captured byte that belongs to it; ``wire``: where it ends by the headers.
    Always ``at <= end``, and ``end`` lies within the captured bytes of the packet.
    """

    rows: Ints
    at: Ints
    end: Ints
    wire: Ints

    def take(self, index: Ints) -> Batch:
        return Batch(self.rows.take(index), self.at.take(index), self.end.take(index), self.wire.take(index))

    def where(self, mask: Mask) -> Batch:
        return self.take(np.flatnonzero(mask))

    def skip(self, size: Ints | int) -> Batch:
        """Behind ``size`` bytes of header, never behind ``end``."""
        return self._replace(at=np.minimum(self.at + size, self.end))

    @property
    def size(self) -> int:
        return len(self.rows)

    @property
    def left(self) -> Ints:
        """Captured bytes from here on."""
        return self.end - self.at


def join(batches: list[Batch]) -> Batch:
    """One batch of several."""
    return batches[0] if len(batches) == 1 else Batch(*(np.concatenate(parts) for parts in zip(*batches, strict=True)))


def layout(size: int, /, **fields: tuple[str, int]) -> np.dtype[np.void]:
    """A header: ``layout(4, kind=(">u2", 0), length=(">u2", 2))``."""
    formats, offsets = zip(*fields.values(), strict=True)
    return np.dtype({"names": list(fields), "formats": list(formats), "offsets": list(offsets), "itemsize": size})


SlowKind = Literal["wlan", "ip", "capwap"]
SLOW_ORDER: Final[tuple[SlowKind, ...]] = ("wlan", "ip", "capwap")
"""Within one tunnel depth what is decrypted may be an IP fragment, and what is reassembled a CAPWAP fragment, never the other way round."""


class Slow(NamedTuple):
    """Rows for the slow exact path (fragments, encrypted frames), which puts packets together in order of frame."""

    kind: SlowKind
    batch: Batch
    head: Ints
    """Where the header of the fragmented or encrypted layer starts."""


class Fork(NamedTuple):
    """Further packets within frames (A-MSDU): ``batch.rows`` are the rows of the frames, ``layer`` reads the packets. Addresses: uint64."""

    layer: str
    batch: Batch
    dst_mac: NDArray[np.uint64]
    src_mac: NDArray[np.uint64]


class Work:
    """A table being filled. Handlers read headers of a batch, write columns, and push what follows.

    By row: ``stop``, where the packet's captured bytes end; ``depth``, tunnels entered; ``seen``, bits of ``ENCAPSULATIONS``; ``tags`` of this link and
    ``extensions`` so far. ``nested``: columns may hold what outer headers wrote.
    """

    def __init__(
        self, tables: Tables, table: Table, stop: Ints, depth: NDArray[np.uint8] | None = None, seen: NDArray[np.uint32] | None = None
    ) -> None:
        self.tables = tables
        self.table = table
        self.buffer = table.buffer
        self.stop = stop
        self.depth = np.zeros(len(table), np.uint8) if depth is None else depth
        self.seen = np.zeros(len(table), np.uint32) if seen is None else seen
        self.seen_before = self.seen.copy() if seen is not None else None
        self.tags = np.zeros(len(table), np.uint8)
        self.extensions = np.zeros(len(table), np.uint8)
        self.nested = depth is not None
        self.unknown: Counter[str] = Counter()
        self.limits: Counter[str] = Counter()
        self.frame_at: Ints | None = None
        self.swapped: Mask | None = None
        self.parts: dict[int, tuple[int, ...]] = {}
        self.replaced: set[int] = set()
        self.events: list[WlanEvent] = []
        self.protected: Counter[int] = Counter()
        self.slow: list[Slow] = []
        self.forks: list[Fork] = []
        self.trace: list[tuple[str, Batch]] | None = None
        """If a list: every layer by name with where its headers begin, outer ones first."""
        self._todo: defaultdict[int, list[Batch]] = defaultdict(list)
        self._views: dict[int, Heads] = {}

    def push(self, name: str, batch: Batch) -> None:
        """Let the layer ``name`` read the batch in the next round."""
        self.push_kind(self.tables.index[name], batch)

    def push_kind(self, kind: int, batch: Batch) -> None:
        """As ``push``, by the layer's place in ``tables.layers``."""
        if batch.size:
            self._todo[kind].append(batch)

    def dispatch(self, space: str, batch: Batch, numbers: NDArray[Any]) -> None:
        """Send each row on by its number; rows without a handler become UNKNOWN under the number's name."""
        kinds = self.tables.lookup[space].take(numbers)
        counts = np.bincount(kinds, minlength=1)
        for kind in np.flatnonzero(counts).tolist():
            whole = counts[kind] == batch.size
            index = None if whole else np.flatnonzero(kinds == kind)
            part = batch if index is None else batch.take(index)
            if kind:
                self._todo[kind].append(part)
            else:
                self.leave_numbers(space, part, numbers if index is None else numbers[index])

    def run(self) -> None:
        """Read layer after layer until nothing is left to read."""
        for _ in range(MAX_ROUNDS):
            if not self._todo:
                return
            todo, self._todo = self._todo, defaultdict(list)
            for kind, batches in todo.items():
                chosen = self.tables.layers[kind]
                assert chosen is not None
                batch = join(batches)
                if chosen.tunnel:
                    batch = self._shallow(batch)
                if self.trace is not None:
                    self.trace.append((chosen.name, batch))
                chosen.handler(self, batch)
        for batches in self._todo.values():
            self.give_up(join(batches), "too many layers", "MAX_ROUNDS")
        self._todo.clear()

    def read(self, batch: Batch, head: np.dtype[np.void]) -> tuple[Batch, Heads]:
        """Headers of all rows that hold one whole; the others become CUT."""
        whole = batch.left >= head.itemsize
        if not whole.all():
            self.cut(batch.where(~whole))
            batch = batch.where(whole)
        return batch, self.peek(batch.at, head)

    def peek(self, at: Ints, head: np.dtype[np.void]) -> Heads:
        """Headers at ``at`` without a look at the end: for offsets of which the caller knows that the bytes are there, or that it masks."""
        view = self._views.get(head.itemsize)
        if view is None:
            # a void view with stride 1 gathers unaligned headers in one call; PAD bytes behind the last record make it safe
            count = len(self.buffer) - head.itemsize + 1
            view = np.ndarray((count,), f"V{head.itemsize}", self.buffer, strides=(1,))
            self._views[head.itemsize] = view
        found: Heads = view[at].view(head)
        return found

    def peek_cut(self, batch: Batch, head: np.dtype[np.void]) -> tuple[Heads, Mask | None]:
        """Headers of which bytes behind ``end`` read as zero, and which rows are short (None: no row)."""
        found = self.peek(batch.at, head)
        left = batch.left
        short = left < head.itemsize
        if not short.any():
            return found, None
        raw = found.view(np.uint8).reshape(batch.size, head.itemsize)
        index = np.flatnonzero(short)
        beyond = np.arange(head.itemsize) >= left[index][:, None]
        raw[index] = np.where(beyond, np.uint8(0), raw[index])
        return found, short

    def body(self, batch: Batch) -> None:
        """What stands here is the payload."""
        t, rows = self.table, batch.rows
        t.payload[rows] = batch.at
        t.payload_len[rows] = batch.left
        t.wire_len[rows] = np.maximum(batch.wire - batch.at, 0)

    def cut(self, batch: Batch) -> None:
        """The headers end here before their time."""
        self.body(batch)
        self.table.status[batch.rows] = CUT

    def leave(self, batch: Batch, name: str, status: int = UNKNOWN) -> None:
        """We read no further; counted under ``name``."""
        if batch.size:
            self.body(batch)
            self.table.status[batch.rows] = status
            self.unknown[name] += batch.size

    def give_up(self, batch: Batch, name: str, limit: str) -> None:
        """As ``leave``, because a limit of ours is reached."""
        self.leave(batch, name)
        self.limits[limit] += batch.size

    def protect(self, batch: Batch, name: str) -> None:
        """What follows is encrypted."""
        self.leave(batch, name, PROTECTED)

    def leave_numbers(self, space: str, batch: Batch, numbers: NDArray[Any]) -> None:
        """As ``leave``, each row under the name of its number."""
        self.body(batch)
        self.table.status[batch.rows] = UNKNOWN
        for number, count in zip(*np.unique(numbers, return_counts=True), strict=True):
            self.unknown[name_of(space, int(number))] += int(count)

    def enter(self, batch: Batch, name: str, ids: NDArray[Any] | int = 0) -> Batch:
        """Go into a tunnel: note the outermost one with its id."""
        t, rows = self.table, batch.rows
        self.nested = True
        self.note(rows, name)
        outer = np.flatnonzero(t.tunnel[rows] == 0)
        t.tunnel[rows[outer]] = TUNNELS.index(name)
        t.tunnel_id[rows[outer]] = ids if isinstance(ids, int) else ids[outer]
        self.tags[rows] = 0
        self.depth[rows] += 1
        return batch

    def _shallow(self, batch: Batch) -> Batch:
        """The rows that may enter one more tunnel."""
        deep = self.depth[batch.rows] >= MAX_TUNNELS
        if deep.any():
            self.give_up(batch.where(deep), "too many tunnels", "MAX_TUNNELS")
            batch = batch.where(~deep)
        return batch

    def note(self, rows: Ints, name: str) -> None:
        """The packets have this encapsulation."""
        self.seen[rows] |= np.uint32(1 << ENCAPSULATIONS.index(name))

    def forget(self, rows: Ints) -> None:
        """Inside a tunnel: what the outer headers wrote and the inner ones may not overwrite."""
        t = self.table
        for column in (t.version, t.proto, t.src_hi, t.src_lo, t.dst_hi, t.dst_lo, t.sport, t.dport, t.ttl, t.ip_id):
            column[rows] = 0
        t.ip[rows] = -1

    def set_wlan(self, batch: Batch, swapped: bool) -> None:
        """Remember where the 802.11 header of these rows stands, and whether its frame control is swapped."""
        if self.frame_at is None or self.swapped is None:
            self.frame_at, self.swapped = np.full(len(self.table), -1, np.int64), np.zeros(len(self.table), bool)
        self.frame_at[batch.rows] = batch.at
        self.swapped[batch.rows] = swapped

    def wlan_of(self, rows: Ints) -> Ints:
        """Offset of the innermost 802.11 header of each row, -1 without."""
        return np.full(len(rows), -1, np.int64) if self.frame_at is None else self.frame_at[rows]

    def count_encapsulations(self) -> dict[str, int]:
        """Packets by encapsulation; of derived rows only what their frames did not count yet."""
        seen = self.seen if self.seen_before is None else self.seen & ~self.seen_before
        if not seen.any():
            return {}
        counts = {name: int(np.count_nonzero(seen & np.uint32(1 << bit))) for bit, name in enumerate(ENCAPSULATIONS)}
        return {name: count for name, count in counts.items() if count}

"""The work list: rows that stand before the same layer are read together, a handful of numpy calls for thousands of packets."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pcapkit.capture.window import Window
from pcapkit.columns.layers import Tables, name_of
from pcapkit.columns.table import CUT, PROTECTED, TUNNELS, UNKNOWN, Table
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


class Work:
    """A table being filled. Handlers read headers of a batch, write columns, and push what follows."""

    def __init__(self, tables: Tables, table: Table) -> None:
        self.tables = tables
        self.table = table
        self.buffer = table.buffer
        self.depth = np.zeros(len(table), np.uint8)
        self.tags = np.zeros(len(table), np.uint8)
        self.seen = np.zeros(len(table), np.uint32)
        self.nested = False
        self.unknown: Counter[str] = Counter()
        self._todo: defaultdict[int, list[Batch]] = defaultdict(list)
        self._views: dict[int, Heads] = {}

    def push(self, name: str, batch: Batch) -> None:
        """Let the layer ``name`` read the batch in the next round."""
        if batch.size:
            self._todo[self.tables.index[name]].append(batch)

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
                chosen.handler(self, join(batches))
        for batches in self._todo.values():
            self.leave(join(batches), "too many layers")
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
        """Go into a tunnel: note the outermost one with its id; gives back the rows that are not too deep (``MAX_TUNNELS``)."""
        t, rows = self.table, batch.rows
        self.nested = True
        self.note(rows, name)
        outer = np.flatnonzero(t.tunnel[rows] == 0)
        t.tunnel[rows[outer]] = TUNNELS.index(name)
        t.tunnel_id[rows[outer]] = ids if isinstance(ids, int) else ids[outer]
        self.tags[rows] = 0
        self.depth[rows] += 1
        deep = self.depth[rows] > MAX_TUNNELS
        if deep.any():
            self.leave(batch.where(deep), "too many tunnels")
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

    def count_encapsulations(self) -> dict[str, int]:
        """Packets by encapsulation."""
        if not self.seen.any():
            return {}
        counts = {name: int(np.count_nonzero(self.seen & np.uint32(1 << bit))) for bit, name in enumerate(ENCAPSULATIONS)}
        return {name: count for name, count in counts.items() if count}


def empty_table(window: Window) -> Table:
    """A table of the window's rows with nothing read yet."""
    n = len(window)

    def column(kind: type[np.generic]) -> NDArray[Any]:
        return np.zeros(n, kind)

    u8, u16, u32, u64, i32, i64 = np.uint8, np.uint16, np.uint32, np.uint64, np.int32, np.int64
    return Table(
        capture=window.capture, buffer=window.buffer, frame=window.frame.copy(), time_ns=window.time_ns.copy(), interface=window.interface.copy(),
        status=column(u8), version=column(u8), proto=column(u8), src_hi=column(u64), src_lo=column(u64), dst_hi=column(u64), dst_lo=column(u64),
        sport=column(u16), dport=column(u16), seq=column(u32), ack=column(u32), flags=column(u8), tcp_window=column(u16), ttl=column(u8),
        ip_id=column(u16), payload=window.offset.copy(), payload_len=column(i32), wire_len=column(i32), ip=np.full(n, -1, i64), src_mac=column(u64),
        dst_mac=column(u64), vlan=column(u16), tunnel=column(u8), tunnel_id=column(u32),
    )  # fmt: skip

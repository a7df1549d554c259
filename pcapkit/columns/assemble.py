"""Tables made, derived (rows of rebuilt, decrypted or further packets) and joined again in order of frame."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.capture.window import PAD, Window
from pcapkit.columns.table import OK, Table
from pcapkit.columns.work import Ints, Work

COLUMNS: Final = tuple(f.name for f in fields(Table) if "NDArray" in str(f.type) and f.name != "buffer")
OFFSETS: Final = ("payload", "ip")


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
        dst_mac=column(u64), vlan=column(u16), tunnel=column(u8), tunnel_id=column(u32), outer_vlan=column(u16),
    )  # fmt: skip


def derive(parent: Work, rows: Ints, stop: Ints, buffer: NDArray[np.uint8] | None = None) -> Work:
    """Work on further packets of ``rows``, which end at ``stop``: they inherit frame, time, outer link and tunnel; ``buffer`` if they lie elsewhere."""
    table = parent.table
    columns: dict[str, Any] = {name: getattr(table, name)[rows] for name in COLUMNS}
    inner = Table(capture=table.capture, buffer=parent.buffer if buffer is None else buffer, **columns)
    inner.status[:] = OK
    work = Work(parent.tables, inner, stop, parent.depth[rows], parent.seen[rows])
    work.extensions = parent.extensions[rows]
    work.trace = None if parent.trace is None else []
    return work


def pack(blobs: list[bytes]) -> tuple[NDArray[np.uint8], Ints, Ints]:
    """Packets one behind the other in a buffer of their own, with where each begins and ends."""
    ends = np.cumsum([len(blob) for blob in blobs], dtype=np.int64)
    buffer = np.frombuffer(b"".join(blobs) + bytes(PAD), np.uint8)
    return buffer, np.concatenate((np.zeros(1, np.int64), ends[:-1])), ends


def joined(works: list[Work]) -> Table:
    """One table of the first work and those derived from it: rows in order of frame, replaced rows left out, one buffer for all."""
    first = works[0].table
    if len(works) > 1:
        first = _concatenated(works)
    unknown: Counter[str] = Counter()
    encapsulations: Counter[str] = Counter()
    protected: Counter[int] = Counter()
    for work in works:
        unknown.update(work.unknown)
        encapsulations.update(work.count_encapsulations())
        protected.update(work.protected)
    first.unknown, first.encapsulations, first.protected = dict(+unknown), dict(encapsulations), dict(protected)
    first.wlan = sorted((event for work in works for event in work.events), key=lambda event: event.frame)
    return first


def _concatenated(works: list[Work]) -> Table:
    buffers: dict[int, tuple[int, NDArray[np.uint8]]] = {}
    size = 0
    for work in works:
        if id(work.buffer) not in buffers:
            buffers[id(work.buffer)] = (size, work.buffer)
            size += len(work.buffer)
    columns: dict[str, Any] = {name: np.concatenate([getattr(work.table, name) for work in works]) for name in COLUMNS}
    starts = np.cumsum([0, *(len(work.table) for work in works)]).tolist()
    for work, start, stop in zip(works, starts, starts[1:], strict=False):
        base = buffers[id(work.buffer)][0]
        for name in OFFSETS:
            column = columns[name][start:stop]
            column[column >= 0] += base
    gone = [start + row for work, start in zip(works, starts, strict=False) for row in work.replaced]
    order = np.argsort(columns["frame"], kind="stable")
    order = order[~np.isin(order, gone)]
    derived = np.flatnonzero(order >= starts[1])
    place = dict(zip(order[derived].tolist(), derived.tolist(), strict=True))
    parts = {
        place[start + row]: frames for work, start in zip(works, starts, strict=False) for row, frames in work.parts.items() if start + row in place
    }
    buffer = np.concatenate([found for _, found in buffers.values()])
    return Table(
        capture=works[0].table.capture, buffer=buffer, **{name: column[order] for name, column in columns.items()}, parts=dict(sorted(parts.items()))
    )

"""Copies of packets that a mirror port shows twice, or that were captured on both sides of a router.

A copy has the same sender, receiver, IP identification, sequence number, length and checksum (or TCP options) within 5 ms; a retransmission has a new
identification or comes later (docs/domain.md, 10). Its TTL is the same (mirrored) or another (routed in between).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.table import OK, Table
from pcapkit.flows.sides import Ints, Mask

WITHIN_NS: Final = 5_000_000
CARRIED: Final = 65_536
"""Packets of one window that may have their copy in the next, at most."""

ORIGINAL: Final = 0
MIRRORED: Final = 1
ROUTED: Final = 2

_TAIL: Final = 20
"""Bytes before the payload that are compared: of TCP they hold the checksum, or the last options."""
_UDP: Final = 17
_UDP_HEADER: Final = 8
_FACTORS: Final = np.array([0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9], np.uint64)


class _Prints(NamedTuple):
    """What copies have in common (the first four), and what tells them apart; (n,) each. ``side``: twice the conversation's number, plus the direction."""

    side: NDArray[Any]
    seq: NDArray[Any]
    ip_id: NDArray[Any]
    length: NDArray[Any]
    time: NDArray[Any]
    ttl: NDArray[Any]

    def take(self, index: NDArray[Any]) -> _Prints:
        return _Prints(*(column[index] for column in self))

    def join(self, other: _Prints) -> _Prints:
        return _Prints(*(np.concatenate((mine, its)) for mine, its in zip(self, other, strict=True)))


class Copies:
    """Finds copies within a window and over its edges."""

    def __init__(self) -> None:
        nothing = np.zeros(0, np.int64)
        self._prints = _Prints(
            nothing, nothing.astype(np.uint32), nothing.astype(np.uint16), nothing.astype(np.int32), nothing, nothing.astype(np.uint8)
        )
        self._tails = np.zeros((0, _TAIL), np.uint8)

    def find(self, table: Table, flow: Ints, direction: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """For each packet of the window: uint8 (n,), ``ORIGINAL``, ``MIRRORED`` or ``ROUTED``."""
        kinds = np.zeros(len(table), np.uint8)
        rows = np.flatnonzero((flow >= 0) & (table.status == OK) & ((table.proto == 6) | (table.proto == _UDP)))
        if not len(rows):
            return kinds
        columns: tuple[NDArray[Any], ...] = (table.seq, table.ip_id, table.wire_len, table.time_ns, table.ttl)
        now = _Prints(2 * flow[rows] + direction[rows], *(column[rows] for column in columns))
        old = len(self._prints.side)
        prints = self._prints.join(now)
        earlier, later = _alike(prints)
        if len(later):
            mine = later >= old
            earlier, later = earlier[mine], later[mine]
            same = (self._tail(table, rows, earlier, old) == self._tail(table, rows, later, old)).all(axis=1)
            earlier, later = earlier[same], later[same]
            kinds[rows[later - old]] = np.where(prints.ttl[earlier] == prints.ttl[later], MIRRORED, ROUTED)
        self._carry(table, rows, prints, old)
        return kinds

    def _tail(self, table: Table, rows: Ints, index: Ints, old: int) -> NDArray[np.uint8]:
        """Bytes before the payload, (n, 20): of carried packets as they were kept."""
        tails = np.empty((len(index), _TAIL), np.uint8)
        kept = index < old
        tails[kept] = self._tails[index[kept]]
        tails[~kept] = read_tails(table, rows[index[~kept] - old])
        return tails

    def _carry(self, table: Table, rows: Ints, prints: _Prints, old: int) -> None:
        """Keep what may have its copy in the next window."""
        keep = np.flatnonzero(prints.time >= prints.time.max() - WITHIN_NS)[-CARRIED:]
        self._tails = self._tail(table, rows, keep, old)
        self._prints = prints.take(keep)


def read_tails(table: Table, rows: Ints) -> NDArray[np.uint8]:
    """The 20 bytes before the payload of packets, (n, 20); of UDP only its own header, the rest 0."""
    at = np.maximum(table.payload[rows] - _TAIL, 0)
    tails = table.buffer[at[:, None] + np.arange(_TAIL)]
    tails[table.proto[rows] == _UDP, : _TAIL - _UDP_HEADER] = 0
    return tails


def _alike(prints: _Prints) -> tuple[Ints, Ints]:
    """Pairs (earlier, later) of packets whose prints are equal and whose times are near, each later one with the last before it."""
    n = len(prints.side)
    bits = np.uint64(n.bit_length())
    hashes = prints.side.astype(np.uint64) * _FACTORS[0]
    hashes += (prints.seq.astype(np.uint64) << np.uint64(16) | prints.ip_id) * _FACTORS[1]
    hashes += prints.length.astype(np.uint64) * _FACTORS[2]
    hashes = hashes >> bits << bits
    hashes |= np.arange(n, dtype=np.uint64)
    hashes.sort()
    order = (hashes & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    hashes >>= bits
    pair = np.flatnonzero(hashes[1:] == hashes[:-1])
    earlier, later = order[pair], order[pair + 1]
    alike: Mask = np.abs(prints.time[later] - prints.time[earlier]) < WITHIN_NS
    for column in prints[:4]:
        alike &= column[earlier] == column[later]
    return earlier[alike], later[alike]

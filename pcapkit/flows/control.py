"""The log of SYN, FIN and RST segments, as columns."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.table import Table
from pcapkit.flows.facts import FIN, RST, SYN, Control
from pcapkit.flows.growing import Growing
from pcapkit.flows.sides import Ints, Sides

CONTROLS_PER_CONVERSATION: Final = 64
"""Segments kept of one conversation; of further ones only the flags."""
CONTROL: Final = SYN | FIN | RST
_MSS: Final = 2
_OPTION_BYTES: Final = 40


class ControlLog:
    """One row a segment, in order of arrival. ``mss`` is 0 without the option."""

    def __init__(self) -> None:
        u4 = np.uint32
        self.rows = Growing(
            frame=np.int64, time=np.int64, number=u4, seq=u4, ack=u4, payload=u4, ip_id=np.uint16, mss=np.uint16, side=np.uint8, flags=np.uint8,
            ttl=np.uint8, duplicate=np.bool_,
        )  # fmt: skip
        self._sorted: tuple[Ints, NDArray[np.uint32]] | None = None

    def add(self, table: Table, rows: Ints, number: Ints, direction: NDArray[np.uint8], duplicate: NDArray[np.bool_]) -> None:
        """Log the packets ``rows`` of conversations ``number``."""
        first = self.rows.extend(len(rows))
        given = {
            "number": number, "frame": table.frame[rows], "time": table.time_ns[rows], "side": direction, "flags": table.flags[rows],
            "seq": table.seq[rows], "ack": table.ack[rows], "ttl": table.ttl[rows], "ip_id": table.ip_id[rows], "payload": table.wire_len[rows],
            "mss": read_mss(table, rows), "duplicate": duplicate,
        }  # fmt: skip
        for name, values in given.items():
            self.rows[name][first:] = values

    def of(self, number: int) -> tuple[Control, ...]:
        """The segments of a conversation."""
        order, numbers = self.by_number()
        first = int(numbers.searchsorted(number))
        last = first
        while last < len(numbers) and numbers[last] == number:
            last += 1
        rows = self.rows.some(order[first:last])
        return tuple(
            Control(frame, time_ns, side, flags, seq, ack, ttl, ip_id, payload, mss or None, duplicate)
            for frame, time_ns, _, seq, ack, payload, ip_id, mss, side, flags, ttl, duplicate in rows
        )

    def by_number(self) -> tuple[Ints, NDArray[np.uint32]]:
        """Rows sorted by conversation, then arrival, and the numbers in that order; sorted anew only when the log has grown."""
        if self._sorted is None or len(self._sorted[0]) != self.rows.size:
            number = self.rows.copies("number")["number"]
            order = np.argsort(number, kind="stable")
            self._sorted = (order, number[order])
        return self._sorted

    def keep(self, numbers: NDArray[np.uint32]) -> None:
        """Forget the segments of all other conversations."""
        self.rows.keep(np.flatnonzero(np.isin(self.rows["number"], numbers)))
        self._sorted = None


def read_mss(table: Table, rows: Ints) -> NDArray[np.uint16]:
    """The maximum segment size that SYN segments announce (RFC 9293, 3.7.1), 0 without; (n,).

    Options are walked in step, at most one each for the 40 bytes that they can take.
    """
    found = np.zeros(len(rows), np.uint16)
    buffer, end = table.buffer, table.payload[rows]
    header = _tcp_header(table, rows)
    at = header + 20
    todo = np.flatnonzero((table.flags[rows] & SYN != 0) & (header >= 0) & (end - at <= _OPTION_BYTES))
    for _ in range(_OPTION_BYTES):
        todo = todo[at[todo] + 1 < end[todo]]
        if not len(todo):
            break
        here = at[todo]
        kind, size = buffer[here], buffer[here + 1].astype(np.int64)
        mss = (kind == _MSS) & (size == 4) & (here + 4 <= end[todo])
        found[todo[mss]] = buffer[here[mss] + 2].astype(np.uint16) << 8 | buffer[here[mss] + 3]
        at[todo] += np.where(kind == 1, 1, size)
        todo = todo[~mss & (kind != 0) & ((kind == 1) | (size >= 2))]
    return found


def _tcp_header(table: Table, rows: Ints) -> Ints:
    """Where TCP headers begin, -1 where that is not plain (IPv6 extension headers, cut packets)."""
    ip = table.ip[rows]
    first = table.buffer[np.maximum(ip, 0)].astype(np.int64)
    header = ip + np.where(table.version[rows] == 4, (first & 15) << 2, 40)
    size = (table.buffer[np.maximum(header, 0) + 12] >> 4).astype(np.int64) << 2
    return np.where((ip >= 0) & (header + size == table.payload[rows]), header, -1)


def first_of_each(sides: Sides, chosen: Ints, room: NDArray[np.uint16], conversation: Ints) -> Ints:
    """Of the elements ``chosen``, in order of arrival, those that find room; ``conversation`` (of each element) indexes ``room``, which is filled."""
    chosen = chosen[np.argsort(sides.rows[chosen], kind="stable")]
    whose = conversation[chosen]
    order = np.argsort(whose, kind="stable")
    sorted_whose = whose[order]
    first = np.searchsorted(sorted_whose, sorted_whose)
    rank = np.empty(len(chosen), np.int64)
    rank[order] = np.arange(len(chosen)) - first
    keep = room[whose] + rank < CONTROLS_PER_CONVERSATION
    np.add.at(room, whose[keep], 1)
    return chosen[keep]

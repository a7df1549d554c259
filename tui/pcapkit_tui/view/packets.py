"""The packets of a flow as a table; a row is made when it is looked at."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.report.style import Style
from pcapkit.revisit import Packets
from pcapkit_tui.view.ladder import short_span
from pcapkit_tui.view.layers import flag_names
from pcapkit_tui.view.lines import Span
from pcapkit_tui.view.table import Column, Row

COLUMNS: Final = (
    Column("frame", "Frame", 8, right=True),
    Column("time", "Time", 15),
    Column("delta", "Δ", 8, right=True, leave=1),
    Column("direction", "Direction", 9),
    Column("flags", "Flags", 12, grow=1, most=24),
    Column("seq", "Seq", 12, right=True, leave=3),
    Column("ack", "Ack", 12, right=True, leave=2),
    Column("length", "Bytes", 7, right=True),
)


class PacketRows:
    """Rows in some order. Sequence numbers count from the first that was seen in their direction."""

    def __init__(self, packets: Packets, style: Style, tcp: bool, order: NDArray[np.int64] | None = None) -> None:
        self.packets, self.style, self.tcp, self.order = packets, style, tcp, order
        self._base = [self._first(way) for way in (0, 1)]

    def _first(self, way: int) -> int:
        mine = np.flatnonzero(self.packets.direction == way)
        return int(self.packets.seq[mine[0]]) if len(mine) else 0

    def __len__(self) -> int:
        return len(self.packets)

    def __getitem__(self, index: int) -> Row:
        p = self.packets
        row = int(self.order[index]) if self.order is not None else index
        way = int(p.direction[row])
        before = int(p.time_ns[row - 1]) if row else int(p.time_ns[row])
        flags = flag_names(int(p.flags[row])) if self.tcp else ""
        seq = (int(p.seq[row]) - self._base[way]) & 0xFFFF_FFFF
        ack = (int(p.ack[row]) - self._base[1 - way]) & 0xFFFF_FFFF
        has_ack = self.tcp and bool(p.flags[row] & 16)
        return Row(
            str(int(p.frame[row])),
            (
                Span(f"{int(p.frame[row])}"),
                Span(self.style.clock(int(p.time_ns[row]), fraction=True), "dim"),
                Span(f"+{short_span(max(0, int(p.time_ns[row]) - before))}", "dim"),
                Span(self.style.own("→ server" if way == 0 else "← client")),
                Span(flags, "warning" if p.flags[row] & 4 and self.tcp else ""),
                Span(f"{seq:,}" if self.tcp else ""),
                Span(f"{ack:,}" if has_ack else ""),
                Span(f"{int(p.length[row]):,}"),
            ),
        )

    def place(self, key: str) -> int | None:
        """Where a frame stands."""
        rows: NDArray[np.int64] = np.flatnonzero(self.packets.frame == (int(key) if key.isdigit() else -1))
        if not len(rows):
            return None
        if self.order is None:
            return int(rows[0])
        found = np.flatnonzero(self.order == rows[0])
        return int(found[0]) if len(found) else None


def order(packets: Packets, name: str, descending: bool) -> NDArray[np.int64] | None:
    """Row numbers sorted by a column, None for the order of the capture."""
    columns = {
        "frame": packets.frame, "time": packets.time_ns, "direction": packets.direction.astype(np.int64), "flags": packets.flags.astype(np.int64),
        "seq": packets.seq, "ack": packets.ack, "length": packets.length.astype(np.int64), "delta": np.diff(packets.time_ns, prepend=packets.time_ns[:1]),
    }  # fmt: skip
    key = columns[name]
    if name == "frame" and not descending:
        return None
    found: NDArray[np.int64] = np.argsort(-key if descending else key, kind="stable")
    return found

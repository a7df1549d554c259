"""Screen 7: the flow tables of all captures as one table, sorted by columns in numpy; a row is made when it is looked at.

A million rows cost an array of row numbers. Rows are known by their flow's id, so that the cursor stays on its flow whatever the order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.filter import compile_filter
from pcapkit.flows.flows import CLIENT_IS_B
from pcapkit.model import FlowSummary, Report
from pcapkit.options import StopFn
from pcapkit.report.style import Style
from pcapkit.report.words import device_name
from pcapkit_tui.view.ladder import short_span
from pcapkit_tui.view.lines import Span
from pcapkit_tui.view.table import Column, Row

if TYPE_CHECKING:
    from pcapkit.flows.connections import NameOf
    from pcapkit.flows.tracker import Tracker

Ints = NDArray[np.int64]

COLUMNS: Final = (
    Column("id", "Flow", 7),
    Column("time", "Start", 12, leave=3),
    Column("proto", "Prot", 4),
    Column("client", "Client", 15, grow=1, most=39),
    Column("cport", "Port", 5, right=True, leave=2),
    Column("server", "Server", 15, grow=1, most=39),
    Column("sport", "Port", 5, right=True),
    Column("name", "Name", 14, grow=8, most=60),
    Column("packets", "Pkts", 7, right=True, leave=4),
    Column("bytes", "Bytes", 9, right=True, leave=5),
    Column("duration", "Lasts", 7, right=True, leave=1),
    Column("state", "State", 8, leave=6),
)
SHORT: Final = ("id", "proto", "client", "server", "sport", "name", "packets", "bytes")
"""Columns of the narrow choice."""
BATCH: Final = 4_096
PAIRS: Final = 200_000
"""Pairs of client and server that are asked for a DNS name when names are sorted."""
ONE_DEVICE: Final = re.compile(r"device:(D\d+)")


@dataclass(slots=True)
class Tables:
    """The flow tables of a snapshot. ``sizes``: rows of each when it was taken."""

    trackers: Sequence[Tracker]
    name_of: NameOf | None = None
    rows: list[Sequence[FlowSummary]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, trackers: Sequence[Tracker], name_of: NameOf | None = None) -> Tables:
        """As they are now. ``name_of``: names that DNS gave, by client and server address."""
        rows = [tracker.summaries(name_of) for tracker in trackers]
        sizes = [len(part) for part in rows]
        return cls(trackers, name_of, rows, sizes, [0, *accumulate(sizes)][:-1])

    def __len__(self) -> int:
        return sum(self.sizes)

    def flow(self, row: int) -> FlowSummary:
        """A conversation by its row in all tables together."""
        table = int(np.searchsorted(self.starts, row, "right")) - 1
        return self.rows[table][row - self.starts[table]]

    def row_of(self, number: int) -> int | None:
        """Row of a conversation by its number."""
        for tracker, start, size in zip(self.trackers, self.starts, self.sizes, strict=True):
            row = tracker.flows.row_of(number)
            if 0 <= row < size:
                return start + row
        return None

    def column(self, make: Callable[[Tracker, int], NDArray[Any]]) -> NDArray[Any]:
        """A column of all tables together."""
        parts = [make(tracker, size) for tracker, size in zip(self.trackers, self.sizes, strict=True)]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    # ------------------------------------------------------------ order

    def order(self, name: str, descending: bool, rows: Ints | None = None) -> Ints:
        """Row numbers sorted by a column; ties stay in the order of the capture."""
        keys = [self.column(make) for make in _KEYS[name]]
        if name == "name":
            keys = [self._name_ranks()]
        if rows is not None:
            keys = [key[rows] for key in keys]
        if descending:
            keys = [_turned(key) for key in keys]
        found: Ints = np.lexsort(keys[::-1]) if len(keys) > 1 else np.argsort(keys[0], kind="stable")
        return found if rows is None else rows[found]

    def _name_ranks(self) -> Ints:
        """The place of each flow's name among all names; those without one come last."""
        spoken = [name for tracker in self.trackers for name in tracker.server_names]
        starts = [0, *accumulate(len(tracker.server_names) for tracker in self.trackers)]
        parts = [
            tracker.flows.rows["name"][:size].astype(np.int64) + start
            for tracker, size, start in zip(self.trackers, self.sizes, starts, strict=False)
        ]
        which = np.concatenate(parts) if parts else np.zeros(0, np.int64)
        nameless = np.flatnonzero(np.isin(which, starts[:-1]))
        names = [*spoken, *self._dns_names(nameless, which, len(spoken))]
        order = {name: number for number, name in enumerate(sorted({name for name in names if name}))}
        ranks = np.array([order.get(name, len(order)) for name in names] or [0], np.int64)
        found: Ints = ranks[which]
        return found

    def _dns_names(self, rows: Ints, which: Ints, first: int) -> list[str]:
        """Names that DNS gave to servers of flows without a spoken one; ``which`` then points at them (from ``first`` on)."""
        if self.name_of is None or not len(rows):
            return []
        ends = np.stack([self.column(_end(client, half))[rows] for client in (True, False) for half in ("hi", "lo")], axis=1)
        pairs, example, inverse = np.unique(ends, axis=0, return_index=True, return_inverse=True)
        if len(pairs) > PAIRS:
            return []
        which[rows] = first + inverse.reshape(-1)
        flows = (self.flow(int(rows[n])) for n in example.tolist())
        return [self.name_of(flow.client, flow.server) or "" for flow in flows]


def _turned(key: NDArray[Any]) -> NDArray[Any]:
    return ~key if key.dtype.kind in "iu" else -key


def _single(name: str) -> Callable[[Tracker, int], NDArray[Any]]:
    return lambda tracker, size: tracker.flows.rows[name][:size].copy()


def _sum(name: str) -> Callable[[Tracker, int], NDArray[Any]]:
    return lambda tracker, size: tracker.flows.rows[name][:size].sum(axis=1).astype(np.int64)


def _end(client: bool, half: str) -> Callable[[Tracker, int], NDArray[Any]]:
    """An address of the client or the server."""

    def make(tracker: Tracker, size: int) -> NDArray[Any]:
        rows = tracker.flows.rows
        is_b = (rows["state"][:size] & CLIENT_IS_B != 0) == client
        return np.where(is_b, rows[f"b_{half}"][:size], rows[f"a_{half}"][:size])

    return make


def _port(client: bool) -> Callable[[Tracker, int], NDArray[Any]]:
    def make(tracker: Tracker, size: int) -> NDArray[Any]:
        rows = tracker.flows.rows
        is_b = (rows["state"][:size] & CLIENT_IS_B != 0) == client
        tail: NDArray[np.uint64] = rows["tail"][:size]
        return np.where(is_b, tail >> np.uint64(16) & np.uint64(0xFFFF), tail >> np.uint64(32)).astype(np.int64)

    return make


def _protocol(tracker: Tracker, size: int) -> NDArray[Any]:
    tail: NDArray[np.uint64] = tracker.flows.rows["tail"][:size]
    return (tail >> np.uint64(8) & np.uint64(255)).astype(np.int64)


def _lasting(tracker: Tracker, size: int) -> NDArray[Any]:
    duration: NDArray[Any] = tracker.flows.rows["last_time"][:size] - tracker.flows.rows["first_time"][:size]
    return duration


def _state(tracker: Tracker, size: int) -> NDArray[Any]:
    flags = tracker.flows.rows["flags"][:size]
    found: NDArray[Any] = (flags[:, 0].astype(np.int64) << 8) | flags[:, 1]
    return found


_KEYS: Final[dict[str, tuple[Callable[[Tracker, int], NDArray[Any]], ...]]] = {
    "id": (_single("number"),),
    "time": (_single("first_time"),),
    "proto": (_protocol,),
    "client": (_end(True, "hi"), _end(True, "lo")),
    "cport": (_port(True),),
    "server": (_end(False, "hi"), _end(False, "lo")),
    "sport": (_port(False),),
    "name": (),
    "packets": (_sum("packets"),),
    "bytes": (_sum("bytes"),),
    "duration": (_lasting,),
    "state": (_state,),
}


# ---------------------------------------------------------------- rows


class FlowRows:
    """The rows of the table in some order. ``order`` None: the order of the captures."""

    def __init__(self, tables: Tables, style: Style, order: Ints | None = None) -> None:
        self.tables, self.style, self.order = tables, style, order

    def __len__(self) -> int:
        return len(self.tables) if self.order is None else len(self.order)

    def flow(self, index: int) -> FlowSummary | None:
        """The conversation of a row; None where the table has moved on while it is still read."""
        try:
            return self.tables.flow(int(self.order[index]) if self.order is not None else index)
        except (IndexError, KeyError):
            return None

    def __getitem__(self, index: int) -> Row:
        flow = self.flow(index)
        return row_of(flow, self.style) if flow is not None else Row("", tuple(Span("") for _ in COLUMNS))

    def place(self, key: str) -> int | None:
        """Where a flow stands."""
        if not key.startswith("T") or not key[1:].isdigit():
            return None
        row = self.tables.row_of(int(key[1:]) - 1)
        if row is None or self.order is None:
            return row
        found = np.flatnonzero(self.order == row)
        return int(found[0]) if len(found) else None


def row_of(flow: FlowSummary, style: Style) -> Row:
    """A conversation as a row."""
    name = style.show(flow.name) if flow.name else ""
    return Row(
        flow.id,
        (
            Span(flow.id),
            Span(style.clock(flow.first_time_ns, fraction=True), "dim"),
            Span(style.show(flow.transport)),
            Span(style.show(flow.client)),
            Span(str(flow.client_port)),
            Span(style.show(flow.server)),
            Span(str(flow.server_port)),
            Span(name),
            Span(f"{flow.packets:,}"),
            Span(f"{flow.bytes_client + flow.bytes_server:,}"),
            Span(short_span(max(0, flow.last_time_ns - flow.first_time_ns))),
            state_span(flow),
        ),
    )


def state_span(flow: FlowSummary) -> Span:
    """What became of a connection, in a word."""
    if flow.transport != "tcp":
        return Span("")
    if flow.syn and not flow.synack:
        return Span("refused" if flow.rst else "no reply", "critical")
    if flow.rst:
        return Span("reset", "warning")
    return Span("closed" if flow.fin else "open")


# ---------------------------------------------------------------- filter


def values(flow: FlowSummary, owners: dict[str, tuple[str, ...]]) -> dict[str, tuple[Any, ...]]:
    """Fields of a conversation for the filter language. ``owners``: address → id and name of its device."""
    names = (flow.name,) if flow.name else ()
    return {
        "flow": (flow.id,),
        "device": (*owners.get(flow.client, ()), *owners.get(flow.server, ())),
        "ip": (flow.client, flow.server),
        "proto": (flow.transport, *_PROTO_BY_PORT.get(flow.server_port, ())),
        "port": (flow.client_port, flow.server_port),
        "name": names,
        "sni": names,
        "packets": (flow.packets,),
        "bytes": (flow.bytes_client + flow.bytes_server,),
        "time": (flow.first_time_ns, flow.last_time_ns),
        "frame": (flow.first_frame, flow.last_frame),
    }


_PROTO_BY_PORT: Final = {443: ("tls",), 80: ("http",), 8080: ("http",), 53: ("dns",), 67: ("dhcp",), 68: ("dhcp",), 5353: ("mdns",)}


def owners_of(report: Report) -> dict[str, tuple[str, ...]]:
    """Address → id and name of the device that has it."""
    return {address: (device.id, device_name(device)) for device in report.devices for address in device.addresses}


def matching(tables: Tables, report: Report, text: str, start_ns: int | None, utc: bool, stopped: StopFn, told: Callable[[int], object]) -> Ints:
    """Rows that an expression lets through. ``told`` hears how many were looked at.

    Raises:
        FilterError: the expression cannot be read.
    """
    if only := ONE_DEVICE.fullmatch(text.strip()):
        return _of_device(tables, report, only[1])
    matches = compile_filter(text, start_ns, utc)
    owners = owners_of(report)
    found: list[int] = []
    for row in range(len(tables)):
        if row % BATCH == 0:
            told(row)
            if stopped():
                break
        try:
            if matches(values(tables.flow(row), owners)):
                found.append(row)
        except (IndexError, KeyError):
            continue
    return np.array(found, np.int64)


def _of_device(tables: Tables, report: Report, device_id: str) -> Ints:
    """Rows of a device, by its addresses: no loop over the table."""
    device = next((d for d in report.devices if d.id == device_id), None)
    found: set[int] = set()
    for address in device.addresses if device else ():
        for tracker in tables.trackers:
            numbers = [*tracker.find(address), *tracker.find(None, address)]
            found.update(row for n in numbers if (row := tables.row_of(n)) is not None)
    return np.array(sorted(found), np.int64)

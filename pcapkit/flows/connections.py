"""Columns to plain objects: a ``Connection`` for whoever asks for one, summaries of all by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple, overload

import numpy as np

from pcapkit.flows.facts import FIN, FORWARD, REVERSE, RST, SYN, Connection, SeenIcmp, Side
from pcapkit.flows.flows import CLIENT_IS_B, SERVER_SPOKE_FIRST, TCP, UDP, FlowTable
from pcapkit.flows.sides import Ints, Mask
from pcapkit.flows.tcp import TcpFacts
from pcapkit.flows.text import address_words, key_ends, mac_text
from pcapkit.model import FlowSummary

TRANSPORTS: Final = {1: "icmp", TCP: "tcp", UDP: "udp", 58: "icmpv6", 132: "sctp"}
_LOW16: Final = 0xFFFF
CHUNK: Final = 16_384
"""Conversations looked at together, where all are."""
NAMES: Final = 65_536
"""Different server names that are kept."""

NameOf = Callable[[str, str], str | None]
"""The name by which a client (address) looked up a server (address)."""

_BYTES, _MAC, _PACKETS, _FLAGS = range(4)
"""The pair columns of ``FlowTable.rows``."""


class Ends(NamedTuple):
    """Who talks to whom."""

    transport: str
    client: str
    client_port: int
    server: str
    server_port: int


class TcpSummary(NamedTuple):
    """A TCP conversation as ``tcp.connection`` tells it; ``swapped``: its first packet came from the server."""

    number: int
    ends: Ends
    swapped: bool
    first_frame: int
    last_frame: int
    first_time_ns: int
    last_time_ns: int
    packets: int
    bytes_client: int
    bytes_server: int
    syn: bool
    synack: bool
    fin: bool
    rst: bool


class _Row(NamedTuple):
    """A conversation as it stands in the table, with what each side has: (packets, bytes, mac, flags) in the order of ``Growing.pair_names``."""

    ends: Ends
    number: int
    name: int
    tcp: int
    state: int
    vlan: int
    first_frame: int
    last_frame: int
    first_time: int
    last_time: int
    client: tuple[int, int, int, int]
    server: tuple[int, int, int, int]

    def sent(self, flag: int) -> bool:
        """Either side sent this flag."""
        return bool((self.client[_FLAGS] | self.server[_FLAGS]) & flag)


class Connections:
    """Reads the flow table of one capture. ``names``: server names, by the number in the table's column ``name``."""

    def __init__(self, capture: int, flows: FlowTable, tcp: TcpFacts, icmp: dict[int, list[SeenIcmp]]) -> None:
        self.names: list[str] = [""]
        self._name_index: dict[str, int] = {}
        self._capture = capture
        self._flows = flows
        self._tcp = tcp
        self._icmp = icmp
        self._index: AddressIndex | None = None
        self._side_of = TcpSide._make(map(flows.tcp.pair_names.index, TcpSide._fields))

    def connection(self, number: int) -> Connection:
        """Everything known of a conversation.

        Raises:
            KeyError: there is no such conversation, or it was forgotten (``MAX_FLOWS``).
        """
        row = self._flows.row_of(number)
        if row < 0:
            raise KeyError(number)
        c = self._row(row)
        forward, reverse = self._sides(c)
        return Connection(
            number, self._capture, *c.ends, mac_text(c.client[_MAC]), mac_text(c.server[_MAC]), c.first_frame, c.last_frame, c.first_time, c.last_time,
            self._tcp.control.of(number) if c.tcp >= 0 else (), forward, reverse, tuple(self._icmp.get(number, ())), c.vlan, c.tcp >= 0 and c.sent(SYN),
        )  # fmt: skip

    def find(self, client: str | None, server: str | None, port: int | None, transport: str | None) -> list[int]:
        """Numbers of conversations by the address of the client, of the server, and the server's port. None: any."""
        if self._index is None or self._index.state != (self._flows.rows.size, self._flows.created):
            self._index = AddressIndex(self._flows)
        proto = None if transport is None else next((number for number, name in TRANSPORTS.items() if name == transport), 255)
        rows = self._index.find(client, server, port, proto)
        numbers: list[int] = self._flows.rows["number"][rows].tolist()
        return numbers

    def unanswered(self) -> list[int]:
        """Numbers of TCP conversations whose SYN got nothing back."""
        rows, c = self._flows.tcp.copies("row")["row"], self._flows.rows.copies("packets", "flags", "number")
        silent = (c["packets"][rows, REVERSE] == 0) & (c["flags"][rows, FORWARD] & SYN != 0)
        numbers: list[int] = c["number"][rows[silent]].tolist()
        return numbers

    def tcp_summaries(self) -> Iterator[TcpSummary]:
        """All TCP conversations, in the order of their first packets."""
        for row in self._flows.tcp["row"].tolist():
            c = self._row(row)
            swapped = bool(c.state & SERVER_SPOKE_FIRST)
            yield TcpSummary(
                c.number, c.ends, swapped, c.first_frame, c.last_frame, c.first_time, c.last_time, c.client[_PACKETS] + c.server[_PACKETS],
                c.client[_BYTES], c.server[_BYTES], bool(c.client[_FLAGS] & SYN), bool(c.server[_FLAGS] & SYN), c.sent(FIN), c.sent(RST),
            )  # fmt: skip

    def name_servers(self, spoken: list[tuple[int, str]]) -> None:
        """The servers of these conversations were called so."""
        if not spoken:
            return
        numbers, names = zip(*spoken, strict=True)
        rows = self._flows.rows_of_numbers(np.array(numbers, np.int64))
        indices = np.array([self._name_of(name) for name in names], np.int64)
        known = (rows >= 0) & (indices > 0)
        self._flows.rows["name"][rows[known]] = indices[known]

    def _name_of(self, name: str) -> int:
        """Number of a name, 0 if there are too many."""
        index = self._name_index.get(name)
        if index is None:
            if len(self.names) > NAMES:
                return 0
            index = self._name_index[name] = len(self.names)
            self.names.append(name)
        return index

    def summary(self, row: int, name_of: NameOf | None = None) -> FlowSummary:
        """One row for the flow table of reports and the terminal. ``name_of`` is asked where no name was spoken."""
        c = self._row(row)
        name = self.names[c.name] or (name_of(c.ends.client, c.ends.server) if name_of else None)
        return FlowSummary(
            f"T{c.number + 1}", self._capture, *c.ends, name, c.first_frame, c.last_frame, c.first_time, c.last_time,
            c.client[_PACKETS] + c.server[_PACKETS], c.client[_BYTES], c.server[_BYTES], bool(c.client[_FLAGS] & SYN), bool(c.server[_FLAGS] & SYN),
            c.sent(FIN), c.sent(RST),
        )  # fmt: skip

    def ends(self, number: int) -> Ends:
        """Who talks in a conversation."""
        return self._row(self._flows.row_of(number)).ends

    # ---------------------------------------------------------------- parts

    def _row(self, row: int) -> _Row:
        a_hi, a_lo, b_hi, b_lo, tail, first_frame, last_frame, first_time, last_time, number, name, tcp, state, vlan = self._flows.rows.row(row)
        client, server = key_ends(a_hi, a_lo, b_hi, b_lo, tail, bool(state & CLIENT_IS_B))
        proto = tail >> 8 & 255
        ends = Ends(TRANSPORTS.get(proto) or f"ip-{proto}", *client, *server)
        return _Row(ends, number, name, tcp, state, vlan, first_frame, last_frame, first_time, last_time, *self._flows.rows.sides(row))

    def _sides(self, c: _Row) -> tuple[Side, Side]:
        if c.tcp < 0:
            client, server = (Side(one[_PACKETS], one[_BYTES], one[_BYTES], 0, None, 0, 0, 0, 0, None, None, None, 0) for one in (c.client, c.server))
            return client, server
        facts = [TcpSide._make(map(values.__getitem__, self._side_of)) for values in self._flows.tcp.sides(c.tcp)]
        forward, reverse = facts
        return self._side(c, FORWARD, c.client, forward, reverse), self._side(c, REVERSE, c.server, reverse, forward)

    def _side(self, c: _Row, direction: int, counted: tuple[int, int, int, int], mine: TcpSide, peer: TcpSide) -> Side:
        fin = bool(counted[_FLAGS] & FIN)
        missing, first_missing = self._missing(2 * c.number + direction, mine, peer, fin)
        return Side(
            counted[_PACKETS],
            counted[_BYTES],
            max(0, mine.top - fin),
            missing,
            first_missing,
            mine.retransmissions,
            mine.duplicates,
            mine.max_segment,
            _acknowledged(mine, peer),
            (mine.ttl_min, mine.ttl_max) if mine.ttl_min <= mine.ttl_max else None,
            (mine.first_frame, mine.first_time) if mine.first_frame else None,
            (mine.last_frame, mine.last_time) if mine.last_frame else None,
            mine.cut,
        )

    def _missing(self, side: int, mine: TcpSide, peer: TcpSide, fin: bool) -> tuple[int, int | None]:
        """Bytes passed over or acknowledged that were never captured, and where the first of them stands.

        One byte too much may be the number of a FIN that was not captured.
        """
        holes = self._tcp.holes.of(side)
        top = mine.top if mine.begun else 0
        behind = _acknowledged(peer, mine) - top
        if behind <= (0 if fin else 1):
            behind = 0
        first = holes[0][0] if holes else top if behind else None
        return sum(end - start for start, end in holes) + behind, first


class TcpSide(NamedTuple):
    """What is known of one side of a TCP conversation, as in ``FlowTable.tcp``."""

    base: int
    begun: bool
    top: int
    first_ack: int
    acked: bool
    ack_top: int
    max_segment: int
    ttl_min: int
    ttl_max: int
    retransmissions: int
    duplicates: int
    cut: int
    first_frame: int
    first_time: int
    last_frame: int
    last_time: int


def _acknowledged(mine: TcpSide, peer: TcpSide) -> int:
    """The highest acknowledgement of a side, as an offset into its peer's stream; into what it acknowledged first if the peer was never seen."""
    if not peer.begun or not mine.acked:
        return mine.ack_top
    ahead = (mine.first_ack - peer.base) & 0xFFFF_FFFF
    return mine.ack_top + (ahead - 0x1_0000_0000 if ahead >> 31 else ahead)


class AddressIndex:
    """Conversations sorted by the lower half of the client's address and of the server's, for ``find``; good for the table as it was (``state``)."""

    def __init__(self, flows: FlowTable) -> None:
        self._rows = flows.rows
        self.state = (flows.rows.size, flows.created)
        halves = (np.empty(flows.rows.size, np.uint64), np.empty(flows.rows.size, np.uint64))
        for first in range(0, flows.rows.size, CHUNK):
            part = slice(first, first + CHUNK)
            is_b = flows.rows["state"][part] & CLIENT_IS_B != 0
            low_a, low_b = flows.rows["a_lo"][part], flows.rows["b_lo"][part]
            halves[0][part], halves[1][part] = np.where(is_b, low_b, low_a), np.where(is_b, low_a, low_b)
            flows.rows.rest()
        self._orders = tuple(np.argsort(low, kind="stable").astype(np.int32) for low in halves)
        for low in halves:
            low.sort()
        self._sorted = halves

    def find(self, client: str | None, server: str | None, port: int | None, proto: int | None) -> Ints:
        """Rows, ascending."""
        rows: Ints | None = None
        for which, address in enumerate((client, server)):
            if address is not None:
                words = address_words(address)
                if words is None:
                    return np.zeros(0, np.int64)
                if rows is None:
                    first, last = (self._sorted[which].searchsorted(words[2], side) for side in ("left", "right"))
                    rows = self._orders[which][first:last].astype(np.int64)
                rows = rows[self._is_end(which, rows, *words)]
        if rows is None:
            rows = np.arange(self.state[0])
        if port is not None:
            is_b, tail = self._rows["state"][rows] & CLIENT_IS_B != 0, self._rows["tail"][rows]
            rows = rows[np.where(is_b, tail >> np.uint64(32), tail >> np.uint64(16) & np.uint64(_LOW16)) == port]
        if proto is not None:
            rows = rows[self._rows["tail"][rows] >> np.uint64(8) & np.uint64(255) == proto]
        return rows

    def _is_end(self, which: int, rows: Ints, version: int, high: np.uint64, low: np.uint64) -> Mask:
        """Which conversations have this address as their client (0) or server (1)."""
        c = self._rows
        at_b = (c["state"][rows] & CLIENT_IS_B != 0) == (which == 0)
        found: Mask = np.where(at_b, c["b_lo"][rows], c["a_lo"][rows]) == low
        found &= np.where(at_b, c["b_hi"][rows], c["a_hi"][rows]) == high
        found &= c["tail"][rows] & np.uint64(255) == version
        return found


class FlowRows(Sequence[FlowSummary]):
    """Summaries of all conversations, made when looked at."""

    def __init__(self, connections: Connections, rows: Ints, name_of: NameOf | None = None) -> None:
        self._connections = connections
        self._rows = rows
        self._name_of = name_of

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> FlowSummary: ...
    @overload
    def __getitem__(self, index: slice) -> FlowRows: ...
    def __getitem__(self, index: int | slice) -> FlowSummary | FlowRows:
        if isinstance(index, slice):
            return FlowRows(self._connections, self._rows[index], self._name_of)
        return self._connections.summary(int(self._rows[index]), self._name_of)

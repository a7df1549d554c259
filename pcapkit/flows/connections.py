"""Columns to plain objects: a ``Connection`` for whoever asks for one, summaries of all by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, overload

import numpy as np

from pcapkit.flows.facts import FIN, FORWARD, REVERSE, RST, SYN, Connection, SeenIcmp, Side
from pcapkit.flows.flows import CLIENT_IS_B, SERVER_SPOKE_FIRST, TCP, UDP, FlowTable
from pcapkit.flows.sides import Ints, Mask
from pcapkit.flows.tcp import TcpFacts
from pcapkit.flows.text import address_text, address_words, mac_text
from pcapkit.model import FlowSummary

TRANSPORTS: Final = {1: "icmp", TCP: "tcp", UDP: "udp", 58: "icmpv6", 132: "sctp"}
_LOW16: Final = 0xFFFF


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


class Connections:
    """Reads the flow table of one capture."""

    def __init__(self, capture: int, flows: FlowTable, tcp: TcpFacts, icmp: dict[int, list[SeenIcmp]]) -> None:
        self._capture = capture
        self._flows = flows
        self._tcp = tcp
        self._icmp = icmp
        self.names: list[str] = [""]
        """Server names, by the number in the flow table's column ``name``."""

    def connection(self, number: int) -> Connection:
        """Everything known of a conversation.

        Raises:
            KeyError: there is no such conversation, or it was forgotten (``MAX_FLOWS``).
        """
        row = self._flows.row_of(number)
        if row < 0:
            raise KeyError(number)
        c = self._flows.rows
        ends = self._ends(row)
        syn = bool(c["flags"][row].any() and (c["flags"][row] & SYN).any())
        return Connection(
            number, self._capture, *ends, mac_text(int(c["mac"][row, FORWARD])), mac_text(int(c["mac"][row, REVERSE])), int(c["first_frame"][row]),
            int(c["last_frame"][row]), int(c["first_time"][row]), int(c["last_time"][row]), self._tcp.control.of(number), self._side(row, FORWARD),
            self._side(row, REVERSE), tuple(self._icmp.get(number, ())), int(c["vlan"][row]), syn and ends.transport == "tcp",
        )  # fmt: skip

    def find(self, client: str | None, server: str | None, port: int | None, transport: str | None) -> list[int]:
        """Numbers of conversations by the address of the client, of the server, and the server's port. None: any."""
        found = np.ones(self._flows.rows.size, np.bool_)
        client_is_b = self._flows.rows["state"] & CLIENT_IS_B != 0
        for address, is_b in ((client, client_is_b), (server, ~client_is_b)):
            if address is not None:
                found &= self._has_end(address, is_b)
        tail = self._flows.rows["tail"]
        if port is not None:
            found &= np.where(client_is_b, tail >> np.uint64(32), tail >> np.uint64(16) & np.uint64(_LOW16)) == port
        if transport is not None:
            proto = next((number for number, name in TRANSPORTS.items() if name == transport), 255)
            found &= tail >> np.uint64(8) & np.uint64(255) == proto
        numbers: list[int] = self._flows.rows["number"][found].tolist()
        return numbers

    def _has_end(self, address: str, is_b: Mask) -> Mask:
        """Which conversations have this address at their end b, or a where ``is_b`` is not."""
        words = address_words(address)
        if words is None:
            return np.zeros(len(is_b), np.bool_)
        version, high, low = words
        c = self._flows.rows
        a: Mask = c["a_lo"] == low
        b: Mask = c["b_lo"] == low
        if version == 6:
            a &= c["a_hi"] == high
            b &= c["b_hi"] == high
        found: Mask = np.where(is_b, b, a) & (c["tail"] & np.uint64(255) == version)
        return found

    def tcp_summaries(self) -> Iterator[TcpSummary]:
        """All TCP conversations, in the order of their first packets."""
        c = self._flows.rows
        for row in self._flows.tcp["row"].tolist():
            flags, sent = c["flags"][row], c["bytes"][row]
            yield TcpSummary(
                int(c["number"][row]), self._ends(row), bool(c["state"][row] & SERVER_SPOKE_FIRST), int(c["first_frame"][row]), int(c["last_frame"][row]),
                int(c["first_time"][row]), int(c["last_time"][row]), int(c["packets"][row].sum()), int(sent[FORWARD]), int(sent[REVERSE]),
                bool(flags[FORWARD] & SYN), bool(flags[REVERSE] & SYN), bool((flags & FIN).any()), bool((flags & RST).any()),
            )  # fmt: skip

    def summary(self, row: int) -> FlowSummary:
        """One row for the flow table of reports and the terminal."""
        c = self._flows.rows
        flags, sent = c["flags"][row], c["bytes"][row]
        name = self.names[int(c["name"][row])] or None
        return FlowSummary(
            f"T{int(c['number'][row]) + 1}", self._capture, *self._ends(row), name, int(c["first_frame"][row]), int(c["last_frame"][row]),
            int(c["first_time"][row]), int(c["last_time"][row]), int(c["packets"][row].sum()), int(sent[FORWARD]), int(sent[REVERSE]),
            bool(flags[FORWARD] & SYN), bool(flags[REVERSE] & SYN), bool((flags & FIN).any()), bool((flags & RST).any()),
        )  # fmt: skip

    def ends(self, number: int) -> Ends:
        """Who talks in a conversation."""
        return self._ends(self._flows.row_of(number))

    # ---------------------------------------------------------------- parts

    def _ends(self, row: int) -> Ends:
        c = self._flows.rows
        tail = int(c["tail"][row])
        version, proto = tail & 255, tail >> 8 & 255
        a = address_text(version, int(c["a_hi"][row]), int(c["a_lo"][row])), tail >> 32
        b = address_text(version, int(c["b_hi"][row]), int(c["b_lo"][row])), tail >> 16 & _LOW16
        client, server = (b, a) if c["state"][row] & CLIENT_IS_B else (a, b)
        return Ends(TRANSPORTS.get(proto) or f"ip-{proto}", *client, *server)

    def _side(self, row: int, direction: int) -> Side:
        c, tcp = self._flows.rows, int(self._flows.rows["tcp"][row])
        packets, sent = int(c["packets"][row, direction]), int(c["bytes"][row, direction])
        if tcp < 0:
            return Side(packets, sent, sent, 0, None, 0, 0, 0, 0, None, None, None, 0)
        t = self._flows.tcp
        fin = bool(c["flags"][row, direction] & FIN)
        top = int(t["top"][tcp, direction])
        missing, first_missing = self._missing(row, tcp, direction, fin)
        ttl = (int(t["ttl_min"][tcp, direction]), int(t["ttl_max"][tcp, direction]))
        first, last = (
            (int(t[f"{which}_frame"][tcp, direction]), int(t[f"{which}_time"][tcp, direction])) if t[f"{which}_frame"][tcp, direction] else None
            for which in ("first", "last")
        )
        return Side(
            packets, sent, max(0, top - fin), missing, first_missing, int(t["retransmissions"][tcp, direction]), int(t["duplicates"][tcp, direction]),
            int(t["max_segment"][tcp, direction]), self._acknowledged(tcp, direction), ttl if ttl[0] <= ttl[1] else None, first, last,
            int(t["cut"][tcp, direction]),
        )  # fmt: skip

    def _acknowledged(self, tcp: int, direction: int) -> int:
        """The highest acknowledgement of a side, as an offset into its peer's stream; into what it acknowledged first if the peer was never seen."""
        t = self._flows.tcp
        reached = int(t["ack_top"][tcp, direction])
        if not t["begun"][tcp, 1 - direction] or not t["acked"][tcp, direction]:
            return reached
        ahead = (int(t["first_ack"][tcp, direction]) - int(t["base"][tcp, 1 - direction])) & 0xFFFF_FFFF
        return reached + (ahead - 0x1_0000_0000 if ahead >> 31 else ahead)

    def _missing(self, row: int, tcp: int, direction: int, fin: bool) -> tuple[int, int | None]:
        """Bytes passed over or acknowledged that were never captured, and where the first of them stands.

        One byte too much may be the number of a FIN that was not captured.
        """
        t = self._flows.tcp
        holes = self._tcp.holes.of(2 * int(self._flows.rows["number"][row]) + direction)
        top = int(t["top"][tcp, direction]) if t["begun"][tcp, direction] else 0
        behind = self._acknowledged(tcp, 1 - direction) - top
        if behind <= (0 if fin else 1):
            behind = 0
        first = [int(holes.start[0])] if len(holes.start) else [top] if behind else []
        return int((holes.end - holes.start).sum()) + behind, first[0] if first else None


class FlowRows(Sequence[FlowSummary]):
    """Summaries of all conversations, made when looked at."""

    def __init__(self, connections: Connections, rows: Ints) -> None:
        self._connections = connections
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> FlowSummary: ...
    @overload
    def __getitem__(self, index: slice) -> FlowRows: ...
    def __getitem__(self, index: int | slice) -> FlowSummary | FlowRows:
        if isinstance(index, slice):
            return FlowRows(self._connections, self._rows[index])
        return self._connections.summary(int(self._rows[index]))

"""Messages that stand in one packet: UDP on the ports of a dissector, ICMP errors, ARP and neighbour discovery."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pcapkit_dissectors._api import DatagramDissector, DissectError, Event, Malformed, Message, Stamp, Truncated
from pcapkit_dissectors.arp import NEIGHBOUR_ADVERTISEMENT, ROUTER_SOLICITATION, parse_arp, parse_neighbour
from pcapkit_dissectors.icmp import ICMP, ICMPV6, parse_icmp_error
from pcapkit_dissectors.messages import IcmpError, Quoted

from pcapkit.columns.table import ARP, CUT, OK, Table
from pcapkit.flows.facts import Observation, SeenIcmp
from pcapkit.flows.flows import CLIENT_IS_B, UDP, FlowTable
from pcapkit.flows.key import Keys, make_tail
from pcapkit.flows.sides import Ints, Mask
from pcapkit.flows.streams import Boundary
from pcapkit.flows.text import address_text, address_words, mac_text
from pcapkit.limits import MAX_DEVICES

ICMP_PER_FLOW: Final = 32
SEARCHES: Final = 256
"""Errors of one window whose port was used again before its end, and for which the earlier conversation is looked up."""
BINDINGS: Final = 4 * MAX_DEVICES
"""Pairs of MAC and address told once each; when there are more, they are told again."""

_ERRORS: Final = {ICMP: (3, 4, 5, 11, 12), ICMPV6: (1, 2, 3, 4)}
_TRANSPORTS: Final = {ICMP: "icmp", 6: "tcp", UDP: "udp", ICMPV6: "icmpv6"}
_QUOTED: Final = {"tcp": 6, "udp": UDP}


class Packet(NamedTuple):
    """A packet and its payload. ``cut``: the snaplen took a part of it."""

    frames: tuple[int, ...]
    time_ns: int
    proto: int
    src: str
    dst: str
    sport: int
    dport: int
    src_mac: str | None
    dst_mac: str | None
    data: bytes
    cut: bool


class Datagrams:
    """Reads them window by window. ``icmp``: what was complained about conversations, by number; ``fed``: packets handed to Python."""

    def __init__(self, flows: FlowTable, capture: int, dissectors: Sequence[DatagramDissector], boundary: Boundary) -> None:
        self.fed = 0
        self.icmp: dict[int, list[SeenIcmp]] = {}
        self._flows = flows
        self._capture = capture
        self._boundary = boundary
        self._dissectors: list[DatagramDissector] = list(dissectors)
        self._by_port = np.zeros(65_536, np.uint8)
        for index, dissector in enumerate(self._dissectors, 1):
            self._by_port[list(dissector.ports)] = index
        self._bindings = np.zeros(0, np.uint64)

    def update(self, table: Table, flow: Ints, direction: NDArray[np.uint8], copy: Mask, out: list[Observation]) -> None:
        """Read the packets of a window. ``flow``, ``direction``, ``copy``: of each row."""
        readable = (table.status == OK) | (table.status == CUT)
        self._udp(table, readable & (table.proto == UDP), flow, direction, copy, out)
        others = np.flatnonzero(((table.proto == ICMP) | (table.proto == ICMPV6)) & readable & (table.payload_len > 0))
        if len(others):
            kind = table.buffer[table.payload[others]]
            v6 = table.proto[others] == ICMPV6
            errors = np.where(v6, np.isin(kind, _ERRORS[ICMPV6]), np.isin(kind, _ERRORS[ICMP]))
            self._icmp(table, others[errors], out)
            shown = v6 & (kind >= ROUTER_SOLICITATION) & (kind <= NEIGHBOUR_ADVERTISEMENT)
            self._neighbours(table, others[shown], out)
        self._arp(table, np.flatnonzero(table.status == ARP), out)

    # ---------------------------------------------------------------- UDP

    def _udp(self, table: Table, is_udp: Mask, flow: Ints, direction: NDArray[np.uint8], copy: Mask, out: list[Observation]) -> None:
        which = self._by_port[table.dport]
        which = np.where(which == 0, self._by_port[table.sport], which)
        rows = np.flatnonzero(is_udp & (which != 0))
        self.fed += len(rows)
        places = zip(which[rows].tolist(), flow[rows].tolist(), direction[rows].tolist(), copy[rows].tolist(), strict=True)
        for packet, (kind, number, side, duplicate) in zip(packets(table, rows), places, strict=True):
            for event in self._parse(self._dissectors[kind - 1], packet, side):
                out.append(self._observation(packet, number, "udp", event, duplicate))  # noqa: PERF401  # nearly always one

    def _parse(self, dissector: DatagramDissector, packet: Packet, side: int) -> list[Event]:
        """The message of a packet; of a damaged one what can be read, and what is wrong with it."""
        try:
            return [Event(dissector.parse(packet.data), side, packet.frames, packet.time_ns)]
        except DissectError as error:
            wrong = Malformed(dissector.name, error.reason, error.offset, packet.cut and isinstance(error, Truncated))
            malformed = Event(wrong, side, packet.frames, packet.time_ns, complete=False)
        except Exception as error:
            self._boundary.bug(dissector.name, packet.frames[-1], error)
            return []
        return [*self._partial(dissector, packet, side), malformed]

    def _partial(self, dissector: DatagramDissector, packet: Packet, side: int) -> list[Event]:
        """What can be read of a damaged message."""

        def work() -> list[Event]:
            message = dissector.partial(packet.data) if dissector.partial else None
            return [] if message is None else [Event(message, side, packet.frames, packet.time_ns, complete=False)]

        return self._boundary.run(dissector.name, side, Stamp(packet.frames[-1], packet.time_ns), work) or []

    # ---------------------------------------------------------------- ICMP

    def _icmp(self, table: Table, rows: Ints, out: list[Observation]) -> None:
        """Errors, tied to the conversations that they quote."""
        found: list[tuple[Packet, Event]] = []
        for packet in packets(table, rows):
            found += [(packet, event) for event in self._message("icmp", packet, partial(parse_icmp_error, packet.proto))]
        quoted = self._quoted([(event.message.quoted if isinstance(event.message, IcmpError) else None, event.frame) for _, event in found])
        for (packet, event), number in zip(found, quoted, strict=True):
            observation = self._observation(packet, number, _TRANSPORTS[packet.proto], event)
            out.append(observation)
            if number >= 0 and isinstance(event.message, IcmpError):
                self._keep(number, observation, event.message)

    def _keep(self, number: int, seen: Observation, error: IcmpError) -> None:
        kept = self.icmp.setdefault(number, [])
        if len(kept) < ICMP_PER_FLOW:
            row = self._flows.row_of(number)
            client_is_b = bool(self._flows.rows["state"][row] & CLIENT_IS_B)
            quoted = error.quoted
            sender_is_b = quoted is not None and _is_higher(quoted)
            kept.append(SeenIcmp(seen.event.frame, seen.event.time_ns, seen.src, int(sender_is_b != client_is_b), error))

    def _quoted(self, quoted: list[tuple[Quoted | None, int]]) -> list[int]:
        """Numbers of the conversations quoted in these frames, -1 where there is none."""
        numbers = [-1] * len(quoted)
        known = [(at, key) for at, (quote, _) in enumerate(quoted) if quote is not None and (key := _key(quote)) is not None]
        if known:
            columns = zip(*(key for _, key in known), strict=True)
            a_hi, a_lo, b_hi, b_lo, a_port, b_port, proto, version = (np.array(column) for column in columns)
            tail = make_tail(a_port.astype(np.uint16), b_port.astype(np.uint16), proto.astype(np.uint8), version.astype(np.uint8))
            rows = self._flows.rows_of(Keys(a_hi, a_lo, b_hi, b_lo, tail))
            searches = SEARCHES
            for (at, _), row in zip(known, rows.tolist(), strict=True):
                frame = quoted[at][1]
                if row >= 0 and searches and self._flows.rows["first_frame"][row] > frame:
                    row, searches = self._flows.row_at(row, frame), searches - 1
                numbers[at] = int(self._flows.rows["number"][row]) if row >= 0 else -1
        return numbers

    # ---------------------------------------------------------------- who has which address

    def _arp(self, table: Table, rows: Ints, out: list[Observation]) -> None:
        whole = rows[table.payload_len[rows] >= 28]
        if len(whole):
            head = table.buffer[table.payload[whole][:, None] + np.arange(8, 18)]
            pairs = np.zeros((len(whole), 16), np.uint8)
            pairs[:, :10] = head
            for packet in packets(table, whole[self._unknown(pairs.view(np.uint64))]):
                for event in self._message("arp", packet, parse_arp):
                    sender, target = (address_text(4, 0, int.from_bytes(packet.data[at : at + 4], "big")) for at in (14, 24))
                    out.append(Observation(self._capture, -1, sender, target, None, None, "arp", packet.src_mac, packet.dst_mac, event))

    def _neighbours(self, table: Table, rows: Ints, out: list[Observation]) -> None:
        """Neighbour discovery: told again only with another MAC, address or target."""
        if len(rows):
            target = _words(table, table.payload[rows] + 8)
            words = np.stack((table.src_mac[rows], table.src_hi[rows], table.src_lo[rows], target[:, 0], target[:, 1]), axis=1)
            for packet in packets(table, rows[self._unknown(words)]):
                events = self._message("nd", packet, partial(parse_neighbour, source=packet.src))
                out += [self._observation(packet, -1, "icmpv6", event) for event in events]

    def _unknown(self, words: NDArray[np.uint64]) -> Ints:
        """Rows of ``words`` (n, k) that were not seen before, each content once."""
        prints = np.zeros(len(words), np.uint64)
        for column in words.T:
            prints = (prints ^ column) * np.uint64(0x9E37_79B9_7F4A_7C15)
            prints ^= prints >> np.uint64(29)
        fresh, first = np.unique(prints, return_index=True)
        new = ~np.isin(fresh, self._bindings)
        if len(self._bindings) + int(new.sum()) > BINDINGS:
            self._bindings = self._bindings[:0]
        self._bindings = np.concatenate((self._bindings, fresh[new]))
        return np.sort(first[new])

    # ---------------------------------------------------------------- one packet

    def _message(self, name: str, packet: Packet, parse: Callable[[bytes], Message | None]) -> list[Event]:
        """The event of a packet, if it has one."""

        def work() -> list[Event]:
            message = parse(packet.data)
            return [] if message is None else [Event(message, 0, packet.frames, packet.time_ns)]

        self.fed += 1
        return self._boundary.run(name, 0, Stamp(packet.frames[-1], packet.time_ns), work) or []

    def _observation(self, p: Packet, number: int, transport: str, event: Event, duplicate: bool = False) -> Observation:
        sport, dport = (p.sport, p.dport) if transport == "udp" else (None, None)
        return Observation(self._capture, number, p.src, p.dst, sport, dport, transport, p.src_mac, p.dst_mac, event, duplicate)


def packets(table: Table, rows: Ints) -> Iterator[Packet]:
    """Packets as Python objects: for the few rows that need it."""
    columns = (
        table.frame, table.time_ns, table.version, table.proto, table.src_hi, table.src_lo, table.dst_hi, table.dst_lo, table.sport, table.dport,
        table.src_mac, table.dst_mac, table.payload, table.payload_len, table.wire_len,
    )  # fmt: skip
    buffer = table.buffer.data
    for row, values in zip(rows.tolist(), zip(*(column[rows].tolist() for column in columns), strict=True), strict=True):
        frame, time_ns, version, proto, src_hi, src_lo, dst_hi, dst_lo, sport, dport, src_mac, dst_mac, at, length, size = values
        yield Packet(
            table.parts.get(row) or (frame,), time_ns, proto, address_text(version, src_hi, src_lo), address_text(version, dst_hi, dst_lo), sport, dport,
            mac_text(src_mac), mac_text(dst_mac), bytes(buffer[at : at + length]), length < size,
        )  # fmt: skip


def _words(table: Table, at: Ints) -> NDArray[np.uint64]:
    """16 bytes at each offset as two numbers, (n, 2)."""
    words: NDArray[np.uint64] = table.buffer[at[:, None] + np.arange(16)].view(np.uint64)
    return words


def _key(quoted: Quoted) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64, int, int, int, int] | None:
    """Columns of the key of the conversation that a quoted packet belongs to."""
    src, dst, proto = address_words(quoted.src), address_words(quoted.dst), _QUOTED.get(quoted.transport)
    if src is None or dst is None or proto is None or src[0] != dst[0]:
        return None
    ends = sorted(((src[1], src[2], quoted.sport or 0), (dst[1], dst[2], quoted.dport or 0)))
    (a_hi, a_lo, a_port), (b_hi, b_lo, b_port) = ends
    return a_hi, a_lo, b_hi, b_lo, a_port, b_port, proto, src[0]


def _is_higher(quoted: Quoted) -> bool:
    """The quoted packet's sender is the higher end of the key."""
    src, dst = address_words(quoted.src), address_words(quoted.dst)
    return src is not None and dst is not None and (src[1:], quoted.sport or 0) > (dst[1:], quoted.dport or 0)

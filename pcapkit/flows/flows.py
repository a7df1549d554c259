"""The flow table: every packet finds its conversation, and what conversations have in common is counted in columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.table import CUT, OK, Table
from pcapkit.flows.facts import ACK, FIN, RST, SYN
from pcapkit.flows.growing import Growing
from pcapkit.flows.key import KeyIndex, Keys, Salt, Sorting, keys_of, sort_keys
from pcapkit.flows.sides import Ints, Mask, Sides, changes
from pcapkit.limits import FLOW_MEMORY, MAX_FLOWS

TCP: Final = 6
UDP: Final = 17

CLIENT_IS_B: Final = 1
"""The client is the higher end of the key."""
SERVER_SPOKE_FIRST: Final = 2
"""The first packet seen came from the side that is taken for the server."""
REPLACED: Final = 4
"""A later conversation has the same key."""
PINNED: Final = 8
"""Never forgotten: something of interest was read in it."""
MARKED: Final = 16
"""Looks like TLS, HTTP or DNS: its first bytes go to the dissectors."""
DONE: Final = 32
"""Nothing more of it goes to the dissectors."""
DEEP: Final = 64
"""Much of it goes to the dissectors."""
LIVE: Final = 128
"""A dissector holds state for it."""
WAITS: Final = 256
"""Its segments are put aside unread (``waiting.py``)."""

RESTS_NS: Final = 60 * 10**9
"""A conversation without packets for so long rests."""
LOGGED_BYTES: Final = 40
"""One segment in the log (``control.py``)."""
SYSTEM_PORTS: Final = 1024
"""Ports below are servers' (RFC 6335, 6)."""
USER_PORTS: Final = 10_000
"""Ports below are more likely a server's than those from here on."""
EPHEMERAL_PORTS: Final = 32_768
"""Where clients' ports begin (Linux; others later)."""


@dataclass(slots=True)
class Placed:
    """Where a window's packets belong. ``flow``: int64 (n,), numbers of conversations, -1 without; ``direction``: uint8 (n,)."""

    flow: Ints
    direction: NDArray[np.uint8]
    sides: Sides


class FlowTable:
    """Conversations of one capture as columns; ``rows`` holds what every one has, ``tcp`` what is known of TCP.

    A conversation's *number* never changes; its row may when old ones are forgotten. Numbers count conversations by their first packet.
    """

    def __init__(self, salt: Salt | None = None, max_flows: int = MAX_FLOWS, first_number: int = 0) -> None:
        u8, u4, i8, u1, u2, i4 = np.uint64, np.uint32, np.int64, np.uint8, np.uint16, np.int32
        self.rows = Growing(
            a_hi=u8, a_lo=u8, b_hi=u8, b_lo=u8, tail=u8, first_frame=i8, last_frame=i8, first_time=i8, last_time=i8, number=u4, name=u4, tcp=i4, state=u2,
            vlan=u2, packets=(u4, 2), bytes=(i8, 2), mac=(u8, 2), flags=(u1, 2),
        )  # fmt: skip
        self.tcp = Growing(
            row=i4, controls=u2, base=(u4, 2), begun=(np.bool_, 2), top=(i8, 2), first_ack=(u4, 2), acked=(np.bool_, 2), ack_top=(i8, 2),
            max_segment=(u4, 2), ttl_min=(u1, 2), ttl_max=(u1, 2), retransmissions=(u4, 2), duplicates=(u4, 2), cut=(u4, 2), apps=(u1, 2),
            first_frame=(i8, 2), first_time=(i8, 2), last_frame=(i8, 2), last_time=(i8, 2),
        )  # fmt: skip
        self.max_flows = max_flows
        self.created = first_number
        self.forgotten: Counter[int] = Counter()
        """Conversations that are counted only, by IP protocol."""
        self._salt = salt or Salt()
        self._index = KeyIndex()

    # ---------------------------------------------------------------- a window

    def update(self, table: Table) -> Placed:
        """Find or begin the conversation of each packet, and count.

        Packets without IP, fragments and what cannot be read have none. A SYN with another initial sequence number than the one before it in its
        direction begins a new conversation (the port is used again).
        """
        flow = np.full(len(table), -1, np.int64)
        direction = np.zeros(len(table), np.uint8)
        used = np.flatnonzero(_usable(table))
        if not len(used):
            empty = np.zeros(0, np.int64)
            return Placed(flow, direction, Sides(empty, empty, empty, np.zeros(0, np.uint8), empty))
        keys, swapped = keys_of(table, used)
        hashes = self._salt.hash(keys)
        sorting = sort_keys(keys, swapped, hashes)
        sides = self._place(table, used, keys, hashes, sorting)
        self._count(table, sides)
        flow[sides.rows] = self.rows["number"][sides.conversation][sides.of]
        direction[sides.rows] = sides.direction[sides.of]
        return Placed(flow, direction, sides)

    def _place(self, table: Table, used: Ints, keys: Keys, hashes: NDArray[np.uint64], sorting: Sorting) -> Sides:
        order, swapped, new_key = sorting
        first = np.minimum.reduceat(order, np.flatnonzero(new_key))
        asked = keys.take(first)
        known, places = self._index.find(hashes[first], lambda rows, which: self.keys(rows).same(asked.take(which)))
        group = _Grouped(table, used[order], np.cumsum(new_key) - 1, swapped, known, places, asked, hashes[first])
        part = self._parts(group)
        conversation = self._begin(group, part)
        client_is_b = self.rows["state"][conversation] & CLIENT_IS_B != 0
        direction = (swapped != client_is_b).astype(np.uint8)
        new_side = changes(group.key, part, swapped)
        start = np.flatnonzero(new_side)
        return Sides(group.rows, start, conversation[start], direction[start], np.cumsum(new_side) - 1)

    def _parts(self, group: _Grouped) -> Ints:
        """For each packet, how many conversations of its key begin after the first (or the known) one, up to it. Nearly always all 0."""
        key, rows = group.key, group.rows
        part = np.zeros(len(rows), np.int64)
        opening = np.flatnonzero((group.table.flags[rows] & SYN != 0) & (group.table.proto[rows] == TCP))
        splits = self._splits(group, opening) if len(opening) else opening
        if len(splits):
            bits = len(group.table).bit_length()
            begins = np.sort((key[splits] << bits) | rows[splits])
            touched = np.flatnonzero(np.isin(key, key[splits]))
            here = np.searchsorted(begins, (key[touched] << bits) | rows[touched], "right")
            part[touched] = here - np.searchsorted(begins, key[touched] << bits)
        return part

    def _splits(self, group: _Grouped, opening: Ints) -> Ints:
        """Which of the packets ``opening`` (with SYN) begin a new conversation on a used 5-tuple.

        A SYN does with another initial number than the one before in its direction; a SYN-ACK only where data was seen before it, and the SYN that it
        answers was not.
        """
        table, rows = group.table, group.rows
        start = np.maximum.accumulate(np.where(changes(group.key, group.swapped), np.arange(len(rows)), 0))[opening]
        seq, flags = table.seq[rows], table.flags[rows]
        first_byte = seq[opening] + np.uint32(1)
        base, begun, spoke = self._before(group.known[group.key[opening]], group.swapped[opening])
        base = np.where(begun, base, seq[start] + (flags[start] & SYN != 0).astype(np.uint32))
        base[1:] = np.where(start[1:] == start[:-1], first_byte[:-1], base[1:])
        plain = flags[opening] & ACK == 0
        if not plain.all():
            payload = np.append(0, np.cumsum(table.wire_len[rows] > 0))
            spoke |= payload[opening] > payload[start]
            spoke &= ~self._answers(group, opening, plain)
        splits: Ints = opening[(begun | (opening > start)) & (first_byte != base) & (plain | spoke)]
        return splits

    def _answers(self, group: _Grouped, opening: Ints, plain: Mask) -> Mask:
        """Which of the packets ``opening`` acknowledge a SYN that was seen: of this window, or the last one known (RFC 9293, 3.5)."""
        rows, key, swapped = group.rows[opening], group.key[opening], group.swapped[opening]
        ack = group.table.ack[rows]
        asked = ((key << 1) | swapped) << 32 | (group.table.seq[rows] + np.uint32(1)).astype(np.int64)
        answered = ((key << 1) | ~swapped) << 32 | ack.astype(np.int64)
        base, begun, _ = self._before(group.known[key], ~swapped)
        known: Mask = ~plain & (np.isin(answered, asked[plain]) | (begun & (base == ack)))
        return known

    def _before(self, row: Ints, swapped: Mask) -> tuple[NDArray[np.uint32], Mask, Mask]:
        """Of sides of known conversations (-1: none): the number of the first byte, whether it is known, and whether data was seen."""
        base, begun, spoke = np.zeros(len(row), np.uint32), np.zeros(len(row), np.bool_), np.zeros(len(row), np.bool_)
        old = np.flatnonzero(row >= 0)
        if len(old):
            state, tcp = self.rows["state"][row[old]], self.rows["tcp"][row[old]]
            side = 2 * tcp.astype(np.int64) + (swapped[old] != (state & CLIENT_IS_B != 0))
            base[old], begun[old] = self.tcp.flat("base")[side], self.tcp.flat("begun")[side]
            spoke[old] = self.tcp.flat("max_segment")[side] > 0
        return base, begun, spoke

    def _begin(self, group: _Grouped, part: Ints) -> Ints:
        """Row of each packet's conversation; new ones are added, in the order of their first packets."""
        key, rows = group.key, group.rows
        bits = int(part.max(initial=0)).bit_length()
        code = (key << bits) | part
        runs = np.flatnonzero(changes(code, group.swapped))
        runs = runs[np.lexsort((rows[runs], code[runs]))]
        heads = runs[changes(code[runs])]
        row = group.known[key[heads]]
        fresh = np.flatnonzero((row < 0) | (part[heads] > 0))
        fresh = fresh[np.argsort(rows[heads[fresh]])]
        first = self._add(group, heads[fresh])
        row[fresh] = first + np.arange(len(fresh))
        self._enter(group, key[heads], row, row >= first)
        return row[key] if bits == 0 else row[np.searchsorted(code[heads], code)]

    def _enter(self, group: _Grouped, key: Ints, row: Ints, fresh: Mask) -> None:
        """Let the index know the latest conversation of each key."""
        last = np.append(key[1:] != key[:-1], True)
        before = group.known[key]
        again, new = last & fresh & (before >= 0), last & (before < 0)
        self._index.replace(group.places[key[again]], row[again])
        self.rows["state"][np.append(before[again], row[fresh & ~last])] |= REPLACED
        if self._index.full(int(new.sum())):
            self._renew()
        else:
            self._index.add(group.hashes[key[new]], row[new])

    def _renew(self) -> None:
        current = np.flatnonzero(self.rows["state"] & REPLACED == 0)
        self._index.renew(self._salt.hash(self.keys(current)), current, len(current))

    def _add(self, group: _Grouped, heads: Ints) -> int:
        """Add the conversations that begin with the elements ``heads``."""
        table, keys, swapped = group.table, group.asked.take(group.key[heads]), group.swapped[heads]
        heads = group.rows[heads]
        first = self.rows.extend(len(heads))
        new = slice(first, self.rows.size)
        c = self.rows
        for name, column in zip(Keys._fields, keys, strict=True):
            c[name][new] = column
        c["number"][new] = self.created + np.arange(len(heads))
        self.created += len(heads)
        c["first_frame"][new], c["first_time"][new] = table.frame[heads], table.time_ns[heads]
        c["vlan"][new] = table.vlan[heads]
        c["state"][new] = _orient(table, heads, swapped)
        is_tcp = np.flatnonzero(table.proto[heads] == TCP)
        c["tcp"][new] = -1
        tcp = self.tcp.extend(len(is_tcp))
        c["tcp"][first + is_tcp] = np.arange(tcp, self.tcp.size)
        self.tcp["row"][tcp:] = first + is_tcp
        self.tcp["ttl_min"][tcp:] = 255
        return first

    def _count(self, table: Table, sides: Sides) -> None:
        """What is counted for every conversation, TCP or not."""
        c, side = self.rows, sides.index
        first, last = sides.rows[sides.start], sides.rows[sides.stop - 1]
        c.flat("packets")[side] += (sides.stop - sides.start).astype(np.uint32)
        c.flat("bytes")[side] += sides.total(table.wire_len[sides.rows].astype(np.int64))
        c.flat("flags")[side] |= np.bitwise_or.reduceat(table.flags[sides.rows], sides.start)
        unseen = c.flat("mac")[side] == 0
        c.flat("mac")[side[unseen]] = table.src_mac[first[unseen]]
        for direction in (0, 1):
            mine = sides.direction == direction
            rows, ends = sides.conversation[mine], last[mine]
            c["last_frame"][rows] = np.maximum(c["last_frame"][rows], table.frame[ends])
            c["last_time"][rows] = np.maximum(c["last_time"][rows], table.time_ns[ends])

    # ---------------------------------------------------------------- limits

    def forget(self, now_ns: int, room: float = 0.75) -> NDArray[np.uint32]:
        """Let the least useful conversations go until ``room`` of the limits is used; gives the numbers of those that stay.

        First what is no TCP and rests, then what has ended, then what rests, each oldest first; what is being read last, what is pinned never unless
        nothing else is left.
        """
        share = room * min(self.max_flows / max(1, self.rows.size), FLOW_MEMORY / max(1, self.memory))
        order = np.lexsort((self.rows["last_time"], self._worth(now_ns)))
        kept = np.sort(order[len(order) - int(share * self.rows.size) :])
        gone = np.setdiff1d(order, kept, assume_unique=True)
        for proto, count in zip(*np.unique(self.rows["tail"][gone] >> np.uint64(8) & np.uint64(255), return_counts=True), strict=True):
            self.forgotten[int(proto)] += int(count)
        tcp = self.rows["tcp"][kept]
        self.tcp.keep(tcp[tcp >= 0].astype(np.int64))
        self.rows.keep(kept)
        has_tcp = np.flatnonzero(self.rows["tcp"] >= 0)
        self.rows["tcp"][has_tcp] = np.arange(len(has_tcp))
        self.tcp["row"][:] = has_tcp
        self._renew()
        return self.rows["number"].copy()

    @property
    def memory(self) -> int:
        """Bytes that conversations take, with four logged segments for each of TCP."""
        return self.rows.nbytes + self.tcp.nbytes + 4 * LOGGED_BYTES * self.tcp.size

    @property
    def crowded(self) -> bool:
        """A limit is reached: ``forget``."""
        return self.rows.size > self.max_flows or self.memory > FLOW_MEMORY

    def _worth(self, now_ns: int) -> Ints:
        """How much it would be missed, by row: 0 least."""
        c = self.rows
        rests = c["last_time"] < now_ns - RESTS_NS
        ended = ((c["flags"] & RST).any(axis=1) | (c["flags"] & FIN).all(axis=1)) & (c["packets"] > 0).all(axis=1)
        worth: Ints = np.where(c["tcp"] < 0, np.where(rests, 0, 2), np.where(ended, 1, np.where(rests, 3, 4)))
        worth[c["state"] & LIVE != 0] = 5
        worth[c["state"] & PINNED != 0] = 6
        return worth

    # ---------------------------------------------------------------- look-ups

    def keys(self, rows: Ints) -> Keys:
        """Keys of conversations by row."""
        return Keys(*(self.rows[name][rows] for name in Keys._fields))

    def row_at(self, row: int, frame: int) -> int:
        """Row of the conversation with the key of ``row`` that had begun last when ``frame`` came: the port may be used again in the same window."""
        c = self.rows
        if c["first_frame"][row] <= frame:
            return row
        same = c["first_frame"] <= frame
        for name in Keys._fields:
            same = same & (c[name] == c[name][row])
        rows = np.flatnonzero(same)
        return int(rows[-1]) if len(rows) else row

    def row_of(self, number: int) -> int:
        """Row of a conversation, -1 if it was forgotten."""
        numbers = self.rows["number"]
        row = number - self.created + len(numbers)
        if self.forgotten:
            row = int(numbers.searchsorted(number))
        return row if 0 <= row < len(numbers) and numbers[row] == number else -1

    def rows_of_numbers(self, numbers: Ints) -> Ints:
        """Rows of conversations, -1 for those that were forgotten."""
        known = self.rows["number"]
        rows = numbers - self.created + len(known)
        if self.forgotten:
            rows = known.searchsorted(numbers)
        rows = np.clip(rows, 0, max(0, len(known) - 1))
        return np.where(known[rows] == numbers, rows, -1) if len(known) else np.full(len(numbers), -1)

    def rows_of(self, keys: Keys) -> Ints:
        """Rows of the latest conversations with these keys, which may repeat; -1 where there is none."""
        rows, _ = self._index.find(self._salt.hash(keys), lambda held, which: self.keys(held).same(keys.take(which)))
        return rows


@dataclass(slots=True)
class _Grouped:
    """A window's packets by key. ``rows``, ``key``, ``swapped``: (m,); by key: the row known (-1 none), its place in the index, the key, its hash."""

    table: Table
    rows: Ints
    key: Ints
    swapped: Mask
    known: Ints
    places: Ints
    asked: Keys
    hashes: NDArray[np.uint64]


def _usable(table: Table) -> Mask:
    """Packets with addresses and, if cut, with ports."""
    whole: Mask = table.status == OK
    cut = table.status == CUT
    if cut.any():
        whole |= cut & ((table.sport | table.dport) != 0)
    whole &= table.version != 0
    return whole


def _orient(table: Table, heads: Ints, swapped: Mask) -> NDArray[np.uint16]:
    """Who is the client, by the first packet: the sender of a SYN, the receiver of a SYN-ACK, else by the ports, else the sender."""
    sport, dport, flags = table.sport[heads], table.dport[heads], table.flags[heads]
    answers = ((sport < SYSTEM_PORTS) & (dport >= SYSTEM_PORTS)) | ((sport < USER_PORTS) & (dport >= EPHEMERAL_PORTS))
    from_server = np.where(flags & SYN != 0, flags & ACK != 0, answers)
    state: NDArray[np.uint16] = (swapped != from_server).astype(np.uint16) * np.uint16(CLIENT_IS_B)
    state |= from_server.astype(np.uint16) * np.uint16(SERVER_SPOKE_FIRST)
    return state

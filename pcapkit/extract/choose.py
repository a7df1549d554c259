"""Which packets belong to what is wanted: numpy over windows, by conversations and addresses; no loop over packets."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.table import ARP, FRAGMENT, PROTECTED, Table
from pcapkit.extract.members import Members, end_keys, keys_of_texts, mac_keys, mac_number
from pcapkit.extract.selection import Host, Wanted
from pcapkit.flows.facts import RST, SYN
from pcapkit.flows.key import Ints, Keys, Mask, keys_of, make_tail
from pcapkit.flows.text import address_words

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
PROTOCOLS: Final = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMPV6, "sctp": 132}
NAMES: Final = (53, 5353, 5355)
LEASES: Final = (67, 68, 546, 547)
CLIENT_MAC: Final = 28
"""Offset of chaddr in BOOTP (RFC 2131, 2)."""
FORWARD: Final = 60 * 10**9
"""A conversation is known by its first and last time; records out of order may lie a little outside."""


class Chooser:
    """Looks a run's packets over, twice: what frames tell of conversations is learnt first (``learn``), then packets are chosen."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._frames = {c: np.array(sorted(f for k, f in wanted.frames if k == c), np.int64) for c in {c for c, _ in wanted.frames}}
        self._talks = Members()
        self._spans = np.zeros((0, 2), np.int64)
        self._ends = Members()
        self._times = np.zeros((0, 2), np.int64)
        self._kinds = np.zeros((0, 3), np.bool_)
        """Of each end: company, whole, greetings."""
        self._strangers = np.array([n for mac in wanted.strangers if (n := mac_number(mac)) is not None], np.uint64)
        self._bssids: set[int] = set()
        for host in wanted.hosts:
            self._add_host(keys_of_texts(host.names), host)
        for flow in wanted.flows:
            span = (flow.first_time_ns - FORWARD, flow.last_time_ns + FORWARD)
            self._add_talks(_flow_key(flow.client, flow.client_port, flow.server, flow.server_port, flow.transport), span)

    @property
    def must_learn(self) -> bool:
        """There are frames whose conversations are not known yet."""
        return bool(self._frames)

    # ------------------------------------------------------------ learning

    def learn(self, table: Table) -> None:
        """Remember the conversations of the frames that are wanted, and the access points of devices."""
        wanted = self._frames.get(table.capture)
        if wanted is not None:
            rows = np.flatnonzero(_among(table.frame, wanted) & ((table.sport | table.dport) != 0))
            keys, _ = keys_of(table, rows)
            self._add_talks(keys, (-(2**63), 2**63 - 1))
        for event in table.wlan:
            if event.station is not None and self._ends.find(mac_keys(np.array([event.station], np.uint64)))[0] >= 0:
                self._bssids.add(event.bssid)

    def _add_talks(self, keys: Keys, span: tuple[int, int]) -> None:
        found = self._talks.add(keys)
        self._spans = _widened(self._spans, len(self._talks), found, span)

    def _add_host(self, keys: Keys, host: Host) -> None:
        found = self._ends.add(keys)
        self._times = _widened(self._times, len(self._ends), found, (host.start_ns, host.end_ns))
        grown = np.zeros((len(self._ends), 3), np.bool_)
        grown[: len(self._kinds)] = self._kinds
        grown[found] |= (not host.greetings, host.whole, host.greetings)
        self._kinds = grown

    # ------------------------------------------------------------ choosing

    def choose(self, table: Table) -> tuple[Ints, Mask]:
        """Frames of a window to be cut out, ascending, with those of earlier windows that fragments need; and which rows they are."""
        if not len(table):
            return np.zeros(0, np.int64), np.zeros(0, np.bool_)
        chosen = self._of_talks(table)
        if len(self._ends):
            chosen |= self._of_hosts(table)
        wanted = self._frames.get(table.capture)
        if wanted is not None:
            chosen |= _among(table.frame, wanted)
        bounds = (table.time_ns >= self._wanted.since_ns) & (table.time_ns <= self._wanted.until_ns)
        chosen &= bounds
        parts = [frame for row, frames in table.parts.items() if chosen[row] for frame in frames]
        beacons = [e.frame for e in table.wlan if e.kind == "beacon" and e.bssid in self._bssids]
        frames = np.concatenate((table.frame[chosen], np.array(parts + beacons, np.int64)))
        return np.unique(frames), chosen

    def _of_talks(self, table: Table) -> Mask:
        """Packets of conversations."""
        chosen = np.zeros(len(table), np.bool_)
        rows = np.flatnonzero(table.version != 0)
        if not len(self._talks) or not len(rows):
            return chosen
        keys, _ = keys_of(table, rows)
        found = self._talks.find(keys)
        there = np.flatnonzero(found >= 0)
        spans, times = self._spans[found[there]], table.time_ns[rows[there]]
        chosen[rows[there[(times >= spans[:, 0]) & (times <= spans[:, 1])]]] = True
        return chosen

    def _of_hosts(self, table: Table) -> Mask:
        """Packets of whole devices, and what companies the conversations of others."""
        chosen = np.zeros(len(table), np.bool_)
        named = (table.proto == UDP) | (table.proto == TCP)
        names = named & (np.isin(table.dport, NAMES) | np.isin(table.sport, NAMES))
        companions = names | (table.proto == ICMP) | (table.proto == ICMPV6)
        greetings = table.flags & (SYN | RST) != 0
        for high, low, mac in ((table.src_hi, table.src_lo, table.src_mac), (table.dst_hi, table.dst_lo, table.dst_mac)):
            rows = np.flatnonzero(table.version != 0)
            found = self._ends.find(end_keys(high[rows], low[rows], table.version[rows]))
            keep = self._in_time(found, table.time_ns[rows]) & ~np.isin(mac[rows], self._strangers)
            company, whole, greeted = self._kinds[np.maximum(found, 0)].T
            chosen[rows] |= keep & (whole | (company & companions[rows]) | (greeted & greetings[rows]))
            chosen |= self._by_mac(table, mac)
        chosen |= self._leases(table)
        chosen |= self._arp(table)
        return chosen

    def _by_mac(self, table: Table, mac: NDArray[np.uint64]) -> Mask:
        """What is no IP: association, handshake and the like; of encrypted frames those of the time."""
        chosen = np.zeros(len(table), np.bool_)
        rows = np.flatnonzero((table.version == 0) & (table.status != ARP) & (mac != 0))
        found = self._ends.find(mac_keys(mac[rows]))
        bulk = (table.status[rows] == PROTECTED) | (table.status[rows] == FRAGMENT)
        chosen[rows] = (found >= 0) & (~bulk | self._in_time(found, table.time_ns[rows]))
        return chosen

    def _leases(self, table: Table) -> Mask:
        """DHCP, whenever: what a device was called and which address it got. By the client's MAC in the message, or the frame's."""
        chosen = np.zeros(len(table), np.bool_)
        rows = np.flatnonzero((table.proto == UDP) & (np.isin(table.dport, LEASES) | np.isin(table.sport, LEASES)))
        asked = rows[table.payload_len[rows] >= CLIENT_MAC + 6]
        chosen[asked] = self._ends.find(mac_keys(_number_at(table, asked, CLIENT_MAC, 6))) >= 0
        for mac in (table.src_mac, table.dst_mac):
            chosen[rows] |= (mac[rows] != 0) & (self._ends.find(mac_keys(mac[rows])) >= 0)
        return chosen

    def _arp(self, table: Table) -> Mask:
        """Who has the address, and the answer (RFC 826: addresses of sender and target at 14 and 24)."""
        chosen = np.zeros(len(table), np.bool_)
        rows = np.flatnonzero(table.status == ARP)
        for at in (14, 24):
            low = _number_at(table, rows, at, 4)
            found = self._ends.find(end_keys(np.zeros(len(rows), np.uint64), low, np.full(len(rows), 4, np.uint8)))
            chosen[rows] |= self._in_time(found, table.time_ns[rows])
        return chosen

    def _in_time(self, found: Ints, times: Ints) -> Mask:
        if not len(self._ends):
            return np.zeros(len(found), np.bool_)
        spans = self._times[np.maximum(found, 0)]
        good: Mask = (found >= 0) & (times >= spans[:, 0]) & (times <= spans[:, 1])
        return good


def _among(values: Ints, sorted_ones: Ints) -> Mask:
    """Which values stand in a sorted array."""
    at = np.minimum(np.searchsorted(sorted_ones, values), len(sorted_ones) - 1)
    answer: Mask = sorted_ones[at] == values
    return answer


def _widened(spans: Ints, size: int, found: Ints, span: tuple[int, int]) -> Ints:
    """``spans`` with room for ``size`` members, those of ``found`` widened by ``span``."""
    grown = np.empty((size, 2), np.int64)
    grown[:, 0], grown[:, 1] = 2**63 - 1, -(2**63)
    grown[: len(spans)] = spans
    grown[found, 0] = np.minimum(grown[found, 0], span[0])
    grown[found, 1] = np.maximum(grown[found, 1], span[1])
    return grown


def _number_at(table: Table, rows: Ints, at: int, size: int) -> NDArray[np.uint64]:
    """A big-endian number in the payload of rows, uint64."""
    found = np.zeros(len(rows), np.uint64)
    for index in range(size):
        found = found << np.uint64(8) | table.buffer[table.payload[rows] + at + index].astype(np.uint64)
    return found


def _flow_key(client: str, client_port: int, server: str, server_port: int, transport: str) -> Keys:
    """The key of one conversation, empty if an address is none."""
    one, other = address_words(client), address_words(server)
    proto = PROTOCOLS.get(transport) or int(transport.removeprefix("ip-") if transport.startswith("ip-") else 0)
    if one is None or other is None:
        return Keys(*(np.zeros(0, np.uint64) for _ in Keys._fields))
    a, b = sorted(((int(one[1]), int(one[2]), client_port), (int(other[1]), int(other[2]), server_port)))
    a_port, b_port = (np.array([end[2]], np.uint16) for end in (a, b))
    tail = make_tail(a_port, b_port, np.array([proto], np.uint8), np.array([one[0]], np.uint8))
    a_hi, a_lo, b_hi, b_lo = (np.array([word], np.uint64) for word in (*a[:2], *b[:2]))
    return Keys(a_hi, a_lo, b_hi, b_lo, tail)

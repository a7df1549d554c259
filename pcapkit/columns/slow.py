"""The slow exact path: what spans packets (fragments, encrypted frames) is put together in order of frame, packet by packet.

A window's rows wait here by *stage*: tunnel depth first, and within a depth decryption, IP, CAPWAP. What a stage gives back can only wait at a later
one, so every stage sees its packets in order of frame, and the results do not depend on the window's size.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Final

import numpy as np

from pcapkit.columns.assemble import derive, pack
from pcapkit.columns.fragments import SHARES, Fragment, Reassembler
from pcapkit.columns.items import Found, Item
from pcapkit.columns.wlan_slow import WlanPath
from pcapkit.columns.work import SLOW_ORDER, Batch, SlowKind, Work
from pcapkit.columns.wpa import WpaKeys

IPV6_HEADER: Final = 40
NEXT_HEADER: Final = 6


class SlowPath:
    """Fragments, and what is known of Wi-Fi networks, carried from window to window."""

    def __init__(self, keys: WpaKeys | None = None) -> None:
        self._wlan = WlanPath(keys)
        self.limits: Counter[str] = Counter()
        self._reassemblers: dict[int, Reassembler] = {}

    def run(self, works: list[Work]) -> None:
        """Put together what waits in ``works``, and append works of what comes out."""
        waiting: defaultdict[int, list[Item]] = defaultdict(list)
        done = 0
        while done < len(works) or waiting:
            while done < len(works):
                works.extend(_forked(works[done]))
                _collect(works[done], done, waiting)
                done += 1
            if waiting:
                stage = min(waiting)
                items = sorted(waiting.pop(stage), key=lambda item: item[:3])
                works.extend(_decoded(self._together(stage, items)))

    def _together(self, stage: int, items: list[Item]) -> list[Found]:
        kind = SLOW_ORDER[stage % len(SLOW_ORDER)]
        if kind == "wlan":
            return [found for item in items for found in self._wlan.take(item, self.limits)]
        reassembler = self._reassemblers.get(stage)
        if reassembler is None:
            reassembler = self._reassemblers[stage] = Reassembler(SHARES[stage >= len(SLOW_ORDER)])
        found = [_reassembled(reassembler, item, kind) for item in items]
        self.limits.update(reassembler.limits)
        reassembler.limits.clear()
        return [one for one in found if one is not None]


def _collect(work: Work, order: int, waiting: defaultdict[int, list[Item]]) -> None:
    for kind, batch, head in work.slow:
        place = SLOW_ORDER.index(kind)
        columns = (batch.rows, batch.at, batch.end, batch.wire, head, work.depth[batch.rows], work.table.frame[batch.rows])
        for row, at, end, wire, start, depth, frame in zip(*(column.tolist() for column in columns), strict=True):
            waiting[depth * len(SLOW_ORDER) + place].append(Item(frame, order, row, at, end, wire, start, work))
    work.slow.clear()


def _forked(work: Work) -> list[Work]:
    """Works on the further packets of frames that hold several."""
    made = []
    for layer, batch, dst_mac, src_mac in work.forks:
        inner = derive(work, batch.rows, batch.end)
        inner.table.dst_mac[:], inner.table.src_mac[:] = dst_mac, src_mac
        inner.push(layer, batch._replace(rows=np.arange(batch.size)))
        inner.run()
        made.append(inner)
    work.forks.clear()
    return made


def _decoded(found: list[Found]) -> list[Work]:
    """Works on what was put together, one for each work that it came from."""
    sources: defaultdict[int, list[Found]] = defaultdict(list)
    for one in found:
        sources[one.item.order].append(one)
    made = []
    for group in sources.values():
        parent = group[0].item.work
        buffer, at, end = pack([one.data for one in group])
        inner = derive(parent, np.array([one.item.row for one in group]), end, buffer)
        inner.parts = {row: one.frames for row, one in enumerate(group) if len(one.frames) > 1}
        parent.replaced.update(one.item.row for one in group if one.replaces)
        for layer in dict.fromkeys(one.layer for one in group):
            rows = np.flatnonzero([one.layer == layer for one in group])
            inner.push(layer, Batch(rows, at[rows], end[rows], end[rows]))
        inner.run()
        made.append(inner)
    return made


def _reassembled(reassembler: Reassembler, item: Item, kind: SlowKind) -> Found | None:
    """The datagram that this fragment completes."""
    if item.end < item.wire or item.end <= item.at:
        return None  # cut by the capture
    if kind == "capwap":
        return _capwap(reassembler, item)
    return _ipv4(reassembler, item) if item.work.table.version[item.row] == 4 else _ipv6(reassembler, item)


def _fragment(item: Item, start: int, last: bool, head: bytes) -> Fragment:
    return Fragment(start, item.bytes(item.at, item.end), last, head, item.frame, int(item.work.table.time_ns[item.row]))


def _place(item: Item) -> tuple[int, ...]:
    """Where a fragment was seen and between whom: the same number elsewhere is another datagram."""
    t, row = item.work.table, item.row
    return tuple(int(column[row]) for column in (t.vlan, t.tunnel, t.tunnel_id, t.src_hi, t.src_lo, t.dst_hi, t.dst_lo))


def _ipv4(reassembler: Reassembler, item: Item) -> Found | None:
    """RFC 791, 3.2: by addresses, protocol and identification."""
    head = item.bytes(item.head, item.at)
    word = int.from_bytes(head[6:8], "big")
    key = (*_place(item), head[9], int.from_bytes(head[4:6], "big"))
    if word & 0x2000 and (item.end - item.at) % 8:
        return None
    whole = reassembler.add(key, _fragment(item, (word & 0x1FFF) * 8, not word & 0x2000, head), strict=False)
    if whole is None or len(whole.head) + len(whole.data) > 0xFFFF:
        return None
    size = (len(whole.head) + len(whole.data)).to_bytes(2, "big")
    return Found(item, "ipv4", whole.head[:2] + size + whole.head[4:6] + bytes(2) + whole.head[8:] + whole.data, whole.frames)


def _ipv6(reassembler: Reassembler, item: Item) -> Found | None:
    """RFC 8200, 4.5: by addresses and identification; the fragment header is taken out and its next header put in front."""
    fragment = item.bytes(item.head, item.head + 8)
    word = int.from_bytes(fragment[2:4], "big")
    if word & 1 and (item.end - item.at) % 8:
        return None
    head = _without_fragment(item, fragment[0])
    whole = reassembler.add((*_place(item), fragment[4:8]), _fragment(item, word & 0xFFF8, not word & 1, head), strict=True)
    if whole is None:
        return None
    size = len(whole.head) - IPV6_HEADER + len(whole.data)
    if size > 0xFFFF:
        return None
    return Found(item, "ipv6", whole.head[:4] + size.to_bytes(2, "big") + whole.head[6:] + whole.data, whole.frames)


def _without_fragment(item: Item, following: int) -> bytes:
    """The headers before the fragment header, the last of them pointing behind it."""
    head = bytearray(item.bytes(int(item.work.table.ip[item.row]), item.head))
    at, kind, place = IPV6_HEADER, head[NEXT_HEADER], NEXT_HEADER
    while at + 1 < len(head):
        place = at
        size = (head[at + 1] + 2) * 4 if kind == 51 else (head[at + 1] + 1) * 8
        at, kind = at + size, head[at]
    head[place] = following
    return bytes(head)


def _capwap(reassembler: Reassembler, item: Item) -> Found | None:
    """RFC 5415, 4.3: by the sender and fragment id; F is taken out of the first header."""
    t, row = item.work.table, item.row
    head = item.bytes(item.head, item.at)
    key = (*_place(item), int(t.sport[row]), int(t.dport[row]), head[4:6])
    start = int.from_bytes(head[6:8], "big") >> 3 << 3
    whole = reassembler.add(key, _fragment(item, start, bool(head[3] & 0x40), head), strict=False)
    if whole is None:
        return None
    first = whole.head
    return Found(item, "capwap", first[:3] + bytes((first[3] & 0x3F,)) + bytes(4) + first[8:] + whole.data, whole.frames)

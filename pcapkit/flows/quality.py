"""What all conversations together say about the capture: one direction only, bytes that were lost, segments that no wire carries (docs/domain.md, 10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pcapkit.flows.facts import SYN, ClientShare, Quality
from pcapkit.flows.flows import CLIENT_IS_B, FlowTable
from pcapkit.flows.sides import Ints, Mask
from pcapkit.flows.tcp import TcpFacts
from pcapkit.flows.text import address_text

EXAMPLES: Final = 8
CLIENTS: Final = 4_096
_ASKED: Final = ("row", "base", "begun", "top", "first_ack", "acked", "ack_top", "max_segment", "cut")


class _Table(NamedTuple):
    """Copies of the columns that are asked about here."""

    rows: Mapping[str, NDArray[Any]]
    tcp: Mapping[str, NDArray[Any]]


def measure(table: FlowTable, tcp: TcpFacts) -> Quality:
    """The figures of one capture, as it is now."""
    flows = _Table(table.rows.copies("packets", "flags", "number"), table.tcp.copies(*_ASKED))
    rows = flows.tcp["row"].astype(np.int64)
    if not len(rows):
        return Quality()
    packets = flows.rows["packets"][rows]
    one_way = _one_way(flows, packets)
    two_way = np.asarray((packets > 0).all(axis=1), np.bool_)
    spoke = np.asarray((flows.tcp["max_segment"] > 0).any(axis=1), np.bool_)
    lost, holes = _lost(flows, tcp, rows, two_way & spoke)
    numbers = flows.rows["number"][rows].astype(np.int64)
    oversized = _oversized(flows.tcp["max_segment"], tcp, numbers)
    return Quality(
        one_way=int(one_way.sum()),
        two_way=int(two_way.sum()),
        clients=_clients(table, rows, one_way, two_way, numbers),
        gapped=int((lost > 0).sum()),
        gaps=int(holes.sum()),
        lost_bytes=int(lost.sum()),
        gap_examples=_first(numbers, lost > 0),
        cut=int(flows.tcp["cut"].sum(dtype=np.int64)),
        oversized=int(oversized.sum()),
        oversized_examples=_large(tcp, numbers, oversized),
    )


def _first(numbers: Ints, chosen: Mask) -> tuple[int, ...]:
    return tuple(numbers[chosen][:EXAMPLES].tolist())


def _one_way(flows: _Table, packets: Ints) -> Mask:
    """Nothing of one direction, while the other acknowledges more and more of it."""
    advances = flows.tcp["ack_top"] > 0
    silent = packets == 0
    return np.asarray((silent[:, ::-1] & advances & ~silent).any(axis=1), np.bool_)


def _clients(flows: FlowTable, rows: Ints, one_way: Mask, two_way: Mask, numbers: Ints) -> tuple[ClientShare, ...]:
    """Shares by the client's address, of clients that have a one-way conversation at all."""
    if not one_way.any():
        return ()
    is_b = flows.rows["state"][rows] & CLIENT_IS_B != 0
    high, low = (np.where(is_b, flows.rows[f"b_{half}"][rows], flows.rows[f"a_{half}"][rows]) for half in ("hi", "lo"))
    version = flows.rows["tail"][rows] & np.uint64(255)
    _, first, client = np.unique(np.stack((version, high, low), axis=1), axis=0, return_index=True, return_inverse=True)
    client = client.reshape(-1)
    bad, good = (np.bincount(client[kind], minlength=len(first)) for kind in (one_way, two_way))
    example = np.full(len(first), -1, np.int64)
    example[client[one_way][::-1]] = numbers[one_way][::-1]
    order = np.argsort(-bad, kind="stable")[:CLIENTS]
    return tuple(
        ClientShare(address_text(int(version[first[i]]), int(high[first[i]]), int(low[first[i]])), int(bad[i]), int(good[i]), int(example[i]))
        for i in order.tolist()
        if bad[i]
    )


def _lost(flows: _Table, tcp: TcpFacts, rows: Ints, whole: Mask) -> tuple[Ints, Ints]:
    """Bytes of each conversation that were acknowledged and never captured, and in how many places; (n,) each.

    What was passed over and never acknowledged was lost on the way to the tap's place, or is still to come: no fault of the capture. Nor is a single
    byte: keep-alives take a number that was sent before the capture began (RFC 9293, 3.8.4). ``whole``: both directions are there, and data; answers
    that are refused again and again have numbers that jump.
    """
    t = flows.tcp
    peer = t["base"][:, ::-1]
    ahead = (t["first_ack"] - peer).view(np.int32).astype(np.int64)
    acked = np.where(t["acked"], t["ack_top"] + ahead, 0)[:, ::-1]
    fin = (flows.rows["flags"][rows] & 1) != 0
    behind = np.where(t["begun"], acked - t["top"], 0)
    behind[behind <= np.where(fin, 0, 1)] = 0
    spans = tcp.holes.open
    number_of = np.full(int(spans.side.max(initial=-1)) // 2 + 1, -1, np.int64)
    numbers = flows.rows["number"][rows].astype(np.int64)
    known = numbers < len(number_of)
    number_of[numbers[known]] = np.flatnonzero(known)
    at = number_of[spans.side // 2] if len(spans.side) else spans.side
    side = 2 * at + spans.side % 2
    inside = at >= 0
    size = np.minimum(spans.end[inside], acked.reshape(-1)[side[inside]]) - spans.start[inside]
    kept = size > 1
    in_holes = np.bincount(side[inside][kept], weights=size[kept], minlength=2 * len(rows)).astype(np.int64).reshape(-1, 2)
    places = np.bincount(side[inside][kept], minlength=2 * len(rows)).reshape(-1, 2) + (behind > 0)
    lost = np.where(whole, (in_holes + behind).sum(axis=1), 0)
    return lost, np.where(whole, places.sum(axis=1), 0)


def _oversized(largest: NDArray[np.uint32], tcp: TcpFacts, numbers: Ints) -> Mask:
    """A payload larger than the MSS that the receiver's SYN announced: put together by an offload engine on the capturing host."""
    log = tcp.control.rows.copies("flags", "mss", "number", "side")
    told = np.flatnonzero((log["flags"] & SYN != 0) & (log["mss"] > 0))
    at = np.searchsorted(numbers, log["number"][told])
    fits = at < len(numbers)
    told, at = told[fits], at[fits]
    told, at = told[numbers[at] == log["number"][told]], at[numbers[at] == log["number"][told]]
    announced = np.zeros((len(numbers), 2), np.int64)
    announced[at, log["side"][told]] = log["mss"][told]
    limit = announced[:, ::-1]
    return np.asarray(((limit > 0) & (largest > limit)).any(axis=1), np.bool_)


def _large(tcp: TcpFacts, numbers: Ints, oversized: Mask) -> tuple[tuple[int, int], ...]:
    known = {key // 2: place for key, place in reversed(tcp.large.items())}
    return tuple(known[number] for number in numbers[oversized].tolist() if number in known)[:EXAMPLES]

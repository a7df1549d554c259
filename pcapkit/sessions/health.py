"""What the capture lost or never saw (docs/domain.md, 10), and where the tap stands.

Careful words: unanswered SYNs prove no one-way capture, nor do servers that retransmit to a phone which has left; a segment that arrives late is no
loss; frame lengths say nothing about offload.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pcapkit.flows.facts import FORWARD, Connection, Quality
from pcapkit.limits import Thresholds
from pcapkit.model import Capture
from pcapkit.sessions.collect import Facts
from pcapkit.sessions.finder import Finder
from pcapkit.sessions.scene import CaptureHealth, DeviceCase, NatCopy, Ref, SessionCase

EXAMPLES: Final = 8
ALL: Final = "*"
FULL_SNAPLEN: Final = 65_535
"""Interfaces that keep at least this much cut nothing in practice."""
NEAR: Final = frozenset({64, 128, 255})


def measure(
    find: Finder,
    captures: tuple[Capture, ...],
    devices: list[DeviceCase],
    sessions: list[SessionCase],
    copies: Mapping[int, tuple[NatCopy, ...]],
    facts: Facts,
    thresholds: Thresholds,
) -> CaptureHealth:
    """The figures of the whole run."""
    qualities = find.qualities()
    half = half_seen(qualities, devices, thresholds)
    relevant = [a.connection for s in sessions for a in s.attempts if a.connection and a.connection.transport == "tcp"]
    cut = tuple(dict.fromkeys((*facts.cut, *_cut(relevant))))[:EXAMPLES]
    return CaptureHealth(
        one_way=half,
        one_way_examples=tuple(_places(find, (share.example for q in qualities for share in q.clients))),
        gaps=sum(q.lost_bytes for q in qualities),
        conversations_with_gaps=sum(q.gapped for q in qualities),
        examples=tuple(_places(find, (flow for q in qualities for flow in q.gap_examples))),
        drops=_drops(captures),
        cut_frames=cut,
        snaplen=_snaplen(captures) if cut else None,
        duplicates=find.count("mirrored_copies"),
        duplicate_examples=tuple(Ref(n, *place) for n, q in enumerate(qualities) for place in q.duplicate_examples)[:EXAMPLES],
        routed_copies=find.count("routed_copies"),
        nat_copies=sum(map(len, copies.values())),
        started_late=tuple(_late(relevant)),
        offload=sum(q.oversized for q in qualities),
        offload_examples=tuple(Ref(n, *place) for n, q in enumerate(qualities) for place in q.oversized_examples)[:EXAMPLES],
        packets=sum(c.packets for c in captures),
        tcp_conversations=find.count("tcp_conversations"),
        vantage=vantage(relevant, copies, find.count("routed_copies")),
    )


def half_seen(qualities: list[Quality], devices: list[DeviceCase], thresholds: Thresholds) -> dict[str, str]:
    """``*`` for the whole run, and the devices, of which the share of one-way conversations is high; each with a sentence."""
    found: dict[str, str] = {}
    if text := _share(sum(q.one_way for q in qualities), sum(q.two_way for q in qualities), thresholds):
        found[ALL] = f"{text} of the capture were captured in one direction only"
    by_address: dict[str, tuple[int, int]] = {}
    for quality in qualities:
        for share in quality.clients:
            bad, good = by_address.get(share.client, (0, 0))
            by_address[share.client] = (bad + share.one_way, good + share.two_way)
    for device in devices:
        shares = [by_address[a] for a in device.addresses if a in by_address]
        if text := _share(sum(bad for bad, _ in shares), sum(good for _, good in shares), thresholds):
            found[device.id] = f"{text} of {device.id} were captured in one direction only"
    return found


def _share(bad: int, good: int, thresholds: Thresholds) -> str | None:
    if bad < thresholds.one_way_min or bad < thresholds.one_way_share * (bad + good):
        return None
    return f"{bad} of {bad + good} TCP conversations"


def _places(find: Finder, flows: Iterable[int]) -> Iterator[Ref]:
    """The last frame of each conversation: by then it was clear."""
    for _, flow in zip(range(EXAMPLES), flows, strict=False):
        connection = find.connection(flow)
        if connection is not None:
            yield Ref(connection.capture, connection.last_frame, connection.last_time_ns)


def _drops(captures: tuple[Capture, ...]) -> int | None:
    """Packets that the capturing system says it lost, None where it does not say."""
    told = [i.dropped for c in captures for i in c.interfaces if i.dropped is not None]
    told += [p.count for c in captures for p in c.problems if p.code == "drops" and not any(i.dropped for i in c.interfaces)]
    return sum(told) if told else None


def _cut(relevant: list[Connection]) -> Iterator[Ref]:
    """Where the snaplen took a part of a conversation that matters: near its first data."""
    for connection in relevant:
        for side in (connection.forward, connection.reverse):
            if side.cut and side.first_data:
                yield Ref(connection.capture, *side.first_data)


def _snaplen(captures: tuple[Capture, ...]) -> int | None:
    told = [i.snaplen for c in captures for i in c.interfaces if i.snaplen and i.snaplen < FULL_SNAPLEN]
    return min(told, default=None)


def _late(relevant: list[Connection]) -> Iterator[Ref]:
    """Conversations that were under way when they were first seen: no SYN, and data or acknowledgements both ways."""
    for connection in relevant:
        both = connection.forward.packets and connection.reverse.packets
        if not connection.handshake_seen and both and not (connection.forward.missing or connection.reverse.missing):
            yield Ref(connection.capture, connection.first_frame, connection.first_time_ns)


def vantage(relevant: list[Connection], copies: Mapping[int, tuple[NatCopy, ...]], routed: int) -> str:
    """Where the tap stands, in a sentence."""
    if copies:
        return "The tap sees both sides of the NAT: SYNs appear again with translated addresses."
    if routed:
        return "The tap sees both sides of a router: packets appear again with a lower TTL."
    hops = [c.control[0].ttl for c in relevant if c.control and c.control[0].direction == FORWARD]
    if not hops:
        return ""
    near = sum(ttl in NEAR for ttl in hops)
    if near * 2 > len(hops):
        return "The tap stands near the devices, before any router and before the NAT."
    return "The tap stands behind at least one router, seen from the devices; no translated copy shows the far side of the NAT."

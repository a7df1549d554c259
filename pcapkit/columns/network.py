"""Network layers: ARP, IPv4, IPv6 with its extension headers."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.layers import NAMES, layer
from pcapkit.columns.table import ARP
from pcapkit.columns.work import Batch, Ints, Work, layout

_ARP: Final = layout(28, hardware=(">u2", 0))
_IPV4: Final = layout(
    20, first=("u1", 0), total=(">u2", 2), id=(">u2", 4), fragment=(">u2", 6), ttl=("u1", 8), proto=("u1", 9), src=(">u4", 12), dst=(">u4", 16)
)
_IPV6: Final = layout(
    40,
    first=("u1", 0),
    length=(">u2", 4),
    proto=("u1", 6),
    ttl=("u1", 7),
    src_hi=(">u8", 8),
    src_lo=(">u8", 16),
    dst_hi=(">u8", 24),
    dst_lo=(">u8", 32),
)

NAMES["ip"].update({
    2: "igmp", 33: "dccp", 46: "rsvp", 59: "ipv6 without next header", 88: "eigrp", 89: "ospf", 103: "pim", 112: "vrrp", 115: "l2tpv3", 132: "sctp",
    136: "udp-lite",
})  # fmt: skip


@layer("arp", ethertype=0x0806)
def arp(work: Work, batch: Batch) -> None:
    """RFC 826 over Ethernet and IPv4; the payload is the ARP header itself."""
    batch, _ = work.read(batch, _ARP)
    if work.nested:
        work.forget(batch.rows)
    work.body(batch)
    work.table.status[batch.rows] = ARP


@layer("ipv4", ethertype=0x0800)
def ipv4(work: Work, batch: Batch) -> None:
    """RFC 791. Total length 0 is a segment that the sending card had still to cut (TSO): then the frame says how long it is."""
    batch, head = work.read(batch, _IPV4)
    first = head["first"]
    size = (first & 15).astype(np.int64) << 2
    total = head["total"].astype(np.int64)
    wrong = (first < 0x45) | (first > 0x4F) | ((total < size) & (total != 0))
    if wrong.any():
        work.leave(batch.where(wrong), "malformed ipv4")
        right = np.flatnonzero(~wrong)
        batch, head, size, total = batch.take(right), head[right], size[right], total[right]
    if work.nested:
        work.forget(batch.rows)
    t, rows = work.table, batch.rows
    t.version[rows] = 4
    t.ip[rows] = batch.at
    t.ttl[rows] = head["ttl"]
    t.ip_id[rows] = head["id"]
    t.src_lo[rows] = head["src"]
    t.dst_lo[rows] = head["dst"]
    wire = batch.at + total
    if not total.all():
        wire = np.where(total == 0, batch.wire, wire)
    _payload(work, Batch(rows, batch.at, np.minimum(batch.end, wire), wire), size, head["proto"])


@layer("ipv6", ethertype=0x86DD)
def ipv6(work: Work, batch: Batch) -> None:
    """RFC 8200, section 3. Payload length 0: as for IPv4."""
    batch, head = work.read(batch, _IPV6)
    wrong = head["first"] >> 4 != 6
    if wrong.any():
        work.leave(batch.where(wrong), "malformed ipv6")
        batch, head = batch.where(~wrong), head[~wrong]
    if work.nested:
        work.forget(batch.rows)
    t, rows = work.table, batch.rows
    t.version[rows] = 6
    t.ip[rows] = batch.at
    t.ttl[rows] = head["ttl"]
    for column, name in ((t.src_hi, "src_hi"), (t.src_lo, "src_lo"), (t.dst_hi, "dst_hi"), (t.dst_lo, "dst_lo")):
        column[rows] = head[name]
    length = head["length"].astype(np.int64)
    wire = np.where(length == 0, batch.wire, batch.at + 40 + length)
    _payload(work, Batch(rows, batch.at, np.minimum(batch.end, wire), wire), 40, head["proto"])


def _payload(work: Work, batch: Batch, size: Ints | int, proto: NDArray[Any]) -> None:
    """Go on behind the ``size`` bytes of an IP header."""
    work.table.proto[batch.rows] = proto
    short = batch.left < size
    if short.any():
        work.cut(batch.where(short))
        whole = np.flatnonzero(~short)
        batch, proto = batch.take(whole), proto[whole]
        size = size if isinstance(size, int) else size[whole]
    work.dispatch("ip", batch.skip(size), proto)

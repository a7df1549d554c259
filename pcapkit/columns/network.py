"""Network layers: ARP, IPv4, IPv6 with its extension headers; fragments are set aside for the slow path."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.layers import NAMES, layer
from pcapkit.columns.table import ARP, FRAGMENT
from pcapkit.columns.work import Batch, Ints, Mask, Slow, Work, layout
from pcapkit.limits import MAX_IP6_EXT

MORE_FRAGMENTS: Final = 0x2000
OFFSET: Final = 0x1FFF

_ARP: Final = layout(28, hardware=(">u2", 0))
_PORTS: Final = layout(4, sport=(">u2", 0), dport=(">u2", 2))
_EXTENSION: Final = layout(2, next=("u1", 0), size=("u1", 1))
_FRAGMENT: Final = layout(8, next=("u1", 0), fragment=(">u2", 2))
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
    2: "igmp", 8: "egp", 27: "rdp", 33: "dccp", 46: "rsvp", 59: "ipv6 without next header", 88: "eigrp", 89: "ospf", 103: "pim", 112: "vrrp", 115: "l2tpv3", 132: "sctp",
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


@layer("ipv4", ethertype=0x0800, link=228)
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
    batch = _sized(work, batch, total, total == 0)
    proto, fragment = head["proto"], head["fragment"] & (MORE_FRAGMENTS | OFFSET)
    if fragment.any():
        part = fragment != 0
        _set_aside(work, batch.where(part), batch.at[part] + size[part], proto[part], (fragment[part] & OFFSET) == 0)
        batch, size, proto = batch.where(~part), size[~part], proto[~part]
    _payload(work, batch, size, proto)


@layer("ipv6", ethertype=0x86DD, link=229)
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
    _payload(work, _sized(work, batch, length + 40, length == 0), 40, head["proto"])


def _sized(work: Work, batch: Batch, size: Ints, unsized: Mask) -> Batch:
    """Cut to the length that the IP header gives.

    Where it goes beyond the layer around it: if the frame has bytes behind that layer (padding), they are none of this packet's;
    else somebody on the way cut the packet, and its own length is the true one.
    """
    wire = batch.at + size
    if unsized.any():
        wire = np.where(unsized, batch.wire, wire)
    beyond = np.flatnonzero(wire > batch.wire)
    if len(beyond):
        padded = beyond[batch.wire[beyond] < work.stop[batch.rows[beyond]]]
        wire[padded] = batch.wire[padded]
    return Batch(batch.rows, batch.at, np.minimum(batch.end, wire), wire)


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


@layer("ipv6-extension", ip=(0, 43, 60, 135, 139, 140))
def ipv6_extension(work: Work, batch: Batch) -> None:
    """Hop-by-hop, routing, destination, mobility, HIP, Shim6: next header, length in 8 bytes without the first (RFC 8200, 4)."""
    batch, head = work.read(batch, _EXTENSION)
    _extension(work, batch, (head["size"].astype(np.int64) + 1) * 8, head["next"])


@layer("ah", ip=51)
def authentication_header(work: Work, batch: Batch) -> None:
    """RFC 4302: length in 4 bytes without the first two; what follows is in clear."""
    batch, head = work.read(batch, _EXTENSION)
    _extension(work, batch, (head["size"].astype(np.int64) + 2) * 4, head["next"])


@layer("ipv6-fragment", ip=44)
def ipv6_fragment(work: Work, batch: Batch) -> None:
    """RFC 8200, 4.5. A fragment with offset 0 that is also the last is a whole packet (atomic, RFC 6946)."""
    batch, head = work.read(batch, _FRAGMENT)
    following, fragment = head["next"], head["fragment"] & 0xFFF9
    deep = _too_many(work, batch)
    if deep.any():
        batch, following, fragment = batch.where(~deep), following[~deep], fragment[~deep]
    part = (fragment != 0) & (work.table.version[batch.rows] == 6)
    if part.any():
        _set_aside(work, batch.where(part), batch.at[part] + 8, following[part], fragment[part] <= 1)
        batch, following = batch.where(~part), following[~part]
    _payload(work, batch, 8, following)


def _extension(work: Work, batch: Batch, size: Ints, following: NDArray[Any]) -> None:
    """Go on behind an extension header."""
    deep = _too_many(work, batch)
    if deep.any():
        batch, following, size = batch.where(~deep), following[~deep], size[~deep]
    _payload(work, batch, size, following)


def _too_many(work: Work, batch: Batch) -> Mask:
    """Count an extension header, of which there may be ``MAX_IP6_EXT``; the rows with more are left."""
    work.extensions[batch.rows] += 1
    deep: Mask = work.extensions[batch.rows] > MAX_IP6_EXT
    if deep.any():
        work.give_up(batch.where(deep), "too many ipv6 extension headers", "MAX_IP6_EXT")
    return deep


def _set_aside(work: Work, batch: Batch, data: Ints, proto: NDArray[Any], first: Mask) -> None:
    """Fragments: their data stands at ``data``; the first one tells the ports."""
    t, rows = work.table, batch.rows
    t.proto[rows] = proto
    t.status[rows] = FRAGMENT
    body = batch._replace(at=np.minimum(data, batch.end))
    work.body(body)
    work.slow.append(Slow("ip", body, batch.at))
    ported = np.flatnonzero(first & (body.left >= 4) & ((proto == 6) | (proto == 17)))
    head = work.peek(body.at[ported], _PORTS)
    t.sport[rows[ported]] = head["sport"]
    t.dport[rows[ported]] = head["dport"]

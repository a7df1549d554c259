"""Tunnels and mirrors: whatever wraps a frame or a packet in another. The outermost one's name and id stay with the row.

What only a UDP port hints at has a ``looks_like_…`` check beside it, strict enough that ordinary UDP stays UDP.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.layers import NAMES, NUMBERS, layer
from pcapkit.columns.link import looks_like_ethernet, ppp_protocol
from pcapkit.columns.work import Batch, Ints, Mask, Work, layout
from pcapkit.limits import MAX_L2_TAGS

ERSPAN_1_2: Final = 0x88BE
ERSPAN_3: Final = 0x22EB
ARUBA: Final = (*range(0x8200, 0x8380, 0x10), 0x9000)
GRE_ROUTES: Final = 8
GTP_EXTENSIONS: Final = 8

_BYTE: Final = layout(1, first=("u1", 0))
_WORD: Final = layout(4, value=(">u4", 0))
_GRE: Final = layout(4, flags=(">u2", 0), type=(">u2", 2))
_ROUTE: Final = layout(4, family=(">u2", 0), size=("u1", 3))
_ERSPAN: Final = layout(4, first=(">u2", 0), second=(">u2", 2))
_ERSPAN_3: Final = layout(12, second=(">u2", 2), last=(">u2", 10))
_VXLAN: Final = layout(8, flags=("u1", 0), next=("u1", 3), vni=(">u4", 4))
_GENEVE: Final = layout(8, first=("u1", 0), flags=("u1", 1), type=(">u2", 2), vni=(">u4", 4))
_PPPOE: Final = layout(6, kind=("u1", 0), code=("u1", 1), session=(">u2", 2), size=(">u2", 4))
_GTP: Final = layout(12, flags=("u1", 0), type=("u1", 1), size=(">u2", 2), teid=(">u4", 4), next=("u1", 11))
_TEREDO: Final = layout(4, kind=(">u2", 0), client=("u1", 2), value=("u1", 3))
_IP_PROBE: Final = layout(40, first=("u1", 0), total=(">u2", 2), length=(">u2", 4), src=(">u4", 8), dst=(">u4", 24))

NAMES["ip"].update({94: "ip-in-ip of kind 94", 97: "etherip", 108: "ipcomp"})
NAMES["gre"].update({0: "gre keep-alive", 0x2001: "nhrp"})


def looks_like_ip(work: Work, batch: Batch) -> Mask:
    """An IPv4 or IPv6 header whose length fits into what is left."""
    head = work.peek(batch.at, _IP_PROBE)
    room = batch.wire - batch.at
    four = (head["first"] >= 0x45) & (head["first"] <= 0x4F) & (head["total"] >= 20) & (head["total"] <= room) & (batch.left >= 20)
    six = (head["first"] >> 4 == 6) & (head["length"].astype(np.int64) + 40 <= room) & (batch.left >= 40)
    answer: Mask = four | six
    return answer


@layer("ip-in-ip", tunnel=True, ip=4)
def ipv4_in_ip(work: Work, batch: Batch) -> None:
    """RFC 2003, 2473."""
    work.push("ipv4", work.enter(batch, "ip-in-ip"))


@layer("6in4", tunnel=True, ip=41)
def ipv6_in_ip(work: Work, batch: Batch) -> None:
    """RFC 4213; within IPv6 RFC 2473."""
    four = work.table.version[batch.rows] == 4
    work.push("ipv6", work.enter(batch.where(four), "6in4"))
    work.push("ipv6", work.enter(batch.where(~four), "ip-in-ip"))


def looks_like_gre(work: Work, batch: Batch) -> Mask:
    """RFC 8086, 3.2: no routing, reserved bits and version 0, and a protocol that we read."""
    head = work.peek(batch.at, _GRE)
    known = (work.tables.lookup["ethertype"].take(head["type"]) | work.tables.lookup["gre"].take(head["type"])) > 0
    answer: Mask = (head["flags"] & 0x4FFF == 0) & known & (batch.left >= _GRE.itemsize)
    return answer


@layer("gre", tunnel=True, ip=47, udp=4754, check=looks_like_gre)
def gre(work: Work, batch: Batch) -> None:
    """RFC 2784, 2890, 1701 (routing), 2637 (version 1, acknowledgement); in UDP RFC 8086."""
    batch, head = work.read(batch, _GRE)
    flags, kind = head["flags"].astype(np.int64), head["type"].astype(np.uint16)
    key_at = 4 + np.where(flags & 0xC000, 4, 0)
    size = key_at + np.where(flags & 0x2000, 4, 0) + np.where(flags & 0x1000, 4, 0) + np.where((flags & 0x87) == 0x81, 4, 0)
    size = _gre_routing(work, batch, size, (flags & 0x4000) != 0)
    short = batch.left < size
    if short.any():
        work.cut(batch.where(short))
        whole = ~short
        batch, flags, kind, key_at, size = batch.where(whole), flags[whole], kind[whole], key_at[whole], size[whole]
    keys = np.where(flags & 0x2000, work.peek(batch.at + key_at, _WORD)["value"], 0)
    inner = batch.skip(size)
    bare = (kind == ERSPAN_1_2) & (flags & 0x1000 == 0)
    work.push("ethernet", work.enter(inner.where(bare), "erspan"))
    mirrors = ~bare & np.isin(kind, (ERSPAN_1_2, ERSPAN_3, *ARUBA))
    work.dispatch("gre", inner.where(mirrors), kind[mirrors])
    rest = ~(bare | mirrors)
    inner, kind = work.enter(inner.where(rest), "gre", keys[rest]), kind[rest]
    own = (work.tables.lookup["gre"].take(kind) > 0) | np.isin(kind, list(NAMES["gre"]))
    work.dispatch("gre", inner.where(own), kind[own])
    work.dispatch("ethertype", inner.where(~own), kind[~own])


def _gre_routing(work: Work, batch: Batch, size: Ints, routed: Mask) -> Ints:
    """Source route entries (RFC 1701): family, offset, length, until an empty one."""
    index = np.flatnonzero(routed)
    for _ in range(GRE_ROUTES):
        index = index[batch.left[index] >= size[index] + 4]
        if not len(index):
            break
        entry = work.peek(batch.at[index] + size[index], _ROUTE)
        size[index] += 4 + entry["size"].astype(np.int64)
        index = index[(entry["size"] > 0) | (entry["family"] > 0)]
    return size


@layer("erspan", tunnel=True, gre=(ERSPAN_1_2, ERSPAN_3))
def erspan(work: Work, batch: Batch) -> None:
    """draft-foschiano-erspan-03: types II (8 bytes) and III (12 bytes, 8 more where its last bit says so), with the frame's VLAN."""
    batch, head = work.read(batch, _ERSPAN)
    version, vlan, session = head["first"] >> 12, head["first"] & 0xFFF, head["second"] & 0x3FF
    second, third = version == 1, version == 2
    work.leave(batch.where(~second & ~third), "erspan of unknown version")
    work.table.vlan[batch.rows] = vlan
    work.push("ethernet", work.enter(batch.where(second), "erspan", session[second]).skip(8))
    batch, head = work.read(batch.where(third), _ERSPAN_3)
    batch = work.enter(batch, "erspan", head["second"] & 0x3FF)
    last = head["last"]
    packets = (last >> 10 & 31) == 2
    batch = batch.skip(np.where(last & 1, 20, 12))
    work.push("raw-ip", batch.where(packets))
    work.push("ethernet", batch.where(~packets))


@layer("aruba", tunnel=True, gre=ARUBA)
def aruba(work: Work, batch: Batch) -> None:
    """The tunnel between Aruba access points and their controller: 802.11 frames."""
    work.push("802.11", work.enter(batch, "aruba"))


@layer("wccp", gre=0x883E)
def wccp(work: Work, batch: Batch) -> None:
    """WCCP redirection: version 2 has a header of 4 bytes before the IPv4 packet."""
    batch, head = work.read(batch, _BYTE)
    work.push("ipv4", batch.skip(np.where(head["first"] >> 4 == 4, 0, 4)))


def looks_like_vxlan(work: Work, batch: Batch) -> Mask:
    """RFC 7348, 5: the I flag, reserved bits 0 but those of group policy, and an Ethernet frame; GPE names what follows."""
    head = work.peek(batch.at, _VXLAN)
    flags, following = head["flags"], head["next"]
    inner = batch.skip(8)
    packets = _vxlan_packets(flags, following) & looks_like_ip(work, inner)
    plain = (flags & 0x73 == 0) & np.isin(following, (0, 3)) | (flags & 0x80 != 0)
    frames = plain & looks_like_ethernet(work, inner)
    answer: Mask = (flags & 8 != 0) & (head["vni"] & 0xFF == 0) & (packets | frames) & (batch.left >= 8)
    return answer


def _vxlan_packets(flags: NDArray[Any], following: NDArray[Any]) -> Mask:
    """The generic protocol extension says IPv4 (1) or IPv6 (2); under group policy (0x80) the byte is part of the group."""
    answer: Mask = (flags & 0xF3 == 0) & ((following == 1) | (following == 2))
    return answer


@layer("vxlan", tunnel=True, udp=(4789, 4790, 8472), check=looks_like_vxlan)
def vxlan(work: Work, batch: Batch) -> None:
    """RFC 7348, group policy, and the generic protocol extension (draft-ietf-nvo3-vxlan-gpe)."""
    batch, head = work.read(batch, _VXLAN)
    packets = _vxlan_packets(head["flags"], head["next"])
    batch = work.enter(batch, "vxlan", head["vni"] >> 8).skip(8)
    work.push("raw-ip", batch.where(packets))
    work.push("ethernet", batch.where(~packets))


def looks_like_geneve(work: Work, batch: Batch) -> Mask:
    """RFC 8926, 3.4: version 0, reserved bits 0, and what its protocol type says."""
    head = work.peek(batch.at, _GENEVE)
    kind, inner = head["type"], batch.skip(8 + 4 * (head["first"] & 63).astype(np.int64))
    fits = ((kind == 0x6558) & looks_like_ethernet(work, inner)) | (np.isin(kind, (0x0800, 0x86DD)) & looks_like_ip(work, inner))
    answer: Mask = (head["first"] >> 6 == 0) & (head["flags"] & 0x3F == 0) & (head["vni"] & 0xFF == 0) & fits & (batch.left >= 8)
    return answer


@layer("geneve", tunnel=True, udp=6081, check=looks_like_geneve)
def geneve(work: Work, batch: Batch) -> None:
    """RFC 8926: options of their own length, then what the protocol type says."""
    batch, head = work.read(batch, _GENEVE)
    framed = head["type"] == 0x6558
    inner = batch.skip(8 + 4 * (head["first"] & 63).astype(np.int64))
    vni = head["vni"] >> 8
    work.push("ethernet", work.enter(inner.where(framed), "geneve", vni[framed]))
    work.push("raw-ip", work.enter(inner.where(~framed), "geneve", vni[~framed]))


@layer("mpls", tunnel=True, ethertype=(0x8847, 0x8848), ip=137, link=219)
def mpls(work: Work, batch: Batch) -> None:
    """RFC 3032: labels to the bottom of the stack; then IP, else a pseudowire with (RFC 4385) or without control word."""
    batch, head = work.read(batch, _WORD)
    batch = work.enter(batch, "mpls", head["value"] >> 12)
    at, index = batch.at.copy(), np.arange(batch.size)
    for _ in range(MAX_L2_TAGS):
        index = index[batch.end[index] - at[index] >= 4]
        label = work.peek(at[index], _WORD)["value"]
        at[index] += 4
        index = index[label & 0x100 == 0]
    work.give_up(batch.take(index), "too many labels", "MAX_L2_TAGS")
    done = np.ones(batch.size, bool)
    done[index] = False
    batch, head = work.read(batch._replace(at=at).where(done), _BYTE)
    _below_labels(work, batch, head["first"] >> 4)


def _below_labels(work: Work, batch: Batch, nibble: NDArray[Any]) -> None:
    """Nothing says what follows: what looks like IP is IP, what looks like Ethernet behind a control word or at once is that."""
    packets = looks_like_ip(work, batch)
    marked = batch.skip(4)
    words = ~packets & (nibble == 0) & looks_like_ethernet(work, marked)
    frames = ~packets & ~words & looks_like_ethernet(work, batch)
    cut = ~(packets | words | frames) & ((nibble == 4) | (nibble == 6))
    work.push("raw-ip", batch.where(packets | cut))
    work.push("ethernet", marked.where(words))
    work.push("ethernet", batch.where(frames))
    work.leave(batch.where(~(packets | words | frames | cut)), "unknown below mpls")


@layer("pppoe", tunnel=True, ethertype=0x8864)
def pppoe(work: Work, batch: Batch) -> None:
    """RFC 2516: version and type 1, code 0, session, length, PPP."""
    batch, head = work.read(batch, _PPPOE)
    wrong = (head["kind"] != 0x11) | (head["code"] != 0)
    work.leave(batch.where(wrong), "malformed pppoe")
    right = ~wrong
    wire = batch.at + 6 + head["size"]
    batch = batch._replace(end=np.clip(wire, batch.at, batch.end), wire=wire).where(right)
    ppp_protocol(work, work.enter(batch, "pppoe", head["session"][right]).skip(6))


@layer("pppoe-link", link=51)
def pppoe_link(work: Work, batch: Batch) -> None:
    """LINKTYPE_PPP_ETHER: PPPoE without its Ethernet header."""
    work.push("pppoe", batch)


@layer("pbb", tunnel=True, ethertype=0x88E7)
def pbb(work: Work, batch: Batch) -> None:
    """IEEE 802.1ah: an I-TAG with the service id, then the customer's frame."""
    batch, head = work.read(batch, _WORD)
    work.push("ethernet", work.enter(batch, "pbb", head["value"] & 0xFFFFFF).skip(4))


def looks_like_gtp(work: Work, batch: Batch) -> Mask:
    """3GPP TS 29.281, 5.1: version 1, type G-PDU, the length of the datagram, and an IP packet behind the extension headers."""
    head = work.peek(batch.at, _GTP)
    size = head["size"].astype(np.int64) + 8 == batch.wire - batch.at
    right = (head["flags"] & 0xF8 == 0x30) & (head["type"] == 0xFF) & size & (batch.left >= 8)
    inner = batch._replace(at=_gtp_payload(work, batch))
    answer: Mask = right & looks_like_ip(work, inner)
    return answer


def _gtp_payload(work: Work, batch: Batch) -> Ints:
    """Behind the optional fields and the chain of extension headers (length in 4 bytes first, next type last)."""
    head = work.peek(batch.at, _GTP)
    at = batch.at + np.where(head["flags"] & 7, 12, 8)
    index = np.flatnonzero((head["flags"] & 4 != 0) & (head["next"] != 0) & (batch.left >= 12))
    for _ in range(GTP_EXTENSIONS):
        index = index[batch.end[index] - at[index] >= 4]
        if not len(index):
            break
        size = 4 * work.peek(at[index], _BYTE)["first"].astype(np.int64)
        inside = (size > 0) & (at[index] + size <= batch.end[index])
        index, size = index[inside], size[inside]
        at[index] += size
        index = index[work.peek(at[index] - 1, _BYTE)["first"] != 0]
    return np.minimum(at, batch.end)


@layer("gtp-u", tunnel=True, udp=2152, check=looks_like_gtp)
def gtp(work: Work, batch: Batch) -> None:
    """3GPP TS 29.281: the tunnel endpoint id, then IP."""
    batch, head = work.read(batch, layout(8, teid=(">u4", 4)))
    inner = work.enter(batch, "gtp-u", head["teid"])
    work.push("raw-ip", inner._replace(at=_gtp_payload(work, inner)))


def _teredo_packet(work: Work, batch: Batch) -> Batch:
    """Behind the authentication and origin indications (RFC 4380, 5.1.1)."""
    head = work.peek(batch.at, _TEREDO)
    size = 13 + head["client"].astype(np.int64) + head["value"]
    batch = batch.skip(np.where(head["kind"] == 1, size, 0))
    head = work.peek(batch.at, _TEREDO)
    return batch.skip(np.where(head["kind"] == 0, 8, 0))


def looks_like_teredo(work: Work, batch: Batch) -> Mask:
    """IPv6 that fills the datagram, one side in 2001::/32 or link-local (RFC 4380, 2.6 and 4)."""
    inner = _teredo_packet(work, batch)
    head = work.peek(inner.at, _IP_PROBE)
    named = np.isin(head["src"], (0x20010000, 0xFE800000)) | np.isin(head["dst"], (0x20010000, 0xFE800000))
    fills = head["length"].astype(np.int64) + 40 == inner.wire - inner.at
    answer: Mask = (head["first"] >> 4 == 6) & named & fills & (inner.left >= 40)
    return answer


@layer("teredo", tunnel=True, udp=3544, check=looks_like_teredo)
def teredo(work: Work, batch: Batch) -> None:
    """RFC 4380: IPv6 in UDP."""
    work.push("ipv6", _teredo_packet(work, work.enter(batch, "teredo")))


NUMBERS["ppp"].update({0x0281: "mpls", 0x0283: "mpls"})

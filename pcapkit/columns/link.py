"""Link layers: Ethernet and its tags, LLC/SNAP, Linux cooked, loopback, raw IP, PPP and the pseudo-headers of capture systems."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.layers import NAMES, NUMBERS, layer
from pcapkit.columns.work import Batch, Mask, Work, layout
from pcapkit.limits import MAX_L2_TAGS

SMALLEST_ETHERTYPE: Final = 0x0600
"""Below it the field is a length (IEEE 802.3, 3.2.6)."""
JUMBO_LLC: Final = 0x8870
NFLOG_ATTRIBUTES: Final = 32
"""Read at most; nfnetlink_log.h knows 20."""
NFULA_HWADDR: Final = 8
NFULA_PAYLOAD: Final = 9

_ETHERNET: Final = layout(14, dst=(">u8", 0), src=(">u8", 6), type=(">u2", 12))
_PROBE: Final = layout(15, type=(">u2", 12), first=("u1", 14))
_TAG: Final = layout(4, tci=(">u2", 0), type=(">u2", 2))
_NSH: Final = layout(8, size=("u1", 1), next=("u1", 3))
_TTAG: Final = layout(8, type=(">u2", 6))
_VNTAG: Final = layout(6, type=(">u2", 4))
_CMD: Final = layout(8, length=("u1", 1))
_TYPE: Final = layout(2, type=(">u2", 0))
_LLC: Final = layout(8, sap=(">u2", 0), control=("u1", 2), oui=(">u4", 2), type=(">u2", 6))
_SLL: Final = layout(16, hardware=(">u2", 2), size=(">u2", 4), source=(">u8", 6), type=(">u2", 14))
_SLL2: Final = layout(20, type=(">u2", 0), hardware=(">u2", 8), size=("u1", 11), source=(">u8", 12))
_NULL: Final = layout(4, family=("<u4", 0))
_ENC: Final = layout(12, family=("<u4", 0))
_PFLOG: Final = layout(4, size=("u1", 0), family=("u1", 1))
_NFLOG: Final = layout(4, family=("u1", 0))
_ATTRIBUTE: Final = layout(16, size=("<u2", 0), type=("<u2", 2), size_be=(">u2", 0), type_be=(">u2", 2), address=(">u8", 8))
_PKTAP: Final = layout(12, size=("<u4", 0), link=("<u4", 8))
_PPP: Final = layout(4, first=("u1", 0), second=("u1", 1), type=(">u2", 0), behind=(">u2", 2))
_MACSEC: Final = layout(6, tci=("u1", 0))

NAMES["ethertype"].update({
    0x0842: "wake-on-lan", 0x2000: "cdp", 0x6003: "decnet", 0x8035: "rarp", 0x809B: "appletalk", 0x8137: "ipx", 0x8808: "ethernet flow control",
    0x8809: "lacp", 0x8863: "pppoe discovery", 0x8892: "profinet", 0x88CC: "lldp", 0x88D9: "lltd", 0x88E3: "mrp", 0x88F5: "mvrp", 0x88F7: "ptp",
    0x8902: "cfm", 0x890D: "802.11 ethertype 890d", 0x9000: "ethernet loopback",
})  # fmt: skip
NAMES["llc"].update({0x4242: "stp", 0xE0E0: "ipx", 0xFFFF: "ipx", 0xF0F0: "netbios", 0xFEFE: "iso", 0xAAAA: "snap of a vendor"})
NAMES["ppp"].update({
    0x002B: "ipx", 0x0031: "ppp bridging", 0x003D: "ppp multilink", 0x00FD: "ppp compressed", 0x8021: "ppp ipcp", 0x8057: "ppp ipv6cp", 0x80FD: "ppp ccp",
    0xC021: "ppp lcp", 0xC023: "ppp pap", 0xC025: "ppp lqr", 0xC223: "ppp chap",
})  # fmt: skip
NAMES["link"].update({187: "bluetooth", 189: "usb", 195: "802.15.4", 220: "usb", 249: "usb", 252: "wireshark export"})

_SLL_HARDWARE: Final = {801: "802.11", 802: "prism", 803: "radiotap"}
"""ARPHRD_… of interfaces whose cooked packets keep a header of their own (if_arp.h)."""


@layer("ethernet", link=1, ethertype=0x6558, gre=0x6400)
def ethernet(work: Work, batch: Batch) -> None:
    """Addresses, then EtherType or length (IEEE 802.3)."""
    batch, head = work.read(batch, _ETHERNET)
    t, rows = work.table, batch.rows
    t.dst_mac[rows] = head["dst"].astype(np.uint64) >> np.uint64(16)
    t.src_mac[rows] = head["src"].astype(np.uint64) >> np.uint64(16)
    ethertype(work, batch.skip(14), head["type"].astype(np.uint16))


def ethertype(work: Work, batch: Batch, numbers: NDArray[np.uint16]) -> None:
    """Go on by EtherType; small values are lengths with LLC behind them."""
    short = numbers < SMALLEST_ETHERTYPE
    if short.any():
        part = batch.where(short)
        wire = np.minimum(part.at + numbers[short], part.wire)
        work.push("llc", part._replace(end=np.minimum(part.end, wire), wire=wire))
        batch, numbers = batch.where(~short), numbers[~short]
    work.dispatch("ethertype", batch, numbers)


def looks_like_ethernet(work: Work, batch: Batch) -> Mask:
    """Addresses with an EtherType that we know, and IP behind it where it says so: for tunnels that a port only hints at."""
    head = work.peek(batch.at, _PROBE)
    kind, first = head["type"].astype(np.uint16), head["first"]
    known = work.tables.lookup["ethertype"].take(kind) > 0
    known |= np.isin(kind, list(NAMES["ethertype"]))
    known |= (kind < SMALLEST_ETHERTYPE) & np.isin(first, (0x42, 0xAA))
    known &= (kind != 0x0800) | ((first >= 0x45) & (first <= 0x4F))
    known &= (kind != 0x86DD) | (first >> 4 == 6)
    return known & (batch.left >= _PROBE.itemsize)


@layer("vlan", ethertype=(0x8100, 0x88A8, 0x9100, 0x9200, 0x9300))
def vlan(work: Work, batch: Batch) -> None:
    """IEEE 802.1Q tag; id 0 carries a priority only and names no VLAN."""
    batch, head = work.read(batch, _TAG)
    rows = batch.rows
    work.note(rows, "vlan")
    ids = head["tci"] & 0xFFF
    t = work.table
    t.vlan[rows] = np.where(ids == 0, t.vlan[rows], ids)
    t.outer_vlan[rows] = np.where(t.outer_vlan[rows] == 0, ids, t.outer_vlan[rows])
    _tagged(work, batch.skip(4), head["type"].astype(np.uint16))


def _tagged(work: Work, batch: Batch, numbers: NDArray[np.uint16]) -> None:
    """Go on behind a tag, of which there may be ``MAX_L2_TAGS``."""
    work.tags[batch.rows] += 1
    deep = work.tags[batch.rows] > MAX_L2_TAGS
    if deep.any():
        work.give_up(batch.where(deep), "too many tags", "MAX_L2_TAGS")
        batch, numbers = batch.where(~deep), numbers[~deep]
    ethertype(work, batch, numbers)


@layer("nsh", ethertype=0x894F, gre=0x894F)
def nsh(work: Work, batch: Batch) -> None:
    """Network Service Header (RFC 8300, 2.2): length in 4 bytes, and the protocol behind it."""
    batch, head = work.read(batch, _NSH)
    size, following = (head["size"] & 63).astype(np.int64) * 4, head["next"]
    wrong = (size < 8) | ~np.isin(following, (1, 2, 3))
    work.leave(batch.where(wrong), "nsh of another protocol")
    numbers = np.array((0, 0x0800, 0x86DD, 0x6558), np.uint16)[following[~wrong]]
    _tagged(work, batch.where(~wrong).skip(size[~wrong]), numbers)


@layer("ttag", ethertype=0x8988)
def ttag(work: Work, batch: Batch) -> None:
    """Cisco's time tag: 48 bits of time, then the EtherType."""
    batch, head = work.read(batch, _TTAG)
    _tagged(work, batch.skip(8), head["type"].astype(np.uint16))


@layer("vn-tag", ethertype=0x8926)
def vn_tag(work: Work, batch: Batch) -> None:
    """Cisco's tag of fabric extenders and blade servers: 4 bytes, then the EtherType."""
    batch, head = work.read(batch, _VNTAG)
    _tagged(work, batch.skip(6), head["type"].astype(np.uint16))


@layer("e-tag", ethertype=0x893F)
def e_tag(work: Work, batch: Batch) -> None:
    """IEEE 802.1BR: 6 bytes, then the EtherType."""
    batch, head = work.read(batch, _TTAG)
    _tagged(work, batch.skip(8), head["type"].astype(np.uint16))


@layer("cmd", ethertype=0x8909)
def cmd(work: Work, batch: Batch) -> None:
    """Cisco MetaData (security group tag): version, length in options of 4 bytes, the options, then the EtherType."""
    batch, head = work.read(batch, _CMD)
    batch = batch.skip(2 + 4 * np.maximum(head["length"].astype(np.int64), 1))
    batch, head = work.read(batch, _TYPE)
    _tagged(work, batch.skip(2), head["type"].astype(np.uint16))


@layer("llc", link=107, ethertype=JUMBO_LLC)
def llc(work: Work, batch: Batch) -> None:
    """IEEE 802.2; SNAP with an OUI for EtherTypes goes on, other protocols are named."""
    head, _ = work.peek_cut(batch, _LLC)
    oui = head["oui"] & 0xFFFFFF
    snap = (head["sap"] == 0xAAAA) & (head["control"] == 3) & ((oui == 0) | (oui == 0xF8)) & (batch.left >= 8)
    if not snap.all():
        other = ~snap
        work.dispatch("llc", batch.where(other).skip(3), head["sap"][other].astype(np.uint16))
        batch, head = batch.where(snap), head[snap]
    work.dispatch("ethertype", batch.skip(8), head["type"].astype(np.uint16))


@layer("sll", link=113)
def linux_cooked(work: Work, batch: Batch) -> None:
    """LINKTYPE_LINUX_SLL: packet type, hardware type, source address, EtherType."""
    batch, head = work.read(batch, _SLL)
    _cooked(work, batch.skip(16), head)


@layer("sll2", link=276)
def linux_cooked_2(work: Work, batch: Batch) -> None:
    """LINKTYPE_LINUX_SLL2."""
    batch, head = work.read(batch, _SLL2)
    _cooked(work, batch.skip(20), head)


def _cooked(work: Work, batch: Batch, head: NDArray[Any]) -> None:
    source = head["source"].astype(np.uint64) >> np.uint64(16)
    work.table.src_mac[batch.rows] = np.where(head["size"] == 6, source, np.uint64(0))
    kind, hardware = head["type"].astype(np.uint16), head["hardware"]
    framed = np.zeros(batch.size, bool)
    for number, name in _SLL_HARDWARE.items():
        mine = hardware == number
        work.push(name, batch.where(mine))
        framed |= mine
    without = (kind < SMALLEST_ETHERTYPE) & ~framed
    work.push("llc", batch.where(without & (kind == 4)))
    work.leave(batch.where(without & (kind != 4)), "linux cooked without ethertype")
    rest = ~(framed | without)
    work.dispatch("ethertype", batch.where(rest), kind[rest])


@layer("null", link=(0, 108))
def loopback(work: Work, batch: Batch) -> None:
    """LINKTYPE_NULL and LOOP: an address family in the byte order of the machine that captured, or of the network."""
    batch, head = work.read(batch, _NULL)
    _family(work, batch.skip(4), head["family"])


@layer("enc", link=109)
def openbsd_ipsec(work: Work, batch: Batch) -> None:
    """LINKTYPE_ENC: address family, SPI, flags; IP decrypted by OpenBSD."""
    batch, head = work.read(batch, _ENC)
    _family(work, batch.skip(12), head["family"])


@layer("pflog", link=117)
def openbsd_firewall(work: Work, batch: Batch) -> None:
    """LINKTYPE_PFLOG: the header's own length, to be rounded up to 4, and an address family."""
    batch, head = work.read(batch, _PFLOG)
    _family(work, batch.skip(head["size"].astype(np.int64) + 3 & ~3), head["family"])


def _family(work: Work, batch: Batch, numbers: NDArray[Any]) -> None:
    little = numbers.astype(np.uint32)
    work.dispatch("family", batch, np.where(little > 0xFFFF, little.byteswap(), little).astype(np.uint16))


@layer("raw-ip", link=(12, 14, 101))
def raw_ip(work: Work, batch: Batch) -> None:
    """IP without a link layer: the version nibble says which."""
    batch, head = work.read(batch, layout(1, first=("u1", 0)))
    version = head["first"] >> 4
    work.push("ipv4", batch.where(version == 4))
    work.push("ipv6", batch.where(version == 6))
    work.leave(batch.where((version != 4) & (version != 6)), "raw ip of unknown version")


@layer("ppp", link=(9, 50), gre=0x880B)
def ppp(work: Work, batch: Batch) -> None:
    """RFC 1661 and 1662: address and control may be left out, and the protocol be one odd byte; 0F and 8F begin Cisco's HDLC."""
    head, _ = work.peek_cut(batch, _PPP)
    cisco = np.isin(head["first"], (0x0F, 0x8F)) & (head["second"] == 0)
    work.push("cisco-hdlc", batch.where(cisco))
    batch, head = batch.where(~cisco), head[~cisco]
    framed = head["type"] == 0xFF03
    ppp_protocol(work, batch.skip(np.where(framed, 2, 0)))


@layer("ppp-direction", link=204)
def ppp_with_direction(work: Work, batch: Batch) -> None:
    """LINKTYPE_PPP_WITH_DIR: a byte for the direction first."""
    work.push("ppp", batch.skip(1))


def ppp_protocol(work: Work, batch: Batch) -> None:
    """Go on by PPP protocol number, of one byte where it is odd (RFC 1661, 2)."""
    batch, head = work.read(batch, layout(2, first=("u1", 0), type=(">u2", 0)))
    short = (head["first"] & 1).astype(bool)
    numbers = np.where(short, head["first"], head["type"]).astype(np.uint16)
    work.dispatch("ppp", batch.skip(np.where(short, 1, 2)), numbers)


@layer("cisco-hdlc", link=104)
def cisco_hdlc(work: Work, batch: Batch) -> None:
    """Address, control, EtherType."""
    batch, head = work.read(batch, _TAG)
    work.dispatch("ethertype", batch.skip(4), head["type"].astype(np.uint16))


@layer("nflog", link=239)
def nflog(work: Work, batch: Batch) -> None:
    """LINKTYPE_NFLOG: attributes in the byte order of the machine that captured, of which one is the packet, one the sender's address."""
    batch, head = work.read(batch, _NFLOG)
    families = head["family"].astype(np.uint16)
    rows, at = batch.rows, batch.at + 4
    start, stop = np.zeros(batch.size, np.int64), np.zeros(batch.size, np.int64)
    index = np.arange(batch.size)
    for _ in range(NFLOG_ATTRIBUTES):
        index = index[(batch.end[index] - at[index]) >= 4]
        if not len(index):
            break
        here = at[index]
        found = work.peek(here, _ATTRIBUTE)
        big = found["type"] > 0xFF
        size = np.where(big, found["size_be"], found["size"]).astype(np.int64)
        kind = np.where(big, found["type_be"], found["type"]) & 0x3FFF
        inside = (size >= 4) & (here + size <= np.where(kind == NFULA_PAYLOAD, here + size, batch.end[index]))
        payload = inside & (kind == NFULA_PAYLOAD)
        start[index[payload]], stop[index[payload]] = here[payload] + 4, (here + size)[payload]
        sender = inside & (kind == NFULA_HWADDR) & (size >= 14)
        work.table.src_mac[rows[index[sender]]] = found["address"][sender].astype(np.uint64) >> np.uint64(16)
        at[index] = here + (size + 3 & ~3)
        index = index[inside & ~payload]
    missing = stop == 0
    work.cut(batch.where(missing))
    inner = Batch(rows, np.minimum(start, batch.end), np.minimum(stop, batch.end), stop).where(~missing)
    work.dispatch("family", inner, families[~missing])


@layer("pktap", link=(149, 258))
def pktap(work: Work, batch: Batch) -> None:
    """LINKTYPE_PKTAP (macOS): a header of its own length that names the link type behind it."""
    batch, head = work.read(batch, _PKTAP)
    size, link = head["size"].astype(np.int64), head["link"]
    wrong = (size < _PKTAP.itemsize) | (link > 0xFFFF)
    work.leave(batch.where(wrong), "malformed pktap")
    right = ~wrong
    work.dispatch("link", batch.where(right).skip(size[right]), link[right].astype(np.uint16))


@layer("macsec", ethertype=0x88E5)
def macsec(work: Work, batch: Batch) -> None:
    """IEEE 802.1AE: TCI, AN, SL, PN and the SCI if there is one; what is only signed can be read."""
    batch, head = work.read(batch, _MACSEC)
    encrypted = (head["tci"] & 0x0C) != 0
    work.protect(batch.where(encrypted), "macsec")
    clear = ~encrypted
    batch = batch.where(clear).skip(np.where(head["tci"][clear] & 0x20, 14, 6))
    batch, head = work.read(batch, _TYPE)
    _tagged(work, batch.skip(2), head["type"].astype(np.uint16))


NUMBERS["llc"].update({0x0606: "ipv4"})
NUMBERS["family"].update({2: "ipv4", 7: "ethernet"} | dict.fromkeys((10, 23, 24, 28, 30), "ipv6"))
NUMBERS["ppp"].update({0x0021: "ipv4", 0x0057: "ipv6"})

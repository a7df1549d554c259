"""ARP (RFC 826), IPv6 neighbour discovery (RFC 4861), and the packets that ICMP errors quote, with addresses replaced in place."""

from __future__ import annotations

from typing import Final

from pcapkit.extract.masking import checksums
from pcapkit.extract.masking.dhcp import mask_labels
from pcapkit.extract.masking.dns import mask_dns
from pcapkit.extract.masking.masks import Masks

ND_FIXED: Final = {133: 8, 134: 16, 135: 24, 136: 24, 137: 40}
"""Message → bytes before its options."""
ND_TARGETS: Final = {135: (8,), 136: (8,), 137: (8, 24)}
LINK_LAYER: Final = (1, 2)
PREFIX, REDIRECTED, RDNSS, DNSSL = 3, 4, 25, 31
ERRORS: Final = {1: frozenset((3, 4, 5, 11, 12)), 58: frozenset((1, 2, 3, 4))}
REDIRECT: Final = 5
MLD: Final = frozenset((130, 131, 132, 143))
TCP, UDP = 6, 17
NAMES: Final = (53, 5353, 5355)


def mask_arp(masks: Masks, packet: bytearray, at: int, end: int) -> None:
    """Sender and target, of Ethernet and IPv4."""
    if bytes(packet[at : at + 6]) != b"\0\1\x08\0\6\4" or at + 28 > end:
        return
    for place in (at + 8, at + 18):
        packet[place : place + 6] = masks.mac(bytes(packet[place : place + 6]))
        packet[place + 6 : place + 10] = masks.address(bytes(packet[place + 6 : place + 10]))


def mask_icmp(masks: Masks, packet: bytearray, at: int, end: int, proto: int) -> None:
    """An ICMP message (``proto`` 1) or ICMPv6 (58): neighbours, and what errors quote. Checksums are the caller's.

    Where a length is told, extensions (RFC 4884) stand behind the quoted packet, and stay.
    """
    if end - at < 8:
        return
    kind = packet[at]
    if kind in ERRORS.get(proto, ()):
        if proto == 1 and kind == REDIRECT:
            packet[at + 4 : at + 8] = masks.address(bytes(packet[at + 4 : at + 8]))
        words = packet[at + 5] * 4 if proto == 1 else packet[at + 4] * 8
        mask_quoted(masks, packet, at + 8, min(at + 8 + words, end) if words else end)
    elif proto == 58 and kind in ND_FIXED:
        _neighbour(masks, packet, at, end, kind)


def _neighbour(masks: Masks, packet: bytearray, at: int, end: int, kind: int) -> None:
    for place in ND_TARGETS.get(kind, ()):
        if at + place + 16 <= end:
            packet[at + place : at + place + 16] = masks.address(bytes(packet[at + place : at + place + 16]))
    at += ND_FIXED[kind]
    while at + 8 <= end and packet[at + 1]:
        stop = min(at + packet[at + 1] * 8, end)
        _option(masks, packet, at, stop)
        at = stop


def _option(masks: Masks, packet: bytearray, at: int, stop: int) -> None:
    code = packet[at]
    if code in LINK_LAYER:
        packet[at + 2 : at + 8] = masks.mac(bytes(packet[at + 2 : at + 8]))
    elif code == PREFIX and stop - at >= 32:
        packet[at + 16 : at + 32] = masks.address(bytes(packet[at + 16 : at + 32]))
    elif code == RDNSS:
        for place in range(at + 8, stop - 15, 16):
            packet[place : place + 16] = masks.address(bytes(packet[place : place + 16]))
    elif code == DNSSL:
        packet[at + 8 : stop] = mask_labels(masks, bytes(packet[at + 8 : stop]))
    elif code == REDIRECTED:
        mask_quoted(masks, packet, at + 8, stop)


def mask_quoted(masks: Masks, packet: bytearray, at: int, end: int) -> None:
    """The beginning of a packet within an ICMP error: addresses, the checksums over them, DNS; what else it carried is blanked."""
    version = packet[at] >> 4 if at < end else 0
    if version == 4 and end - at >= 20:
        size, proto, first = (packet[at] & 15) * 4, packet[at + 9], not int.from_bytes(packet[at + 6 : at + 8], "big") & 0x1FFF
        grown = _swap(masks, packet, at + 12, 4)
        checksums.update(packet, at + 10, grown)
    elif version == 6 and end - at >= 40:
        size, proto, first = 40, packet[at + 6], True
        grown = _swap(masks, packet, at + 8, 16)
    else:
        return
    _quoted_transport(masks, packet, at + size, end, proto if first else -1, grown)


def _swap(masks: Masks, packet: bytearray, at: int, size: int) -> int:
    """Replace source and destination; by how much their sum grew."""
    old = bytes(packet[at : at + 2 * size])
    new = masks.address(old[:size]) + masks.address(old[size:])
    packet[at : at + 2 * size] = new
    return checksums.total(new) - checksums.total(old)


def _quoted_transport(masks: Masks, packet: bytearray, at: int, end: int, proto: int, grown: int) -> None:
    old = bytes(packet[at:end])
    body = at + 8
    if proto == TCP:
        body = at + (max(packet[at + 12] >> 4, 5) * 4 if end - at > 12 else 20)
    elif proto == UDP and end - at >= 8 and any(int.from_bytes(old[i : i + 2], "big") in NAMES for i in (0, 2)):
        packet[body:end] = mask_dns(masks, bytes(packet[body:end]))
        body = end
    if not masks.learning and body < end:
        packet[body:end] = bytes(end - body)
    grown += checksums.total(packet[at:end]) - checksums.total(old)
    if proto == TCP and at + 18 <= end:
        checksums.update(packet, at + 16, grown)
    elif proto == UDP and at + 8 <= end and packet[at + 6 : at + 8] != b"\0\0":
        checksums.update(packet, at + 6, grown, never_zero=True)

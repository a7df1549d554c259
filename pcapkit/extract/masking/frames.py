"""A frame with everything personal in its headers and payloads replaced, every checksum over it brought up to date."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final, Protocol

from pcapkit.columns.table import ARP, FRAGMENT, OK, PROTECTED, UNKNOWN
from pcapkit.extract.masking import checksums
from pcapkit.extract.masking.anatomy import Layer, Packet
from pcapkit.extract.masking.dhcp import mask_dhcp, mask_dhcp6
from pcapkit.extract.masking.dns import mask_dns
from pcapkit.extract.masking.masks import Masks
from pcapkit.extract.masking.neighbours import mask_arp, mask_icmp
from pcapkit.extract.masking.wlan import mask_wlan
from pcapkit.flows.facts import SYN

TCP, UDP, ICMP, IGMP, ICMPV6 = 6, 17, 1, 2, 58
NAMES: Final = frozenset((53, 5353, 5355))
DHCP: Final = frozenset((67, 68))
DHCP6: Final = frozenset((546, 547))
WLAN: Final = frozenset(("802.11", "802.11-swapped", "802.11-padded"))
SEALED: Final = frozenset(("esp", "ah", "macsec", "wireguard", "wireguard-handshake"))
"""Encrypted, and nothing in clear that tells of anybody: it stays."""
NFULA_HWADDR: Final = 8


class Changes(Protocol):
    """What is made of parts of larger things. Both change ``data`` in place, and give how many bytes of it stay."""

    def segment(self, packet: Packet, data: bytearray) -> int:
        """The payload of a TCP segment."""

    def fragment(self, packet: Packet, data: bytearray) -> int:
        """The payload of a fragment."""


def mask_frame(masks: Masks, frame: bytes, packets: list[Packet], changes: Changes) -> bytes:
    """The frame anew; shorter where it holds what nobody can read."""
    out = bytearray(frame)
    keep = len(frame)
    for number, packet in enumerate(packets):
        done: set[int] = set()
        for layer in packet.layers:
            _header(masks, out, layer, packet, done)
        stays = _payload(masks, out, packet, changes)
        if stays < keep and number + 1 < len(packets):  # others stand behind it
            out[stays : packet.body + packet.size] = bytes(packet.body + packet.size - stays)
        else:
            keep = min(keep, stays)
    if masks.learning:
        return frame
    for packet in reversed(packets):
        for layer in reversed(packet.layers):
            _checksum(frame, out, layer, packet)
    _check_sequences(frame, out, packets)
    return bytes(out[:keep])


# ---------------------------------------------------------------- headers


def _header(masks: Masks, out: bytearray, layer: Layer, packet: Packet, done: set[int]) -> None:
    name, at, end = layer
    if name in WLAN:
        if at not in done:
            mask_wlan(masks, out, at, end, swapped=name == "802.11-swapped")
            done.add(at)
    elif name in _HEADERS:
        _HEADERS[name](masks, out, at, end)
    elif name == "icmp":
        mask_icmp(masks, out, at, end, packet.proto)


def _macs(masks: Masks, out: bytearray, at: int, end: int) -> None:
    for place in (at, at + 6):
        if place + 6 <= end:
            out[place : place + 6] = masks.mac(bytes(out[place : place + 6]))


def _subframes(masks: Masks, out: bytearray, at: int, end: int) -> None:
    """A-MSDU: addresses and length before each packet, padded to 4."""
    while at + 14 <= end:
        _macs(masks, out, at, end)
        at += 14 + int.from_bytes(out[at + 12 : at + 14], "big") + 3 & ~3


def _cooked(masks: Masks, out: bytearray, at: int, end: int) -> None:
    if out[at + 4 : at + 6] == b"\0\6" and at + 12 <= end:
        out[at + 6 : at + 12] = masks.mac(bytes(out[at + 6 : at + 12]))


def _cooked_2(masks: Masks, out: bytearray, at: int, end: int) -> None:
    if at + 18 <= end and out[at + 11] == 6:
        out[at + 12 : at + 18] = masks.mac(bytes(out[at + 12 : at + 18]))


def _nflog(masks: Masks, out: bytearray, at: int, end: int) -> None:
    """Attributes up to the packet; one is the sender's hardware address."""
    at += 4
    while at + 4 <= end:
        order = "big" if out[at + 3] and not out[at + 2] else "little"
        size, kind = int.from_bytes(out[at : at + 2], order), int.from_bytes(out[at + 2 : at + 4], order) & 0x3FFF  # type: ignore[arg-type]
        if kind == NFULA_HWADDR and size >= 14:
            out[at + 8 : at + 14] = masks.mac(bytes(out[at + 8 : at + 14]))
        if size < 4:
            return
        at += size + 3 & ~3


def _ipv4(masks: Masks, out: bytearray, at: int, end: int) -> None:
    if at + 20 <= end:
        out[at + 12 : at + 16] = masks.address(bytes(out[at + 12 : at + 16]))
        out[at + 16 : at + 20] = masks.address(bytes(out[at + 16 : at + 20]))


def _ipv6(masks: Masks, out: bytearray, at: int, end: int) -> None:
    if at + 40 <= end:
        out[at + 8 : at + 24] = masks.address(bytes(out[at + 8 : at + 24]))
        out[at + 24 : at + 40] = masks.address(bytes(out[at + 24 : at + 40]))


def _capwap(masks: Masks, out: bytearray, at: int, end: int) -> None:
    """The radio's MAC, if flag M says that it is there (RFC 5415, 4.3)."""
    if at + 15 <= end and out[at] == 0 and out[at + 3] & 0x10 and out[at + 8] == 6:
        out[at + 9 : at + 15] = masks.mac(bytes(out[at + 9 : at + 15]))


def _teredo(masks: Masks, out: bytearray, at: int, end: int) -> None:
    """Origin indication: the client's address with all bits turned (RFC 4380, 5.1.1), behind an authentication header or not."""
    if out[at : at + 2] == b"\0\1" and at + 4 <= end:
        at += 4 + out[at + 2] + out[at + 3] + 9
    if out[at : at + 2] == b"\0\0" and at + 8 <= end:
        turned = masks.address(bytes(b ^ 0xFF for b in out[at + 4 : at + 8]))
        out[at + 4 : at + 8] = bytes(b ^ 0xFF for b in turned)


_HEADERS: Final[dict[str, Callable[[Masks, bytearray, int, int], None]]] = {
    "ethernet": _macs, "a-msdu": _subframes, "sll": _cooked, "sll2": _cooked_2, "nflog": _nflog, "ipv4": _ipv4, "ipv6": _ipv6, "capwap": _capwap,
    "teredo": _teredo, "arp": mask_arp,
}  # fmt: skip


# ---------------------------------------------------------------- payloads


def _payload(masks: Masks, out: bytearray, packet: Packet, changes: Changes) -> int:
    """Change the payload; gives where the frame must end."""
    start, stop = packet.body, packet.body + packet.size
    last = packet.layers[-1].name if packet.layers else ""
    if packet.status == FRAGMENT:
        return _part(out, packet, changes.fragment)
    if packet.status == UNKNOWN:
        return len(out) if last in WLAN or (packet.proto == IGMP and packet.version) or _is_key_frame(out, last, start) else start
    if packet.status == PROTECTED:
        return len(out) if last in WLAN | SEALED or last == "llc" else start
    if packet.status == ARP or packet.proto in (ICMP, ICMPV6) or not packet.version:
        return len(out)
    if packet.proto == TCP:
        return _part(out, packet, changes.segment)
    if packet.proto != UDP:
        return start
    return len(out) if packet.status != OK or _datagram(masks, out, packet, start, stop) else start


def _is_key_frame(out: bytearray, last: str, start: int) -> bool:
    """EAPOL keys; what else EAP says may name a user."""
    return last == "eapol" and out[start + 1 : start + 2] == b"\3"


def _part(out: bytearray, packet: Packet, change: Callable[[Packet, bytearray], int]) -> int:
    if not packet.size and not packet.flags & SYN:
        return len(out)
    data = out[packet.body : packet.body + packet.size]
    stays = change(packet, data)
    out[packet.body : packet.body + packet.size] = data
    return len(out) if stays == packet.size else packet.body + stays


def _datagram(masks: Masks, out: bytearray, packet: Packet, start: int, stop: int) -> bool:
    """Protocols over UDP that are known here; False for any other."""
    ports = {packet.sport, packet.dport}
    change = mask_dns if ports & NAMES else mask_dhcp if ports & DHCP else mask_dhcp6 if ports & DHCP6 else None
    if change is None:
        return packet.size == 0
    out[start:stop] = change(masks, bytes(out[start:stop]))
    return True


# ---------------------------------------------------------------- checksums


def _checksum(old: bytes, out: bytearray, layer: Layer, packet: Packet) -> None:
    """Adapt the checksum of one layer to what changed in it; inner layers first."""
    name, at, end = layer
    if name == "ipv4":
        size = (out[at] & 15) * 4
        checksums.update(out, at + 10, _grown(old, out, at, min(at + size, end)))
    elif name in ("tcp", "udp"):
        place = at + (16 if name == "tcp" else 6)
        if name == "udp" and out[place : place + 2] == b"\0\0":
            return
        checksums.update(out, place, _grown(old, out, at, end) + _pseudo(old, out, packet.layers, layer), never_zero=name == "udp")
    elif name == "icmp":
        pseudo = _pseudo(old, out, packet.layers, layer) if packet.proto == ICMPV6 else 0
        checksums.update(out, at + 2, _grown(old, out, at, end) + pseudo)
    elif name == "gre" and end - at >= 8 and out[at] & 0x80:
        checksums.update(out, at + 4, _grown(old, out, at, end))


def _grown(old: bytes, out: bytearray, at: int, end: int) -> int:
    return checksums.total(memoryview(out)[at:end]) - checksums.total(old[at:end])


def _pseudo(old: bytes, out: bytearray, layers: list[Layer], layer: Layer) -> int:
    """By how much the addresses grew that a transport checksum covers: those of the IP header around it."""
    for name, at, _ in reversed(layers[: layers.index(layer)]):
        if name in ("ipv4", "ipv6"):
            low, high = (at + 12, at + 20) if name == "ipv4" else (at + 8, at + 40)
            return _grown(old, out, low, high)
    return 0


def _check_sequences(old: bytes, out: bytearray, packets: list[Packet]) -> None:
    """Frame check sequences (CRC-32) behind 802.11 and Ethernet frames, where they were there and right."""
    for packet in packets:
        for layer in reversed(packet.layers):
            if layer.name not in WLAN and layer.name != "ethernet":
                continue
            for end in dict.fromkeys((layer.end, len(old) - 4)):
                if layer.at < end and end + 4 <= len(old) and zlib.crc32(old[layer.at : end]) == int.from_bytes(old[end : end + 4], "little"):
                    out[end : end + 4] = zlib.crc32(out[layer.at : end]).to_bytes(4, "little")
                    break

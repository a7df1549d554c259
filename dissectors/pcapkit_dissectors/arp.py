"""Which address belongs to which MAC: ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861)."""

from __future__ import annotations

from socket import AF_INET6, inet_ntoa, inet_ntop
from struct import Struct
from typing import Final

from pcapkit_dissectors._api import DissectError
from pcapkit_dissectors._wire import Reader
from pcapkit_dissectors.messages import Neighbour

_ARP: Final = Struct("!HHBBH")
_ETHERNET: Final = 1
_IPV4: Final = 0x0800

ROUTER_SOLICITATION: Final = 133
ROUTER_ADVERTISEMENT: Final = 134
NEIGHBOUR_SOLICITATION: Final = 135
NEIGHBOUR_ADVERTISEMENT: Final = 136

_SOURCE_LINK_LAYER: Final = 1
_TARGET_LINK_LAYER: Final = 2
_FIXED_SIZE: Final = {ROUTER_SOLICITATION: 8, ROUTER_ADVERTISEMENT: 16, NEIGHBOUR_SOLICITATION: 24, NEIGHBOUR_ADVERTISEMENT: 24}
"""Bytes before the options (RFC 4861, 4.1 - 4.4)."""


def _mac(data: memoryview) -> str | None:
    """A unicast MAC as text, None for zeros and groups."""
    return bytes(data).hex(":") if any(data) and not data[0] & 1 else None


def parse_arp(data: bytes | memoryview) -> Neighbour | None:
    """The sender of an ARP request or reply for IPv4 on Ethernet; None for a probe, which claims no address yet (RFC 5227, 2.1.1).

    Raises:
        Truncated: the message stops inside a field.
    """
    reader = Reader(data)
    hardware, protocol, hardware_size, protocol_size, operation = reader.fields(_ARP)
    if (hardware, protocol, hardware_size, protocol_size) != (_ETHERNET, _IPV4, 6, 4) or operation not in (1, 2):
        return None
    mac, address = _mac(reader.take(6)), inet_ntoa(reader.take(4))
    reader.take(10)
    return Neighbour(mac, address, "arp") if mac and address != "0.0.0.0" else None


def parse_neighbour(data: bytes | memoryview, source: str) -> Neighbour | None:
    """What an ICMPv6 message shows: the target of an advertisement, or the sender (``source``, its IPv6 address) of the other three kinds.

    None for other ICMPv6 messages, and without a link-layer option (then, and for duplicate address detection, nothing is shown).

    Raises:
        Truncated: the message stops inside a field.
        DissectError: an option of length zero (RFC 4861, 4.6).
    """
    reader = Reader(data)
    kind = reader.uint(1)
    fixed = _FIXED_SIZE.get(kind)
    if fixed is None:
        return None
    body = reader.take(fixed - 1)
    if kind == NEIGHBOUR_ADVERTISEMENT:
        wanted, address = _TARGET_LINK_LAYER, inet_ntop(AF_INET6, body[7:])
    else:
        wanted, address = _SOURCE_LINK_LAYER, source
    mac = _link_layer(reader, wanted)
    return Neighbour(mac, address, "nd") if mac and address != "::" else None


def _link_layer(reader: Reader, wanted: int) -> str | None:
    """The first link-layer address option of the wanted kind (RFC 4861, 4.6.1)."""
    while reader.left:
        kind, size = reader.uint(1), reader.uint(1)
        if not size:
            raise DissectError("option of length zero", reader.pos - 1)
        value = reader.take(size * 8 - 2)
        if kind == wanted and len(value) >= 6:
            return _mac(value[:6])
    return None

"""ICMP errors: who complains about which packet, and why (RFC 792; RFC 4443 for IPv6)."""

from __future__ import annotations

from collections.abc import Mapping
from socket import AF_INET6, inet_ntoa, inet_ntop
from typing import Final

from pcapkit_dissectors._api import DissectError
from pcapkit_dissectors._limits import IP6_EXTENSIONS
from pcapkit_dissectors._wire import Reader
from pcapkit_dissectors.messages import IcmpError, Quoted

ICMP: Final = 1
TCP: Final = 6
UDP: Final = 17
ICMPV6: Final = 58

_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION, _MOBILITY, _HIP, _SHIM6 = 0, 43, 44, 51, 60, 135, 139, 140
_EXTENSIONS: Final = frozenset({_HOP_BY_HOP, _ROUTING, _DESTINATION, _MOBILITY, _HIP, _SHIM6})
"""Extension headers with a length in units of eight bytes (RFC 8200, 4; IANA, IPv6 Extension Header Types)."""

_TRANSPORT: Final[Mapping[int, str]] = {ICMP: "icmp", TCP: "tcp", UDP: "udp", ICMPV6: "icmpv6", 132: "sctp", 33: "dccp", 136: "udplite"}
_WITH_PORTS: Final = frozenset({TCP, UDP, 132, 33, 136})

FRAGMENTATION_NEEDED: Final = (ICMP, 3, 4)
_PACKET_TOO_BIG: Final = 2
_REDIRECT: Final = 5

_TYPES: Final[Mapping[tuple[int, int], str]] = {
    (ICMP, 3): "destination unreachable", (ICMP, 4): "source quench", (ICMP, 5): "redirect", (ICMP, 11): "time exceeded",
    (ICMP, 12): "parameter problem",
    (ICMPV6, 1): "destination unreachable", (ICMPV6, 2): "packet too big", (ICMPV6, 3): "time exceeded", (ICMPV6, 4): "parameter problem",
}  # fmt: skip
"""The errors, by protocol number and type: all that quote the packet they are about."""

_CODES: Final[Mapping[tuple[int, int], tuple[str, ...]]] = {
    (ICMP, 3): (
        "network unreachable", "host unreachable", "protocol unreachable", "port unreachable", "fragmentation needed", "source route failed",
        "destination network unknown", "destination host unknown", "source host isolated", "network administratively prohibited",
        "host administratively prohibited", "network unreachable for type of service", "host unreachable for type of service",
        "communication administratively prohibited", "host precedence violation", "precedence cutoff in effect",
    ),
    (ICMP, 4): ("source quench",),
    (ICMP, 5): ("redirect for network", "redirect for host", "redirect for type of service and network", "redirect for type of service and host"),
    (ICMP, 11): ("time to live exceeded in transit", "fragment reassembly time exceeded"),
    (ICMP, 12): ("parameter problem at pointer", "required option missing", "bad length"),
    (ICMPV6, 1): (
        "no route to destination", "communication administratively prohibited", "beyond scope of source address", "address unreachable",
        "port unreachable", "source address failed ingress/egress policy", "reject route to destination", "error in source routing header",
    ),
    (ICMPV6, 2): ("packet too big",),
    (ICMPV6, 3): ("hop limit exceeded in transit", "fragment reassembly time exceeded"),
    (ICMPV6, 4): ("erroneous header field", "unrecognised next header", "unrecognised IPv6 option"),
}  # fmt: skip
"""Codes in words (RFC 792, 1812 section 5.2.7.1, 4443; IANA, ICMP Parameters)."""


def code_name(proto: int, kind: int, code: int) -> str:
    """Type and code in words; a code without a name by its number."""
    names = _CODES.get((proto, kind), ())
    return names[code] if code < len(names) else f"{_TYPES.get((proto, kind), f'type {kind}')}, code {code}"


def parse_icmp_error(proto: int, data: bytes | memoryview) -> IcmpError | None:
    """Parse an error of ICMP (``proto`` 1) or ICMPv6 (58); None for anything that quotes no packet.

    ``quoted`` is None if too little of the packet was quoted to know its addresses; its ports are None if they are not quoted, or
    stand in another fragment. ``mtu`` is told by routers since RFC 1191 (0 of older ones is None).

    Raises:
        Truncated: not even the eight bytes before the quoted packet are there.
    """
    reader = Reader(data)
    kind, code = reader.uint(1), reader.uint(1)
    if (proto, kind) not in _TYPES:
        return None
    reader.take(2)
    word = reader.take(4)
    mtu = 0
    if (proto, kind, code) == FRAGMENTATION_NEEDED:
        mtu = int.from_bytes(word[2:], "big")
    elif (proto, kind) == (ICMPV6, _PACKET_TOO_BIG):
        mtu = int.from_bytes(word, "big")
    gateway = inet_ntoa(word) if (proto, kind) == (ICMP, _REDIRECT) else None
    return IcmpError(kind, code, _quoted(reader), code_name(proto, kind, code), mtu or None, gateway)


def _quoted(reader: Reader) -> Quoted | None:
    """The packet inside, by its own version: translators quote one kind in the other."""
    try:
        version = reader.data[reader.pos] >> 4 if reader.left else 0
        if version == 4:
            return _quoted_v4(reader)
        if version == 6:
            return _quoted_v6(reader)
    except DissectError:
        pass
    return None


def _quoted_v4(reader: Reader) -> Quoted | None:
    """Take an IPv4 header and what follows (RFC 791, 3.1)."""
    header = reader.take(20)
    size = (header[0] & 0xF) * 4
    if size < 20:
        return None
    src, dst = inet_ntoa(header[12:16]), inet_ntoa(header[16:20])
    first_fragment = not int.from_bytes(header[6:8], "big") & 0x1FFF
    return _with_ports(reader, src, dst, header[9], size - 20, first_fragment)


def _quoted_v6(reader: Reader) -> Quoted:
    """Take an IPv6 header, extension headers and what follows (RFC 8200, 3 and 4)."""
    header = reader.take(40)
    src, dst = inet_ntop(AF_INET6, header[8:24]), inet_ntop(AF_INET6, header[24:40])
    proto, first_fragment = header[6], True
    try:
        for _ in range(IP6_EXTENSIONS):
            if proto == _FRAGMENT:
                field = reader.take(8)
                first_fragment = not int.from_bytes(field[2:4], "big") & 0xFFF8
                proto = field[0]
            elif proto in _EXTENSIONS or proto == _AUTHENTICATION:
                following, size = reader.take(2)
                reader.take((size + 2) * 4 - 2 if proto == _AUTHENTICATION else (size + 1) * 8 - 2)
                proto = following
            else:
                break
    except DissectError:
        return Quoted(src, dst, _name(proto), None, None)
    return _with_ports(reader, src, dst, proto, 0, first_fragment)


def _with_ports(reader: Reader, src: str, dst: str, proto: int, options: int, first_fragment: bool) -> Quoted:
    """Ports and sequence number as far as they are quoted: eight bytes in IPv4 at least (RFC 792), often more."""
    try:
        reader.take(options)
        if proto in _WITH_PORTS and first_fragment:
            sport, dport = reader.uint(2), reader.uint(2)
            seq = reader.uint(4) if proto == TCP and reader.left >= 4 else None
            return Quoted(src, dst, _name(proto), sport, dport, seq)
    except DissectError:
        pass
    return Quoted(src, dst, _name(proto), None, None)


def _name(proto: int) -> str:
    return _TRANSPORT.get(proto) or str(proto)

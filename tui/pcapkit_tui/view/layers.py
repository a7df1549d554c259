"""One frame, layer by layer, in our own words: each field with the bytes that it stands in. Works without tshark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from pcapkit_dissectors._api import DissectError
from pcapkit_dissectors.dhcp import parse_dhcp
from pcapkit_dissectors.dns import parse_dns

from pcapkit.columns.table import ARP, CUT, FRAGMENT, PROTECTED, UNKNOWN
from pcapkit.events import shown_url
from pcapkit.report.words import LINK_WORDS
from pcapkit.revisit import Frame, Piece
from pcapkit_tui.view import secrets

ETHERTYPES: Final = {0x0800: "IPv4", 0x86DD: "IPv6", 0x0806: "ARP", 0x8100: "VLAN", 0x88A8: "VLAN", 0x8847: "MPLS", 0x888E: "EAPOL", 0x8864: "PPPoE"}
PROTOCOLS: Final = {1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 41: "IPv6", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6", 132: "SCTP"}
FLAGS: Final = ((2, "SYN"), (16, "ACK"), (8, "PSH"), (1, "FIN"), (4, "RST"), (32, "URG"), (64, "ECE"), (128, "CWR"))
STATUS: Final = {
    UNKNOWN: "a layer that we cannot read",
    CUT: "the capture stops inside the headers",
    FRAGMENT: "a fragment: the whole packet stands at the frame that completed it",
    ARP: "",
    PROTECTED: "encrypted from here on",
}
TLS_RECORDS: Final = {20: "ChangeCipherSpec", 21: "Alert", 22: "Handshake", 23: "Application data", 24: "Heartbeat"}
TLS_MESSAGES: Final = {
    0: "HelloRequest", 1: "ClientHello", 2: "ServerHello", 4: "NewSessionTicket", 8: "EncryptedExtensions", 11: "Certificate", 12: "ServerKeyExchange",
    13: "CertificateRequest", 14: "ServerHelloDone", 15: "CertificateVerify", 16: "ClientKeyExchange", 20: "Finished", 22: "CertificateStatus",
}  # fmt: skip
ICMP_TYPES: Final = {0: "echo reply", 3: "unreachable", 5: "redirect", 8: "echo request", 11: "time exceeded"}
LONGEST_MESSAGE: Final = 0x20000
"""Longer handshake messages are encrypted bytes taken for a length."""


class Field(NamedTuple):
    """A field and its bytes: ``at`` from the frame's start."""

    name: str
    value: str
    at: int
    size: int


class Layer(NamedTuple):
    """A layer: what it is in a line, its bytes, its fields. Texts are true text."""

    name: str
    title: str
    at: int
    size: int
    fields: tuple[Field, ...] = ()


def layers(frame: Frame) -> list[Layer]:
    """Every layer, outer ones first."""
    data, headers = frame.data, frame.headers
    found: list[Layer] = []
    piece = frame.piece
    last = piece.payload if piece and 0 <= piece.payload <= len(data) else len(data)
    for number, header in enumerate(headers):
        behind = headers[number + 1].at if number + 1 < len(headers) else max(last, header.at)
        reader = READERS.get(header.name)
        part = data[header.at : max(behind, header.at)]
        made = reader(part, header.at) if reader and part else None
        found.append(made or Layer(header.name, f"{LINK_WORDS.get(header.name, header.name)}, {len(part)} bytes", header.at, len(part)))
    if piece is not None:
        found += _payload(frame, piece)
    return found


def _payload(frame: Frame, piece: Piece) -> Iterator[Layer]:
    if piece.payload < 0 or piece.payload > len(frame.data):
        return
    body = frame.data[piece.payload : piece.payload + piece.payload_len]
    why = STATUS.get(piece.status, "")
    cut = f", {piece.wire_len - len(body)} of {piece.wire_len} bytes not captured" if piece.wire_len > len(body) else ""
    if why:
        yield Layer("rest", f"{why}: {len(body)} bytes{cut}", piece.payload, len(body))
    elif body:
        made = _application(body, piece)
        yield from made or (Layer("data", f"{len(body)} bytes of payload{cut}", piece.payload, len(body)),)
    elif cut:
        yield Layer("data", f"no payload captured{cut}", piece.payload, 0)


# ---------------------------------------------------------------- link, network, transport


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _mac(data: bytes) -> str:
    return data.hex(":")


def _ethernet(data: bytes, at: int) -> Layer | None:
    if len(data) < 14:
        return None
    kind = _number(data, 12, 2)
    name = ETHERTYPES.get(kind, f"{kind:#06x}") if kind >= 0x600 else f"length {kind}"
    parts = (
        Field("destination", _mac(data[:6]), at, 6),
        Field("source", _mac(data[6:12]), at + 6, 6),
        Field("type", name, at + 12, 2),
    )
    return Layer("ethernet", f"Ethernet {_mac(data[6:12])} → {_mac(data[:6])}", at, len(data), parts)


def _vlan(data: bytes, at: int) -> Layer | None:
    if len(data) < 4:
        return None
    tag = _number(data, 0, 2)
    kind = ETHERTYPES.get(_number(data, 2, 2), f"{_number(data, 2, 2):#06x}")
    parts = (Field("priority", str(tag >> 13), at, 1), Field("VLAN", str(tag & 0xFFF), at, 2), Field("type", kind, at + 2, 2))
    return Layer("vlan", f"VLAN {tag & 0xFFF}", at, 4, parts)


def _ipv4(data: bytes, at: int) -> Layer | None:
    if len(data) < 20:
        return None
    from ipaddress import IPv4Address

    src, dst = str(IPv4Address(data[12:16])), str(IPv4Address(data[16:20]))
    flags = _number(data, 6, 2)
    said = [name for bit, name in ((0x4000, "don't fragment"), (0x2000, "more fragments")) if flags & bit]
    protocol = PROTOCOLS.get(data[9], f"protocol {data[9]}")
    parts = (
        Field("header length", f"{(data[0] & 15) * 4} bytes", at, 1),
        Field("DSCP", str(data[1] >> 2), at + 1, 1),
        Field("total length", f"{_number(data, 2, 2):,}", at + 2, 2),
        Field("identification", f"{_number(data, 4, 2):#06x}", at + 4, 2),
        Field("flags", f"{', '.join(said) or 'none'}, offset {(flags & 0x1FFF) * 8}", at + 6, 2),
        Field("TTL", str(data[8]), at + 8, 1),
        Field("protocol", protocol, at + 9, 1),
        Field("header checksum", f"{_number(data, 10, 2):#06x}", at + 10, 2),
        Field("source", src, at + 12, 4),
        Field("destination", dst, at + 16, 4),
    )
    return Layer("ipv4", f"IPv4 {src} → {dst}  {protocol}, TTL {data[8]}", at, len(data), parts)


def _ipv6(data: bytes, at: int) -> Layer | None:
    if len(data) < 40:
        return None
    from ipaddress import IPv6Address

    src, dst = str(IPv6Address(data[8:24])), str(IPv6Address(data[24:40]))
    parts = (
        Field("traffic class", f"{_number(data, 0, 2) >> 4 & 0xFF:#04x}", at, 2),
        Field("flow label", f"{_number(data, 0, 4) & 0xFFFFF:#07x}", at + 1, 3),
        Field("payload length", f"{_number(data, 4, 2):,}", at + 4, 2),
        Field("next header", PROTOCOLS.get(data[6], f"protocol {data[6]}"), at + 6, 1),
        Field("hop limit", str(data[7]), at + 7, 1),
        Field("source", src, at + 8, 16),
        Field("destination", dst, at + 24, 16),
    )
    return Layer("ipv6", f"IPv6 {src} → {dst}  hop limit {data[7]}", at, len(data), parts)


def flag_names(flags: int) -> str:
    """``SYN ACK``."""
    return " ".join(name for bit, name in FLAGS if flags & bit) or "no flags"


def _tcp(data: bytes, at: int) -> Layer | None:
    if len(data) < 20:
        return None
    sport, dport, flags = _number(data, 0, 2), _number(data, 2, 2), data[13]
    parts = [
        Field("source port", str(sport), at, 2),
        Field("destination port", str(dport), at + 2, 2),
        Field("sequence number", str(_number(data, 4, 4)), at + 4, 4),
        Field("acknowledgement", str(_number(data, 8, 4)), at + 8, 4),
        Field("header length", f"{(data[12] >> 4) * 4} bytes", at + 12, 1),
        Field("flags", flag_names(flags), at + 13, 1),
        Field("window", f"{_number(data, 14, 2):,}", at + 14, 2),
        Field("checksum", f"{_number(data, 16, 2):#06x}", at + 16, 2),
        *_tcp_options(data, at),
    ]
    return Layer("tcp", f"TCP {sport} → {dport}  {flag_names(flags)}, seq {_number(data, 4, 4)}", at, len(data), tuple(parts))


def _tcp_options(data: bytes, at: int) -> Iterator[Field]:
    """Options (RFC 9293, 3.2; RFC 7323; RFC 2018)."""
    names = {2: "maximum segment size", 3: "window scale", 4: "SACK permitted", 5: "SACK", 8: "timestamps", 34: "fast open"}
    place = 20
    while place < len(data) and data[place] != 0:
        if data[place] == 1:
            place += 1
            continue
        size = data[place + 1] if place + 1 < len(data) else 0
        if size < 2 or place + size > len(data):
            return
        body = data[place + 2 : place + size]
        value = str(int.from_bytes(body, "big")) if data[place] in (2, 3) else body.hex(" ") or "yes"
        yield Field(names.get(data[place], f"option {data[place]}"), value, at + place, size)
        place += size


def _udp(data: bytes, at: int) -> Layer | None:
    if len(data) < 8:
        return None
    sport, dport = _number(data, 0, 2), _number(data, 2, 2)
    parts = (
        Field("source port", str(sport), at, 2),
        Field("destination port", str(dport), at + 2, 2),
        Field("length", f"{_number(data, 4, 2):,}", at + 4, 2),
        Field("checksum", f"{_number(data, 6, 2):#06x}", at + 6, 2),
    )
    return Layer("udp", f"UDP {sport} → {dport}", at, len(data), parts)


def _gre(data: bytes, at: int) -> Layer | None:
    if len(data) < 4:
        return None
    return Layer("gre", f"GRE, protocol {_number(data, 2, 2):#06x}", at, len(data), (Field("flags", f"{_number(data, 0, 2):#06x}", at, 2), Field("protocol", f"{_number(data, 2, 2):#06x}", at + 2, 2)))  # fmt: skip


READERS: Final[dict[str, Callable[[bytes, int], Layer | None]]] = {
    "ethernet": _ethernet,
    "vlan": _vlan,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "tcp": _tcp,
    "udp": _udp,
    "gre": _gre,
}


# ---------------------------------------------------------------- what is inside


def _application(body: bytes, piece: Piece) -> list[Layer] | None:
    ports = {piece.sport, piece.dport}
    at = piece.payload
    if piece.proto in (1, 58):
        return [_icmp(body, at)] if len(body) >= 4 else None
    if piece.proto == 17 and ports & {53, 5353, 5355}:
        return _dns(body, at)
    if piece.proto == 17 and ports & {67, 68}:
        return _dhcp(body, at)
    if piece.proto == 6:
        return _tls(body, at) or _http(body, at)
    return None


def _icmp(body: bytes, at: int) -> Layer:
    name = ICMP_TYPES.get(body[0], f"type {body[0]}")
    parts = (Field("type", name, at, 1), Field("code", str(body[1]), at + 1, 1), Field("checksum", f"{_number(body, 2, 2):#06x}", at + 2, 2))
    return Layer("icmp", f"ICMP {name}, code {body[1]}", at, len(body), parts)


def _dns(body: bytes, at: int) -> list[Layer] | None:
    try:
        message = parse_dns(body)
    except DissectError:
        return None
    kind = "answer" if message.response else "query"
    parts = [
        Field("id", f"{message.id:#06x}", at, 2),
        Field("flags", f"{_number(body, 2, 2):#06x}", at + 2, 2),
        Field("counts", " ".join(str(_number(body, n, 2)) for n in (4, 6, 8, 10)), at + 4, 8),
        Field("question", f"{message.qtype} {message.qname}", at + 12, max(0, len(message.qname) + 6)),
    ]
    behind = at + 12 + len(message.qname) + 6
    rest = max(0, at + len(body) - behind)
    for section, records in (("answer", message.answers), ("authority", message.authority), ("additional", message.additional)):
        parts += [Field(section, f"{r.name} {r.type} {r.data} TTL {r.ttl}", behind, rest) for r in records[:32]]
    return [Layer("dns", f"DNS {kind} {message.qtype} {message.qname}", at, len(body), tuple(parts))]


def _dhcp(body: bytes, at: int) -> list[Layer] | None:
    try:
        message = parse_dhcp(body)
    except DissectError:
        return None
    facts = {
        "client MAC": message.client_mac, "host name": message.hostname, "your address": message.yiaddr, "requested": message.requested_ip,
        "server": message.server_id, "resolvers": ", ".join(message.dns_servers), "domain": message.domain, "vendor class": message.vendor_class,
        "asks for": " ".join(map(str, message.parameters)),
    }  # fmt: skip
    names = {1: "Discover", 2: "Offer", 3: "Request", 4: "Decline", 5: "Ack", 6: "Nak", 7: "Release", 8: "Inform"}
    parts = tuple(Field(name, str(value), at, len(body)) for name, value in facts.items() if value)
    return [Layer("dhcp", f"DHCP {names.get(message.message_type, message.message_type)}", at, len(body), parts)]


def _tls(body: bytes, at: int) -> list[Layer] | None:
    """Records as they begin in this packet (RFC 8446, 5.1); a record that began earlier is not told apart from other bytes."""
    if len(body) < 5 or body[0] not in TLS_RECORDS or body[1] != 3:
        return None
    found: list[Layer] = []
    place = 0
    while place + 5 <= len(body) and body[place] in TLS_RECORDS and body[place + 1] == 3 and len(found) < 64:
        size = _number(body, place + 3, 2)
        here = min(size, len(body) - place - 5)
        inside = _tls_content(body[place], body[place + 5 : place + 5 + here])
        parts = (
            Field("content type", TLS_RECORDS[body[place]], at + place, 1),
            Field("version", f"{_number(body, place + 1, 2):#06x}", at + place + 1, 2),
            Field("length", f"{size:,}" + (" (goes on in later packets)" if here < size else ""), at + place + 3, 2),
            Field("content", inside, at + place + 5, here),
        )
        found.append(Layer("tls", f"TLS {TLS_RECORDS[body[place]]}: {inside}", at + place, 5 + here, parts))
        place += 5 + size
    return found


def _tls_content(kind: int, content: bytes) -> str:
    if kind == 22 and content:
        return ", ".join(_tls_messages(content)) or "encrypted"
    if kind == 21 and len(content) == 2 and content[0] in (1, 2):
        return f"{'fatal' if content[0] == 2 else 'warning'}, description {content[1]}"
    return f"{len(content):,} bytes" if kind != 20 else "ciphers change"


def _tls_messages(content: bytes) -> Iterator[str]:
    """Names of the handshake messages that begin in a record (RFC 8446, 4); none where it is encrypted."""
    place = 0
    while place + 4 <= len(content) and content[place] in TLS_MESSAGES and _number(content, place + 1, 3) <= LONGEST_MESSAGE:
        yield TLS_MESSAGES[content[place]]
        place += 4 + _number(content, place + 1, 3)


def _http(body: bytes, at: int) -> list[Layer] | None:
    """A request or response that begins in this packet: its head, line by line, without secrets."""
    first = body.split(b"\r\n", 1)[0]
    if not (first.startswith(b"HTTP/1.") or first.endswith((b" HTTP/1.1", b" HTTP/1.0"))):
        return None
    end = body.find(b"\r\n\r\n")
    head = body if end < 0 else body[:end]
    parts: list[Field] = []
    place = 0
    for raw in head.split(b"\r\n")[:100]:
        text = secrets.hidden(raw).decode("utf-8", "surrogateescape")
        name, colon, value = text.partition(":") if place else ("start", ":", shown_url(text))
        parts.append(Field(name if colon else "line", value.strip() if colon else text, at + place, len(raw)))
        place += len(raw) + 2
    found = [Layer("http", "HTTP " + parts[0].value, at, len(head), tuple(parts))]
    rest = len(body) - len(head) - 4
    if end >= 0 and rest > 0:
        found.append(Layer("body", f"body, {rest:,} bytes in this packet", at + len(head) + 4, rest))
    return found

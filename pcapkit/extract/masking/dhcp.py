"""DHCP of both kinds (RFC 2131, 8415) with addresses, MACs and names replaced in place."""

from __future__ import annotations

from typing import Final

from pcapkit.extract.masking.masks import Masks
from pcapkit.extract.masking.text import mask_text

COOKIE: Final = b"\x63\x82\x53\x63"
KEPT: Final = frozenset((1, 2, 19, 20, 22, 23, 24, 26, 27, 31, 35, 37, 38, 39, 45, 46, 51, 52, 53, 55, 57, 58, 59, 80, 93, 94, 116, 118))
"""Options without anything personal in them; those that are in no list are blanked."""
ADDRESSES: Final = frozenset(
    (3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 28, 32, 41, 42, 44, 45, 48, 49, 50, 54, 65, 68, 69, 70, 71, 72, 73, 74, 75, 76, 78, 79, 112, 138, 150)
)
TEXTS: Final = frozenset((14, 15, 17, 18, 40, 47, 56, 60, 64, 66, 67, 77, 86, 87, 98, 100, 101, 114, 252))
HOST_NAME, CLIENT_ID, CLIENT_FQDN, SEARCH, END = 12, 61, 81, 119, 255

SIX_KEPT: Final = frozenset((6, 7, 8, 13, 14, 16, 32, 82, 83))
SIX_NESTED: Final = {3: 12, 4: 4, 25: 12}
"""Options that hold options behind so many bytes: IA_NA, IA_TA, IA_PD."""
SIX_NAMES: Final = frozenset((21, 24, 58))
SIX_FQDN: Final = 39
SIX_ADDRESSES: Final = frozenset((12, 22, 23, 27, 31))
IA_ADDRESS, RELAYED = 5, 9


def mask_dhcp(masks: Masks, data: bytes) -> bytes:
    """A DHCPv4 message. What is behind the fixed part and not in options is blanked."""
    out = bytearray(data)
    for at in (12, 16, 20, 24):
        if at + 4 <= len(data):
            out[at : at + 4] = masks.address(data[at : at + 4])
    out[28:34] = masks.mac(data[28:34]) if len(data) >= 34 else data[28:34]
    for start, stop in ((44, 108), (108, 236)):
        out[start:stop] = _text(masks, data[start:stop])
    if data[236:240] == COOKIE:
        _options(masks, data, out)
    return bytes(out)


def _options(masks: Masks, data: bytes, out: bytearray) -> None:
    at = 240
    while at + 1 < len(data) and data[at] != END:
        if not data[at]:
            at += 1
            continue
        start, stop = at + 2, min(at + 2 + data[at + 1], len(data))
        out[start:stop] = _option(masks, data[at], data[start:stop])
        at = stop


def _option(masks: Masks, code: int, value: bytes) -> bytes:
    if code in ADDRESSES:
        whole = len(value) // 4 * 4
        return b"".join(masks.address(value[at : at + 4]) for at in range(0, whole, 4)) + value[whole:]
    if code == HOST_NAME:
        return _device(masks, value)
    if code == CLIENT_FQDN:
        return value[:3] + _fqdn(masks, value[3:], wire=bool(value[:1] and value[0] & 4))
    if code == CLIENT_ID:
        return _client_id(masks, value)
    if code == SEARCH:
        return mask_labels(masks, value)
    if code in TEXTS:
        return _text(masks, value)
    return value if code in KEPT or masks.learning else bytes(len(value))


def _client_id(masks: Masks, value: bytes) -> bytes:
    """Type 1 is a MAC, type 255 IAID and DUID (RFC 4361), type 0 often a text."""
    if len(value) == 7 and value[0] == 1:
        return value[:1] + masks.mac(value[1:])
    if len(value) > 7 and value[0] == 255:
        return value[:5] + _duid(masks, value[5:])
    if value[:1] == b"\0":
        return value[:1] + _device(masks, value[1:])
    return value if masks.learning else value[:1] + bytes(max(len(value) - 1, 0))


def _duid(masks: Masks, value: bytes) -> bytes:
    """DUID-LLT and DUID-LL end with a MAC (RFC 8415, 11.2, 11.4); others are blanked behind their type."""
    for kind, at in ((1, 8), (3, 4)):
        if value[:2] == bytes((0, kind)) and len(value) == at + 6:
            return value[:at] + masks.mac(value[at:])
    return value if masks.learning else value[:2] + bytes(max(len(value) - 2, 0))


def _text(masks: Masks, value: bytes) -> bytes:
    return mask_text(masks, value.decode("latin-1")).encode("latin-1")


def _device(masks: Masks, value: bytes) -> bytes:
    """A device's own name, with a domain behind it or not, perhaps with a NUL at the end."""
    text = value.rstrip(b"\0").decode("latin-1")
    first, dot, rest = text.partition(".")
    made = masks.device(first) + dot + masks.name(rest) if first else text
    return made.encode("latin-1") + value[len(text) :]


def _fqdn(masks: Masks, value: bytes, wire: bool) -> bytes:
    if not wire:
        return _device(masks, value)
    if value and 0 < value[0] < len(value):
        first = value[1 : 1 + value[0]]
        return value[:1] + masks.device(first.decode("latin-1")).encode("latin-1") + mask_labels(masks, value[1 + value[0] :])
    return value


def mask_labels(masks: Masks, value: bytes) -> bytes:
    """Names as length-prefixed labels, one behind the other, without compression."""
    out, at = bytearray(value), 0
    while at < len(value):
        places, texts = [], []
        while at < len(value) and 0 < value[at] < 0x40:
            size = value[at]
            places.append(at + 1)
            texts.append(value[at + 1 : at + 1 + size].decode("latin-1"))
            at += 1 + size
        for number, (place, text) in enumerate(zip(places, texts, strict=True)):
            out[place : place + len(text)] = masks.label(text, ".".join(texts[number + 1 :])).encode("latin-1")
        at += 1
    return bytes(out)


# ---------------------------------------------------------------- DHCPv6


def mask_dhcp6(masks: Masks, data: bytes) -> bytes:
    """A DHCPv6 message; relayed ones (RFC 8415, 9) hold addresses and another message."""
    if data[:1] in (b"\x0c", b"\x0d"):
        head = data[:2] + masks.address(data[2:18]) + masks.address(data[18:34]) if len(data) >= 34 else data[:34]
        return head + _six_options(masks, data[34:], 0)
    return data[:4] + _six_options(masks, data[4:], 0)


def _six_options(masks: Masks, data: bytes, depth: int) -> bytes:
    parts, at = [], 0
    while at + 4 <= len(data):
        code, size = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
        parts += [data[at : at + 4], _six_option(masks, code, data[at + 4 : at + 4 + size], depth)]
        at += 4 + size
    return b"".join((*parts, data[at:]))[: len(data)]


def _six_option(masks: Masks, code: int, value: bytes, depth: int) -> bytes:
    if code in (1, 2):
        return _duid(masks, value)
    if code in SIX_NESTED and depth < 4:
        return value[: SIX_NESTED[code]] + _six_options(masks, value[SIX_NESTED[code] :], depth + 1)
    if code == IA_ADDRESS and len(value) >= 24:
        return masks.address(value[:16]) + value[16:24] + _six_options(masks, value[24:], depth + 1)
    if code == RELAYED and depth < 4:
        return mask_dhcp6(masks, value)
    if code == SIX_FQDN:
        return value[:1] + _fqdn(masks, value[1:], wire=True)
    if code in SIX_NAMES:
        return mask_labels(masks, value)
    if code in SIX_ADDRESSES:
        return b"".join(masks.address(value[at : at + 16]) for at in range(0, len(value) - 15, 16)) + value[len(value) // 16 * 16 :]
    return value if code in SIX_KEPT or masks.learning else bytes(len(value))

"""Addresses as text, each made once."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

import numpy as np


@lru_cache(maxsize=8_192)
def address_text(version: int, high: int, low: int) -> str:
    """An IP address in RFC 5952 form."""
    return str(IPv4Address(low & 0xFFFF_FFFF)) if version == 4 else str(IPv6Address(high << 64 | low))


@lru_cache(maxsize=8_192)
def address_words(text: str) -> tuple[int, np.uint64, np.uint64] | None:
    """Version, upper and lower 64 bits of an address, None if it is none. The reverse of ``address_text``."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    number = int(address)
    return address.version, np.uint64(number >> 64), np.uint64(number & 0xFFFF_FFFF_FFFF_FFFF)


@lru_cache(maxsize=8_192)
def mac_text(number: int) -> str | None:
    """A MAC as ``aa:bb:…``, None for 0."""
    return number.to_bytes(6, "big").hex(":") if number else None


def key_ends(a_hi: int, a_lo: int, b_hi: int, b_lo: int, tail: int, client_is_b: bool) -> tuple[tuple[str, int], tuple[str, int]]:
    """Address and port of client and server, from the columns of ``key.Keys``."""
    version = tail & 255
    a = address_text(version, a_hi, a_lo), tail >> 32
    b = address_text(version, b_hi, b_lo), tail >> 16 & 0xFFFF
    return (b, a) if client_is_b else (a, b)

"""Checksums brought up to date by what changed (RFC 1624): right ones stay right, wrong ones stay wrong, and bytes that were not captured do not matter."""

from __future__ import annotations

ONES = 0xFFFF


def total(data: bytes | bytearray | memoryview) -> int:
    """The ones' complement sum of 16-bit words (RFC 1071), modulo 65535: 2^16 is 1 there, so a number is the sum of its words."""
    value = int.from_bytes(data, "big")
    return (value << 8 if len(data) % 2 else value) % ONES


def update(packet: bytearray, at: int, delta: int, never_zero: bool = False) -> None:
    """Adapt the checksum at ``at`` to data whose sum grew by ``delta``. ``never_zero``: 0 would mean that there is none (UDP)."""
    if at + 2 > len(packet) or not delta % ONES:
        return
    old = int.from_bytes(packet[at : at + 2], "big")
    new = ONES - ((ONES - old + delta) % ONES or ONES)
    packet[at : at + 2] = (new or (ONES if never_zero else 0)).to_bytes(2, "big")

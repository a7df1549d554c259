"""TKIP's key mixing (IEEE 802.11, 12.5.2.5): a key for RC4 from the temporal key, the sender and the packet number."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

ROUNDS: Final = 8


def _sbox() -> tuple[int, ...]:
    """The S-box: that of AES (FIPS 197, 5.1.1), each value times 2 and times 3 in GF(2^8), side by side."""
    logs, powers, value = [0] * 256, [0] * 256, 1
    for power in range(255):
        powers[power], logs[value] = value, power
        value ^= (value << 1) ^ (0x11B if value & 0x80 else 0)
        value &= 0xFF
    made = []
    for number in range(256):
        inverse = powers[(255 - logs[number]) % 255] if number else 0
        mixed = 0x63
        for turn in range(5):
            mixed ^= (inverse << turn | inverse >> 8 - turn) & 0xFF
        double = (mixed << 1 ^ (0x11B if mixed & 0x80 else 0)) & 0xFF
        made.append(double << 8 | double ^ mixed)
    return tuple(made)


_SBOX: Final = _sbox()


def _s(value: int) -> int:
    low, high = _SBOX[value & 0xFF], _SBOX[value >> 8]
    return low ^ (high << 8 & 0xFF00 | high >> 8)


def _word(key: bytes, at: int) -> int:
    return key[at] | key[at + 1] << 8


def _turn(value: int) -> int:
    return value >> 1 | (value & 1) << 15


@lru_cache(maxsize=256)
def _phase_1(key: bytes, sender: bytes, high: bytes) -> tuple[int, ...]:
    """Changes every 65,536 packets only."""
    p = [_word(high, 0), _word(high, 2), _word(sender, 0), _word(sender, 2), _word(sender, 4)]
    for number in range(ROUNDS):
        odd = 2 * (number & 1)
        for place in range(5):
            at = (0, 4, 8, 12, 0)[place] + odd
            p[place] = p[place] + _s(p[place - 1] ^ _word(key, at)) & 0xFFFF
        p[4] = p[4] + number & 0xFFFF
    return tuple(p)


def tkip_key(key: bytes, sender: bytes, counter: bytes) -> bytes:
    """16 bytes for RC4. ``key``: 16 bytes, ``sender``: the transmitter's address, ``counter``: the packet number, lowest byte first."""
    p = [*_phase_1(key, sender, counter[2:6]), 0]
    low = _word(counter, 0)
    p[5] = p[4] + low & 0xFFFF
    for place in range(6):
        p[place] = p[place] + _s(p[place - 1] ^ _word(key, 2 * place)) & 0xFFFF
    p[0] = p[0] + _turn(p[5] ^ _word(key, 12)) & 0xFFFF
    p[1] = p[1] + _turn(p[0] ^ _word(key, 14)) & 0xFFFF
    for place in range(2, 6):
        p[place] = p[place] + _turn(p[place - 1]) & 0xFFFF
    high = low >> 8
    head = bytes((high, (high | 0x20) & 0x7F, low & 0xFF, (p[5] ^ _word(key, 0)) >> 1 & 0xFF))
    return head + b"".join(value.to_bytes(2, "little") for value in p)

"""The key of a conversation, exactly: addresses, ports and protocol, the lower end first, so that both directions have the same.

Packets are grouped by a hash of the key, and then the keys themselves are compared. Hashes are salted anew in each run: nobody can make packets
that collide, and results do not depend on the salt.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pcapkit.columns.table import Table

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Words = NDArray[np.uint64]

_LOW: Final = np.uint64(0xFFFF_FFFF)
_32: Final = np.uint64(32)


class Keys(NamedTuple):
    """Keys of packets, as columns: the lower end's address and the higher end's; ``tail``: both ports, protocol, IP version. All shape (n,)."""

    a_hi: Words
    a_lo: Words
    b_hi: Words
    b_lo: Words
    tail: Words

    def take(self, rows: Ints) -> Keys:
        return Keys(*(column[rows] for column in self))

    def same(self, other: Keys) -> Mask:
        """Which keys are equal, element by element."""
        equal: Mask = self.tail == other.tail
        for mine, its in zip(self[:4], other[:4], strict=True):
            equal &= mine == its
        return equal


def make_tail(a_port: NDArray[np.uint16], b_port: NDArray[np.uint16], proto: NDArray[np.uint8], version: NDArray[np.uint8]) -> Words:
    """The last column of ``Keys``."""
    tail: Words = a_port.astype(np.uint64) << _32
    tail |= b_port.astype(np.uint64) << np.uint64(16)
    tail |= proto.astype(np.uint64) << np.uint64(8)
    tail |= version
    return tail


def keys_of(table: Table, rows: Ints) -> tuple[Keys, Mask]:
    """Keys of packets, and whether each was sent by the higher end."""
    whole = len(rows) == len(table)
    source = (table.src_hi, table.src_lo, table.sport)
    target = (table.dst_hi, table.dst_lo, table.dport)
    s_hi, s_lo, sport, d_hi, d_lo, dport = (column if whole else column[rows] for column in (*source, *target))
    proto, version = (column if whole else column[rows] for column in (table.proto, table.version))
    swapped = (s_lo > d_lo) | ((s_lo == d_lo) & (sport > dport))
    if table.version.max(initial=0) > 4:
        swapped = np.where(s_hi == d_hi, swapped, s_hi > d_hi)
    tail = make_tail(np.where(swapped, dport, sport), np.where(swapped, sport, dport), proto, version)
    pairs = ((s_hi, d_hi), (s_lo, d_lo))
    (a_hi, b_hi), (a_lo, b_lo) = ((np.where(swapped, d, s), np.where(swapped, s, d)) for s, d in pairs)
    return Keys(a_hi, a_lo, b_hi, b_lo, tail), swapped


class Salt:
    """A secret hash: the sum of 32-bit halves times secret numbers, of which the upper half is universal (Lemire and Kaser, 2014)."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._factors = np.frombuffer(secret or os.urandom(80), np.uint64)

    def hash(self, keys: Keys) -> Words:
        """Hashes, of which only the upper bits are good."""
        result = np.zeros(len(keys.tail), np.uint64)
        for index, column in enumerate(keys):
            if column.any():
                result += (column & _LOW) * self._factors[2 * index]
                result += (column >> _32) * self._factors[2 * index + 1]
        return result


class Sorting(NamedTuple):
    """Packets sorted by key, sender, and order of arrival. ``order``: indices (n,); ``swapped`` and ``new_key`` in that order: ``new_key`` begins a key."""

    order: Ints
    swapped: Mask
    new_key: Mask


def sort_keys(keys: Keys, swapped: Mask, hashes: Words) -> Sorting:
    """Bring the packets of each conversation, and of each of its directions, together.

    One sort of single numbers: the hash above, the sender and the index below. Where two keys share a hash, the keys themselves are sorted.
    """
    n = len(swapped)
    bits = np.uint64(n.bit_length())
    one = np.uint64(1)
    packed = hashes >> (bits + one) << (bits + one)
    packed |= swapped.astype(np.uint64) << bits
    packed |= np.arange(n, dtype=np.uint64)
    packed.sort()
    order = (packed & ((one << bits) - one)).astype(np.int64)
    packed >>= bits + one
    new_key = _changes(packed)
    ordered = keys.take(order)
    differs = np.ones(n, np.bool_)
    differs[1:] = ~Keys(*(column[1:] for column in ordered)).same(Keys(*(column[:-1] for column in ordered)))
    if (differs != new_key).any():
        order = np.lexsort((np.arange(n), swapped, *reversed(keys)))
        ordered = keys.take(order)
        new_key[1:] = ~Keys(*(column[1:] for column in ordered)).same(Keys(*(column[:-1] for column in ordered)))
    return Sorting(order, swapped[order], new_key)


def _changes(values: Words) -> Mask:
    changed = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=changed[1:])
    return changed


class KeyIndex:
    """Key → row, a hash table of arrays: many keys are looked up in as many steps as the longest run of taken places."""

    def __init__(self) -> None:
        self._slots = np.full(1024, -1, np.int32)
        self._used = 0

    def find(self, hashes: Words, same: Callable[[Ints, Ints], Mask]) -> tuple[Ints, Ints]:
        """Rows of keys (-1: unknown) and the places where they stand. ``same(rows, which)`` compares keys of rows with the keys asked for."""
        found = np.full(len(hashes), -1, np.int64)
        places = self._first(hashes)
        todo = np.arange(len(hashes))
        while len(todo):
            held = self._slots[places[todo]].astype(np.int64)
            taken = held >= 0
            todo, held = todo[taken], held[taken]
            hit = same(held, todo)
            found[todo[hit]] = held[hit]
            todo = todo[~hit]
            places[todo] = (places[todo] + 1) & (len(self._slots) - 1)
        return found, places

    def add(self, hashes: Words, rows: Ints) -> None:
        """Add keys that are not there. The caller makes room before (``full``)."""
        places = self._first(hashes)
        todo = np.arange(len(hashes))
        while len(todo):
            at = places[todo]
            free = self._slots[at] < 0
            self._slots[at[free]] = rows[todo[free]]
            todo = todo[self._slots[at] != rows[todo]]
            places[todo] = (places[todo] + 1) & (len(self._slots) - 1)
        self._used += len(hashes)

    def replace(self, places: Ints, rows: Ints) -> None:
        """Let the keys at ``places`` stand for other rows."""
        self._slots[places] = rows

    def full(self, more: int) -> bool:
        """No room for ``more`` keys: ``renew`` first."""
        return 2 * (self._used + more) > len(self._slots)

    def renew(self, hashes: Words, rows: Ints, more: int) -> None:
        """Begin again with these keys and room for ``more``."""
        size = 1 << max(10, int(4 * (len(rows) + more) - 1).bit_length())
        self._slots = np.full(size, -1, np.int32)
        self._used = 0
        self.add(hashes, rows)

    def _first(self, hashes: Words) -> Ints:
        shift = 65 - len(self._slots).bit_length()
        return (hashes >> np.uint64(shift)).astype(np.int64)

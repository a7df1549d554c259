"""Sets of addresses, MACs and conversations that a window's packets are looked up in, all at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.flows.key import Ints, KeyIndex, Keys, Salt
from pcapkit.flows.text import address_words

MAC: Final = 0xFF
"""Stands where an address has its IP version."""


class Members:
    """Keys with a number each, in order of arrival. Exact: keys are compared, hashes only find them."""

    def __init__(self) -> None:
        self._salt = Salt()
        self._index = KeyIndex()
        self._keys = Keys(*(np.zeros(0, np.uint64) for _ in Keys._fields))

    def __len__(self) -> int:
        return len(self._keys.tail)

    def add(self, keys: Keys) -> Ints:
        """Add those that are not there; the numbers of all."""
        if not len(keys.tail):
            return np.zeros(0, np.int64)
        table = np.stack(keys, axis=1)
        unique, inverse = np.unique(table, axis=0, return_inverse=True)
        distinct = Keys(*(np.ascontiguousarray(column) for column in unique.T))
        found = self.find(distinct)
        new = np.flatnonzero(found < 0)
        if len(new):
            first = len(self)
            found[new] = first + np.arange(len(new))
            fresh = distinct.take(new)
            self._keys = Keys(*(np.concatenate(pair) for pair in zip(self._keys, fresh, strict=True)))
            if self._index.full(len(new)):
                self._index.renew(self._salt.hash(self._keys), np.arange(len(self)), len(new))
            else:
                self._index.add(self._salt.hash(fresh), found[new])
        return found[inverse.reshape(-1)]

    def find(self, keys: Keys) -> Ints:
        """Number of each key, int64 (n,); -1 where there is none."""
        if not len(self) or not len(keys.tail):
            return np.full(len(keys.tail), -1, np.int64)
        found, _ = self._index.find(self._salt.hash(keys), lambda rows, which: self._keys.take(rows).same(keys.take(which)))
        return found


def end_keys(high: NDArray[np.uint64], low: NDArray[np.uint64], kind: NDArray[np.uint8]) -> Keys:
    """Keys of single addresses: ``kind`` is the IP version, or ``MAC``."""
    zero = np.zeros(len(low), np.uint64)
    return Keys(high, low, zero, zero, kind.astype(np.uint64))


def mac_keys(macs: NDArray[np.uint64]) -> Keys:
    """Keys of MACs (48 bits)."""
    return end_keys(np.zeros(len(macs), np.uint64), macs, np.full(len(macs), MAC, np.uint8))


def keys_of_texts(texts: Iterable[str]) -> Keys:
    """Keys of addresses and MACs as reports show them; what is neither is left out."""
    rows = []
    for text in texts:
        words = address_words(text)
        if words is not None:
            rows.append((int(words[1]), int(words[2]), words[0]))
        elif (mac := mac_number(text)) is not None:
            rows.append((0, mac, MAC))
    columns = np.array(rows, np.uint64).reshape(-1, 3)
    return end_keys(columns[:, 0].copy(), columns[:, 1].copy(), columns[:, 2].astype(np.uint8))


def mac_number(text: str) -> int | None:
    """48 bits of ``aa:bb:cc:dd:ee:ff``, None if it is no MAC."""
    parts = text.split(":")
    if len(parts) != 6 or not all(len(part) == 2 for part in parts):
        return None
    try:
        return int("".join(parts), 16)
    except ValueError:
        return None

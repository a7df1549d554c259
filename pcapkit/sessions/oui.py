"""Vendor of a MAC, from the IEEE registry packed by ``tools/pack_oui.py``."""

from __future__ import annotations

import struct
from bisect import bisect_left
from functools import lru_cache
from pathlib import Path
from typing import Final

MAGIC: Final = b"OUI1"
PATH: Final = Path(__file__).with_name("oui.bin")
BITS: Final = (36, 28, 24)
"""Lengths of an assignment's prefix: MA-S, MA-M, MA-L; the longest match counts."""


@lru_cache(maxsize=1)
def _table() -> bytes:
    data = PATH.read_bytes()
    return data if data[:4] == MAGIC else b""


class _Prefixes:
    """The sorted prefixes of one length, as they lie in the file."""

    def __init__(self, data: bytes, start: int, count: int) -> None:
        self._data, self._start, self._count = data, start, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> int:
        return int.from_bytes(self._data[self._start + 8 * index : self._start + 8 * index + 5], "big")

    def name_at(self, index: int) -> int:
        return int.from_bytes(self._data[self._start + 8 * index + 5 : self._start + 8 * index + 8], "big")


@lru_cache(maxsize=4_096)
def vendor_of(mac: str) -> str | None:
    """Name of the holder of the MAC's prefix, None if it is unknown or the address is locally administered or a group."""
    try:
        value = int(mac.replace(":", "").replace("-", ""), 16)
    except ValueError:
        return None
    data = _table()
    if not data or value >> 40 & 3:
        return None
    counts = struct.unpack_from(">3I", data, 4)
    start, names = 16, 16 + 8 * sum(counts)
    for bits, count in zip(BITS, counts, strict=True):
        prefixes = _Prefixes(data, start, count)
        wanted = value >> (48 - bits)
        at = bisect_left(prefixes, wanted)
        if at < count and prefixes[at] == wanted:
            offset = names + prefixes.name_at(at)
            return data[offset + 1 : offset + 1 + data[offset]].decode("utf-8", "replace") or None
        start += 8 * count
    return None

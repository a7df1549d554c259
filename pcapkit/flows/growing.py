"""Columns that grow together: facts of a million conversations without a Python object for each."""

from __future__ import annotations

import mmap
import os
from tempfile import TemporaryFile
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from pcapkit.limits import MIB

SMALLEST: Final = 256
SPILL_BYTES: Final = MIB
"""Columns from this size on live in a nameless file, so that old rows that nobody asks for need no memory."""
REST_ROWS: Final = 16_384
"""Rows that may come before those at rest are put out of memory again."""

Kind = type[np.generic] | tuple[type[np.generic], int]


class Growing:
    """Arrays of equal length, by name: ``Growing(frame=np.int64, port=(np.uint16, 2))`` has a column of shape (n,) and one of (n, 2), a *pair*.

    All that belongs to a row lies together, since most questions are about many columns of a few rows. What ``[name]`` gives is a view, valid until
    the next ``extend`` or ``keep``.
    """

    def __init__(self, **kinds: Kind) -> None:
        singles = {name: kind for name, kind in kinds.items() if not isinstance(kind, tuple)}
        pairs = {name: kind[0] for name, kind in kinds.items() if isinstance(kind, tuple)}
        self.size = 0
        self._stores = (_Store(_packed(singles)), _Store(_packed(pairs)))
        self._rested = 0
        self.names, self.pair_names = (tuple(store.records.dtype.names or ()) for store in self._stores)
        self._pairs = frozenset(pairs)

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name in self._pairs:
            return self.flat(name).reshape(-1, 2)
        return self._stores[0].records[: self.size][name]

    def flat(self, name: str) -> NDArray[Any]:
        """A pair column as shape (2n,): element ``2 * row + direction``."""
        return self._stores[1].records[: 2 * self.size][name]

    def row(self, row: int) -> tuple[Any, ...]:
        """All single columns of a row as Python values, in the order of ``names``."""
        values: tuple[Any, ...] = self._stores[0].records[row].item()
        return values

    def sides(self, row: int) -> list[tuple[Any, ...]]:
        """Both halves of all pair columns of a row as Python values, in the order of ``pair_names``."""
        values: list[tuple[Any, ...]] = self._stores[1].records[2 * row : 2 * row + 2].tolist()
        return values

    def some(self, rows: NDArray[np.int64]) -> list[tuple[Any, ...]]:
        """``row`` of many rows."""
        values: list[tuple[Any, ...]] = self._stores[0].records[rows].tolist()
        return values

    def copies(self, *names: str) -> dict[str, NDArray[Any]]:
        """Whole columns as arrays of their own, without having all rows in memory at any time."""
        found = {name: np.empty_like(self[name], order="C", subok=False) for name in names}
        for first in range(0, self.size, REST_ROWS):
            part = slice(first, first + REST_ROWS)
            for name, column in found.items():
                column[part] = self[name][part]
            self.rest()
        return found

    @property
    def nbytes(self) -> int:
        """Bytes that the rows take, in memory or not."""
        return self.size * (self._stores[0].records.itemsize + 2 * self._stores[1].records.itemsize)

    def extend(self, count: int) -> int:
        """Add ``count`` rows of zeros; gives the first."""
        first, self.size = self.size, self.size + count
        for store, width in zip(self._stores, (1, 2), strict=True):
            store.reserve(width * self.size, width * first)
            store.records[width * first : width * self.size] = 0
        if self.size > self._rested + REST_ROWS:
            self.rest()
        return first

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Forget all other rows; those kept move together in the order given."""
        single, double = self._stores
        single.records[: len(rows)] = single.records[rows]
        double.records[0 : 2 * len(rows) : 2], double.records[1 : 2 * len(rows) : 2] = double.records[2 * rows], double.records[2 * rows + 1]
        self.size = len(rows)

    def rest(self) -> None:
        """Put rows that live in a file out of memory: what is asked for comes back by itself."""
        self._rested = self.size
        for store in self._stores:
            store.rest()


class _Store:
    """Records of one kind: in memory while they are few, then in a nameless file that is mapped."""

    def __init__(self, kind: np.dtype[np.void]) -> None:
        self.records = np.zeros(0, kind)
        self._file: IO[bytes] | None = None
        self._map: mmap.mmap | None = None

    def reserve(self, count: int, used: int) -> None:
        """Make room for ``count`` records, of which the first ``used`` hold something."""
        if count <= len(self.records):
            return
        kind, old = self.records.dtype, self.records
        room = max(SMALLEST, count, len(old) * 3 // 2)
        in_file = self._map is not None
        if room * kind.itemsize < SPILL_BYTES or not self._spill(room):
            self._file, self._map, in_file = None, None, False
            self.records = np.zeros(room, kind)
        if not in_file:
            self.records[:used] = old[:used]

    def rest(self) -> None:
        """Let the pages of the file go out of memory."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def _spill(self, room: int) -> bool:
        """Map a file with room for so many records, the same one as before if there is one; False where that cannot be had.

        The room is taken on the disk at once: a disk that fills up later would end the process.
        """
        size = -(-room * self.records.itemsize // mmap.PAGESIZE) * mmap.PAGESIZE
        try:
            if self._file is None:
                self._file = TemporaryFile(prefix="pcapkit-")  # noqa: SIM115  # lives as long as the records
            os.posix_fallocate(self._file.fileno(), 0, size)
            self._map = mmap.mmap(self._file.fileno(), size)
        except (OSError, AttributeError):
            return False
        self.records = np.frombuffer(self._map, self.records.dtype, room)
        return True


def _packed(kinds: dict[str, type[np.generic]]) -> np.dtype[np.void]:
    """A record without holes: the largest columns first."""
    return np.dtype([(name, kind) for name, kind in sorted(kinds.items(), key=lambda item: -np.dtype(item[1]).itemsize)], align=True)

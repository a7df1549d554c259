"""Columns that grow together: facts of a million conversations without a Python object for each."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SMALLEST: Final = 256

Kind = type[np.generic] | tuple[type[np.generic], int]


class Growing:
    """Arrays of equal length, by name: ``Growing(frame=np.int64, port=(np.uint16, 2))`` has a column of shape (n,) and one of (n, 2), a *pair*.

    All that belongs to a row lies together, since most questions are about many columns of a few rows. What ``[name]`` gives is a view, valid until
    the next ``extend`` or ``keep``. Room is taken twice as much at a time; pages of it that nobody touched cost no memory.
    """

    def __init__(self, **kinds: Kind) -> None:
        singles = {name: kind for name, kind in kinds.items() if not isinstance(kind, tuple)}
        pairs = {name: kind[0] for name, kind in kinds.items() if isinstance(kind, tuple)}
        self.size = 0
        self.names = tuple(_packed(singles).names or ())
        self.pair_names = tuple(_packed(pairs).names or ())
        self._pairs = frozenset(pairs)
        self._single = np.zeros(0, _packed(singles))
        self._double = np.zeros(0, _packed(pairs))

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name in self._pairs:
            return self.flat(name).reshape(-1, 2)
        return self._single[: self.size][name]

    def flat(self, name: str) -> NDArray[Any]:
        """A pair column as shape (2n,): element ``2 * row + direction``."""
        return self._double[: 2 * self.size][name]

    def row(self, row: int) -> tuple[Any, ...]:
        """All single columns of a row as Python values, in the order of ``names``."""
        values: tuple[Any, ...] = self._single[row].item()
        return values

    def sides(self, row: int) -> list[tuple[Any, ...]]:
        """Both halves of all pair columns of a row as Python values, in the order of ``pair_names``."""
        values: list[tuple[Any, ...]] = self._double[2 * row : 2 * row + 2].tolist()
        return values

    def some(self, rows: NDArray[np.int64]) -> list[tuple[Any, ...]]:
        """``row`` of many rows."""
        values: list[tuple[Any, ...]] = self._single[rows].tolist()
        return values

    @property
    def nbytes(self) -> int:
        """Memory that the rows take."""
        return self.size * (self._single.itemsize + 2 * self._double.itemsize)

    def extend(self, count: int) -> int:
        """Add ``count`` rows of zeros; gives the first."""
        first = self.size
        if first + count > len(self._single):
            self._move(max(SMALLEST, 2 * len(self._single), first + count), np.arange(first))
        self.size = first + count
        self._single[first : self.size] = 0
        self._double[2 * first : 2 * self.size] = 0
        return first

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Forget all other rows; those kept move together in the order given."""
        self._move(max(SMALLEST, 2 * len(rows)), rows)
        self.size = len(rows)

    def _move(self, room: int, rows: NDArray[np.int64]) -> None:
        single, double = np.zeros(room, self._single.dtype), np.zeros(2 * room, self._double.dtype)
        single[: len(rows)] = self._single[rows]
        double[: 2 * len(rows)].reshape(-1, 2)[:] = self._double[: len(self._double) // 2 * 2].reshape(-1, 2)[rows]
        self._single, self._double = single, double


def _packed(kinds: dict[str, type[np.generic]]) -> np.dtype[np.void]:
    """A record without holes: the largest columns first."""
    return np.dtype([(name, kind) for name, kind in sorted(kinds.items(), key=lambda item: -np.dtype(item[1]).itemsize)], align=True)

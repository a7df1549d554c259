"""Columns that grow together: facts of a million conversations without a Python object for each."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SMALLEST: Final = 256


class Growing:
    """Arrays of equal length, by name. ``Growing(port=(np.uint16, 2))`` is a column of shape (n, 2), ``Growing(frame=(np.int64, 1))`` one of shape (n,).

    What ``[name]`` gives is a view, valid until the next ``extend`` or ``keep``. Room is taken twice as much at a time, and pages of it that nobody
    touched cost no memory.
    """

    def __init__(self, **kinds: tuple[Any, int]) -> None:
        self.size = 0
        self._room = 0
        self._columns: dict[str, NDArray[Any]] = {name: np.zeros((0, width) if width > 1 else 0, kind) for name, (kind, width) in kinds.items()}

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name][: self.size]

    def flat(self, name: str) -> NDArray[Any]:
        """A pair column as shape (2n,): element ``2 * row + direction``."""
        return self[name].reshape(-1)

    def extend(self, count: int) -> int:
        """Add ``count`` rows of zeros; gives the first."""
        first = self.size
        if first + count > self._room:
            self._move(max(SMALLEST, 2 * self._room, first + count), np.arange(first))
        self.size = first + count
        for column in self._columns.values():
            column[first : self.size] = 0
        return first

    def keep(self, rows: NDArray[np.int64]) -> None:
        """Forget all other rows; those kept move together in the order given."""
        self._move(max(SMALLEST, 2 * len(rows)), rows)
        self.size = len(rows)

    def _move(self, room: int, rows: NDArray[np.int64]) -> None:
        for name, old in self._columns.items():
            new = np.zeros((room, *old.shape[1:]), old.dtype)
            new[: len(rows)] = old[rows]
            self._columns[name] = new
        self._room = room

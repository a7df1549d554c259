"""Sorts more lines than memory should hold: full runs go to a temporary file each, sorted, and are merged at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from heapq import merge
from typing import IO, Any, Final

RUN: Final = 20_000
"""Lines kept in memory: some tens of MB."""

Line = dict[str, Any]


def by_frame(lines: Iterable[Line], run: int = RUN) -> Iterator[Line]:
    """The lines of one capture in order of ``frame``; those of the same frame in the order in which they came."""
    files: list[IO[str]] = []
    held: list[Line] = []
    try:
        for line in lines:
            held.append(line)
            if len(held) >= run:
                files.append(_write(held))
                held = []
        held.sort(key=_frame)
        yield from merge(*(_read(file) for file in files), held, key=_frame) if files else held
    finally:
        for file in files:
            file.close()


def _frame(line: Line) -> int:
    return int(line["frame"])


def _write(lines: list[Line]) -> IO[str]:
    """A nameless file, gone when it is closed."""
    from tempfile import TemporaryFile  # late: most captures fit into memory

    lines.sort(key=_frame)
    file = TemporaryFile("w+", encoding="ascii", prefix="pcapkit-")  # noqa: SIM115  # closed by the caller, when all is merged
    file.writelines(json.dumps(line) + "\n" for line in lines)
    file.seek(0)
    return file


def _read(file: IO[str]) -> Iterator[Line]:
    return map(json.loads, file)

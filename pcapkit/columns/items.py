"""What the slow path works on: one packet that waits, and one that was put together."""

from __future__ import annotations

from typing import NamedTuple

from pcapkit.columns.work import Work


class Item(NamedTuple):
    """A packet that waits. Offsets as in ``Batch``; ``head``: of the header of the fragmented or encrypted layer."""

    frame: int
    order: int
    row: int
    at: int
    end: int
    wire: int
    head: int
    work: Work

    def bytes(self, start: int, stop: int) -> bytes:
        return self.work.buffer[start:stop].tobytes()


class Found(NamedTuple):
    """A packet put together, for ``layer`` to read: beside its last frame's row, or instead of it (``replaces``)."""

    item: Item
    layer: str
    data: bytes
    frames: tuple[int, ...]
    replaces: bool = False

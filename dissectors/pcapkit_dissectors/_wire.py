"""A bounds-checked cursor over one message; nothing else in this package touches offsets."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from struct import Struct

from pcapkit_dissectors._api import DissectError, Truncated

_TAGGED = struct.Struct(">HH")


class Reader:
    """Reads big-endian fields, as on the wire, and never past the end it was given."""

    __slots__ = ("data", "end", "pos")

    def __init__(self, data: bytes | memoryview, pos: int = 0, end: int | None = None) -> None:
        self.data = memoryview(data)
        self.pos = pos
        self.end = len(self.data) if end is None else end

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return self.end - self.pos

    def take(self, n: int) -> memoryview:
        """Take ``n`` bytes.

        Raises:
            Truncated: fewer than ``n`` bytes are left.
        """
        if n > self.end - self.pos:
            raise Truncated(f"need {n} bytes, {self.left} left", self.pos)
        start = self.pos
        self.pos = start + n
        return self.data[start : self.pos]

    def uint(self, size: int) -> int:
        """Take an unsigned integer of ``size`` bytes."""
        return int.from_bytes(self.take(size), "big")

    def fields(self, layout: Struct) -> tuple[int, ...]:
        """Take several fields at once. ``layout`` is big-endian (``!``) and holds numbers only.

        Raises:
            Truncated: fewer bytes are left than the layout needs.
        """
        start = self.pos
        if layout.size > self.end - start:
            raise Truncated(f"need {layout.size} bytes, {self.left} left", start)
        self.pos = start + layout.size
        return layout.unpack_from(self.data, start)

    @contextmanager
    def block(self, prefix: int, cut: bool = False) -> Iterator[None]:
        """Take a length of ``prefix`` bytes, then confine reads to that many bytes, all of which must be used.

        ``cut``: the message is known to be cut, so the block may end with the data.

        Raises:
            Truncated: the block ends behind the data.
            DissectError: bytes are left over when the block is left.
        """
        size, outer = self.uint(prefix), self.end
        if size > self.left and not cut:
            raise Truncated(f"block of {size} bytes, {self.left} left", self.pos)
        self.end = self.pos + min(size, self.left)
        try:
            yield
            if self.left:
                raise DissectError(f"{self.left} bytes left over in block", self.pos)
        finally:
            self.end = outer

    def vector(self, prefix: int) -> memoryview:
        """Take a length of ``prefix`` bytes and that many bytes."""
        return self.take(self.uint(prefix))

    def rest(self) -> memoryview:
        """Take all that is left."""
        return self.take(self.left)

    def shorts(self, prefix: int) -> tuple[int, ...]:
        """Take a length of ``prefix`` bytes and that many bytes as 16-bit integers.

        Raises:
            Truncated: fewer bytes are left.
            DissectError: the length is odd.
        """
        data = self.vector(prefix)
        if len(data) % 2:
            raise DissectError(f"list of 16-bit values has {len(data)} bytes", self.pos)
        return struct.unpack(f">{len(data) // 2}H", data)

    def tagged(self) -> Iterator[tuple[int, memoryview]]:
        """Take pairs of a 16-bit tag and a vector with a 16-bit length until nothing is left (TLS extensions, RFC 8446, 4.2).

        Raises:
            Truncated: the last pair is not whole.
        """
        while self.pos < self.end:
            if self.end - self.pos < 4:
                raise Truncated(f"need 4 bytes, {self.left} left", self.pos)
            tag, size = _TAGGED.unpack_from(self.data, self.pos)
            self.pos += 4
            yield tag, self.take(size)

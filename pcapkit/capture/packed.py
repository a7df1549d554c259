"""Compressed captures: unpacked piece by piece, never whole, with a bound on memory and on what little may become.

gzip (RFC 1952), zstd (RFC 8878), xz, bzip2 and lz4 frames, told by their first bytes. Several members one behind the other are one capture.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import IO, Any, Final, Protocol, cast

from pcapkit.capture.inputs import Input
from pcapkit.limits import KIB, UNPACK_MEMORY, UNPACK_RATIO, UNPACK_RATIO_FLOOR

_OUT: Final = 64 * KIB
"""Most bytes that one call unpacks."""
_MAGICS: Final = {
    b"\x1f\x8b\x08": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
}
_LONGEST: Final = max(map(len, _MAGICS))


class Codec(Protocol):
    """What the decompressors of bz2, lzma and lz4.frame have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes | None: ...

    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class _Gzip:
    """zlib in that shape. Gives what can be told even of the piece in which the damage is."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self.eof = False
        self.needs_input = True
        self.unused_data = b""
        self._damage: zlib.error | None = None

    def decompress(self, data: bytes, max_length: int = _OUT) -> bytes:
        if self._damage is not None:
            raise self._damage
        data = self._inner.unconsumed_tail + data
        before = self._inner.copy()
        try:
            out = self._inner.decompress(data, max_length)
        except zlib.error as error:
            self._damage, self.needs_input = error, False
            return self._salvage(before, data)
        self.eof, self.unused_data = self._inner.eof, self._inner.unused_data
        self.needs_input = len(out) < max_length and not self._inner.unconsumed_tail
        return out

    @staticmethod
    def _salvage(inner: Any, data: bytes) -> bytes:
        out = bytearray()
        try:
            for i in range(len(data)):
                out += inner.decompress(data[i : i + 1])
        except zlib.error:
            pass
        return bytes(out)


class _Starved(Exception):
    """More compressed bytes are needed."""


class _Zstd:
    """zstandard in that shape. Its reader, unlike its decompressor, can bound what one call gives."""

    def __init__(self) -> None:
        import zstandard

        self.eof = False
        self.needs_input = True
        self.unused_data = b""
        self._piece = b""
        inner = zstandard.ZstdDecompressor(max_window_size=UNPACK_MEMORY - UNPACK_MEMORY % KIB)
        self._reader = inner.stream_reader(cast(IO[bytes], self), read_size=4 * KIB, read_across_frames=True)

    def read(self, size: int) -> bytes:
        if not self._piece:
            raise _Starved
        piece, self._piece = self._piece[:size], self._piece[size:]
        return piece

    def decompress(self, data: bytes, max_length: int = _OUT) -> bytes:
        self._piece += data
        try:
            out = self._reader.read1(max_length)
        except _Starved:
            self.needs_input = True
            return b""
        self.needs_input = False
        return bytes(out)


def _bzip2() -> Codec:
    import bz2

    return bz2.BZ2Decompressor()


def _xz() -> Codec:
    import lzma

    return lzma.LZMADecompressor(memlimit=UNPACK_MEMORY)


def _lz4() -> Codec:
    import lz4.frame

    codec: Codec = lz4.frame.LZ4FrameDecompressor()
    return codec


_CODECS: Final[dict[str, tuple[Callable[[], Codec], int]]] = {
    "gzip": (_Gzip, 32 * KIB),
    "zstd": (_Zstd, 4 * KIB),
    "lz4": (_lz4, 4 * KIB),
    "xz": (_xz, 256),
    "bzip2": (_bzip2, 256),
}
"""Name → decompressor, and how many packed bytes it is given at once: what a damaged piece held is lost, so the slow ones get small pieces."""


def compression(head: bytes) -> str | None:
    """The name of the compression that these first bytes tell of."""
    return next((name for magic, name in _MAGICS.items() if head.startswith(magic)), None)


class Unpacked:
    """Bytes of a compressed input. ``position`` and ``size`` stay those of the file."""

    def __init__(self, inner: Input, kind: str) -> None:
        self._inner = inner
        self._kind = kind
        self._make, self._bite = _CODECS[kind]
        self._codec: Codec | None = None
        self._packed, self._at = b"", 0
        self._out = b""
        self._total = 0
        self._members = 0
        self._over = False
        self.troubles = inner.troubles

    @property
    def position(self) -> int:
        return self._inner.position

    @property
    def size(self) -> int | None:
        return self._inner.size

    def close(self) -> None:
        self._inner.close()

    def readinto(self, room: memoryview) -> int | None:
        while not self._out:
            if self._over:
                return 0
            state = self._advance(min(len(room), _OUT))
            if state != "on":
                return None if state == "wait" else 0
        n = min(len(room), len(self._out))
        room[:n] = self._out[:n]
        self._out = self._out[n:]
        self._total += n
        if self._total > UNPACK_RATIO_FLOOR and self._total > UNPACK_RATIO * self._inner.position:
            self._end("limit-reached", f"{self._kind} data unpacks to more than {UNPACK_RATIO} times its size: reading ends here, unpack it first")
        return n

    def _end(self, code: str, detail: str) -> str:
        self.troubles.append((code, detail))
        self._over = True
        return "end"

    def _advance(self, most: int) -> str:
        """One step: ``on``, ``wait`` if the input pauses, ``end``."""
        if self._codec is None:
            return self._next_member()
        piece = b""
        if self._codec.needs_input:
            state = self._fetch(1)
            if state != "on":
                if state == "end" and not isinstance(self._codec, _Zstd):
                    self._end("truncated", f"the {self._kind} data ends early")
                return state
            piece = self._packed[self._at : self._at + self._bite]
            self._at += len(piece)
        try:
            self._out = self._codec.decompress(piece, max_length=most)
        except Exception as error:  # each library has its own, and some raise none of their own
            return self._end("bad-compression", f"the {self._kind} data is damaged ({str(error)[:80]}): what came before is read")
        if self._codec.eof:
            self._packed, self._at = (self._codec.unused_data or b"") + self._packed[self._at :], 0
            self._codec = None
        return "on"

    def _fetch(self, least: int) -> str:
        """Have at least so many packed bytes at hand."""
        while len(self._packed) - self._at < least:
            room = bytearray(64 * KIB)
            n = self._inner.readinto(memoryview(room))
            if not n:
                return "wait" if n is None else "end"
            self._packed, self._at = self._packed[self._at :] + room[:n], 0
        return "on"

    def _next_member(self) -> str:
        """Begin with the next member, if there is one behind padding."""
        state = self._fetch(_LONGEST)
        if state == "wait":
            return "wait"
        self._packed, self._at = self._packed[self._at :].lstrip(b"\0") if self._members else self._packed, 0
        if len(self._packed) < _LONGEST and state == "on":
            return "on"
        if not self._packed:
            return "end"
        if compression(self._packed) != self._kind:
            return self._end("trailing-data", f"what stands behind the {self._kind} data is ignored")
        self._members += 1
        self._codec = self._make()
        return "on"

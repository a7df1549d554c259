"""Bodies: content codings taken off within bounds, counted and hashed as they come, kept only where somebody will read them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from pcapkit_dissectors._limits import BODY_BYTES, BODY_LAYERS, BODY_RATIO, BODY_RATIO_FLOOR, DOC_BYTES

_STEP: Final = 64 * 1024
"""Most bytes that a decoder gives at a time, so that a bomb is seen before it has grown."""


class CodingError(Exception):
    """The data is not in the coding that its label says."""


class BodyFacts(NamedTuple):
    """What is said of a body. ``length`` counts decoded bytes seen, ``sha256`` is there only if all were. ``length`` is None where nobody looked."""

    length: int | None
    sha256: str | None
    raw: bytes | None
    note: str | None


class _Decoder(Protocol):
    """One coding. ``decode`` gives at most ``_STEP`` bytes at a time."""

    def decode(self, data: bytes) -> Iterator[bytes]: ...


class _Inflate:
    """gzip and deflate (RFC 1952, 1950; and 1951 alone, as some servers understood RFC 9110, 8.4.1.2). gzip may hold several members."""

    def __init__(self, gzip: bool) -> None:
        self._gzip = gzip
        self._stream: zlib._Decompress | None = None
        self._held = b""
        self._ended = self._over = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        try:
            data = self._begin(data)
            while data and (stream := self._stream) is not None:
                out = stream.decompress(data, _STEP)
                if out:
                    yield out
                elif len(stream.unconsumed_tail) == len(data):
                    break
                data = stream.unconsumed_tail
                if stream.eof:
                    self._stream, self._ended = None, True
                    data = self._begin(stream.unused_data)
        except zlib.error as error:
            raise CodingError(str(error)) from None

    def _begin(self, data: bytes) -> bytes:
        """Choose how to read what comes next. Whatever stands behind the end and is no further member is ignored."""
        if self._stream is not None or not data or self._over:
            return b"" if self._over else data
        if self._ended and not (self._gzip and data.startswith(b"\x1f")):
            self._over = True
            return b""
        if self._gzip:
            self._stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
            return data
        return self._begin_deflate(data)

    def _begin_deflate(self, data: bytes) -> bytes:
        """Two bytes tell zlib's header from a bare deflate stream (RFC 1950, 2.2)."""
        self._held += data
        if len(self._held) < 2:
            return b""
        with_header = self._held[0] & 0xF == 8 and int.from_bytes(self._held[:2], "big") % 31 == 0
        self._stream = zlib.decompressobj(zlib.MAX_WBITS if with_header else -zlib.MAX_WBITS)
        return self._held


class _Brotli:
    """br (RFC 7932)."""

    def __init__(self) -> None:
        import brotli

        self._stream = brotli.Decompressor()
        self._error = brotli.error

    def decode(self, data: bytes) -> Iterator[bytes]:
        try:
            while not self._stream.is_finished():
                out: bytes = self._stream.process(data, output_buffer_limit=_STEP)
                data = b""
                if out:
                    yield out
                if not out or self._stream.can_accept_more_data():
                    break
        except self._error as error:
            raise CodingError(str(error)) from None


_DECODERS: Final[Mapping[str, Callable[[], _Decoder]]] = {
    "gzip": lambda: _Inflate(gzip=True),
    "x-gzip": lambda: _Inflate(gzip=True),
    "deflate": lambda: _Inflate(gzip=False),
    "br": _Brotli,
}


class Body:
    """A body as it arrives: feed it, then ask for its facts.

    ``codings`` is the value of Content-Encoding; the last one named was applied last (RFC 9110, 8.4). ``keep``: the decoded bytes are
    wanted, up to ``DOC_BYTES``.
    """

    __slots__ = ("_decoders", "_digest", "_kept", "_note", "_read", "_stopped", "_undecoded", "_whole", "_written", "missing")

    def __init__(self, codings: str | None = None, keep: bool = False) -> None:
        self._digest = sha256()
        self._kept: bytearray | None = bytearray() if keep else None
        self._note: str | None = None
        self._read = self._written = 0
        self._stopped = False
        self._whole = True
        self.missing = False
        self._decoders = self._choose(codings)
        self._undecoded = bytearray()

    def _choose(self, codings: str | None) -> list[_Decoder]:
        if not codings:
            return []
        names = [name for name in (part.strip().lower() for part in codings.split(",")) if name not in ("", "identity", "none")]
        if len(names) > BODY_LAYERS:
            self._note = f"not decoded: more than {BODY_LAYERS} codings"
            return []
        for name in names:
            if name not in _DECODERS:
                self._note = f"not decoded: {name[:40]}"
                return []
        return [_DECODERS[name]() for name in reversed(names)]

    def feed(self, data: bytes) -> None:
        """Take the next bytes, as they stand behind chunk sizes and before decoding."""
        if not data or self._stopped:
            return
        self._read += len(data)
        if self._decoders and not self._written:
            self._undecoded += data[:_STEP]
        try:
            for piece in self._decoded(data, 0):
                self._write(piece)
                if self._stopped:
                    return
        except CodingError as error:
            self._wrong_coding(error)

    def _wrong_coding(self, error: CodingError) -> None:
        """Wrong from its first byte on it is simply not coded, as happens; later it is damaged."""
        if self._written or self._read != len(self._undecoded):
            return self._stop(f"damaged coding: {error}")
        self._decoders = []
        self._note = "not in the coding that its label says"
        return self._write(bytes(self._undecoded))

    def _decoded(self, data: bytes, layer: int) -> Iterator[bytes]:
        if layer == len(self._decoders):
            yield data
            return
        for piece in self._decoders[layer].decode(data):
            yield from self._decoded(piece, layer + 1)

    def _write(self, piece: bytes) -> None:
        self._written += len(piece)
        if self._decoders and self._written > BODY_BYTES:
            return self._stop(f"decoding stopped after {BODY_BYTES} bytes")
        if self._decoders and self._written > max(BODY_RATIO_FLOOR, BODY_RATIO * self._read):
            return self._stop(f"decoding stopped: grows more than {BODY_RATIO} times")
        self._digest.update(piece)
        if self._kept is not None:
            self._kept += piece
            if len(self._kept) > DOC_BYTES:
                self._kept = None
                self._note = f"more than {DOC_BYTES} bytes"
        return None

    def _stop(self, note: str) -> None:
        self._stopped = True
        self._whole = False
        self._note = note
        self._kept = None

    def cut(self, note: str) -> None:
        """The rest never came, or cannot be told from what else did."""
        self._note = self._note or note
        self._whole = False
        self.missing = True

    def doubt(self, note: str) -> None:
        """All of it may be here, but nobody can tell."""
        self._note = self._note or note
        self.missing = True

    def leave(self, note: str) -> None:
        """Nobody reads the rest, or it was never sent."""
        self._note = self._note or note
        self._whole = False

    def gap(self, size: int) -> None:
        """A part is missing: what follows cannot be decoded, and is only counted if it need not be."""
        self.cut(f"{size} bytes were not captured")
        self._kept = None
        self._stopped = self._stopped or bool(self._decoders)

    def facts(self) -> BodyFacts:
        """What is known once nothing more comes."""
        if not self._read:
            return BodyFacts(0 if self._whole else None, None, None, self._note)
        digest = self._digest.hexdigest() if self._whole else None
        kept = bytes(self._kept) if self._kept is not None else None
        return BodyFacts(self._written, digest, kept, self._note)

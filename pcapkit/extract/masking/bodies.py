"""Bodies of HTTP messages: read, with what is personal replaced, and of the same length again, compressed or not."""

from __future__ import annotations

import zlib
from itertools import product
from typing import Final

from pcapkit.extract.masking.masks import Masks
from pcapkit.extract.masking.text import mask_document
from pcapkit.limits import DOC_BYTES

GZIP_HEAD: Final = 10
GZIP_TAIL: Final = 8
COMMENT: Final = 0x10
"""FCOMMENT: a text up to a zero byte follows the header (RFC 1952, 2.3.1)."""
STORED: Final = b"\0\0\0\xff\xff"
FILLERS: Final = (b"", b"\x02\0" + STORED[1:], b"\x02\x08\0" + STORED[1:])
"""Blocks without content, for when compressed data must be longer (RFC 1951, 3.2): a stored one; one or two fixed ones before it."""
WAYS: Final = tuple(
    product((b"", b" ", b" \n", b"\t \n", b"\n\t\n ", b" \t\n\n\t"), (9, 8, 6, 1), (zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_FIXED))
)
"""Blanks behind the text, level and strategy to try: one may be just as long."""


def mask_body(masks: Masks, data: bytes, coding: str) -> bytes:
    """A body as it was sent. What cannot be read, or not be brought to its length again, is blanked."""
    plain = _decoded(data, coding)
    if plain is None:
        return data if masks.learning else bytes(len(data))
    made = mask_document(masks, plain.decode("latin-1")).encode("latin-1")
    if masks.learning or made == plain:
        return data
    return _coded(made, data, coding) if coding else made


def _decoded(data: bytes, coding: str) -> bytes | None:
    """The text, None if it cannot be read or is too large."""
    if coding in ("", "identity"):
        return data
    if coding in ("gzip", "x-gzip"):
        stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
    elif coding == "deflate":
        stream = zlib.decompressobj(zlib.MAX_WBITS if _has_zlib_header(data) else -zlib.MAX_WBITS)
    else:
        return None
    try:
        plain = stream.decompress(data, DOC_BYTES)
    except zlib.error:
        return None
    return None if stream.unconsumed_tail or not stream.eof else plain


def _has_zlib_header(data: bytes) -> bool:
    return len(data) >= 2 and data[0] & 0xF == 8 and int.from_bytes(data[:2], "big") % 31 == 0


def _coded(plain: bytes, before: bytes, coding: str) -> bytes:
    """Compressed again to as many bytes as before; zeros if there is no way. Servers seldom compress as well as they could, so there mostly is."""
    for blanks, level, strategy in WAYS:
        text = plain + blanks
        stream = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
        raw = stream.compress(text) + stream.flush()
        made = _as_zlib(raw, text, before) if coding == "deflate" else _as_gzip(raw, text, len(before))
        if made is not None:
            return made
    return bytes(len(before))


def _as_gzip(raw: bytes, plain: bytes, size: int) -> bytes | None:
    """A member of ``size`` bytes: a comment fills it up."""
    room = size - GZIP_HEAD - GZIP_TAIL - len(raw)
    if room < 0:
        return None
    comment = b"-" * (room - 1) + b"\0" if room else b""
    head = b"\x1f\x8b\x08" + bytes([COMMENT if room else 0]) + bytes(4) + b"\x02\xff"
    return head + comment + raw + zlib.crc32(plain).to_bytes(4, "little") + (len(plain) & 0xFFFF_FFFF).to_bytes(4, "little")


def _as_zlib(raw: bytes, plain: bytes, before: bytes) -> bytes | None:
    """As long as ``before``, with a header where that has one: empty blocks fill it up."""
    head, tail = (before[:2], zlib.adler32(plain).to_bytes(4, "big")) if _has_zlib_header(before) else (b"", b"")
    room = len(before) - len(head) - len(tail) - len(raw)
    for one, two in product(range(len(STORED)), range(len(STORED))):
        filler = FILLERS[1] * one + FILLERS[2] * two
        left = room - len(filler)
        if left >= 0 and left % len(STORED) == 0:
            return head + filler + STORED * (left // len(STORED)) + raw + tail
    return None

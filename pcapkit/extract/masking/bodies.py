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
EMPTY_STORED: Final = b"\0\0\0\xff\xff"
EMPTY_BOTH: Final = b"\x02\0\0\0\xff\xff"
"""Blocks without content, for when compressed data must be longer: a stored one; a fixed one and a stored one (RFC 1951, 3.2)."""
ENDS: Final = (b"\x03\0", b"\x01\0\0\xff\xff")


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
    """Compressed again to as many bytes as before; zeros if there is no way."""
    size = len(before)
    if coding != "deflate":
        raw = _deflate(plain) + ENDS[0]
        room = size - GZIP_HEAD - GZIP_TAIL - len(raw)
        if room < 0:
            return bytes(size)
        comment = b"-" * (room - 1) + b"\0" if room else b""
        head = b"\x1f\x8b\x08" + bytes([COMMENT if room else 0]) + bytes(4) + b"\x02\xff"
        return head + comment + raw + zlib.crc32(plain).to_bytes(4, "little") + (len(plain) & 0xFFFF_FFFF).to_bytes(4, "little")
    head, tail = (before[:2], zlib.adler32(plain).to_bytes(4, "big")) if _has_zlib_header(before) else (b"", b"")
    raw = _deflate(plain)
    room = size - len(head) - len(tail) - len(raw)
    for end, both in product(ENDS, range(5)):
        left = room - len(end) - both * len(EMPTY_BOTH)
        if left >= 0 and left % len(EMPTY_STORED) == 0:
            return head + raw + EMPTY_BOTH * both + EMPTY_STORED * (left // len(EMPTY_STORED)) + end + tail
    return bytes(size)


def _deflate(plain: bytes) -> bytes:
    """Blocks that end at a byte, without a last one."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    return stream.compress(plain) + stream.flush(zlib.Z_SYNC_FLUSH)

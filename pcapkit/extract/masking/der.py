"""Names inside certificates (X.690, RFC 5280), each replaced by one of equal length: the structure stays valid, the signature does not."""

from __future__ import annotations

from typing import Final

from pcapkit.extract.masking.masks import Masks
from pcapkit.extract.masking.text import learn_names, mask_text

CONSTRUCTED: Final = 0x20
TEXTS: Final = frozenset((0x0C, 0x12, 0x13, 0x14, 0x16, 0x19, 0x1A))
"""UTF8String and the strings of single bytes."""
WIDE: Final = {0x1E: "utf-16-be", 0x1C: "utf-32-be"}
OCTETS: Final = 0x04
BITS: Final = 0x03
OTHER_NAMES: Final = frozenset((0x81, 0x82, 0x86))
"""rfc822Name, dNSName and URI of GeneralName (RFC 5280, 4.2.1.6)."""
IP_NAME: Final = 0x87
DEPTH: Final = 24
OID: Final = 0x06
ALTERNATIVE_NAMES: Final = frozenset(
    (bytes.fromhex("551d11"), bytes.fromhex("551d12"), bytes.fromhex("551d1e"), bytes.fromhex("551d1f"), bytes.fromhex("2b06010505070101"))
)
"""Extensions that hold GeneralNames: alternative names, name constraints, CRL distribution points, authority information access."""


def mask_certificate(masks: Masks, der: bytes) -> bytes:
    """The certificate with host names, addresses and mail addresses in its names replaced; of a cut one, as far as it is there."""
    out = bytearray(der)
    _walk(masks, out, 0, len(out), 0, False)
    made = bytes(out)
    if made != der:
        masks.renamed_certificates = True
    return made


def _walk(masks: Masks, out: bytearray, at: int, end: int, depth: int, names: bool) -> None:
    """Values from ``at`` to ``end``. ``names``: what has a context tag may be a GeneralName."""
    inside = names
    while at + 2 <= end and depth < DEPTH:
        tag, start, stop = _header(out, at, end)
        if start < 0:
            return
        if tag == OID:
            inside = names or bytes(out[start:stop]) in ALTERNATIVE_NAMES
        elif tag & CONSTRUCTED or (tag == OCTETS and (inside or _holds_sequence(out, start, stop))):
            _walk(masks, out, start, stop, depth + 1, inside)
        elif tag in TEXTS or (inside and tag in OTHER_NAMES):
            _text(masks, out, start, stop, "latin-1")
        elif tag in WIDE:
            _text(masks, out, start, stop, WIDE[tag])
        elif inside and tag == IP_NAME and stop - start in (4, 16):
            out[start:stop] = masks.address(bytes(out[start:stop]))
        at = stop


def _holds_sequence(data: bytearray, start: int, stop: int) -> bool:
    """An octet string that is nothing but a SEQUENCE: the value of most extensions."""
    if stop - start < 2 or data[start] != 0x30:
        return False
    _, inner, end = _header(data, start, stop)
    return inner > 0 and end == stop


def _header(data: bytearray, at: int, end: int) -> tuple[int, int, int]:
    """Tag, begin and end of the content (cut to what is there); a begin of -1 where there is none."""
    tag, size, at = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        return tag, -1, -1
    if size & 0x80:
        width = size & 0x7F
        if not 1 <= width <= 4 or at + width > end:
            return tag, -1, -1
        size, at = int.from_bytes(data[at : at + width], "big"), at + width
    return tag, at, min(at + size, end)


def _text(masks: Masks, out: bytearray, start: int, stop: int, coding: str) -> None:
    raw = bytes(out[start:stop])
    try:
        text = raw.decode(coding)
    except UnicodeDecodeError:
        return
    if "." in text and " " not in text and ":" not in text and "@" not in text:
        masks.learn_name(text)
    learn_names(masks, text)
    made = mask_text(masks, text).encode(coding, "replace")
    if len(made) == len(raw):
        out[start:stop] = made

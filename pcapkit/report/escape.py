"""The one function that lets text of unknown origin near a terminal, a web page or a spreadsheet."""

from __future__ import annotations

import re
from typing import Final
from unicodedata import category

from pcapkit.limits import FIELD_CHARS

HARMLESS: Final = re.compile(r"[ -\[\]-~]*")
"""Printable ASCII but the backslash: the common case, answered without looking at characters one by one."""

BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(c) for c in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))}
"""Characters that show nothing though their category is a letter's, a mark's or a symbol's: fillers and variation selectors."""

HIDDEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""Controls, formats (bidirectional, zero-width, tags), surrogates, private use, unassigned, line and paragraph separators."""

MARKS_IN_A_ROW: Final = 3
"""Combining marks that may stand on one character: more run into the lines above and below."""


def visible(text: str | bytes, limit: int = FIELD_CHARS) -> str:
    r"""Text with everything in it made visible: what could move a cursor, turn the direction or hide becomes an escape.

    Bytes are read as UTF-8; what is no UTF-8, and a surrogate escape in a ``str``, becomes ``\xNN``. ASCII controls become ``\xNN``,
    other characters that do not show ``\u{NN}``, a backslash two: so the text can be told back (``hidden``) unless it was cut, which
    happens behind ``limit`` characters of the result and is said: ``…(+1,024)``.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    if len(text) <= limit and HARMLESS.fullmatch(text):
        return text
    parts: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if category(char)[0] == "M" else 0
        parts.append(_escape(char) if marks > MARKS_IN_A_ROW or not _shows(char) else char)
    return _cut(parts, limit)


def hidden(text: str) -> bytes:
    """The bytes that ``visible`` was given, from its (uncut) result; a lone surrogate that stood for no byte comes back as it is."""

    def back(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16) | (0xDC00 if int(match[1], 16) > 0x7F else 0))
        return chr(int(match[2], 16)) if match[2] else "\\"

    plain = re.sub(r"\\(?:x([0-9a-f]{2})|u\{([0-9a-f]{2,6})\}|\\)", back, text)
    return plain.encode("utf-8", "surrogateescape" if not re.search("[\ud800-\udc7f\udd00-\udfff]", plain) else "surrogatepass")


def _shows(char: str) -> bool:
    return char != "\\" and char not in BLANK and category(char) not in HIDDEN


def _escape(char: str) -> str:
    code = ord(char)
    if char == "\\":
        return "\\\\"
    if code < 0x80:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{{{code:x}}}"


def _cut(parts: list[str], limit: int) -> str:
    """Join, cut between two characters (never inside an escape) where the result would be longer than ``limit``."""
    if sum(map(len, parts)) <= limit:
        return "".join(parts)
    length, keep = 0, 0
    for part in parts:
        if length + len(part) > limit:
            break
        length += len(part)
        keep += 1
    return f"{''.join(parts[:keep])}…(+{sum(map(len, parts[keep:])):,})"

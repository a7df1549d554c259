"""Bytes of a message as text."""

from __future__ import annotations

import codecs
from typing import Final

_CHARSETS: Final = frozenset({
    "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252", "cp1252", "iso-8859-15",
    "iso-8859-2", "iso-8859-5", "iso-8859-7", "iso-8859-9", "windows-1250", "windows-1251", "windows-1253", "windows-1254", "windows-1255",
    "windows-1256", "windows-1257", "koi8-r", "shift_jis", "euc-jp", "gb2312", "gbk", "gb18030", "big5", "euc-kr", "utf-16", "utf-16le",
    "utf-16be",
})  # fmt: skip
"""Labels that name a text encoding; any other label, which could name a codec that is none, is not looked up."""

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def text(data: bytes | bytearray | memoryview) -> str:
    """UTF-8 text; other bytes as ``\\xNN``."""
    return str(data, "utf-8", "backslashreplace")


def document(data: bytes, charset: str | None) -> tuple[str, tuple[str, ...]]:
    """Text of a document by its byte order mark, else its charset label, else as UTF-8; and what was wrong, in words."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace"), ()
    label = (charset or "utf-8").strip().lower()
    if label not in _CHARSETS:
        label = "utf-8"
    faults = ("unknown charset label",) if charset and label != charset.strip().lower() else ()
    try:
        return data.decode(label), faults
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), (*faults, "bytes that are not in its charset")


_QUOTES: Final = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u2036", '"'))


def straight_quotes(words: str) -> str:
    """The text with typographic double quotes made straight, as documents have them that went through a word processor."""
    return words.translate(_QUOTES)


def parameter(content_type: str | None, name: str) -> str | None:
    """A parameter of a content type, such as its charset."""
    for part in (content_type or "").split(";")[1:]:
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip().strip("\"'") or None
    return None


def media_type(content_type: str | None) -> str:
    """``type/subtype`` in lower case, without parameters."""
    return (content_type or "").split(";", 1)[0].strip().lower()

"""How text is shown: which signs, colours and clock. Everything of a packet goes through ``show`` on its way into a line."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Final, TextIO

from pcapkit.limits import FIELD_CHARS
from pcapkit.report.escape import visible
from pcapkit.report.marks import ASCII_SIGNS, MARKS

PROSE_CHARS: Final = 8 * FIELD_CHARS
"""Bound of a whole sentence or paragraph of ours that quotes packets."""

CJK: Final = ("ja", "ko", "zh")
"""Languages in whose terminals the marks may be two cells wide."""

NS: Final = 10**9


@dataclass(frozen=True, slots=True)
class Style:
    """Signs (``ascii``), colours (``colour``: none, ``16`` or ``256``) and clock (``utc``, else this machine's) of a text."""

    ascii: bool = False
    colour: str | None = None
    utc: bool = False

    @staticmethod
    def locale_shows_marks(stream: TextIO | None) -> bool:
        """This stream's encoding and this locale can show the marks, each in one cell."""
        language = next((v for v in map(os.environ.get, ("LC_ALL", "LC_CTYPE", "LANG")) if v), "")
        encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "")
        return encoding == "utf8" and language not in ("C", "POSIX") and not language.startswith(CJK)

    @staticmethod
    def colours(wish: str, stream: TextIO | None) -> str | None:
        """``auto``: on a terminal that has colours, unless NO_COLOR is set (no-color.org)."""
        terminal = os.environ.get("TERM", "")
        if wish == "never" or (wish == "auto" and (stream is None or not stream.isatty() or os.environ.get("NO_COLOR") or terminal in ("", "dumb"))):
            return None
        return "256" if "256color" in terminal or os.environ.get("COLORTERM") in ("truecolor", "24bit") else "16"

    def show(self, text: str | bytes, limit: int = FIELD_CHARS) -> str:
        """One field of unknown origin, safe and in the signs of this style."""
        safe = visible(text, limit)
        return self._plain(safe) if self.ascii and not safe.isascii() else safe

    def prose(self, text: str) -> str:
        """A sentence of ours, which may quote packets."""
        return self.show(text, PROSE_CHARS)

    def own(self, text: str) -> str:
        """Text that is all ours: only the signs change."""
        return text if not self.ascii or text.isascii() else self._plain(text)

    def mark(self, name: str) -> str:
        """The sign of a severity or outcome."""
        return MARKS[name].ascii if self.ascii else MARKS[name].sign

    def paint(self, name: str, text: str) -> str:
        """``text`` in the colour of a mark, if there are colours."""
        if self.colour is None:
            return text
        code = MARKS[name].sgr256 if self.colour == "256" else MARKS[name].sgr
        return f"\x1b[{code}m{text}\x1b[0m" if code else text

    def bold(self, text: str) -> str:
        """A heading."""
        return f"\x1b[1m{text}\x1b[0m" if self.colour else text

    @staticmethod
    def _plain(text: str) -> str:
        ascii_text = text.translate(ASCII_SIGNS)
        return ascii_text if ascii_text.isascii() else "".join(c if c.isascii() else f"\\u{{{ord(c):x}}}" for c in ascii_text)

    # ------------------------------------------------------------ the clock

    def split_time(self, time_ns: int) -> time.struct_time:
        """Calendar time on the clock of this style."""
        seconds = time_ns // NS
        return time.gmtime(seconds) if self.utc else time.localtime(seconds)

    def date(self, time_ns: int) -> str:
        """``2026-11-22``."""
        return time.strftime("%Y-%m-%d", self.split_time(time_ns))

    def clock(self, time_ns: int, fraction: bool = False) -> str:
        """``10:02:14``, with milliseconds on request."""
        text = time.strftime("%H:%M:%S", self.split_time(time_ns))
        return f"{text}.{time_ns % NS // 1_000_000:03}" if fraction else text

    def minute(self, time_ns: int) -> str:
        """``10:02``."""
        return time.strftime("%H:%M", self.split_time(time_ns))

    def offset(self, time_ns: int) -> str:
        """``+01:00``, or ``UTC``."""
        seconds = 0 if self.utc else self.split_time(time_ns).tm_gmtoff
        if not seconds:
            return "UTC"
        sign = "-" if seconds < 0 else "+"
        return f"{sign}{abs(seconds) // 3600:02}:{abs(seconds) % 3600 // 60:02}"

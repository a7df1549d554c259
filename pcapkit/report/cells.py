"""Text in terminal cells: wide characters take two, combining marks none."""

from __future__ import annotations

from unicodedata import category, east_asian_width


def cells(text: str) -> int:
    """How many cells a (safe) text takes."""
    if text.isascii():
        return len(text)
    return sum(map(_cell, text))


def _cell(char: str) -> int:
    if char.isascii():
        return 1
    return 0 if category(char) in ("Mn", "Me") else 2 if east_asian_width(char) in "WF" else 1


def clip(text: str, width: int, ellipsis: str = "…") -> str:
    """The text in at most ``width`` cells, cut with an ellipsis."""
    if cells(text) <= width:
        return text
    room = width - cells(ellipsis)
    return text[: _fitting(text, room)] + ellipsis


def _fitting(text: str, room: int) -> int:
    """How many characters fit into ``room`` cells."""
    used = 0
    for position, char in enumerate(text):
        used += _cell(char)
        if used > room:
            return position
    return len(text)


def pad(text: str, width: int) -> str:
    """The text, filled with blanks to ``width`` cells."""
    return text + " " * (width - cells(text))


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells, broken at blanks; a longer word is broken where it must be. Several blanks stay inside a line."""
    lines: list[str] = []
    line, gap = "", ""
    for word in text.split(" "):
        if line and cells(line) + len(gap) + 1 + cells(word) <= width:
            line, gap = f"{line}{gap} {word}" if word else line, "" if word else gap + " "
            continue
        if not word and line:
            gap += " "
            continue
        if line:
            lines.append(line)
        while cells(word) > width:
            size = max(1, _fitting(word, width))
            lines.append(word[:size])
            word = word[size:]
        line, gap = word, ""
    return [*lines, line] if line or not lines else lines

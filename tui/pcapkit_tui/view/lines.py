"""Lines: pieces of safe text, each with the name of a style. The whole browser is drawn from these, and copied as text from these."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from pcapkit.report.cells import cells, clip, pad, wrap
from pcapkit.report.style import Style

STYLES: Final = ("dim", "bold", "critical", "warning", "info", "ok", "pending", "head", "accent", "marked")
"""Names of styles; the style sheet gives them colours. "" is ordinary text."""


LEAST: Final = 16
"""Cells that text needs beside what begins it; else it starts below."""


class Span(NamedTuple):
    """A piece of a line."""

    text: str
    style: str = ""


class Line(NamedTuple):
    """A line. ``key`` names what it stands for; lines without one cannot have the cursor."""

    spans: tuple[Span, ...] = ()
    key: str = ""

    @property
    def text(self) -> str:
        """The line without styles."""
        return "".join(span.text for span in self.spans).rstrip()


def line(*parts: str | Span, key: str = "") -> Line:
    """A line of texts and spans."""
    return Line(tuple(part if isinstance(part, Span) else Span(part) for part in parts if part), key)


def text_of(lines: Iterable[Line]) -> str:
    """Lines as text, for copying."""
    return "".join(f"{one.text}\n" for one in lines)


def paragraph(text: str, width: int, first: str = "", hanging: str | None = None, style: str = "", key: str = "") -> list[Line]:
    """Text broken at blanks; ``first`` begins the first line, ``hanging`` the others."""
    text = text.lstrip(" ")
    rest = " " * cells(first) if hanging is None else hanging
    room = width - cells(first)
    if room < LEAST and cells(rest) < cells(first):
        return [line(first.rstrip(), key=key), *paragraph(text, width, rest, rest, style, key)]
    begin = wrap(text, max(8, room))[0]
    left = text[len(begin) :].lstrip(" ")
    broken = [begin, *(wrap(left, max(8, width - cells(rest))) if left else ())]
    return [Line((Span(rest if number else first), Span(part, style)), key) for number, part in enumerate(broken)]


def labelled(label: str, text: str, width: int, column: int = 12, style: str = "", indent: str = " ", key: str = "") -> list[Line]:
    """A dim label with text beside it."""
    broken = wrap(text, max(8, width - column - len(indent)))
    head = Span(indent + pad(label, column), "dim")
    blank = Span(indent + " " * column)
    return [Line((blank if number else head, Span(part, style)), key) for number, part in enumerate(broken)]


def short(text: str, width: int, style: Style) -> str:
    """The text cut to a width, with an ellipsis where there is room for one."""
    ellipsis = style.own("…")
    return clip(text, width, ellipsis if width > cells(ellipsis) else "")


def fit(one: Line, width: int, style: Style) -> Line:
    """The line cut to a width."""
    if sum(cells(span.text) for span in one.spans) <= width:
        return one
    kept: list[Span] = []
    room = width
    for span in one.spans:
        size = cells(span.text)
        if size > room or (size == room and span is not one.spans[-1]):
            kept.append(Span(short(span.text + " " * (room + 1 - size), room, style), span.style))
            break
        kept.append(span)
        room -= size
    return Line(tuple(kept), one.key)


def between(left: str, right: str, width: int, style: Style) -> str:
    """Two texts at both ends of a line; the left one is cut."""
    room = width - cells(right) - (2 if right else 0)
    cut = clip(left, max(0, room), style.own("…"))
    return pad(cut, width - cells(right)) + right


class Lines:
    """A list of lines that a view can walk: which of them can have the cursor, and where a key stands."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = list(lines)
        self._stops = [number for number, one in enumerate(self._lines) if one.key]
        self._places: dict[str, int] = {}
        for number in self._stops:
            self._places.setdefault(self._lines[number].key, number)

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: int) -> Line:
        return self._lines[index]

    def place(self, key: str) -> int | None:
        """Where the line with this key stands."""
        return self._places.get(key)

    def stop(self, index: int, step: int) -> int | None:
        """The next line from ``index`` on in the direction of ``step`` that can have the cursor."""
        while 0 <= index < len(self._lines):
            if self._lines[index].key:
                return index
            index += 1 if step > 0 else -1
        return None

    @property
    def fixed(self) -> bool:
        """No line can have the cursor."""
        return not self._stops

"""Tables as lines: columns find their widths, rows are made when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from pcapkit.report.cells import cells, clip, pad
from pcapkit.report.style import Style
from pcapkit_tui.view.lines import Line, Span

GAP: Final = 1


class Column(NamedTuple):
    """A column. ``width``: cells that it needs; ``grow``: its share of what is left over (0 none), ``most``: no wider than this (0: any).

    ``right``: to the right. ``leave``: which columns are left out first where there is no room (1 before 2; 0 stays).
    """

    name: str
    title: str
    width: int
    grow: int = 0
    right: bool = False
    leave: int = 0
    most: int = 0


class Row(NamedTuple):
    """A row: a cell of safe text for each column."""

    key: str
    cells: tuple[Span, ...]


class Rows(Protocol):
    """Where rows come from. ``place`` of a key, None if it is not there."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Row: ...
    def place(self, key: str) -> int | None: ...


@dataclass(frozen=True, slots=True)
class RowList:
    """Rows that are few, in a list."""

    rows: Sequence[Row]
    places: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", {row.key: number for number, row in enumerate(self.rows)})

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Row:
        return self.rows[index]

    def place(self, key: str) -> int | None:
        """Where the row with this key stands."""
        return self.places.get(key)


def widths(columns: Sequence[Column], room: int) -> dict[int, int]:
    """Which columns are shown (by index), and how wide. What does not fit is left out, the rest share the room."""
    shown = list(range(len(columns)))
    leaving = sorted((c.leave, -number, number) for number, c in enumerate(columns) if c.leave)
    while leaving and sum(columns[n].width for n in shown) + GAP * (len(shown) - 1) > room:
        shown.remove(leaving.pop(0)[2])
    found = {n: columns[n].width for n in shown}
    left = room - sum(found.values()) - GAP * (len(shown) - 1)
    while left > 0:
        growing = [n for n in shown if columns[n].grow and not (columns[n].most and found[n] >= columns[n].most)]
        if not growing:
            break
        shares = sum(columns[n].grow for n in growing)
        given = 0
        for n in growing:
            more = max(1, left * columns[n].grow // shares) if given < left else 0
            more = min(more, left - given, columns[n].most - found[n] if columns[n].most else more)
            found[n] += more
            given += more
        if not given:
            break
        left -= given
    return found


def _cell(span: Span, column: Column, width: int, style: Style, last: bool) -> Span:
    text = clip(span.text, width, style.own("…")) if cells(span.text) > width else span.text
    if column.right:
        return Span(" " * (width - cells(text)) + text, span.style)
    return Span(text if last else pad(text, width), span.style)


class TableLines:
    """A table as lines of a width; ``head`` is the line above it. ``mark`` tells rows that are marked."""

    fixed = False

    def __init__(self, columns: Sequence[Column], rows: Rows, width: int, style: Style, marked: Callable[[str], bool] = lambda _: False) -> None:
        self.columns, self.rows, self.style = columns, rows, style
        self.shown = widths(columns, width)
        self._marked = marked
        self._last = max(self.shown, default=0)

    @property
    def head(self) -> Line:
        """The titles."""
        return self._line(Row("", tuple(Span(c.title, "head") for c in self.columns)))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Line:
        row = self.rows[index]
        one = self._line(row)
        return Line(tuple(Span(s.text, "marked") for s in one.spans), row.key) if self._marked(row.key) else one

    def place(self, key: str) -> int | None:
        """Where a row stands."""
        return self.rows.place(key)

    def stop(self, index: int, step: int) -> int | None:
        """Every row can have the cursor."""
        return index if 0 <= index < len(self.rows) else None

    def _line(self, row: Row) -> Line:
        spans: list[Span] = []
        for number, width in self.shown.items():
            if spans:
                spans.append(Span(" " * GAP))
            spans.append(_cell(row.cells[number], self.columns[number], width, self.style, number == self._last))
        return Line(tuple(spans), row.key)

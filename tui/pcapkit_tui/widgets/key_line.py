"""The last line: the most useful keys in words, or what was just done."""

from __future__ import annotations

from collections.abc import Sequence

from textual.timer import Timer

from pcapkit.report.cells import cells
from pcapkit_tui.view.lines import Line, Lines, Span, paragraph
from pcapkit_tui.widgets.line_view import LineView

SHOWN_S = 4.0


class KeyLine(LineView):
    """Keys of the focused thing; a message takes their place for a moment."""

    def __init__(self) -> None:
        super().__init__(id="foot", focusable=False, gutter=False)
        self._keys: Sequence[tuple[str, str]] = ()
        self._message: tuple[str, bool] | None = None
        self._timer: Timer | None = None
        self.message = ""
        """What was said last."""

    def keys(self, keys: Sequence[tuple[str, str]]) -> None:
        """Show these (key, word)."""
        self._keys = keys
        self.show(self._make)

    def say(self, text: str, warning: bool = False) -> None:
        """Show a message for a moment."""
        self.message = text
        self._message = (text, warning)
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(SHOWN_S, self._unsay)
        self.show(self._make)

    def _unsay(self) -> None:
        self._message = None
        self.show(self._make)

    def _make(self, width: int) -> Lines:
        if self._message:
            text, warning = self._message
            return Lines(paragraph(text, width, style="warning" if warning else "accent")[:1])
        return Lines([Line(tuple(_fitting(self._keys, width)))])


def _fitting(keys: Sequence[tuple[str, str]], width: int) -> list[Span]:
    """As many as fit, help and the way back among them."""
    last = [pair for pair in keys if pair[1] in ("help", "back", "quit")]
    kept: list[tuple[str, str]] = []
    room = width - sum(_size(pair) for pair in last) + 2
    for pair in keys:
        if pair in last:
            kept.append(pair)
        elif _size(pair) <= room:
            kept.append(pair)
            room -= _size(pair)
    return [span for number, (key, word) in enumerate(kept) for span in (Span("  " if number else ""), Span(key, "bold"), Span(f" {word}"))]


def _size(pair: tuple[str, str]) -> int:
    return cells(pair[0]) + cells(pair[1]) + 3

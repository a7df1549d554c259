"""Lines of at most 80 cells. Nothing else in the text report breaks lines or counts cells."""

from __future__ import annotations

from typing import Final

from pcapkit.report.cells import pad, wrap
from pcapkit.report.style import Style

WIDTH: Final = 80
LABEL: Final = 10
"""Cells of a label column: ``Wireshark`` and a blank."""
GLUE: Final = "\x1f"
"""A blank at which no line is broken. No safe text holds it: controls are escaped there."""


class Page:
    """Collects finished lines. What goes in is safe already (``Style.show``, ``Style.prose``); here only the signs change."""

    def __init__(self, style: Style, width: int = WIDTH) -> None:
        self.style = style
        self.width = width
        self.lines: list[str] = []

    def take(self) -> str:
        """The lines so far, and begin anew."""
        text = "".join(line.rstrip() + "\n" for line in self.lines)
        self.lines = []
        return text.replace(GLUE, " ")

    def text(self, text: str, indent: str = "", hanging: str | None = None) -> None:
        """A paragraph; ``hanging`` begins its further lines (default: like the first)."""
        first, rest = self.style.own(indent), self.style.own(indent if hanging is None else hanging)
        for number, line in enumerate(wrap(self.style.own(text), self.width - max(len(first), len(rest)))):
            self.lines.append((rest if number else first) + line)

    def painted(self, head: str, mark: str, text: str, hanging: str) -> None:
        """A paragraph that begins with ``head``, which is coloured like ``mark``."""
        start = len(self.lines)
        head = self.style.own(head)
        self.text(head + text, "", hanging) if not hanging else self._hang(head + self.style.own(text), hanging)
        line = self.lines[start]
        if line.startswith(head):
            self.lines[start] = self.style.paint(mark, head) + line[len(head) :]

    def _hang(self, text: str, hanging: str) -> None:
        """First line from the margin, the others under ``hanging``."""
        lines = wrap(text, self.width - len(hanging))
        wide = wrap(text, self.width)
        if len(wide) == 1:
            lines = wide
        self.lines += [(hanging if number else "") + line for number, line in enumerate(lines)]

    def labelled(self, label: str, text: str, indent: str = "   ") -> None:
        """``   Evidence  frame 41 …``: a label and a paragraph beside it."""
        self.text(text, indent + pad(label, LABEL), indent + " " * LABEL)

    def numbered(self, label: str, texts: list[str], indent: str = "   ") -> None:
        """A label and paragraphs beside it, numbered if there are several."""
        if len(texts) == 1:
            self.labelled(label, texts[0], indent)
            return
        for number, text in enumerate(texts, 1):
            begin = indent + pad(label if number == 1 else "", LABEL) + f"{number} "
            self.text(text, begin, " " * len(begin))

    def heading(self, text: str) -> None:
        """A section begins."""
        self.lines.append(self.style.bold(text))

    def gap(self) -> None:
        """An empty line."""
        self.lines.append("")

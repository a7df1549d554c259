"""The one place where text becomes what a Textual widget shows: always ``Content`` of plain text, never markup (ux: sanitising)."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Label, Static

from pcapkit.report.escape import visible

LONGEST = 10_000


def harmless(text: str) -> str:
    """Text that was made safe already, as it is; anything else in it is made visible. Doing it twice changes nothing."""
    return text if text.isprintable() else visible(text, LONGEST).replace("\\\\", "\\")


def plain(text: str) -> Content:
    """Text as content, nothing in it read as markup. Line feeds stay."""
    return Content("\n".join(map(harmless, text.split("\n"))))


def label(text: str, *, id: str | None = None, classes: str | None = None) -> Label:  # noqa: A002  # Textual calls it so
    """A label."""
    return Label(plain(text), id=id, classes=classes, markup=False)


def static(text: str = "", *, id: str | None = None, classes: str | None = None) -> Static:  # noqa: A002  # Textual calls it so
    """A text that may change."""
    return Static(plain(text), id=id, classes=classes, markup=False)


def put(widget: Static, text: str) -> None:
    """Change a text."""
    widget.update(plain(text))

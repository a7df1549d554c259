"""The start without a capture: files of this folder that may be one, and a line to type a path."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Final

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view.lines import Line, Lines, Span, line, paragraph

ENDINGS: Final = (".pcap", ".pcapng", ".cap", ".snoop", ".gz", ".zst", ".lz4", ".xz", ".bz2", ".dmp", ".ntar", ".erf", ".trc")
FILES: Final = 500


class OpenScreen(BrowseScreen):
    """Enter on a file opens it; what is no capture is said to be none by its content."""

    NAME = "open"
    DETAILED = False
    FOOTER: ClassVar = (("open", "open"), ("filter", "type a path"), "help", "quit")

    def compose_head(self) -> Iterable[Widget]:
        yield Input(placeholder="path of a capture or folder", id="path", compact=True)

    def on_mount(self) -> None:
        self.query_one("#path").can_focus = False
        super().on_mount()

    def show_main(self) -> None:
        files = captures(Path.cwd())
        self.files = files
        self.main.show(lambda width: Lines(self._lines(width)))

    def _lines(self, width: int) -> list[Line]:
        if not self.files:
            return paragraph("No capture in this folder. / lets you type a path; or start with: pcapkit tui FILE", width, " ", " ")
        show = self.state.style.show
        return [line(show(name, width), Span(f"  {size / 1e6:,.1f} MB", "dim"), key=f"f{n}") for n, (name, size) in enumerate(self.files)]

    def action_open(self) -> None:
        if self.main.key:
            self.browser.open_capture(self.files[int(self.main.key[1:])][0])

    def action_filter(self) -> None:
        """Type a path."""
        field = self.query_one("#path", Input)
        field.can_focus = True
        field.focus()

    @on(Input.Submitted, "#path")
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.browser.open_capture(os.path.expanduser(event.value.strip()))

    def action_back(self) -> None:
        self.main.focus()


def captures(folder: Path) -> list[tuple[str, int]]:
    """Files that may be captures by their names, with their sizes, the newest first."""
    found: list[tuple[float, str, int]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.lower().endswith(ENDINGS) and entry.is_file():
                    told = entry.stat()
                    found.append((told.st_mtime, entry.name, told.st_size))
    except OSError:
        return []
    return [(name, size) for _, name, size in sorted(found, reverse=True)[:FILES]]

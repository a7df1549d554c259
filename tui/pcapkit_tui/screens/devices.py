"""Screen 1: which device fails, and of what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.widget import Widget

from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view import around, devices
from pcapkit_tui.view.lines import Line, Lines
from pcapkit_tui.view.table import RowList, TableLines
from pcapkit_tui.widgets.line_view import LineView, Source


class DevicesScreen(BrowseScreen):
    """A row a device, the worst first."""

    NAME = "devices"
    FILTERED = True
    FOOTER: ClassVar = (("open", "session"), ("go_3", "findings"), "flows_of", "filter", "export", "copy", "help", "quit")

    def compose_main(self) -> Iterable[Widget]:
        yield LineView(id="head", focusable=False, classes="one")
        yield LineView(id="main")

    def show_main(self) -> None:
        self.rows = devices.rows(self.state)
        self.query_one("#head").display = bool(len(self.rows))
        self.query_one("#head", LineView).show(lambda width: Lines([TableLines(devices.COLUMNS, RowList(()), width, self.state.style).head]))
        self.main.show(self._lines, None if self.main.source.place(self.main.key or "") is not None else self.state.cursors.get(self.NAME))

    def _lines(self, width: int) -> Source:
        if not len(self.rows):
            return Lines(around.nothing(self.state, width))
        return TableLines(devices.COLUMNS, self.rows, width, self.state.style, self.state.marked.__contains__)

    def detail_lines(self, width: int) -> list[Line]:
        return devices.detail(self.state, self.main.key, width)

    def filter_count(self) -> str:
        return f"{len(self.rows)} of {len(self.state.report.devices)}"

    def action_open(self) -> None:
        device = self.main.key
        sessions = self.state.sessions_of(device) if device else []
        if sessions:
            worst = next((s for s in sessions if s.outcome == "failed"), sessions[0])
            self.browser.open_session(worst.id)
        elif device:
            self.say(f"{device} has no autodiscover session; w shows its flows.")

    def action_flows_of(self) -> None:
        """The flows of the device."""
        if self.main.key:
            self.browser.open_flows(f"device:{self.main.key}")

    def action_mark(self) -> None:
        """Mark the row."""
        if self.main.key:
            self.state.toggle_mark(self.main.key)
            self.show_main()
            self.main.move(1)

    def action_mark_all(self) -> None:
        """Mark all, or none."""
        self.state.mark_all([self.rows[n].key for n in range(len(self.rows))])
        self.show_main()

    def action_next_finding(self) -> None:
        """The next device that has a finding."""
        self._jump(1)

    def action_previous_finding(self) -> None:
        """The device before that has a finding."""
        self._jump(-1)

    def _jump(self, step: int) -> None:
        hit = {d for f in self.state.report.findings for d in f.devices}
        order = range(self.main.index + step, len(self.rows) if step > 0 else -1, step)
        found = next((n for n in order if self.rows[n].key in hit), None)
        if found is not None:
            self.main.go_index(found)

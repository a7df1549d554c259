"""Screen 3: what is wrong, grouped by cause, the most severe first."""

from __future__ import annotations

from typing import ClassVar

from pcapkit.model import Finding
from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view import around, detail, findings
from pcapkit_tui.view.lines import Line, Lines


class FindingsScreen(BrowseScreen):
    """Findings with the devices and sessions they hit."""

    NAME = "findings"
    FILTERED = True
    FOOTER: ClassVar = (("open", "finding"), ("next_group", "p group"), "filter", "export", "copy", "help", "back")

    def __init__(self) -> None:
        super().__init__()
        self.closed: set[str] = set()

    def show_main(self) -> None:
        if len(self.state.report.findings) > 40 and not self.closed:
            self.closed = {f.id for f in self.state.report.findings}
        self.main.show(self._lines, None if self.main.key else self.state.cursors.get(self.NAME))

    def _lines(self, width: int) -> Lines:
        lines = findings.groups(self.state, self.closed, width)
        if lines or not self.state.report.captures:
            return Lines(lines or around.nothing(self.state, width))
        return Lines(findings.none(self.state, width))

    def finding(self) -> Finding | None:
        """The finding of the line under the cursor."""
        return self.state.findings.get((self.main.key or "").partition("/")[0])

    def detail_lines(self, width: int) -> list[Line]:
        found = self.finding()
        return detail.of_finding(self.state, found, width) if found else []

    def moved(self, key: str | None) -> None:
        found = self.finding()
        if found:
            self.browser.look_at(finding=found.id)
        self.show_detail()

    def filter_count(self) -> str:
        return f"{len(self.state.kept.findings)} of {len(self.state.report.findings)}"

    def action_open(self) -> None:
        found = self.finding()
        if found is None:
            return
        hit = (self.main.key or "").partition("/")[2]
        if hit in self.state.sessions:
            self.browser.open_session(hit, found.id)
        else:
            self.browser.open_finding(found.id)

    def action_next_group(self) -> None:
        """The next finding."""
        self._jump(1)

    def action_previous_group(self) -> None:
        """The finding before."""
        self._jump(-1)

    action_next_finding = action_next_group
    action_previous_finding = action_previous_group

    def _jump(self, step: int) -> None:
        ids = [f.id for f in self.state.report.findings if f.id in self.state.kept.findings]
        found = self.finding()
        place = ids.index(found.id) + step if found and found.id in ids else 0
        if found and step < 0 and "/" in (self.main.key or ""):
            place = ids.index(found.id)
        if 0 <= place < len(ids):
            self.main.go(ids[place])

    def action_mark(self) -> None:
        """Mark the finding."""
        found = self.finding()
        if found:
            self.state.toggle_mark(found.id)
            self.show_main()

    def action_mark_all(self) -> None:
        """Mark all, or none."""
        self.state.mark_all([f.id for f in self.state.report.findings if f.id in self.state.kept.findings])
        self.show_main()

    def action_flows_of(self) -> None:
        """The flows of the first device that it hits."""
        found = self.finding()
        hit = (self.main.key or "").partition("/")[2]
        device = self.state.sessions[hit].device if hit in self.state.sessions else found.devices[0] if found and found.devices else None
        if device:
            self.browser.open_flows(f"device:{device}")

    def action_layout(self) -> None:
        """Groups closed, groups open."""
        self.closed = set() if self.closed else {f.id for f in self.state.report.findings}
        self.show_main()

    def export_scopes(self) -> dict[str, tuple[str, ...]]:
        found = self.finding()
        return {**super().export_scopes(), "focused": (found.id,) if found else ()}

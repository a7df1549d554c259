"""The timeline of all devices, and the latencies of one session, drawn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.color import Color
from textual.widget import Widget
from textual_plotext import PlotextPlot

from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view import picture
from pcapkit_tui.view.lines import Lines
from pcapkit_tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from pcapkit.model import Session


class PictureScreen(BrowseScreen):
    """People rather look than read; ``Y`` gives the same in words."""

    NAME = "picture"
    DETAILED = False
    FOOTER: ClassVar = (("open", "session"), "filter", ("copy_all", "copy all"), "help", "back")

    def __init__(self, session_id: str | None) -> None:
        super().__init__()
        self.session_id = session_id

    def compose_main(self) -> Iterable[Widget]:
        yield PlotextPlot(id="timeline")
        yield PlotextPlot(id="latency")
        yield LineView(id="main")

    def on_mount(self) -> None:
        super().on_mount()
        self.main.styles.height = 6

    @property
    def session(self) -> Session | None:
        """The session whose latencies are drawn."""
        return self.state.sessions.get(self.session_id or "") or next(iter(self.state.report.sessions), None)

    def show_main(self) -> None:
        self.main.show(lambda width: Lines(picture.in_words(self.state, self.session, width)))
        self._timeline()
        self._latency()

    def _timeline(self) -> None:
        plot = self.query_one("#timeline", PlotextPlot)
        found = picture.timeline(self.state, max(3, (self.size.height - 14) // 2))
        plt, style = plot.plt, self.state.style
        plt.clear_figure()
        plt.title("Devices: steps, failures, findings")
        rows = len(found.labels)
        for points, marker, name in ((found.steps, "." if style.ascii else "·", "remark"), (found.faults, style.mark("critical"), "critical")):
            if points:
                plt.scatter([x for x, _ in points], [rows - row for _, row in points], marker=marker, color=self._colour(name))
        for x, row, finding in found.marks:
            plt.text(finding, x, rows - row, color=self._colour("caution"), background="default")
        plt.yticks([rows - row for row in range(rows)], found.labels)
        plt.ylim(0, rows + 1)
        self._frame(plot, "seconds since the first session")

    def _latency(self) -> None:
        plot = self.query_one("#latency", PlotextPlot)
        plt, session = plot.plt, self.session
        plt.clear_figure()
        if session is not None:
            plt.title(f"{session.id}: milliseconds to the answer")
            markers = {"DNS": "d", "TCP": "t", "TLS": "s", "HTTP": "h"}
            colours = {"DNS": "remark", "TCP": "fine", "TLS": "caution", "HTTP": "strong"}
            found = picture.waits(session)
            for kind, marker in markers.items():
                mine = [w for w in found if w.kind == kind]
                if mine:
                    plt.scatter([w.at_s for w in mine], [w.ms for w in mine], marker=marker, color=self._colour(colours[kind]))
        self._frame(plot, "seconds since its start: d DNS, t TCP, s TLS, h HTTP")

    def _colour(self, name: str) -> str | tuple[int, int, int]:
        """A colour of the theme, as plotext takes it."""
        value = self.app.theme_variables.get(name, "ansi_default")
        if value.startswith("ansi_"):
            return value.removeprefix("ansi_")
        return Color.parse(value).rgb

    def _frame(self, plot: PlotextPlot, label: str) -> None:
        plot.plt.xlabel(label)
        if self.state.style.ascii:
            plot.plt.frame(False)
        plot.refresh()

    def action_open(self) -> None:
        session = self.session
        if session is not None:
            self.browser.open_session(session.id)

    def export_scopes(self) -> dict[str, tuple[str, ...]]:
        return {"focused": (self.session_id,) if self.session_id else (), "all": ("*all",)}

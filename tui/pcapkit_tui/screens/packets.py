"""The packets of a flow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.widget import Widget
from textual.worker import get_current_worker

from pcapkit import revisit
from pcapkit.model import FrameRef
from pcapkit.options import InputError
from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view import packets
from pcapkit_tui.view.lines import Line, Lines, Span, line, paragraph
from pcapkit_tui.view.table import RowList, TableLines
from pcapkit_tui.widgets.line_view import LineView, Source


class PacketsScreen(BrowseScreen):
    """A row a packet, read again from the capture."""

    NAME = "packets"
    DETAILED = False
    FOOTER: ClassVar = (("open", "packet"), "stream", "sort", ("sort_order", "order"), "copy", ("copy_all", "copy all"), "help", "back")

    def __init__(self, flow: str) -> None:
        super().__init__()
        self.flow = flow
        self.packets: revisit.Packets | None = None
        self.trouble: str | None = None
        self.by, self.descending = "frame", False

    def compose_main(self) -> Iterable[Widget]:
        yield LineView(id="title", focusable=False, classes="one")
        yield LineView(id="head", focusable=False, classes="one")
        yield LineView(id="main")

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    @work(thread=True, group="packets", exclusive=True, exit_on_error=False)
    def _read(self) -> None:
        worker = get_current_worker()
        known = self.browser.connection(self.flow)
        if known is None:
            self.app.call_from_thread(self._failed, f"{self.flow} is no longer in the flow table: there were too many flows.")
            return
        try:
            path = self.browser.path_of(known.capture)
            found = revisit.packets_of(path, revisit.Talk.of(known), self.state.setup.options, lambda: worker.is_cancelled)
        except InputError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._have, found)

    def _failed(self, text: str) -> None:
        self.trouble = text
        self.show_main()

    def _have(self, found: revisit.Packets) -> None:
        self.packets = found
        self.show_main()
        if found.more:
            self.say(f"{found.more:,} more packets are not listed.", True)

    def show_main(self) -> None:
        self.query_one("#title", LineView).show(lambda width: Lines([self._title()]))
        self.query_one("#head", LineView).show(lambda width: Lines([TableLines(packets.COLUMNS, RowList(()), width, self.state.style).head]))
        self.main.show(self._lines)

    def _title(self) -> Line:
        known = self.browser.connection(self.flow)
        style = self.state.style
        if known is None:
            return line(f" {self.flow}")
        ends = f"{self.flow}  {known.transport} {known.client}:{known.client_port} → {known.server}:{known.server_port}"
        return line(Span(style.own(style.show(ends)), "bold"))

    def _lines(self, width: int) -> Source:
        if self.trouble:
            return Lines(paragraph(self.state.style.prose(self.trouble), width, " ", " ", "warning"))
        if self.packets is None:
            return Lines([line(" Reading the capture again; Esc goes back.")])
        known = self.browser.connection(self.flow)
        found = packets.order(self.packets, self.by, self.descending)
        rows = packets.PacketRows(self.packets, self.state.style, known is not None and known.transport == "tcp", found)
        return TableLines(packets.COLUMNS, rows, width, self.state.style)

    def action_open(self) -> None:
        known = self.browser.connection(self.flow)
        if self.main.key and known is not None:
            self.browser.open_packet(FrameRef(known.capture, int(self.main.key)))

    def action_stream(self) -> None:
        """Follow the stream."""
        self.browser.open_stream(self.flow)

    def action_sort(self) -> None:
        """Sort by the next column."""
        names = [c.name for c in packets.COLUMNS]
        self.by = names[(names.index(self.by) + 1) % len(names)]
        self.show_main()
        self.say(f"Sorted by {self.by}.")

    def action_sort_order(self) -> None:
        """The other way round."""
        self.descending = not self.descending
        self.show_main()

    def action_columns(self) -> None:
        """All columns that fit are shown."""
        self.say("All columns that fit are shown; a wider terminal shows more.")

    def action_mark(self) -> None:
        """Packets are exported with their flow."""
        self.say("Packets are exported with their flow: mark it in the flow table.")

    action_mark_all = action_mark

    def action_flows_of(self) -> None:
        """Cut the flow out, and say how Wireshark shows it."""
        known = self.browser.connection(self.flow)
        if known is not None:
            self.browser.wireshark(FrameRef(known.capture, int(self.main.key) if self.main.key else known.first_frame), None)

    def export_scopes(self) -> dict[str, tuple[str, ...]]:
        return {**super().export_scopes(), "focused": (self.flow,)}

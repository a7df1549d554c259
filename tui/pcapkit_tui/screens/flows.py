"""Screen 7: every conversation of the captures, sorted by any column."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.widget import Widget
from textual.worker import get_current_worker

from pcapkit.filter import FilterError
from pcapkit.report import words
from pcapkit.report.style import Style
from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view import flows
from pcapkit_tui.view.filtering import start_of
from pcapkit_tui.view.lines import Line, Lines, Span, labelled, line, paragraph
from pcapkit_tui.view.table import Column, Row, RowList, TableLines
from pcapkit_tui.widgets.filter_bar import FilterBar
from pcapkit_tui.widgets.line_view import LineView, Source


class FlowsScreen(BrowseScreen):
    """The flow table. Its filter is its own: flows are many, devices few."""

    NAME = "flows"
    FILTERED = True
    FOOTER: ClassVar = (("open", "packets"), "stream", ("sort", "sort"), ("sort_order", "order"), "filter", "columns", "copy", "help", "back")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.before = ""
        self.tables = flows.Tables([])
        self.found: flows.Ints | None = None
        """Rows that the filter lets through, None: all."""
        self.rows = flows.FlowRows(self.tables, Style())
        self.by, self.descending = "id", False
        self.narrow = False
        self.busy: str | None = None

    def compose_main(self) -> Iterable[Widget]:
        yield LineView(id="head", focusable=False, classes="one")
        yield LineView(id="main")

    def on_mount(self) -> None:
        self._take()
        super().on_mount()
        if self.text:
            self._search()

    def _take(self) -> None:
        """The flow tables as they are now."""
        snapshot = self.state.snapshot
        name_of = snapshot.analysis.name_of if snapshot.analysis is not None else None
        self.tables = flows.Tables.of(snapshot.trackers, name_of)
        self._taken = snapshot
        self.rows = flows.FlowRows(self.tables, self.state.style, self.found)

    def refresh_view(self) -> None:
        if self.state.snapshot is not self._taken:
            self.found = None
            self._take()
            if self.text or self.by != "id":
                self._search()
        super().refresh_view()

    # ------------------------------------------------------------ showing

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns shown."""
        return tuple(c for c in flows.COLUMNS if not self.narrow or c.name in flows.SHORT)

    def show_main(self) -> None:
        self.query_one("#head", LineView).show(lambda width: Lines([self._head(width)]))
        self.main.show(self._lines, None if self.main.key else self.state.cursors.get(self.NAME))

    def _head(self, width: int) -> Line:
        arrow = self.state.style.own("−" if self.descending else "+")
        titled = tuple(c._replace(title=f"{c.title}{arrow}" if c.name == self.by else c.title) for c in flows.COLUMNS)
        titled = tuple(c for c in titled if not self.narrow or c.name in flows.SHORT)
        return TableLines(titled, RowList(()), width, self.state.style).head

    def _lines(self, width: int) -> Source:
        if not len(self.rows):
            return Lines(paragraph(self.busy or ("No flow matches." if self.text else "No flows yet."), width, " ", " "))
        return TableLines(self.columns, _Narrow(self.rows, self.columns), width, self.state.style, self.state.marked.__contains__)

    def filter_count(self) -> str:
        return self.busy or f"{len(self.rows):,} of {len(self.tables):,}"

    def show_filter(self) -> None:
        bar = self.query_one(FilterBar)
        if not bar.input.has_focus:
            bar.input.value = self.text
        bar.count(self.filter_count())

    def detail_lines(self, width: int) -> list[Line]:
        flow = self.rows.flow(self.main.index) if len(self.rows) else None
        if flow is None:
            return []
        style = self.state.style
        ends = f"{flow.id}  {flow.transport} {flow.client}:{flow.client_port} → {flow.server}:{flow.server_port}"
        found = [line(Span(" " + style.own(style.show(ends)), "bold"), Span(f"   {style.show(flow.name)}" if flow.name else "", "accent"))]
        found += labelled("packets", f"{flow.packets:,}, frames {flow.first_frame:,} to {flow.last_frame:,}", width)
        found += labelled("payload", f"{flow.bytes_client:,} bytes from the client, {flow.bytes_server:,} from the server", width)
        said = [word for word, there in (("SYN", flow.syn), ("SYN-ACK", flow.synack), ("FIN", flow.fin), ("RST", flow.rst)) if there]
        if said:
            found += labelled("seen", ", ".join(said), width)
        return found

    def moved(self, key: str | None) -> None:
        if key:
            self.browser.look_at(flow=key)
        self.show_detail()

    # ------------------------------------------------------------ filter and order

    def action_filter(self) -> None:
        """Type a filter for flows."""
        self.query_one(FilterBar).begin(self.text)

    def on_filter_bar_applied(self, event: FilterBar.Applied) -> None:
        """The flow table's own filter."""
        event.stop()
        event.prevent_default()
        self.text = event.text.strip()
        self._filter_done()
        self._search()

    def on_filter_bar_left(self, event: FilterBar.Left) -> None:
        """The filter stays."""
        event.prevent_default()
        self._filter_done()

    def _filter_done(self) -> None:
        self.query_one(FilterBar).end(self.text)
        self.main.focus()

    def action_filter_off(self) -> None:
        """All flows, and the filter again."""
        self.text, self.before = ("", self.text) if self.text else (self.before, "")
        self._search()

    def action_sort(self) -> None:
        """Sort by the next column."""
        names = [c.name for c in self.columns]
        self.by = names[(names.index(self.by) + 1) % len(names)] if self.by in names else names[0]
        self._search(keep=True)

    def action_sort_order(self) -> None:
        """The other way round."""
        self.descending = not self.descending
        self._search(keep=True)

    def action_columns(self) -> None:
        """Fewer or more columns."""
        self.narrow = not self.narrow
        self.show_main()

    def _search(self, keep: bool = False) -> None:
        self.busy = "sorting" if keep else "searching"
        self.show_filter()
        self._work(self.text, self.by, self.descending, self.found if keep else None, keep)

    @work(thread=True, group="flows", exclusive=True, exit_on_error=False)
    def _work(self, text: str, by: str, descending: bool, found: flows.Ints | None, keep: bool) -> None:
        worker = get_current_worker()
        state, tables = self.state, self.tables

        def told(row: int) -> None:
            if row:
                self.app.call_from_thread(self._searched, row)

        try:
            if text and not keep:
                found = flows.matching(tables, state.report, text, start_of(state.report), state.style.utc, lambda: worker.is_cancelled, told)
            order = tables.order(by, descending, found) if by != "id" or descending else found
        except FilterError as error:
            self.app.call_from_thread(self._wrong, str(error))
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._have, order)

    def _searched(self, row: int) -> None:
        self.busy = f"{row:,} of {len(self.tables):,}"
        self.show_filter()

    def _wrong(self, text: str) -> None:
        self.busy = None
        self.show_filter()
        self.say(text, True)

    def _have(self, order: flows.Ints | None) -> None:
        self.busy, self.found = None, order
        self.rows = flows.FlowRows(self.tables, self.state.style, order)
        self.show_main()
        self.show_filter()
        self.show_detail()

    # ------------------------------------------------------------ keys

    def action_open(self) -> None:
        if self.main.key:
            self.browser.open_packets(self.main.key)

    def action_stream(self) -> None:
        """Follow the stream."""
        if self.main.key:
            self.browser.open_stream(self.main.key)

    def action_mark(self) -> None:
        """Mark the flow."""
        if self.main.key:
            self.state.toggle_mark(self.main.key)
            self.main.rebuild()
            self.main.move(1)

    def action_mark_all(self) -> None:
        """Mark what is shown, if it is not too much; again: none."""
        if len(self.rows) > 1_000:
            self.say(f"{words.count(len(self.rows), 'flow')} are too many to mark; filter first.", True)
            return
        self.state.mark_all([self.rows[n].key for n in range(len(self.rows))])
        self.main.rebuild()

    def export_scopes(self) -> dict[str, tuple[str, ...]]:
        scopes = super().export_scopes()
        if len(self.rows) <= 1_000:
            scopes["filtered"] = tuple(self.rows[n].key for n in range(len(self.rows)))
        return scopes


class _Narrow:
    """Rows with the columns that are shown."""

    def __init__(self, rows: flows.FlowRows, columns: tuple[Column, ...]) -> None:
        names = {c.name for c in columns}
        self._rows = rows
        self._keep = [n for n, c in enumerate(flows.COLUMNS) if c.name in names]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:
        row = self._rows[index]
        return Row(row.key, tuple(row.cells[n] for n in self._keep))

    def place(self, key: str) -> int | None:
        """Where a flow stands."""
        return self._rows.place(key)

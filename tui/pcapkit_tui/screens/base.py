"""What all screens have in common: the line at the top, the filter, the keys, panes, and the way back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.widget import Widget

from pcapkit_tui import actions
from pcapkit_tui.screens.panes import Panes
from pcapkit_tui.state import State
from pcapkit_tui.view import around
from pcapkit_tui.view.lines import Line, Lines, Span, line, paragraph, text_of
from pcapkit_tui.widgets.filter_bar import FilterBar
from pcapkit_tui.widgets.key_line import KeyLine
from pcapkit_tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from pcapkit_tui.app import BrowseApp

SMALLEST: Final = (60, 16)


class BrowseScreen(Panes):
    """A screen of the browser. Subclasses give ``NAME``, their lines, and what their keys mean."""

    NAME: ClassVar[str]
    FILTERED: ClassVar[bool] = False
    FOOTER: ClassVar[tuple[str | tuple[str, str], ...]] = ("open", "copy", "help", "back")
    BINDINGS: ClassVar[list[BindingType]] = []
    AUTO_FOCUS = "#main"

    def __init_subclass__(cls) -> None:
        cls.BINDINGS = list(actions.bindings(cls.NAME)) if hasattr(cls, "NAME") else []
        super().__init_subclass__(inherit_bindings=False)

    def __init__(self) -> None:
        super().__init__()
        self.stale = False

    # ------------------------------------------------------------ parts

    @property
    def browser(self) -> BrowseApp:
        """The app, by its type."""
        from pcapkit_tui.app import BrowseApp

        assert isinstance(self.app, BrowseApp)
        return self.app

    @property
    def state(self) -> State:
        """What all screens share."""
        return self.browser.state

    def compose(self) -> ComposeResult:
        yield LineView(id="top", focusable=False, gutter=False, classes="one")
        if self.FILTERED:
            yield FilterBar(self.browser.complete, lambda: self.state.history)
            yield LineView(id="suggest", focusable=False, gutter=False)
        yield LineView(id="banner", focusable=False, gutter=False)
        yield from self.compose_head()
        with Container(id="body"):
            with Vertical(id="left"):
                yield from self.compose_main()
            if self.DETAILED:
                yield LineView(id="detail", gutter=False)
        yield KeyLine()
        yield LineView(id="small", focusable=False, gutter=False)

    def compose_head(self) -> Iterable[Widget]:
        """What stands above the panes."""
        return ()

    def compose_main(self) -> Iterable[Widget]:
        """The main pane."""
        yield LineView(id="main")

    def on_mount(self) -> None:
        self.set_class(self.state.style.ascii, "ascii")
        self.place_panes()
        self.refresh_view()

    def on_resize(self, event: events.Resize) -> None:
        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        self.set_class(small, "-small")
        self.query_one("#small", LineView).show(lambda width: Lines(self._too_small(width)))
        self.place_panes()

    def on_screen_resume(self) -> None:
        self.set_class(self.state.style.ascii, "ascii")
        if self.stale:
            self.refresh_view()

    def _too_small(self, width: int) -> list[Line]:
        text = f"The terminal is too small: {SMALLEST[0]}x{SMALLEST[1]} is the least."
        worst = self.state.report.findings[:1]
        said = [one for f in worst for one in paragraph(self.state.style.prose(f"{f.code}: {f.detail or f.title}"), width)]
        return [*paragraph(text, width, style="warning"), *said]

    # ------------------------------------------------------------ showing

    def refresh_view(self) -> None:
        """Show everything anew."""
        self.stale = False
        self.show_top()
        banner = self.query_one("#banner", LineView)
        lines = around.banners(self.state, self.size.width)
        banner.display = bool(lines)
        banner.show(lambda width: Lines(around.banners(self.state, width)))
        banner.styles.height = len(lines)
        self.show_main()
        self.show_detail()
        self.show_keys()
        if self.FILTERED:
            self.show_filter()

    def show_top(self) -> None:
        """Fill the first line."""
        self.query_one("#top", LineView).show(lambda width: Lines([self.top_line(width)]))

    def top_line(self, width: int) -> Line:
        """The first line."""
        return around.top(self.state, actions.SCREENS[self.NAME], width)

    def show_main(self) -> None:
        """Fill the main pane."""
        raise NotImplementedError

    def detail_lines(self, width: int) -> list[Line]:
        """The lines of the detail pane."""
        return []

    def show_detail(self) -> None:
        """Fill the detail pane."""
        if self.DETAILED:
            detail = self.query_one("#detail", LineView)
            detail.show(lambda width: Lines(self.detail_lines(width)))
            detail.scroll_to(y=0, animate=False, immediate=True)

    def show_keys(self) -> None:
        """Fill the last line."""
        hidden = ("export",) if self.state.setup.served else ()
        names = [n for n in self.FOOTER if (n if isinstance(n, str) else n[0]) not in hidden]
        self.query_one(KeyLine).keys(actions.footer(names, self.browser.changed_keys))

    def show_filter(self) -> None:
        """The filter as it is, and its count."""
        bar = self.query_one(FilterBar)
        state = self.state
        if not bar.input.has_focus:
            off = "" if state.filter_on or not state.filter_text else " (off: F)"
            bar.input.value = state.filter_text + off
        bar.count(self.filter_count())

    def filter_count(self) -> str:
        """``3 of 6``."""
        return ""

    def say(self, text: str, warning: bool = False) -> None:
        """A message in the last line."""
        self.query_one(KeyLine).say(self.state.style.own(text), warning)

    # ------------------------------------------------------------ the cursor

    @on(LineView.Moved, "#main")
    def _moved(self, event: LineView.Moved) -> None:
        event.stop()
        if event.key is not None:
            self.state.cursors[self.NAME] = event.key
        self.moved(event.key)

    def moved(self, key: str | None) -> None:
        """The cursor stands on another line."""
        self.show_detail()

    @on(LineView.Picked, "#main")
    def _picked(self, event: LineView.Picked) -> None:
        event.stop()
        self.action_open()

    # ------------------------------------------------------------ going

    def action_open(self) -> None:
        """Deeper."""

    def action_back(self) -> None:
        """Back where we came from; while loading at the first screen, stop."""
        self.browser.back()

    def action_quit(self) -> None:
        """Back, or out."""
        self.browser.leave()

    def action_facts(self) -> None:
        """Facts about the capture."""
        self.browser.go("capture")

    def action_help(self) -> None:
        """Help of this screen."""
        self.browser.show_help(self.NAME)

    def action_palette(self) -> None:
        """The command palette."""
        self.browser.action_command_palette()

    def action_settings(self) -> None:
        """Theme, clock and signs."""
        self.browser.show_settings()

    def action_reload(self) -> None:
        """Read again."""
        self.browser.reload()

    def action_export(self) -> None:
        """The export dialog."""
        self.browser.show_export(self.export_scopes())

    def export_scopes(self) -> dict[str, tuple[str, ...]]:
        """What can be exported from here: scope → ids, the narrowest first."""
        focused = (self.main.key,) if self.main.key else ()
        return {"focused": focused, "marked": tuple(sorted(self.state.marked)), "filtered": ("*filtered",), "all": ("*all",)}

    # ------------------------------------------------------------ time, copying

    def action_time(self) -> None:
        """The next form of times."""
        form = self.state.next_time_form()
        self.refresh_view()
        words = {"absolute": "time of day", "since": "seconds since the session's start", "delta": "differences only"}
        self.say(f"Times: {words[form]}.")

    def action_copy(self) -> None:
        """The line under the cursor."""
        pane = self.pane
        if pane.source.fixed or not len(pane.source):
            self.browser.copy_text(text_of(pane.source[n] for n in range(len(pane.source))))
        else:
            self.browser.copy_text(self.focused_text())

    def focused_text(self) -> str:
        """What ``y`` copies."""
        return self.pane.source[self.pane.index].text + "\n"

    def action_copy_all(self) -> None:
        """The whole view."""
        self.browser.copy_text(self.whole_text())

    def whole_text(self) -> str:
        """What ``Y`` copies."""
        source = self.main.source
        return text_of([self.top_line(100), *(source[n] for n in range(min(len(source), 20_000)))])

    # ------------------------------------------------------------ filter

    def action_filter(self) -> None:
        """Type a filter."""
        if self.FILTERED:
            self.query_one(FilterBar).begin(self.state.filter_text)
        else:
            self.browser.go_filter()

    def action_filter_off(self) -> None:
        """Filter off, and on again."""
        self.browser.toggle_filter()

    @on(FilterBar.Applied)
    def _filter_applied(self, event: FilterBar.Applied) -> None:
        self._filter_done()
        self.browser.apply_filter(event.text)

    @on(FilterBar.Left)
    def _filter_left(self) -> None:
        self._filter_done()

    def _filter_done(self) -> None:
        self.query_one(FilterBar).end(self.state.filter_text)
        self.main.focus()

    @on(FilterBar.Suggested)
    def _suggested(self, event: FilterBar.Suggested) -> None:
        view = self.query_one("#suggest", LineView)
        lines = [line(" ", Span(event.problem, "warning"))] if event.problem else []
        lines += [line(" ", Span(self.state.style.show(choice), "dim")) for choice in event.choices]
        view.set_class(bool(lines), "shown")
        view.styles.height = len(lines) + (1 if lines else 0)
        view.show(lambda width: Lines(lines))

    # ------------------------------------------------------------ numbers: go to a screen


def _goer(number: int) -> None:
    def go(self: BrowseScreen) -> None:
        self.browser.go(actions.NUMBERS[number])

    go.__doc__ = f"Go to {actions.NUMBERS[number]}."
    setattr(BrowseScreen, f"action_go_{number}", go)


for _number in range(len(actions.NUMBERS)):
    _goer(_number)

"""Panes of a screen: where the main view and the detail stand, and how the cursor moves in them."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.screen import Screen

from pcapkit_tui.widgets.line_view import LineView

STACKED: Final = (5, 10)
"""Lines of a detail pane below: on small terminals, and from 34 lines on."""
LAYOUTS: Final = ("both", "only-main", "only-detail")


class Panes(Screen[None]):
    """A screen with a main pane and, perhaps, a detail."""

    DETAILED: ClassVar[bool] = True
    SIDE: ClassVar[tuple[int, int, int] | None] = None
    """From which width on the detail stands beside, how wide it is then, and from 140 cells on; None: never."""

    def __init__(self) -> None:
        super().__init__()
        self.layout_name = "both"
        self.pane_extra = 0
        self.detail_on = True

    @property
    def main(self) -> LineView:
        """The view that the cursor is in."""
        return self.query_one("#main", LineView)

    # ------------------------------------------------------------ panes

    def place_panes(self) -> None:
        """Place the panes for the size that there is."""
        if not self.DETAILED:
            return
        body, detail = self.query_one("#body"), self.query_one("#detail", LineView)
        side = self.SIDE is not None and self.size.width >= self.SIDE[0]
        body.set_class(side, "side")
        body.set_class(self.layout_name == "only-main" or not self.detail_on, "only-main")
        body.set_class(self.layout_name == "only-detail", "only-detail")
        if self.layout_name == "only-detail":
            detail.styles.width, detail.styles.height = "1fr", "1fr"
        elif side and self.SIDE is not None:
            wanted = self.SIDE[2 if self.size.width >= 140 else 1] + self.pane_extra
            detail.styles.width, detail.styles.height = max(20, min(wanted, self.size.width - 60)), "1fr"
        else:
            wanted = STACKED[self.size.height >= 34] + self.pane_extra
            detail.styles.width, detail.styles.height = "1fr", max(3, min(wanted, self.size.height // 2))

    def action_layout(self) -> None:
        """Cycle: both panes, the main one, the detail."""
        self.layout_name = LAYOUTS[(LAYOUTS.index(self.layout_name) + 1) % len(LAYOUTS)]
        self._rearranged()

    def action_zoom(self) -> None:
        """The focused pane alone, and back."""
        wanted = "only-detail" if self.focused is not None and self.focused.id == "detail" else "only-main"
        self.layout_name = "both" if self.layout_name == wanted else wanted
        self._rearranged()

    def action_detail(self) -> None:
        """Detail on or off."""
        self.detail_on = not self.detail_on
        self._rearranged()

    def action_larger(self) -> None:
        """More room for the detail."""
        self.pane_extra = min(40, self.pane_extra + 2)
        self._rearranged()

    def action_smaller(self) -> None:
        """Less room for the detail."""
        self.pane_extra = max(-40, self.pane_extra - 2)
        self._rearranged()

    def _rearranged(self) -> None:
        self.place_panes()
        shown = "#detail" if self.layout_name == "only-detail" else "#main"
        if self.DETAILED and self.layout_name != "both":
            self.query_one(shown).focus()

    # ------------------------------------------------------------ moving

    @property
    def pane(self) -> LineView:
        """The pane that the keys move in."""
        return self.focused if isinstance(self.focused, LineView) else self.main

    def action_cursor_up(self) -> None:
        """A line up."""
        self.pane.move(-1)

    def action_cursor_down(self) -> None:
        """A line down."""
        self.pane.move(1)

    def action_page_up(self) -> None:
        """A page up."""
        self.pane.move_page(-1)

    def action_page_down(self) -> None:
        """A page down."""
        self.pane.move_page(1)

    def action_first(self) -> None:
        """To the first line."""
        self.pane.move_end(last=False)

    def action_last(self) -> None:
        """To the last line."""
        self.pane.move_end(last=True)

    def action_next_pane(self) -> None:
        """Focus the next pane."""
        self.focus_next()

    def action_previous_pane(self) -> None:
        """Focus the pane before."""
        self.focus_previous()

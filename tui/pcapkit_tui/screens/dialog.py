"""What dialogs have in common: a box in the middle, Esc leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

if TYPE_CHECKING:
    from pcapkit_tui.app import BrowseApp
    from pcapkit_tui.state import State


class Dialog(ModalScreen[None]):
    """A dialog over the screen below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("tab", "app.focus_next", show=False),
        Binding("shift+tab", "app.focus_previous", show=False),
    ]

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

    def on_mount(self) -> None:
        self.set_class(self.state.style.ascii, "ascii")

    def action_leave(self) -> None:
        """Close, nothing done."""
        self.dismiss()

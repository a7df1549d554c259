"""The command palette: actions by name, presets of the filter, and frames by their number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider

from pcapkit.model import FrameRef
from pcapkit.report.escape import visible
from pcapkit_tui import actions
from pcapkit_tui.say import plain
from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view.filtering import PRESETS

if TYPE_CHECKING:
    from pcapkit_tui.app import BrowseApp

HIDDEN = ("cursor_up", "cursor_down", "page_up", "page_down", "first", "last", "next_pane", "previous_pane", "palette")


class BrowserCommands(Provider):
    """Everything that the screen can do, in words."""

    @property
    def browser(self) -> BrowseApp:
        """The app, by its type."""
        from pcapkit_tui.app import BrowseApp

        assert isinstance(self.app, BrowseApp)
        return self.app

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], object]]]:
        """Name, help, and what it does."""
        screen = self.screen
        if isinstance(screen, BrowseScreen):
            for action in actions.actions_of(screen.NAME):
                if action.name not in HIDDEN:
                    yield f"{action.word} ({action.keys[0]})", action.help, partial(self._run, action.name)
        device = self.browser.looked_device()
        for preset in PRESETS:
            text = preset.text.format(device=device or "D1")
            if device or "{device}" not in preset.text:
                yield f"filter: {preset.name}", text, partial(self.browser.apply_filter, text)

    async def _run(self, name: str) -> None:
        await self.app.run_action(f"screen.{name}")

    async def discover(self) -> Hits:
        for name, about, run in self._commands():
            yield DiscoveryHit(plain(name), run, text=name, help=about)

    async def search(self, query: str) -> Hits:
        wanted = query.strip().lstrip("#")
        capture, colon, number = wanted.rpartition(":")
        if number.isascii() and number.isdigit() and len(number) < 12 and (not colon or capture.isdigit()):
            place = FrameRef(int(capture) - 1 if colon else 0, int(number))
            yield Hit(
                1.0, plain(f"go to frame {visible(wanted)}"), partial(self.browser.jump, place), text=wanted, help="the packet with this number"
            )
        matcher = self.matcher(query)
        for name, about, run in self._commands():
            score = max(matcher.match(name), matcher.match(about))
            if score > 0:
                yield Hit(score, plain(name), run, text=name, help=about)

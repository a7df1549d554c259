"""Settings of the view: theme, clock, signs. They last as long as the browser; the configuration keeps them."""

from __future__ import annotations

from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import RadioSet

from pcapkit_tui import themes
from pcapkit_tui.say import label, plain
from pcapkit_tui.screens.dialog import Dialog
from pcapkit_tui.widgets.choices import Choice, Switch

THEME_WORDS: Final = {"dark": "dark", "light": "light", "ansi": "the terminal's own colours"}


class SettingsDialog(Dialog):
    """Every change shows at once."""

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield label("View")
            yield label("Theme", classes="hint")
            with RadioSet(id="theme", compact=True):
                for name, theme in themes.THEMES.items():
                    yield Choice(plain(THEME_WORDS[name]), value=self.app.theme == theme.name, id=f"theme-{name}", compact=True)
            yield Switch(plain("times in UTC"), self.state.style.utc, id="utc", compact=True)
            yield Switch(plain("ASCII signs only"), self.state.style.ascii, id="ascii", compact=True)
            yield label("Esc closes. [ui] theme, time and ascii of config.toml keep them.", classes="hint")

    @on(RadioSet.Changed, "#theme")
    def _theme(self, event: RadioSet.Changed) -> None:
        self.app.theme = themes.THEMES[str(event.pressed.id).removeprefix("theme-")].name

    @on(Switch.Changed)
    def _check(self, event: Switch.Changed) -> None:
        changes = {str(event.checkbox.id): event.value}
        self.browser.restyle(lambda state: state.restyle(**changes))

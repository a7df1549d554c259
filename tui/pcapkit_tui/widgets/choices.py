"""Buttons of dialogs that say in signs, not in colour alone, whether they are on."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Checkbox, RadioButton


class Choice(RadioButton):
    """``(*)`` one of several."""

    @property
    def _button(self) -> Content:
        return Content("(*)" if self.value else "( )")


class Switch(Checkbox):
    """``[x]`` on or off."""

    @property
    def _button(self) -> Content:
        return Content("[x]" if self.value else "[ ]")

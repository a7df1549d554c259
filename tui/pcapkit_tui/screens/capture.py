"""Screen 8: facts about the captures."""

from __future__ import annotations

from typing import ClassVar

from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view import capture
from pcapkit_tui.view.lines import Lines


class CaptureScreen(BrowseScreen):
    """What was read, and what the capture cannot show."""

    NAME = "capture"
    DETAILED = False
    FOOTER: ClassVar = (("go_1", "devices"), ("go_3", "findings"), ("go_7", "flows"), ("copy_all", "copy all"), "help", "back")

    def show_main(self) -> None:
        self.main.show(lambda width: Lines(capture.lines(self.state, width)))

    def export_scopes(self) -> dict[str, tuple[str, ...]]:
        return {"all": ("*all",)}

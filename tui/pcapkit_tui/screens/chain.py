"""Screen 6: the certificates that a server sent, and why a phone takes them or not."""

from __future__ import annotations

from typing import ClassVar

from pcapkit.model import Step
from pcapkit.sessions.scene import Tls
from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view import chain, detail
from pcapkit_tui.view.lines import Line, Lines, line


class ChainScreen(BrowseScreen):
    """The chain of one TLS step."""

    NAME = "chain"
    DETAILED = False
    FOOTER: ClassVar = (("export", "PEM"), "copy", ("copy_all", "copy all"), "help", "back")

    def __init__(self, session_id: str, step: Step) -> None:
        super().__init__()
        self.session_id = session_id
        self.step = step

    @property
    def tls(self) -> Tls | None:
        """The handshake."""
        session = self.state.sessions.get(self.session_id)
        return detail.tls_of(self.state, session, self.step) if session else None

    def show_main(self) -> None:
        self.main.show(self._lines)

    def _lines(self, width: int) -> Lines:
        tls = self.tls
        if tls is None:
            return Lines([line(" The handshake is not at hand any more; go back and open it again.")])
        place = detail.frames_text(self.step.frames, len(self.state.report.captures) > 1)
        found: list[Line] = chain.lines(self.state.style, tls, self.step.server or "?", f"{self.session_id} {place}", width)
        return Lines(found)

    def export_scopes(self) -> dict[str, tuple[str, ...]]:
        return {"focused": (self.session_id,), "all": ("*all",)}

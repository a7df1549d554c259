"""The followed stream: what both sides of a flow said, as text."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.worker import get_current_worker

from pcapkit import revisit
from pcapkit.keys import Secrets
from pcapkit.model import FrameRef
from pcapkit.options import InputError, StopFn
from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view import stream
from pcapkit_tui.view.lines import Lines, line, paragraph


class StreamScreen(BrowseScreen):
    """The talk of one flow; Enter shows the packet of a line."""

    NAME = "stream"
    DETAILED = False
    FOOTER: ClassVar = (("open", "packet"), ("next_group", "p message"), "copy", ("copy_all", "copy all"), "help", "back")

    def __init__(self, flow: str) -> None:
        super().__init__()
        self.flow = flow
        self.said: list[stream.Said] | None = None
        self.trouble: str | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    @work(thread=True, group="stream", exclusive=True, exit_on_error=False)
    def _read(self) -> None:
        worker = get_current_worker()
        known = self.browser.connection(self.flow)
        if known is None:
            self.app.call_from_thread(self._failed, f"{self.flow} is no longer in the flow table: there were too many flows.")
            return
        try:
            found = self._follow(revisit.Talk.of(known), known.transport == "tcp", lambda: worker.is_cancelled)
        except InputError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._have, found)

    def _follow(self, talk: revisit.Talk, tcp: bool, stopped: StopFn) -> list[stream.Said]:
        path, options = self.browser.path_of(talk.capture), self.state.setup.options
        secrets = self.state.snapshot.analysis.secrets if self.state.snapshot.analysis is not None else Secrets(options.keylog)
        found = stream.of_messages(revisit.observations_of(path, talk, options, secrets, stopped))
        if not any(not said.dim for said in found):
            found = stream.of_bytes(revisit.payloads_of(path, talk, options, stopped), tcp)
        return found

    def _failed(self, text: str) -> None:
        self.trouble = text
        self.show_main()

    def _have(self, found: list[stream.Said]) -> None:
        self.said = found
        self.show_main()

    def show_main(self) -> None:
        self.main.show(self._lines)

    def _lines(self, width: int) -> Lines:
        if self.trouble:
            return Lines(paragraph(self.state.style.prose(self.trouble), width, " ", " ", "warning"))
        if self.said is None:
            return Lines([line(f" Following {self.flow}; Esc goes back.")])
        if not self.said:
            return Lines([line(" Nothing was said in this flow, or nothing of it was captured.")])
        return Lines(stream.lines(self.state.style, self.said, width))

    def _at(self) -> int:
        key = self.main.key or "0"
        return int(key.partition(".")[0]) if key[:1].isdigit() else 0

    def action_open(self) -> None:
        known = self.browser.connection(self.flow)
        if self.said and known is not None:
            self.browser.open_packet(FrameRef(known.capture, self.said[self._at()].frame))

    def action_next_group(self) -> None:
        """The next message."""
        self.main.go(f"{self._at() + 1}.0")

    def action_previous_group(self) -> None:
        """The message before."""
        here = self._at()
        self.main.go(f"{here}.0" if not (self.main.key or "").endswith(".0") else f"{max(0, here - 1)}.0")

    def export_scopes(self) -> dict[str, tuple[str, ...]]:
        return {**super().export_scopes(), "focused": (self.flow,)}

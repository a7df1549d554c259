"""Screen 5: one frame in layers of our own, its bytes, and on request the tree that tshark makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.worker import get_current_worker

from pcapkit import drill, revisit
from pcapkit.model import FrameRef
from pcapkit.options import InputError
from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view import around, layers, packet, secrets
from pcapkit_tui.view.lines import Line, Lines, line, paragraph

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.worker import Worker

BEFORE: int = 400
"""Packets of the conversation that tshark gets before this one, to put it together."""


class PacketScreen(BrowseScreen):
    """A frame. ``n`` and ``p`` are not here: the list of packets is one screen back."""

    NAME = "packet"
    SIDE = (144, 76, 76)
    FOOTER: ClassVar = ("hex", ("tree", "tshark tree"), "stream", "chain", ("flows_of", "Wireshark"), "copy", "help", "back")

    def __init__(self, frame: FrameRef) -> None:
        super().__init__()
        self.place = frame
        self.frame: revisit.Frame | None = None
        self.parts: list[layers.Layer] = []
        self.nodes: list[drill.Node] | None = None
        self.tree_shown = False
        self.trouble: str | None = None
        self._worker: Worker[None] | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self._read()

    # ------------------------------------------------------------ reading

    @work(thread=True, group="packet", exclusive=True, exit_on_error=False)
    def _read(self) -> None:
        worker = get_current_worker()
        try:
            found = revisit.frame_at(self.browser.path_of(self.place.capture), self.place.capture, self.place.frame, lambda: worker.is_cancelled)
        except InputError as error:
            self.app.call_from_thread(self._failed, str(error))
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._have, found)

    def _failed(self, text: str) -> None:
        self.trouble = text
        self.refresh_view()

    def _have(self, frame: revisit.Frame | None) -> None:
        self.frame = frame
        self.parts = layers.layers(frame) if frame is not None else []
        self.trouble = None if frame is not None else f"There is no frame {self.place.frame} in this capture."
        self.refresh_view()
        deepest = next((f"{n}" for n in range(len(self.parts) - 1, -1, -1) if self.parts[n].name not in ("data", "rest")), None)
        if deepest is not None and self.main.key in (None, "frame"):
            self.call_after_refresh(self.main.go, deepest, top=True)

    # ------------------------------------------------------------ showing

    def top_line(self, width: int) -> Line:
        many = len(self.state.report.captures) > 1
        place = f"{self.place.capture + 1}:{self.place.frame}" if many else f"{self.place.frame}"
        return around.top(self.state, f"5 Packet {place}", width)

    def show_main(self) -> None:
        self.main.show(self._lines)

    def _lines(self, width: int) -> Lines:
        if self.trouble:
            return Lines(paragraph(self.state.style.prose(self.trouble), width, " ", " ", "warning"))
        if self.frame is None:
            return Lines([line(f" Reading frame {self.place.frame} …" if not self.state.style.ascii else f" Reading frame {self.place.frame} ...")])
        if self.tree_shown:
            return Lines(self._tree_lines(width))
        return Lines(packet.lines(self.state.style, self.frame, self.parts, width))

    def _tree_lines(self, width: int) -> list[Line]:
        style = self.state.style
        if self.nodes is None:
            return [line(" tshark reads the packet; Esc or o stops it.")]
        return packet.tree(style, self.nodes, width, secrets.hidden)

    def detail_lines(self, width: int) -> list[Line]:
        if self.frame is None:
            return []
        return packet.hexdump(self.state.style, self.frame.data, self._marked(), width)

    def _marked(self) -> tuple[int, int]:
        key = self.main.key
        if self.tree_shown and self.nodes and key and key.startswith("t"):
            node = self.nodes[int(key[1:])]
            return node.at, node.at + node.size
        return packet.marked(self.parts, key)

    def show_detail(self) -> None:
        super().show_detail()
        start, end = self._marked()
        detail = self.query_one("#detail")
        row = start // packet.ROW
        if end > start and row >= detail.size.height:
            detail.scroll_to(y=row - 1, animate=False, immediate=True)

    # ------------------------------------------------------------ keys

    def action_hex(self) -> None:
        """Hex on or off."""
        self.action_detail()

    def action_tree(self) -> None:
        """The tree as tshark makes it, and back to ours."""
        self.tree_shown = not self.tree_shown
        if self._worker is not None and self._worker.is_running:
            self._worker.cancel()
            self.say("Stopped.")
        elif self.tree_shown and self.nodes is None and self.frame is not None:
            if drill.available():
                self._worker = self._ask()
            else:
                self.tree_shown = False
                self.say(drill.MISSING, True)
        self.show_main()
        self.show_detail()

    @work(thread=True, group="tree", exclusive=True, exit_on_error=False)
    def _ask(self) -> None:
        worker = get_current_worker()
        try:
            nodes = drill.tree(list(self._raw(lambda: worker.is_cancelled)), lambda: worker.is_cancelled)
        except (drill.DrillError, InputError) as error:
            self.app.call_from_thread(self._no_tree, str(error))
            return
        if not worker.is_cancelled:
            self.app.call_from_thread(self._have_tree, nodes)

    def _raw(self, stopped: Callable[[], bool]) -> Iterable[drill.Raw]:
        """The packet, and those of its conversation before it."""
        assert self.frame is not None
        path, options = self.browser.path_of(self.place.capture), self.state.setup.options
        numbers = [self.place.frame]
        talk = self.browser.talk_of_frame(self.frame)
        if talk is not None:
            listed = revisit.packets_of(path, talk._replace(last_frame=self.place.frame), options, stopped)
            numbers = sorted({*listed.frame.tolist()[-BEFORE:], self.place.frame})
        for frame in revisit.frames_at(path, self.place.capture, numbers, stopped):
            yield drill.Raw(frame.time_ns, frame.data, frame.length, frame.link_type)

    def _no_tree(self, text: str) -> None:
        self.tree_shown = False
        self.show_main()
        self.say(text, True)

    def _have_tree(self, nodes: list[drill.Node]) -> None:
        self.nodes = nodes
        if self.tree_shown:
            self.show_main()
            self.show_detail()

    def action_back(self) -> None:
        """Stop tshark, or go back."""
        if self._worker is not None and self._worker.is_running:
            self.action_tree()
        else:
            super().action_back()

    def action_stream(self) -> None:
        """Follow the stream that the packet belongs to."""
        flow = self.browser.flow_of_frame(self.frame) if self.frame is not None else None
        if flow:
            self.browser.open_stream(flow)
        else:
            self.say("This packet belongs to no conversation that is known.")

    def action_chain(self) -> None:
        """The chain of the session that is looked at."""
        self.browser.go_chain(self.place)

    def action_flows_of(self) -> None:
        """Cut the conversation out, and say how Wireshark shows this packet."""
        self.browser.wireshark(self.place, self.frame)

    def export_scopes(self) -> dict[str, tuple[str, ...]]:
        session = self.browser.session_id
        return {**super().export_scopes(), "focused": (session,) if session else ()}

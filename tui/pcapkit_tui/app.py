"""The browser: owns the state, starts the workers, and decides which screen comes next."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

from textual import on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.worker import Worker, WorkerState

from pcapkit.filter import FilterError
from pcapkit.flows.facts import Connection
from pcapkit.model import FrameRef, Step
from pcapkit.report.atomic import OutputError, write_atomic
from pcapkit.report.escape import visible
from pcapkit.revisit import Frame, Talk
from pcapkit_tui import actions, cutting, themes
from pcapkit_tui.load import load
from pcapkit_tui.messages import Advanced, Failed, Known
from pcapkit_tui.palette import BrowserCommands
from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.screens.devices import DevicesScreen
from pcapkit_tui.screens.finding import FindingScreen
from pcapkit_tui.screens.findings import FindingsScreen
from pcapkit_tui.screens.open import OpenScreen
from pcapkit_tui.screens.session import SessionScreen
from pcapkit_tui.state import Setup, Snapshot, State
from pcapkit_tui.view.export import Chosen, free
from pcapkit_tui.view.filtering import Completer

LOG: Final = logging.getLogger("pcapkit.tui")
COPIED: Final = 1_000_000
"""Characters that are put into the clipboard at most."""


class BrowseApp(App[int], inherit_bindings=False):
    """The terminal browser. ``snapshot``: show this in place of reading (tests)."""

    TITLE = "pcapkit"
    CSS_PATH: ClassVar = Path(__file__).with_name("app.tcss")
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "stop", show=False, priority=True)]
    COMMAND_PALETTE_BINDING = "ctrl+p"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar = {BrowserCommands}

    def __init__(self, setup: Setup, snapshot: Snapshot | None = None) -> None:
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.state = State(setup)
        self.changed_keys, self.key_faults = actions.checked(setup.keys)
        self._given = snapshot
        self._stop = threading.Event()
        self.session_id: str | None = None
        self.finding_id: str | None = None
        self.flow: str | None = None
        self.frame: FrameRef | None = None
        self.ended_by: int | None = None
        for name in list(self.available_themes):
            self.unregister_theme(name)
        for theme in themes.THEMES.values():
            self.register_theme(theme)
        self.theme = themes.chosen(setup.theme)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own names of colours, before a theme is chosen."""
        return dict(themes.DARK.variables)

    def on_mount(self) -> None:
        self.animation_level = "none"
        self.set_keymap({name: ",".join(map(actions.key_name, (key,))) for name, key in self.changed_keys.items()})
        self._listen()
        self.push_screen(DevicesScreen())
        if self._given is None and not self.state.setup.paths:
            self.push_screen(OpenScreen())
        if self._given is not None:
            self.state.take(self._given)
        elif self.state.setup.paths:
            self.start_loading()
        for fault in self.key_faults:
            self.call_after_refresh(self.say, fault, True)

    def _listen(self) -> None:
        """Leave in good order when told to end or when the terminal goes away."""
        if threading.current_thread() is not threading.main_thread():
            return
        import asyncio

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, partial(self._ended, number))

    def _ended(self, number: int) -> None:
        self.ended_by = number
        self._stop.set()
        self.exit(128 + number)

    def action_stop(self) -> None:
        """Ctrl-C: out."""
        self._stop.set()
        self.exit(130 if self.state.loading else 0)

    # ------------------------------------------------------------ loading

    def start_loading(self) -> None:
        """Read the captures in a thread of its own."""
        self._stop = threading.Event()
        self.state.loading, self.state.failure = True, None
        self.run_worker(
            partial(load, self.state.setup, self.post_message, self._stop.is_set), thread=True, group="load", exclusive=True, exit_on_error=False
        )

    def open_capture(self, path: str) -> None:
        """Read this one."""
        self.state = State(replace(self.state.setup, paths=(path,)))
        self.go("devices")
        self.start_loading()
        self.refresh_screens()

    def stop_loading(self) -> None:
        """Stop, and keep what was read."""
        self._stop.set()

    def reload(self) -> None:
        """Read the files again; screens keep their places by key."""
        if not self.state.setup.paths:
            self.say("No file to read again.")
        elif not self.state.loading:
            self.start_loading()
            self.refresh_screens()

    @on(Advanced)
    def _advanced(self, message: Advanced) -> None:
        self.state.progress, self.state.speed = message.progress, message.speed
        if isinstance(self.screen, BrowseScreen):
            self.screen.show_top()

    @on(Known)
    def _known(self, message: Known) -> None:
        report = message.snapshot.report
        if message.snapshot.done and not report.captures and report.unreadable:
            self.state.failure = " ".join(f"{bad.path}: {bad.reason}" for bad in report.unreadable)
        self.state.take(message.snapshot)
        self.refresh_screens()
        if message.snapshot.done and not report.sessions and any(f.code.startswith("capture-") for f in report.findings):
            self.go("capture")

    @on(Failed)
    def _failed(self, message: Failed) -> None:
        self.state.loading, self.state.failure = False, message.reason
        self.refresh_screens()

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        """A bug in a worker costs its result, and is told; in tests it is raised."""
        if event.state is not WorkerState.ERROR or event.worker.error is None:
            return
        LOG.error("%s failed", event.worker.group, exc_info=event.worker.error)
        if os.environ.get("PCAPKIT_STRICT"):
            raise event.worker.error
        self.say(f"A bug of ours: {type(event.worker.error).__name__} in {event.worker.group}. The log tells more (--log FILE).", True)

    def refresh_screens(self) -> None:
        """Something changed: the screen on top is shown anew, those below when they come up again."""
        for screen in self.screen_stack:
            if isinstance(screen, BrowseScreen):
                screen.stale = True
        if isinstance(self.screen, BrowseScreen) and self.screen.is_mounted:
            self.screen.refresh_view()

    # ------------------------------------------------------------ filter

    def complete(self, text: str) -> list[str]:
        """What the filter's input may become."""
        return Completer.of(self.state.report).complete(text)

    def apply_filter(self, text: str) -> None:
        """Show only what matches; ``=`` at the start hands the rest to tshark."""
        if text.lstrip().startswith("="):
            self._ask_tshark(text.strip())
            return
        try:
            self.state.filter(text)
        except FilterError as error:
            self.say(str(error), True)
            return
        self.refresh_screens()

    @work(thread=True, group="tshark", exclusive=True, exit_on_error=False)
    def _ask_tshark(self, text: str) -> None:
        from textual.worker import get_current_worker

        from pcapkit import drill

        worker = get_current_worker()
        self.call_from_thread(self.say, "tshark reads the capture with this filter; Esc in the filter keeps the old one.")
        try:
            frames = drill.matching(self.state.snapshot.paths, text.lstrip("= "), stopped=lambda: worker.is_cancelled)
        except drill.DrillError as error:
            self.call_from_thread(self.say, str(error), True)
            return
        if not worker.is_cancelled:
            self.call_from_thread(self._apply_frames, text, frames)

    def _apply_frames(self, text: str, frames: dict[int, frozenset[int]]) -> None:
        self.state.filter(text, frames)
        self.refresh_screens()

    def toggle_filter(self) -> None:
        """Filter off, and on again."""
        if not self.state.filter_text:
            self.say("There is no filter; / begins one.")
            return
        on_now = self.state.toggle_filter()
        self.refresh_screens()
        self.say(f"Filter {'on' if on_now else 'off'}.")

    def go_filter(self) -> None:
        """From a screen without a filter: to the devices, and type there."""
        self.go("devices")
        screen = self.screen
        if isinstance(screen, BrowseScreen):
            self.call_after_refresh(screen.action_filter)

    # ------------------------------------------------------------ where we are

    def look_at(self, *, session: str | None = None, finding: str | None = None, flow: str | None = None, frame: FrameRef | None = None) -> None:
        """What the user looks at: where the number keys go."""
        self.session_id = session or self.session_id
        self.finding_id = finding or self.finding_id
        self.flow = flow or self.flow
        self.frame = frame or self.frame

    def go(self, name: str) -> None:
        """To a screen by its name: back to it if it is open, else a new one about what is looked at."""
        for place, screen in enumerate(self.screen_stack):
            if isinstance(screen, BrowseScreen) and name == screen.NAME:
                for _ in range(len(self.screen_stack) - 1 - place):
                    self.pop_screen()
                return
        self._new(name)

    def _new(self, name: str) -> None:
        report = self.state.report
        if name == "findings":
            self.push_screen(FindingsScreen())
        elif name == "session":
            wanted = self.session_id if self.session_id in self.state.sessions else self._worst_session()
            self.open_session(wanted) if wanted else self.say("There is no session.")
        elif name == "finding":
            wanted = self.finding_id if self.finding_id in self.state.findings else next((f.id for f in report.findings), None)
            self.open_finding(wanted) if wanted else self.say("There is no finding.")
        elif name == "packet":
            self.open_packet(self.frame or FrameRef(0, 1))
        elif name == "chain":
            self._new_chain()
        elif name == "flows":
            self.open_flows("")
        else:
            self._new_other(name)

    def _new_other(self, name: str) -> None:
        if name == "capture":
            from pcapkit_tui.screens.capture import CaptureScreen

            self.push_screen(CaptureScreen())
        elif name == "picture":
            from pcapkit_tui.screens.picture import PictureScreen

            self.push_screen(PictureScreen(self.session_id or self._worst_session()))
        else:
            self.say("This browser shows files; a running capture is shown with -i.")

    def _worst_session(self) -> str | None:
        order = ("failed", "degraded", "incomplete", "succeeded")
        sessions = sorted((s for s in self.state.report.sessions if s.id in self.state.kept.sessions), key=lambda s: order.index(s.outcome))
        return sessions[0].id if sessions else None

    def _new_chain(self) -> None:
        session = self.state.sessions.get(self.session_id or self._worst_session() or "")
        steps = [s for s in session.steps if s.kind == "tls"] if session else []
        steps.sort(key=lambda s: (s.outcome != "failed", not s.detail.get("chain")))
        if session and steps:
            self.open_chain(session.id, steps[0])
        else:
            self.say("No TLS was seen.")

    def open_session(self, session_id: str, focus: str | FrameRef | None = None) -> None:
        """The ladder of a session."""
        self.look_at(session=session_id)
        self.push_screen(SessionScreen(session_id, focus))

    def open_finding(self, finding_id: str) -> None:
        """A finding."""
        self.look_at(finding=finding_id)
        self.push_screen(FindingScreen(finding_id))

    def open_packet(self, frame: FrameRef, marks: Any = None) -> None:
        """A packet."""
        if self._withheld():
            return
        from pcapkit_tui.screens.packet import PacketScreen

        self.look_at(frame=frame)
        self.push_screen(PacketScreen(frame))

    def open_chain(self, session_id: str, step: Step) -> None:
        """The certificate chain of a step."""
        if self._withheld():
            return
        from pcapkit_tui.screens.chain import ChainScreen

        self.push_screen(ChainScreen(session_id, step))

    def open_flows(self, text: str) -> None:
        """The flow table, narrowed by an expression."""
        if self._withheld():
            return
        from pcapkit_tui.screens.flows import FlowsScreen

        self.push_screen(FlowsScreen(text))

    def open_packets(self, flow: str) -> None:
        """The packets of a flow."""
        from pcapkit_tui.screens.packets import PacketsScreen

        self.look_at(flow=flow)
        self.push_screen(PacketsScreen(flow))

    def open_stream(self, flow: str) -> None:
        """What a flow says, as text."""
        if self._withheld():
            return
        from pcapkit_tui.screens.stream import StreamScreen

        self.look_at(flow=flow)
        self.push_screen(StreamScreen(flow))

    # ------------------------------------------------------------ packets

    def looked_device(self) -> str | None:
        """The device that is looked at."""
        if isinstance(self.screen, DevicesScreen):
            return self.screen.main.key
        session = self.state.sessions.get(self.session_id or "")
        return session.device if session else self.state.cursors.get("devices")

    def jump(self, place: FrameRef) -> None:
        """To a frame by its number."""
        captures = self.state.report.captures
        if not 0 <= place.capture < len(captures):
            self.say(f"There is no capture {place.capture + 1}.", True)
        elif not 1 <= place.frame <= captures[place.capture].packets:
            self.say(f"There is no frame {place.frame}: the capture has {captures[place.capture].packets:,}.", True)
        else:
            self.open_packet(place)

    def path_of(self, capture: int) -> str:
        """The file of a capture."""
        return self.state.snapshot.paths[capture]

    def connection(self, flow: str) -> Connection | None:
        """What is known of a flow (``T7``), None if it was forgotten."""
        number = int(flow[1:]) - 1
        for tracker in self.state.snapshot.trackers:
            try:
                return tracker.connection(number)
            except (KeyError, IndexError):
                continue
        return None

    def flow_of_frame(self, frame: Frame) -> str | None:
        """The flow that a frame belongs to."""
        piece = frame.piece
        if piece is None or not piece.version or frame.capture >= len(self.state.snapshot.trackers):
            return None
        tracker = self.state.snapshot.trackers[frame.capture]
        for client, server, port in ((piece.src, piece.dst, piece.dport), (piece.dst, piece.src, piece.sport)):
            for number in tracker.find(client, server, port):
                known = tracker.connection(number)
                ports = {known.client_port, known.server_port}
                if known.first_frame <= frame.frame <= known.last_frame and {piece.sport, piece.dport} == ports:
                    return f"T{number + 1}"
        return None

    def talk_of_frame(self, frame: Frame) -> Talk | None:
        """The conversation that a frame belongs to."""
        flow = self.flow_of_frame(frame)
        known = self.connection(flow) if flow else None
        return Talk.of(known) if known else None

    def go_chain(self, frame: FrameRef) -> None:
        """The certificate chain of the step that a frame belongs to, else of the session looked at."""
        for session in self.state.report.sessions:
            for step in session.steps:
                if step.kind == "tls" and frame in step.frames:
                    self.open_chain(session.id, step)
                    return
        self._new_chain()

    def wireshark(self, place: FrameRef, frame: Frame | None) -> None:
        """Cut out what belongs to a frame, and say the command that shows it in Wireshark."""
        cutting.wireshark(self, place, frame)

    def _withheld(self) -> bool:
        """With personal data redacted, raw packets are not shown."""
        if self.state.setup.redact:
            self.say("Packets hold personal data: they are not shown with --redact.", True)
        return self.state.setup.redact

    def back(self) -> None:
        """The screen before; at the first one a running load is stopped."""
        if len(self.screen_stack) > 2:
            self.pop_screen()
        elif self.state.loading:
            self.stop_loading()
            self.say("Stopping; what was read is kept.")

    def leave(self) -> None:
        """Back, and out from the first screen."""
        if len(self.screen_stack) > 2:
            self.pop_screen()
        else:
            self._stop.set()
            self.exit(0)

    # ------------------------------------------------------------ dialogs

    def show_help(self, name: str) -> None:
        """Help of a screen."""
        from pcapkit_tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(name))

    def show_settings(self) -> None:
        """Theme, clock, signs."""
        from pcapkit_tui.screens.settings import SettingsDialog

        self.push_screen(SettingsDialog())

    def show_export(self, scopes: dict[str, tuple[str, ...]]) -> None:
        """The export dialog."""
        if self.state.setup.served:
            self.say("Files are not written from a browser.", True)
            return
        from pcapkit_tui.screens.export import ExportDialog

        self.push_screen(ExportDialog(scopes))

    # ------------------------------------------------------------ files

    def write_export(self, wanted: Chosen, form: str, path: Path, redact: bool) -> None:
        """Write a file; how it went is said."""
        if form == "svg":
            self._write_svg(path)
        else:
            self._in_worker(lambda: cutting.write(self.state, wanted, form, path, redact))

    def write_cut(self, wanted: Chosen, place: FrameRef) -> None:
        """Cut packets out for Wireshark."""
        self._in_worker(lambda: cutting.cut_for_wireshark(self.state, wanted, place))

    def _write_svg(self, path: Path) -> None:
        """The screen as a picture. A picture has no colours of a terminal: it is drawn in the dark theme then."""
        theme = self.theme
        if theme == themes.ANSI.name:
            self.theme = themes.DARK.name
        self.call_after_refresh(self._draw_svg, free(path), theme)

    def _draw_svg(self, target: Path, theme: str) -> None:
        picture = self.export_screenshot(title="pcapkit")
        self.theme = theme
        try:
            write_atomic(target, [picture.encode("utf-8", "backslashreplace")])
        except OutputError as error:
            self.say(f"Nothing was written: {error}.", True)
        else:
            self.say(f"Wrote {target}.")

    @work(thread=True, group="write", exit_on_error=False)
    def _in_worker(self, job: Callable[[], str]) -> None:
        try:
            said = job()
        except cutting.CutError as error:
            self.call_from_thread(self.say, str(error), True)
        else:
            self.call_from_thread(self.say, said)

    # ------------------------------------------------------------ saying, copying

    def say(self, text: str, warning: bool = False) -> None:
        """A message in the last line of the screen on top."""
        screen = next((s for s in reversed(self.screen_stack) if isinstance(s, BrowseScreen)), None)
        if screen is not None and screen.is_mounted:
            screen.say(visible(text, 400), warning)

    def copy_text(self, text: str) -> None:
        """Into the clipboard, by OSC 52. The text is made of safe lines already; nothing else is let through."""
        safe = "\n".join(part if part.isprintable() else visible(part) for part in text.split("\n"))[:COPIED]
        self.copy_to_clipboard(safe)
        lines = safe.count("\n") + (not safe.endswith("\n"))
        self.say(f"Copied {lines:,} line{'' if lines == 1 else 's'} (needs a terminal that takes OSC 52; tmux: set-clipboard on; e saves to a file).")

    def restyle(self, change: Callable[[State], None]) -> None:
        """Change how things are shown, everywhere."""
        change(self.state)
        for screen in self.screen_stack:
            screen.set_class(self.state.style.ascii, "ascii")
        self.refresh_screens()

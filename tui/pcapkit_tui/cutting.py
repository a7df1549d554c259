"""Writing files from the browser, in a worker: documents, cuts of packets, certificates. Nothing is ever overwritten."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pcapkit.model import FrameRef
from pcapkit.options import InputError
from pcapkit.report.atomic import OutputError, write_atomic
from pcapkit.revisit import Frame
from pcapkit_tui.view import export
from pcapkit_tui.view.export import Chosen

if TYPE_CHECKING:
    from pcapkit.sessions.scene import Scene
    from pcapkit_tui.app import BrowseApp
    from pcapkit_tui.state import State

LINE: Final = 64


class CutError(Exception):
    """Nothing was written; the message is a whole sentence."""


def write(state: State, wanted: Chosen, form: str, path: Path, redact: bool) -> str:
    """Write what was chosen; a sentence that says what. Runs in a worker.

    Raises:
        CutError: it could not be written.
    """
    target = export.free(path)
    try:
        if form == "pcapng":
            return _packets(state, wanted, target, redact)
        if form == "pem":
            return _certificates(state, wanted, target)
        return _document(state, wanted, form, target, redact)
    except (OutputError, InputError) as error:
        raise CutError(f"Nothing was written: {error}.") from None


def _document(state: State, wanted: Chosen, form: str, target: Path, redact: bool) -> str:
    report = export.part(state.report, wanted)
    if redact:
        from pcapkit.report.redact import redact as numbered

        report = numbered(report)[0]
    write_atomic(target, export.document(report, form, state.style))
    return f"Wrote {target}."


def _packets(state: State, wanted: Chosen, target: Path, redact: bool) -> str:
    from pcapkit.extract import Selection, SelectionError, Stopped, extract

    analysis = state.snapshot.analysis
    if analysis is None or not state.snapshot.done:
        raise CutError("Packets can be cut out when the capture is read to its end.")
    if redact:
        raise CutError("A cut with personal data replaced is made by: pcapkit extract FILE -o CUT.pcapng --redact")
    selection = Selection(sessions=wanted.sessions, devices=wanted.devices, findings=wanted.findings, flows=wanted.flows)
    try:
        cut = extract(state.snapshot.paths, state.setup.options, selection, str(target), analysis=analysis, report=state.report, command="tui export")
    except (SelectionError, Stopped) as error:
        raise CutError(f"Nothing was written: {error}.") from None
    return f"Wrote {cut.packets:,} packets to {target}."


def _certificates(state: State, wanted: Chosen, target: Path) -> str:
    if state.snapshot.scene is None:
        raise CutError("The certificates are not at hand.")
    found = list(dict.fromkeys(_chains(state.snapshot.scene, wanted, state)))
    if not found:
        raise CutError("No certificate of these sessions was seen; nothing was written.")
    write_atomic(target, (_pem(der) for der in found))
    return f"Wrote {len(found)} certificates to {target}."


def _chains(scene: Scene, wanted: Chosen, state: State) -> Iterator[bytes]:
    """Certificates in the order they were sent."""
    sessions = {s.id for s in export.part(state.report, wanted).sessions}
    for case in scene.sessions:
        if case.id in sessions:
            for attempt in case.attempts:
                yield from attempt.tls.chain if attempt.tls else ()


def _pem(der: bytes) -> bytes:
    """RFC 7468."""
    text = base64.b64encode(der).decode("ascii")
    lines = "\n".join(text[at : at + LINE] for at in range(0, len(text), LINE))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n".encode("ascii")


# ---------------------------------------------------------------- Wireshark


def wireshark(app: BrowseApp, place: FrameRef, frame: Frame | None) -> None:
    """Cut out the session or flow that a frame belongs to, and say the command that shows it in Wireshark."""
    state = app.state
    if state.setup.served:
        app.say(command(state.snapshot.paths[place.capture], place.frame))
        return
    session = next((s.id for s in state.report.sessions for step in s.steps if place in step.frames), None)
    flow = app.flow_of_frame(frame) if session is None and frame is not None else app.flow if session is None else None
    wanted = Chosen(sessions=(session,) if session else (), flows=(flow,) if flow and not session else ())
    if not wanted.sessions and not wanted.flows:
        app.say(command(state.snapshot.paths[place.capture], place.frame))
        return
    app.write_cut(wanted, place)


def cut_for_wireshark(state: State, wanted: Chosen, place: FrameRef) -> str:
    """Write the cut beside where we stand, and give the command. Runs in a worker.

    Raises:
        CutError: it could not be written.
    """
    target = export.free(Path.cwd() / export.file_name(state.snapshot.paths, wanted, "pcapng"))
    _packets(state, wanted, target, redact=False)
    number = _number_in(target, state, place)
    return command(str(target), number)


def _number_in(target: Path, state: State, place: FrameRef) -> int:
    """The frame's number in the cut: by its time and bytes."""
    from pcapkit import revisit

    wanted = revisit.frame_at(state.snapshot.paths[place.capture], place.capture, place.frame, lambda: False)
    with revisit.open_again(str(target), 0, lambda: False) as source:
        for window in source.windows():
            for row in range(len(window)):
                if wanted is not None and int(window.time_ns[row]) == wanted.time_ns:
                    start = int(window.offset[row])
                    if bytes(window.buffer[start : start + int(window.caplen[row])]) == wanted.data:
                        return int(window.frame[row])
    return 1


def command(path: str, frame: int) -> str:
    """What shows a frame in Wireshark."""
    return f"wireshark -r {shlex.quote(path)} -Y 'frame.number=={frame}'"

"""Screen 4: one finding with its evidence, what to do, how sure it is, and what was not seen."""

from __future__ import annotations

from typing import ClassVar

from pcapkit import explain
from pcapkit.model import Evidence, Finding, FrameRef
from pcapkit_tui.screens.base import BrowseScreen
from pcapkit_tui.view import findings, story
from pcapkit_tui.view.lines import Lines, Span, line
from pcapkit_tui.view.story import Arrow


class FindingScreen(BrowseScreen):
    """The cursor walks the evidence; Enter shows it in the ladder."""

    NAME = "finding"
    DETAILED = False
    FOOTER: ClassVar = (("open", "in the ladder"), "chain", "flows_of", ("next_group", "p evidence"), "copy", "export", "help", "back")

    def __init__(self, finding_id: str) -> None:
        super().__init__()
        self.finding_id = finding_id

    @property
    def finding(self) -> Finding | None:
        """The finding, None if the report has it no more."""
        return self.state.findings.get(self.finding_id)

    def show_main(self) -> None:
        first = None
        if self.main.key is None and self.finding is not None and self.finding.evidence:
            first = f"e{self._telling(self.finding)}"
        self.main.show(self._lines, first)

    def _telling(self, finding: Finding) -> int:
        """Which evidence shows it best: the last packet whose arrow failed, else the last."""
        for session_id in finding.sessions[:1]:
            session = self.state.sessions.get(session_id)
            if session is None:
                continue
            told = story.tell(self.state.report, session)
            failed = {(f.capture, f.frame) for item in told.items if isinstance(item, Arrow) and item.failed for f in item.frames}
            hits = [n for n, e in enumerate(finding.evidence) if (e.capture, e.frame) in failed]
            if hits:
                return hits[0]
        return 0

    def _lines(self, width: int) -> Lines:
        if self.finding is None:
            return Lines([line(Span(" This finding stands no more: later packets changed the verdict.", "warning"))])
        try:
            entry = explain.entry(explain.find(self.finding.code)[0])
        except explain.UnknownCode:
            entry = {}
        return Lines(findings.page(self.state, self.finding, dict(entry), width))

    def evidence(self) -> Evidence | None:
        """The evidence under the cursor."""
        key = self.main.key
        return self.finding.evidence[int(key[1:])] if self.finding is not None and key else None

    def moved(self, key: str | None) -> None:
        item = self.evidence()
        if item:
            self.browser.look_at(finding=self.finding_id, frame=FrameRef(item.capture, item.frame))

    def _session(self, device: str | None) -> str | None:
        """The session of the evidence: of its device, else the first that is hit."""
        assert self.finding is not None
        mine = [s for s in self.finding.sessions if s in self.state.sessions]
        return next((s for s in mine if device is None or self.state.sessions[s].device == device), mine[0] if mine else None)

    def action_open(self) -> None:
        item = self.evidence()
        if item is None:
            return
        frame = FrameRef(item.capture, item.frame)
        session_id = self._session(item.device)
        if session_id:
            self.browser.open_session(session_id, frame)
        else:
            self.browser.open_packet(frame)

    def action_next_group(self) -> None:
        """The next evidence."""
        self.main.move(1)

    def action_previous_group(self) -> None:
        """The evidence before."""
        self.main.move(-1)

    def action_chain(self) -> None:
        """The certificate chain that the finding is about."""
        session = self.state.sessions.get(self._session(None) or "") if self.finding else None
        steps = [s for s in session.steps if s.kind == "tls"] if session else []
        frames = {(e.capture, e.frame) for e in self.finding.evidence} if self.finding else set()
        steps.sort(key=lambda s: not any((f.capture, f.frame) in frames for f in s.frames))
        if session and steps:
            self.browser.open_chain(session.id, steps[0])
        else:
            self.say("No certificate belongs to this finding.")

    def action_stream(self) -> None:
        """Follow the stream that the evidence is in."""
        item = self.evidence()
        session = self.state.sessions.get(self._session(item.device if item else None) or "") if self.finding else None
        for step in session.steps if session and item else ():
            if step.flow and any((f.capture, f.frame) == (item.capture, item.frame) for f in step.frames):  # type: ignore[union-attr]  # checked above
                self.browser.open_stream(step.flow)
                return
        self.say("This evidence is in no TCP connection of the session.")

    def action_flows_of(self) -> None:
        """The flows of the device that it hits."""
        item = self.evidence()
        device = (item.device if item else None) or (self.finding.devices[0] if self.finding and self.finding.devices else None)
        if device:
            self.browser.open_flows(f"device:{device}")

    def export_scopes(self) -> dict[str, tuple[str, ...]]:
        return {**super().export_scopes(), "focused": (self.finding_id,)}

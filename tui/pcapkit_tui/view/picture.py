"""The timeline of the devices and the latencies of a session, as figures for a plot, and the same in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from pcapkit.model import Report, Session, Step
from pcapkit.report.words import device_name
from pcapkit_tui.state import State
from pcapkit_tui.view.ladder import short_span
from pcapkit_tui.view.lines import Line, labelled, line, paragraph

NS: Final = 10**9
POINTS: Final = 4_000
"""Points of a plot: more than a terminal has cells."""
KINDS: Final = ("DNS", "TCP", "TLS", "HTTP")


@dataclass(slots=True)
class Timeline:
    """Who did what when. ``labels``: a row each, the first at the top; ``steps``, ``faults``: (seconds, row); ``marks``: (seconds, row, finding)."""

    start_ns: int = 0
    labels: list[str] = field(default_factory=list)
    steps: list[tuple[float, int]] = field(default_factory=list)
    faults: list[tuple[float, int]] = field(default_factory=list)
    marks: list[tuple[float, int, str]] = field(default_factory=list)


def timeline(state: State, rows: int) -> Timeline:
    """The devices with sessions that the filter lets through, the worst first, as many as there is room for."""
    report = state.report
    shown = [s for s in report.sessions if s.id in state.kept.sessions]
    hit = [d for f in report.findings for d in f.devices]
    devices = list(dict.fromkeys([d for d in hit if any(s.device == d for s in shown)] + [s.device for s in shown]))[: max(1, rows)]
    found = Timeline(min((s.first_time_ns for s in shown), default=0))
    for row, device_id in enumerate(devices):
        device = state.devices[device_id]
        found.labels.append(f"{device_id} {state.style.show(device_name(device), 16)}"[:20])
        for session in (s for s in shown if s.device == device_id):
            for step in session.steps:
                place = ((step.time_ns - found.start_ns) / NS, row)
                (found.faults if step.outcome == "failed" else found.steps).append(place)
    _mark(report, devices, found)
    found.steps, found.faults = found.steps[:POINTS], found.faults[:POINTS]
    return found


def _mark(report: Report, devices: list[str], found: Timeline) -> None:
    """Each finding at the last packet that proves it for a device."""
    for finding in report.findings:
        for row, device in enumerate(devices):
            times = [e.time_ns for e in finding.evidence if e.device == device]
            if device in finding.devices and times and len(found.marks) < POINTS:
                found.marks.append(((max(times) - found.start_ns) / NS, row, finding.id))


@dataclass(frozen=True, slots=True)
class Wait:
    """How long an answer took: of which kind, when it was asked for (seconds since the session's start), ms, and for what."""

    kind: str
    at_s: float
    ms: float
    what: str


def waits(session: Session) -> list[Wait]:
    """Every answer of a session: DNS, TCP, the server's flight, HTTP."""
    found: list[Wait] = []
    for step in session.steps:
        took = _took(step)
        if took is not None:
            kind = {"dns": "DNS", "connect": "TCP", "tls": "TLS", "http": "HTTP"}[step.kind]
            found.append(Wait(kind, (step.time_ns - session.first_time_ns) / NS, took * 1_000, step.target or step.server or ""))
    return found


def _took(step: Step) -> float | None:
    """Seconds from what was asked to the answer."""
    known = step.detail.get("latency_s", step.detail.get("rtt_s"))
    if isinstance(known, (int, float)):
        return float(known)
    for asked, answered in pairwise(step.events):
        if asked.sent and not answered.sent:
            return (answered.time_ns - asked.time_ns) / NS
    return None


def in_words(state: State, session: Session | None, width: int) -> list[Line]:
    """The plots as text: for eyes that cannot see them, and for copying."""
    if session is None:
        return [line(" There is no session to draw.")]
    style = state.style
    found = paragraph(f"{session.id} {style.show(session.domain)}: how long answers took", width, " ", " ", "bold")
    for kind in KINDS:
        mine = [w for w in waits(session) if w.kind == kind]
        if mine:
            slow = max(mine, key=lambda w: w.ms)
            middle = sorted(w.ms for w in mine)[len(mine) // 2]
            text = f"{len(mine)} answers, half within {short_span(round(middle * 1e6), ' ')}, slowest {short_span(round(slow.ms * 1e6), ' ')}"
            found += labelled(kind, f"{text} ({style.show(slow.what)})", width, 6)
    return found

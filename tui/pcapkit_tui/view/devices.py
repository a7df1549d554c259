"""Screen 1: a row a device, the worst first, and beneath it what is wrong with the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pcapkit.model import Device, Finding, Session
from pcapkit.report import words
from pcapkit.report.marks import OUTCOME_MARKS
from pcapkit.report.style import Style
from pcapkit_tui.state import State
from pcapkit_tui.view.lines import Line, Span, line, paragraph
from pcapkit_tui.view.table import Column, Row, RowList

COLUMNS: Final = (
    Column("mark", "", 1),
    Column("id", "Id", 4),
    Column("device", "Device", 14, grow=3, most=40),
    Column("os", "System", 8, leave=1),
    Column("address", "Address", 15, grow=1, most=39, leave=3),
    Column("sessions", "Sess", 5, right=True),
    Column("finding", "Worst finding", 24, grow=2, most=40),
    Column("confidence", "Sure", 4, leave=2),
)
RANK: Final = {"critical": 0, "warning": 1, "info": 2}
SHORT_CONFIDENCE: Final = {"high": "high", "medium": "med", "low": "low"}


def rows(state: State) -> RowList:
    """The devices that the filter lets through, the worst first, else in the order of their ids."""
    worst = _worst(state)
    sessions = _sessions(state)
    shown = [d for d in state.report.devices if d.id in state.kept.devices]
    order = sorted(range(len(shown)), key=lambda n: (_rank(shown[n], worst, sessions), n))
    return RowList([_row(state, shown[n], worst.get(shown[n].id), sessions.get(shown[n].id, [])) for n in order])


def _worst(state: State) -> dict[str, Finding]:
    """The finding of each device that says most: the most severe that no other causes."""
    found: dict[str, Finding] = {}
    for finding in sorted(state.report.findings, key=lambda f: (RANK[f.severity], bool(f.caused_by))):
        for device in finding.devices:
            found.setdefault(device, finding)
    return found


def _sessions(state: State) -> dict[str, list[Session]]:
    found: dict[str, list[Session]] = {}
    for session in state.report.sessions:
        found.setdefault(session.device, []).append(session)
    return found


def _rank(device: Device, worst: dict[str, Finding], sessions: dict[str, list[Session]]) -> int:
    if device.id in worst:
        return RANK[worst[device.id].severity]
    return 3 if sessions.get(device.id) else 4


def mark_of(finding: Finding | None, sessions: Iterable[Session]) -> str:
    """The mark of a device: that of its worst finding, else of its worst session."""
    outcomes = {s.outcome for s in sessions}
    if finding:
        return finding.severity
    worst = next((o for o in ("failed", "degraded", "incomplete", "succeeded") if o in outcomes), None)
    return OUTCOME_MARKS[worst] if worst else "none"


def mark_span(style: Style, name: str) -> Span:
    """A mark in its colour."""
    return Span(style.mark(name), "dim" if name == "none" else name)


def _row(state: State, device: Device, finding: Finding | None, sessions: list[Session]) -> Row:
    style = state.style
    good = sum(s.outcome in ("succeeded", "degraded") for s in sessions)
    ratio = f"{good}/{len(sessions)}" if sessions else "-"
    name = style.show(words.device_name(device), 80)
    extra = len(device.addresses) - 1
    address = style.show(next((a for a in device.addresses if ":" not in a), device.addresses[0] if device.addresses else "-"))
    return Row(
        device.id,
        (
            mark_span(style, mark_of(finding, sessions)),
            Span(device.id + ("*" if device.id in state.marked else "")),
            Span(name),
            Span(words.platform(device), "dim"),
            Span(f"{address} +{extra}" if extra > 0 else address),
            Span(ratio),
            Span(style.show(finding.code) if finding else "-", finding.severity if finding else "dim"),
            Span(SHORT_CONFIDENCE[finding.confidence] if finding else "", "dim"),
        ),
    )


def detail(state: State, device_id: str | None, width: int) -> list[Line]:
    """What is wrong with a device, in a few lines: the sentence of its worst finding, and what to do."""
    device = state.devices.get(device_id or "")
    if device is None:
        return []
    style = state.style
    found = _worst(state).get(device.id)
    lines: list[Line] = []
    if found:
        said = style.prose(words.first_sentence(found.detail or found.title))
        lines += paragraph(said, width, f"{device.id} {found.code}: ", "   ")
        lines[0] = line(Span(lines[0].spans[0].text, found.severity), *lines[0].spans[1:])
        if found.remedy:
            lines += paragraph(style.prose(found.remedy[0]), width, "   Do: ", "       ")
    else:
        lines += paragraph(_calm(state, device), width, f"{device.id} ", "   ")
    return [*lines, *_more(state, device, width)]


def _calm(state: State, device: Device) -> str:
    sessions = [s for s in state.report.sessions if s.device == device.id]
    if not sessions:
        return "No autodiscover session of this device in the capture."
    return state.style.prose(" ".join(s.summary for s in sessions[:3]))


def _more(state: State, device: Device, width: int) -> list[Line]:
    """Who it is: for the taller panes."""
    style = state.style
    facts = [device.mac or "", device.vendor or "", words.platform(device), device.platform.client or "", ", ".join(device.addresses)]
    said = style.own(" · ").join(style.show(fact) for fact in facts if fact)
    lines = paragraph(said, width, "   ", style="dim") if said else []
    for reason in (*device.platform.because, *device.notes):
        lines += paragraph(style.prose(reason), width, "   ", style="dim")
    return lines

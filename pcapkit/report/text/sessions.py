"""The table of sessions in the text report."""

from __future__ import annotations

from typing import Final

from pcapkit.model import Device, Report, Session
from pcapkit.report import words
from pcapkit.report.cells import cells, clip, pad
from pcapkit.report.marks import OUTCOME_MARKS, SERVICE_WORDS
from pcapkit.report.text.page import Page

NAME: Final = 18
DOMAIN: Final = 22
RESULT: Final = 22


def write(page: Page, report: Report) -> None:
    """A line a session, under its device; devices without one are counted."""
    if report.sessions:
        page.heading("Sessions")
        devices = {d.id: d for d in report.devices}
        _table(page, report, devices)
    idle = [d for d in report.devices if not d.sessions]
    if idle and report.sessions:
        named = words.listed((d.id for d in idle), 12)
        page.text(f"{words.count(len(idle), 'device')} without an autodiscover session: {named}", " ", "    ")
    if report.sessions:
        page.gap()


def _table(page: Page, report: Report, devices: dict[str, Device]) -> None:
    style = page.style
    ellipsis = style.own("…")
    two_services = len({s.service for s in report.sessions}) > 1
    days = len({style.date(s.first_time_ns) for s in report.sessions}) > 1
    rows: list[tuple[str, ...]] = []
    for session in report.sessions:
        device = devices.get(session.device)
        name = style.show(words.device_name(device)) if device else ""
        when = f"{style.date(session.first_time_ns)} " * days + style.clock(session.first_time_ns)
        domain = style.show(session.domain) + (f" {SERVICE_WORDS[session.service]}" if two_services else "")
        result = style.own(style.show(words.outcome(session)))
        cut = (
            clip(style.own(name), NAME, ellipsis),
            session.id,
            when,
            clip(domain, DOMAIN + 9 * two_services, ellipsis),
            clip(result, RESULT, ellipsis),
        )
        rows.append((session.device, *cut))
    widths = [max(cells(row[column]) for row in rows) for column in range(6)]
    for row, session in zip(rows, report.sessions, strict=True):
        *place, result = (pad(text, width) for text, width in zip(row, widths, strict=True))
        _line(page, f" {' '.join(place)}  ", result, session)


def _line(page: Page, place: str, result: str, session: Session) -> None:
    style, mark = page.style, OUTCOME_MARKS[session.outcome]
    found = words.listed(session.findings, 8)
    sign = style.mark(mark)
    room = page.width - cells(f"{place}{sign} ") - cells(found) - 2
    result = result if cells(result) <= room else result.rstrip()
    painted = f"{place}{style.paint(mark, sign)} {result}"
    fits = cells(result) <= room
    page.lines.append(f"{painted}  {found}" if fits else painted)
    if not fits and found:
        page.text(found, " " * 6)
    if session.summary and not session.findings and session.outcome != "succeeded":
        page.text(style.prose(session.summary), " " * 6)

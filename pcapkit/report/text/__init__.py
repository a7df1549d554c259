"""The report as text of 80 columns: summary, findings, sessions, capture limits, always in this order."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.model import Report
from pcapkit.report import sentences
from pcapkit.report.style import Style
from pcapkit.report.text import around, findings, sessions
from pcapkit.report.text.brief import brief
from pcapkit.report.text.page import Page

__all__ = ["brief", "to_text", "write"]


def write(report: Report, style: Style) -> Iterator[str]:
    """The whole report, in pieces that end with a line feed."""
    page = Page(style)
    around.summary(page, report)
    calm = sentences.verdict(report)
    if calm:
        around.no_fault(page, report, calm)
        around.not_judged(page, report)
    yield page.take()
    for finding in report.findings:
        findings.write(page, finding, report)
        yield page.take()
    around.ignored(page, report)
    sessions.write(page, report)
    if not calm and report.not_judged:
        around.not_judged(page, report)
    around.capture(page, report)
    around.flows(page, report)
    page.text(sentences.MORE.format(device=report.devices[0].id if report.devices else "D1"))
    yield page.take()


def to_text(report: Report, style: Style | None = None) -> str:
    """The report as one text; times in UTC unless a style says otherwise."""
    return "".join(write(report, style or Style(utc=True)))

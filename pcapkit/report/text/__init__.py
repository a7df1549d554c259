"""The report as text of 80 columns: summary, findings, sessions, capture limits, always in this order (ux: text report)."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.model import Report
from pcapkit.report.style import Style
from pcapkit.report.text import capture, findings, head, sessions
from pcapkit.report.text.brief import brief
from pcapkit.report.text.page import Page

__all__ = ["brief", "write"]


def write(report: Report, style: Style) -> Iterator[str]:
    """The whole report, in pieces that end with a line feed."""
    page = Page(style)
    head.write(page, report)
    serious = any(f.severity != "info" for f in report.findings)
    if not serious:
        head.no_fault(page, report)
    yield page.take()
    for finding in report.findings:
        findings.write(page, finding, report)
        yield page.take()
    findings.ignored(page, report)
    sessions.write(page, report)
    if serious:
        capture.not_judged(page, report)
    capture.write(page, report)
    capture.flows(page, report)
    head.more(page, report)
    yield page.take()

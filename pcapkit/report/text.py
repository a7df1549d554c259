"""The report as text of 80 columns (also what the terminal browser copies)."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.model import Report
from pcapkit.report.style import Style


def write(report: Report, style: Style) -> Iterator[str]:
    """The whole report."""
    yield f"pcapkit {report.version}\n"
    for finding in report.findings:
        yield f"{finding.id} {style.mark(finding.severity)} {finding.code}\n"


def brief(report: Report, style: Style) -> Iterator[str]:
    """One line a finding."""
    yield from write(report, style)

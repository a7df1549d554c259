"""A report in the form that was asked for."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import NoReturn

from pcapkit.cli import errors
from pcapkit.config import Config
from pcapkit.model import Report
from pcapkit.report.style import Style


def render(report: Report, args: Namespace, style: Style, config: Config) -> Iterator[str | bytes]:
    """The report as ``--format``, ``--brief`` and ``--full`` ask, in chunks.

    Raises:
        Fail: exit code 2, a binary format would go to a terminal.
    """
    form: str = args.format
    if form == "text":
        from pcapkit.report import text

        return text.brief(report, style) if args.brief else text.write(report, style)
    if args.brief:
        errors.usage(f"--brief is a form of text, not of {form}")
    if form in ("json", "jsonl"):
        from pcapkit.report import json

        return json.write(report) if form == "json" else json.write_lines(report)
    return _later(form)


def _later(form: str) -> NoReturn:
    errors.usage(f"--format {form} is not in this version yet (see docs/roadmap.md)")

"""A report in the form that was asked for."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterable

from pcapkit.cli import errors, output
from pcapkit.model import Report
from pcapkit.report.style import Style


def check(args: Namespace) -> None:
    """Refuse early what would be refused at the end.

    Raises:
        Fail: exit code 2, options that do not fit the form.
    """
    if args.brief and args.format != "text":
        errors.usage(f"--brief is a form of text, not of {args.format}")
    if args.format == "parquet" and output.to_stdout(args) and sys.stdout is not None and sys.stdout.isatty():
        errors.usage("--format parquet is not for a terminal: name a file, or a folder for all tables, with -o")


def write(report: Report, args: Namespace, style: Style) -> None:
    """Write the report as ``--format``, ``--brief`` and ``-o`` ask.

    Raises:
        Fail: exit code 4.
    """
    if not output.to_stdout(args) and output.to_folder(args):
        _write_folder(report, args)
    else:
        output.write(args, render(report, args, style))


def render(report: Report, args: Namespace, style: Style) -> Iterable[str | bytes]:
    """The report in one file, in chunks."""
    form: str = args.format
    if form == "text":
        from pcapkit.report import text

        return text.brief(report, style) if args.brief else text.write(report, style)
    if form in ("json", "jsonl"):
        from pcapkit.report import json

        return json.write(report) if form == "json" else json.write_lines(report)
    if form == "md":
        from pcapkit.report import markdown

        return markdown.write(report, style)
    if form == "html":
        from pcapkit.report import html

        return html.write(report, style)
    from pcapkit.report import tabular

    rows = list(tabular.finding_rows(report))
    return [tabular.csv_text(rows) if form == "csv" else tabular.parquet_bytes(rows, tabular.COLUMNS["findings"])]


def _write_folder(report: Report, args: Namespace) -> None:
    """Every table of the report as a file of the folder."""
    from pcapkit.report import tabular

    try:
        os.makedirs(args.output, exist_ok=True)
    except OSError as error:
        raise errors.Fail(errors.OUTPUT, f"{args.output}: the folder cannot be made: {error.strerror}") from None
    for name, rows in tabular.tables(report):
        columns = tabular.COLUMNS.get(name, "")
        chunk = tabular.csv_text(rows, columns) if args.format == "csv" else tabular.parquet_bytes(rows, columns)
        target = Namespace(output=os.path.join(args.output, f"{name}.{args.format}"), force=args.force, command=None)
        output.write(target, [chunk])

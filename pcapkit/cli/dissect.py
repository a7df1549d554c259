"""``pcapkit dissect``: the typed events, one JSON object a line."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pcapkit.cli import errors, inputs, logs, output, personal, settings, unavailable
from pcapkit.cli.progress import Meter
from pcapkit.cli.stopping import stoppable
from pcapkit.options import InputError


def run(args: Namespace) -> int:
    """Print the events of the captures, give the exit code.

    Raises:
        Fail: nothing could be read or written.
    """
    logs.start(args)
    inputs.check(args)
    unavailable.refuse(args)
    output.check(args)
    personal.check(args)
    options = settings.analysis_options(args, settings.configuration(args))
    types = tuple(kind.strip() for given in args.types or () for kind in given.split(",") if kind.strip())
    unread: list[InputError] = []
    with stoppable() as stop, Meter.of(args) as meter:
        from pcapkit import analysis

        events = analysis.dissect(args.captures, options, types or None, progress=meter, stop=stop, failed=unread.append)
        output.write(args, render(_numbered(events, args) if personal.wanted(args) else events, args.format))
    for bad in unread:
        errors.say(f"{inputs.named(bad.path)}: {bad.reason}")
    return errors.worst((stop.code, errors.INPUT if unread else errors.OK))


def _numbered(events: Iterable[Mapping[str, Any]], args: Namespace) -> Iterator[Mapping[str, Any]]:
    """Events with numbers for personal data; their key is written at the end."""
    from pcapkit.report.redact import Redactor

    worker = Redactor()
    for event in events:
        yield worker.tree(event)
    personal.write_key(args, worker.key)


def render(events: Iterable[Mapping[str, Any]], form: str) -> Iterator[str | bytes]:
    """The events as ``jsonl``, ``csv`` or ``parquet``."""
    if form == "jsonl":
        from pcapkit.report.json import dumps

        return (dumps(event) + "\n" for event in events)
    from pcapkit.report import tabular

    rows = tabular.event_rows(events)
    return iter((tabular.csv_text(rows) if form == "csv" else tabular.parquet_bytes(rows),))

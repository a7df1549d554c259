"""``pcapkit extract``: packets to attach to a ticket, or the certificates in them."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pcapkit.cli import errors, inputs, logs, output, personal, settings
from pcapkit.cli.progress import Meter
from pcapkit.cli.stopping import Stop, stoppable
from pcapkit.limits import MIB
from pcapkit.model import Report
from pcapkit.options import Options
from pcapkit.report.narrow import Narrowing, NarrowingError, narrow

if TYPE_CHECKING:
    from pcapkit.analysis import Analysis
    from pcapkit.config import Config
    from pcapkit.extract import Selection

SPOOL: Final = MIB


def run(args: Namespace) -> int:
    """Cut out what was asked for, give the exit code.

    Raises:
        Fail: nothing was written.
    """
    logs.start(args)
    inputs.check(args)
    _check(args)
    config = settings.configuration(args)
    options = settings.analysis_options(args, config)
    part = _narrowing(args, config)
    with stoppable() as stop, Meter.of(args) as meter, _spooled(args.captures) as captures:
        from pcapkit.extract import SelectionError, Stopped
        from pcapkit.extract.cut import analyzed
        from pcapkit.report.atomic import OutputError

        try:
            analysis = analyzed(captures, options, meter, stop)
            for bad in analysis.unreadable:
                errors.say(f"{inputs.named(bad.path)}: {bad.reason}")
            job = _Job(args, captures, options, analysis, _narrowed(analysis.report(), part), meter, stop)
            said, key = _certificates(job) if args.certs else _cut(job)
        except Stopped:
            return stop.code
        except SelectionError as error:
            errors.usage(str(error))
        except OutputError as error:
            raise errors.Fail(errors.OUTPUT, str(error)) from None
    if personal.wanted(args):
        personal.write_key(args, key)
    if not args.quiet:
        errors.say(said)
    return errors.INPUT if analysis.unreadable else errors.OK


@dataclass(frozen=True, slots=True)
class _Job:
    """What is cut out of what."""

    args: Namespace
    captures: list[str]
    options: Options
    analysis: Analysis
    report: Report
    meter: Meter
    stop: Stop


def _check(args: Namespace) -> None:
    personal.check(args)
    if args.certs:
        if args.output is not None or args.with_keys:
            errors.usage("--certs writes certificates alone: leave out -o and --with-keys")
        return
    if args.output is None:
        errors.usage("name the file to write: pcapkit extract FILE… -o CUT.pcapng --finding F1")
    if output.to_stdout(args) and sys.stdout is not None and sys.stdout.isatty():
        errors.usage("packets are no text for a terminal: name a file with -o, or pipe them on")
    output.check(args)


def _narrowing(args: Namespace, config: Config) -> Narrowing:
    """The part of the report that is chosen from; devices and expressions choose, they do not narrow."""
    return settings.narrowing(Namespace(**{**vars(args), "device": [], "filter": None}), config)


def _narrowed(report: Report, part: Narrowing) -> Report:
    try:
        return narrow(report, part)
    except NarrowingError as error:
        errors.usage(str(error))


def _selection(args: Namespace, report: Report) -> Selection:
    from pcapkit import times
    from pcapkit.extract.selection import ALWAYS, Selection

    start = min((c.first_time_ns for c in report.captures if c.first_time_ns is not None), default=None)
    utc = bool(args.utc)
    named = tuple(args.finding)
    if not (named or args.session or args.device or args.flow or args.filter) and (args.only or args.min_severity):
        named = tuple(f.id for f in report.findings)
    return Selection(
        sessions=tuple(args.session),
        devices=tuple(args.device),
        findings=named,
        flows=tuple(args.flow),
        expressions=tuple(args.filter),
        since_ns=times.parse(args.since, utc, start) if args.since else ALWAYS[0],
        until_ns=times.parse(args.until, utc, start) if args.until else ALWAYS[1],
        utc=utc,
    )


Outcome = tuple[str, Mapping[str, str]]
"""The line that says what was written, and what stands for what in it."""


def _cut(job: _Job) -> Outcome:
    from pcapkit.extract import extract

    args = job.args
    out: str | Callable[[Iterable[bytes]], None] = args.output
    if output.to_stdout(args):
        out = output.write_stdout
    cut = extract(
        job.captures,
        job.options,
        _selection(args, job.report),
        out,
        analysis=job.analysis,
        report=job.report,
        command=_command(args),
        force=args.force,
        with_keys=args.with_keys,
        redact=personal.wanted(args),
        progress=job.meter,
        stop=job.stop,
    )
    path = "standard output" if output.to_stdout(args) else args.output
    shown = ", ".join(cut.chosen[:4]) + (f" and {len(cut.chosen) - 4} more" if len(cut.chosen) > 4 else "")
    look = f"; wireshark -r {shlex.quote(path)} -Y frame.number=={cut.evidence[0]}" if cut.evidence and path == args.output else ""
    return f"{path}: {cut.packets:,} packets of {shown}{look}", cut.key


def _certificates(job: _Job) -> Outcome:
    from pcapkit.extract import extract_certs

    args = job.args
    files, key = extract_certs(
        job.captures,
        job.options,
        _selection(args, job.report),
        args.certs,
        analysis=job.analysis,
        report=job.report,
        force=args.force,
        redact=personal.wanted(args),
        progress=job.meter,
        stop=job.stop,
    )
    count = len(files) - 1
    return f"{args.certs}: {count} certificate chain{'' if count == 1 else 's'}; {files[-1]} says whose", key


def _command(args: Namespace) -> str:
    """The command as it was typed; of a redacted cut without the folders."""
    words = [os.path.basename(word) or word for word in args.words] if personal.wanted(args) else args.words
    return shlex.join(["pcapkit", *words])


@contextmanager
def _spooled(captures: list[str]) -> Iterator[list[str]]:
    """Standard input is read twice, so it is kept in a file for the time."""
    if "-" not in captures:
        yield captures
        return
    with tempfile.NamedTemporaryFile(prefix="pcapkit-") as kept:
        try:
            while data := sys.stdin.buffer.read(SPOOL):
                kept.write(data)
            kept.flush()
        except OSError as error:
            raise errors.Fail(errors.OUTPUT, f"standard input cannot be kept in {os.path.dirname(kept.name)}: {error.strerror}") from None
        yield [kept.name if path == "-" else path for path in captures]

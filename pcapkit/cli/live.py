"""``pcapkit live`` and ``pcapkit analyze --follow``: findings as they become certain, the full report at the end."""

from __future__ import annotations

import signal
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Final

from pcapkit.cli import errors, formats, inputs, logs, output, personal, settings, unavailable
from pcapkit.cli.keys import Keys
from pcapkit.cli.live_lines import Lines, Status
from pcapkit.cli.stopping import Stop, stoppable
from pcapkit.model import SEVERITIES, Report
from pcapkit.report.json import dumps, live_finding
from pcapkit.report.names import named
from pcapkit.report.narrow import Narrowing, NarrowingError, keep_sessions, narrow

if TYPE_CHECKING:
    from pcapkit.live import LiveRun
    from pcapkit.live.notify import Notifier

FAILED: Final = {"disk": errors.OUTPUT}
"""Exit codes of captures that ended by themselves; any other is ``MISSING``."""


def run(args: Namespace) -> int:
    """Capture, or read a pipe, and analyze as packets arrive.

    Raises:
        Fail: nothing can be captured.
    """
    logs.start(args)
    if args.interface is None:
        inputs.check(args)
    return follow(args)


def follow(args: Namespace) -> int:
    """The same for ``analyze --follow``: a file that somebody else writes."""
    if len(args.captures) + (getattr(args, "interface", None) is not None) != 1:
        errors.usage("one capture is followed at a time: name one file, - for standard input, or an interface with live -i")
    unavailable.refuse(args)
    formats.check(args)
    output.check(args)
    personal.check(args)
    config = settings.configuration(args)
    options = settings.analysis_options(args, config)
    wanted = settings.narrowing(args, config)
    style = settings.style(args, config, to_terminal=output.to_stdout(args))
    lines, notifier = Lines(args, style), _notifier(args)

    from pcapkit.cli.capturing import feed_of, limits_of
    from pcapkit.live import LiveRun

    begun: list[LiveRun] = []
    with stoppable(lambda: _stop(begun), signal.SIGHUP) as stop:
        live = LiveRun(feed_of(args), options, shown=_part(wanted, config.names), **limits_of(args))
        begun.append(live)
        if stop():
            live.stop()
        with closing(live):
            _tell(live, args, lines, notifier)
    return _end(live, args, lines, stop, notifier)


def _stop(begun: list[LiveRun]) -> None:
    for live in begun:
        live.stop()


def _tell(live: LiveRun, args: Namespace, lines: Lines, notifier: Notifier | None) -> None:
    """Say what is new, to the end."""
    with Status.of(args, live) as status, Keys.of(args, live):
        for update in live.updates():
            status.clear()
            for said in update.said:
                errors.say(said)
            for change in update.changes:
                lines.change(change, live.now_ns)
                if notifier is not None and change.kind == "new":
                    notifier(dumps(live_finding(lines.redacted(change), live.now_ns)))
            status(update)


def _part(wanted: Narrowing, names: Mapping[str, str]) -> Callable[[Report], Report]:
    def part(report: Report) -> Report:
        report = named(report, names)
        try:
            return narrow(report, wanted)
        except NarrowingError:  # the device that was asked for has not been seen yet
            return keep_sessions(report, set(), set(), set())

    return part


def _notifier(args: Namespace) -> Notifier | None:
    command = getattr(args, "notify_command", None)
    if command is None:
        return None
    from pcapkit.live.notify import Notifier, NotifyError

    try:
        return Notifier(command)
    except NotifyError as error:
        errors.usage(f"--notify-command: {error}")


def _end(live: LiveRun, args: Namespace, lines: Lines, stop: Stop, notifier: Notifier | None) -> int:
    """The full report, and the exit code."""
    report = live.report
    assert report is not None
    failure = live.failure
    for bad in report.unreadable:
        if failure is None or stop.signal is not None:
            errors.say(f"{live.feed.shown or inputs.named(bad.path)}: {bad.reason}")
    if failure is not None:
        errors.say(failure.message)
    if args.device and report.captures and not report.devices:
        errors.say(f"no device {', '.join(args.device)} was seen")
    if notifier is not None:
        notifier.close()
        if notifier.failed or notifier.missed:
            errors.say(f"--notify-command: {notifier.failed or f'{notifier.missed} findings came while too many commands were running'}")
    if report.captures:
        _write(personal.redacted(report, args) if personal.wanted(args) else report, args, lines, stop)
    return errors.worst(_codes(report, args, FAILED.get(failure.kind, errors.MISSING) if failure else errors.OK))


def _write(report: Report, args: Namespace, lines: Lines, stop: Stop) -> None:
    try:
        lines.gap()
        formats.write(report, args, lines.style)
    except errors.Fail:
        if stop.signal != signal.SIGHUP:  # the terminal is gone, and nobody is there to read
            raise


def _codes(report: Report, args: Namespace, failed: int) -> Iterator[int]:
    yield failed
    if not report.captures and not failed:
        yield errors.INPUT
    if args.fail_on != "never":
        limit = SEVERITIES.index(args.fail_on)
        if any(SEVERITIES.index(finding.severity) <= limit for finding in report.findings):
            yield errors.FOUND

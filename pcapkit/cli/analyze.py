"""``pcapkit analyze``: the main job."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from typing import Final

from pcapkit import memory
from pcapkit.cli import errors, formats, inputs, logs, output, personal, settings, unavailable
from pcapkit.cli.progress import Meter
from pcapkit.cli.stopping import stoppable
from pcapkit.model import SEVERITIES, Report
from pcapkit.report.names import named
from pcapkit.report.narrow import Narrowing, NarrowingError, narrow

NO_DAMAGE: Final = frozenset(("limit-reached", "drops", "unknown-link-type", "unknown-layer", "internal-error", "comment", "time-goes-back"))
"""Problems that are no damage of the file: they do not make exit code 3 under ``--strict``."""


def run(args: Namespace) -> int:
    """Analyze the captures, write the report, give the exit code.

    Raises:
        Fail: nothing can be reported.
    """
    logs.start(args)
    inputs.check(args)
    if args.follow:
        from pcapkit.cli import live

        return live.follow(args)
    unavailable.refuse(args)
    formats.check(args)
    output.check(args)
    personal.check(args)
    config = settings.configuration(args)
    options = settings.analysis_options(args, config)
    wanted = settings.narrowing(args, config)
    style = settings.style(args, config, to_terminal=output.to_stdout(args))

    memory.for_one_run()
    with stoppable() as stop, Meter.of(args) as meter:
        from pcapkit import analysis  # numpy and all that reads packets

        report = analysis.run(args.captures, options, progress=meter, stop=stop)
    for bad in report.unreadable:
        errors.say(f"{inputs.named(bad.path)}: {bad.reason}")
    if not report.captures:
        return stop.code or errors.INPUT
    shown = _narrowed(named(report, config.names), wanted)
    if personal.wanted(args):
        shown = personal.redacted(shown, args)
    for key in report.site.guessed:
        logs.LOG.info("guessed %s: %s", key, ", ".join(getattr(report.site, key, ())) or "none")
    formats.write(shown, args, style)
    return errors.worst(_codes(report, shown, args, stop.code))


def _narrowed(report: Report, wanted: Narrowing) -> Report:
    try:
        return narrow(report, wanted)
    except NarrowingError as error:
        errors.usage(str(error))


def _codes(report: Report, shown: Report, args: Namespace, stopped: int) -> Iterable[int]:
    """Every exit code that applies."""
    yield stopped
    problems = {problem.code for capture in report.captures for problem in capture.problems}
    if report.unreadable or (args.strict and problems - NO_DAMAGE):
        yield errors.INPUT
    if args.strict and "internal-error" in problems:
        yield errors.BUG
    if args.fail_on != "never":
        limit = SEVERITIES.index(args.fail_on)
        if any(SEVERITIES.index(finding.severity) <= limit for finding in shown.findings):
            yield errors.FOUND

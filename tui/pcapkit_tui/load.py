"""Reading captures in a worker thread: how far it is, and reports of what is known by then, until the end or a stop."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pcapkit.analysis import Analysis
from pcapkit.model import Report
from pcapkit.options import Progress
from pcapkit.report.names import named
from pcapkit.report.narrow import NarrowingError, narrow
from pcapkit_tui.messages import Advanced, Failed, Known
from pcapkit_tui.state import Setup, Snapshot

LOG: Final = logging.getLogger("pcapkit.tui")
FIRST_S: Final = 0.3
"""The first report comes no sooner than this, so that small captures are told once."""
REST: Final = 12.0
"""Reports while loading take at most one part in so many of the time."""
PROGRESS_S: Final = 0.25

Post = Callable[[Advanced | Known | Failed], object]


def load(setup: Setup, post: Post, stopped: Callable[[], bool]) -> None:
    """Read everything and post what is known, again and again while reading; ``stopped`` ends it and keeps what was read."""
    try:
        with _no_collector():
            analysis = Analysis(setup.paths, setup.options, stop=stopped)
            _read(analysis, setup, post)
            post(Known(_snapshot(analysis, setup, done=True)))
    except NarrowingError as error:
        post(Failed(str(error)))
    except Exception as error:
        LOG.exception("loading failed")
        post(Failed(f"A bug of ours ended the loading: {type(error).__name__}. The log tells more (--log FILE)."))


def _read(analysis: Analysis, setup: Setup, post: Post) -> None:
    started = told = time.monotonic()
    next_report = started + FIRST_S
    for progress in analysis.read():
        now = time.monotonic()
        if now - told >= PROGRESS_S:
            told = now
            post(Advanced(progress, _speed(progress, now - started)))
        if now >= next_report and (progress.total is None or progress.done < progress.total):
            post(Known(_snapshot(analysis, setup, done=False)))
            took = time.monotonic() - now
            next_report = now + max(0.5, took * REST)


def _speed(progress: Progress, seconds: float) -> float:
    return progress.done / seconds if seconds > 0 else 0.0


def _snapshot(analysis: Analysis, setup: Setup, done: bool) -> Snapshot:
    report = analysis.report()
    paths = tuple(c.path for c in report.captures)
    trackers = tuple(reading.tracker for reading in analysis.readings)
    return Snapshot(_shown(report, setup), analysis.scene, trackers, paths, done, analysis)


def _shown(report: Report, setup: Setup) -> Report:
    """The report with the user's names, narrowed, redacted if that was asked for."""
    report = named(report, setup.names)
    try:
        report = narrow(report, setup.narrowing)
    except NarrowingError:
        if report.devices:
            raise
    if setup.redact:
        from pcapkit.report.redact import redact

        return redact(report)[0]
    return report


@contextmanager
def _no_collector() -> Iterator[None]:
    """Facts are many and hold no cycles: the cyclic collector would only walk over them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()

"""One line of progress with the time left, drawn on standard error if that is a terminal, at most four times a second."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from typing import Final

from pcapkit.options import Progress
from pcapkit.report.cells import cells, clip
from pcapkit.report.escape import visible

FIRST_AFTER_S: Final = 0.1
EVERY_S: Final = 0.25
BAR_CELLS: Final = 14
LINE_CELLS: Final = 79
NAME_CELLS: Final = 8
"""A file's name is shown where there is room for so much of it."""


class Meter:
    """Called by the analysis with a ``Progress`` after each window; use as a context, which removes the line at the end."""

    def __init__(self, shown: bool, ascii_only: bool = False) -> None:
        self.shown = shown
        self.cells = "#-" if ascii_only else "━─"
        self.started = time.monotonic()
        self.next = self.started + FIRST_AFTER_S
        self.drawn = False

    @classmethod
    def of(cls, args: Namespace) -> Meter:
        """The meter that the command line asks for."""
        terminal = sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        return cls(terminal and not (args.no_progress or args.quiet), bool(args.ascii))

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if not self.shown or now < self.next:
            return
        self.next = now + EVERY_S
        self._draw(self.line(progress, now - self.started))

    def line(self, progress: Progress, elapsed_s: float) -> str:
        """The text of the line, at most 79 cells."""
        rate = progress.done / elapsed_s if elapsed_s > 0 else 0.0
        said = f"{progress.packets:,} packets · {rate / 1e6:.0f} MB/s"
        if progress.total:
            share = min(1.0, progress.done / progress.total)
            full = round(share * BAR_CELLS)
            left = (progress.total - progress.done) / rate if rate else 0.0
            said = f"{self.cells[0] * full}{self.cells[1] * (BAR_CELLS - full)} {share:4.0%} · {said} · {duration(left)} left"
        if self.cells[0] == "#":
            said = said.replace("·", "-")
        room = LINE_CELLS - 1 - cells(said)
        return f"{clip(visible(os.path.basename(progress.path)), room)} {said}" if room >= NAME_CELLS else clip(said, LINE_CELLS)

    def _draw(self, text: str) -> None:
        try:
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        except (OSError, ValueError):
            self.shown = False
            return
        self.drawn = True

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, *_: object) -> None:
        if self.drawn:
            self._draw("")
            self.drawn = False


def duration(seconds: float) -> str:
    """``45 s``, ``3:05 min``, ``1:02 h``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"

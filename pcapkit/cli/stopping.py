"""Ctrl-C and SIGTERM: the first asks for an end with a report, the second ends at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pcapkit.cli import errors


class Stop:
    """Asked by the analysis after each window; true once a signal came."""

    def __init__(self, then: Callable[[], None] | None = None) -> None:
        self.signal: int | None = None
        self._then = then

    def __call__(self) -> bool:
        return self.signal is not None

    @property
    def code(self) -> int:
        """Exit code for the signal that came."""
        return errors.TERMINATED if self.signal == signal.SIGTERM else errors.STOPPED if self.signal else errors.OK

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """First signal: remember it. Second: give up at once (temporary files are still removed on the way out)."""
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = number
        if self._then is not None:
            self._then()


@contextmanager
def stoppable(then: Callable[[], None] | None = None, *more: signal.Signals) -> Iterator[Stop]:
    """Listen to SIGINT, SIGTERM and ``more``, and call ``then`` with the first; unless we were started with them ignored (``nohup``, a background job)."""
    stop = Stop(then)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, *more)}
    mine = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in mine:
        signal.signal(number, stop.on_signal)
    try:
        yield stop
    finally:
        for number in mine:
            signal.signal(number, before[number])

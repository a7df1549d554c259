"""Keys while a capture runs in a terminal: m sets a mark, q ends."""

from __future__ import annotations

import os
import select
import sys
import termios
import threading
import tty
from argparse import Namespace
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pcapkit.live import LiveRun


class Keys:
    """Listens to the terminal, as a context, which restores it."""

    def __init__(self, live: LiveRun | None) -> None:
        self._live = live
        self._before: list[object] | None = None
        self._end = threading.Event()

    @classmethod
    def of(cls, args: Namespace, live: LiveRun) -> Keys:
        """Listen where standard input is a terminal of ours, and not the capture."""
        ours = sys.stdin is not None and "-" not in args.captures and sys.stdin.isatty() and not args.quiet
        return cls(live if ours and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp() else None)

    def __enter__(self) -> Keys:
        if self._live is not None:
            with suppress(termios.error):
                self._before = termios.tcgetattr(sys.stdin)
                tty.setcbreak(sys.stdin)
                threading.Thread(target=self._listen, args=(sys.stdin.fileno(), self._live), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._before is not None:
            with suppress(termios.error):
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)  # type: ignore[arg-type]  # what tcgetattr gave

    def _listen(self, fd: int, live: LiveRun) -> None:
        while not self._end.is_set():
            if not select.select([fd], [], [], 0.2)[0]:
                continue
            try:
                key = os.read(fd, 1)
            except OSError:
                return
            if key in (b"m", b"M"):
                live.mark()
            elif key in (b"q", b"Q"):
                live.stop()
            elif not key:
                return

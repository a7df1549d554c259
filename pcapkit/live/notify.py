"""``--notify-command``: a program of the user, run with each new finding as JSON on its standard input.

Nothing of a packet reaches a command line: the words are the user's own, split once, and started without a shell.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from contextlib import suppress
from typing import Final

RUNNING: Final = 8
"""Commands that may run at a time; findings that come meanwhile are not notified, but counted."""


class NotifyError(ValueError):
    """The command cannot be split into words, or names nothing that can be run."""


class Notifier:
    """Starts the command; never waits for it."""

    def __init__(self, command: str) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise NotifyError(str(error)) from None
        if not self._words:
            raise NotifyError("it is empty")
        self._running: list[subprocess.Popen[bytes]] = []
        self.missed = 0
        self.failed: str | None = None
        """Why the command could not be started, the last time."""

    def __call__(self, document: str) -> None:
        """Tell a finding, a JSON object."""
        self._running = [child for child in self._running if child.poll() is None]
        if len(self._running) >= RUNNING:
            self.missed += 1
            return
        try:
            child = subprocess.Popen(self._words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
        except OSError as error:
            self.failed = error.strerror or str(error)
            return
        assert child.stdin is not None
        with suppress(OSError):  # it need not read
            _feed(child, document.encode("ascii") + b"\n")
        self._running.append(child)

    def close(self, wait_s: float = 2.0) -> None:
        """Give those that still run a moment; they are not ended."""
        for child in self._running:
            with suppress(subprocess.TimeoutExpired):
                child.wait(wait_s)


def _feed(child: subprocess.Popen[bytes], data: bytes) -> None:
    """Write what the pipe takes at once (64 KiB on Linux): a command that does not read must not hold up the capture."""
    assert child.stdin is not None
    os.set_blocking(child.stdin.fileno(), False)
    try:
        os.write(child.stdin.fileno(), data)
    finally:
        child.stdin.close()

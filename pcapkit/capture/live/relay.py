"""Captured files, one behind the other, into a pipe: a ring of files reads as one capture, and the reader need not know that files change."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Final

POLL_S: Final = 0.1
CHUNK: Final = 1 << 20


class Relay(threading.Thread):
    """Copies what is in the files to ``pipe``, and waits at the end of the last one for more, until ``finish``. Closes the pipe then."""

    def __init__(self, pipe: int) -> None:
        super().__init__(daemon=True, name="relay")
        self._pipe = pipe
        self._files: deque[str] = deque()
        self._finished = threading.Event()
        self.skipped = 0
        """Files of the ring that were removed before they were read: analysis fell behind."""

    def add(self, path: str) -> None:
        """Another file has been begun; the one before it is complete."""
        self._files.append(path)

    def finish(self) -> None:
        """Nothing is written any more."""
        self._finished.set()

    def run(self) -> None:
        """The copying."""
        with suppress(OSError):  # the reader has left
            while self._files or not self._finished.is_set():
                if not self._files:
                    time.sleep(POLL_S)
                    continue
                self._copy(self._files.popleft())
        with suppress(OSError):
            os.close(self._pipe)

    def _copy(self, path: str) -> None:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self.skipped += 1
            return
        try:
            while True:
                last = bool(self._files) or self._finished.is_set()  # asked before reading: what was written before that is read
                if data := os.read(fd, CHUNK):
                    _write(self._pipe, data)
                elif last:
                    return
                else:
                    time.sleep(POLL_S)
        finally:
            os.close(fd)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]

"""Bytes from files and pipes, whole, growing, or slow."""

from __future__ import annotations

import os
import select
import stat
import sys
import time
from collections.abc import Callable
from typing import Final, Protocol

POLL_S: Final = 0.2


class Input(Protocol):
    """Bytes in order. ``position`` and ``size`` are those of the file as it is stored; ``size`` is None where nobody knows it."""

    position: int
    size: int | None
    trouble: tuple[str, str] | None
    """Why the bytes ended early: code and detail of a problem."""

    def readinto(self, room: memoryview) -> int | None:
        """Bytes read; 0 at the end; None if there is nothing now and it is worth looking at what came before."""
        ...

    def close(self) -> None: ...


class FileInput:
    """A regular file. With ``follow`` its end is where it will grow."""

    def __init__(self, path: str, fd: int, follow: bool, stop: Callable[[], bool]) -> None:
        self._path, self._fd, self._follow, self._stop = path, fd, follow, stop
        self.position = 0
        self.size: int | None = os.fstat(fd).st_size
        self.trouble: tuple[str, str] | None = None

    def readinto(self, room: memoryview) -> int | None:
        n = os.readv(self._fd, [room])
        self.position += n
        if n or not self._follow:
            return n
        return self._wait()

    def _wait(self) -> int | None:
        size = self.size = os.fstat(self._fd).st_size
        if size < self.position:
            self.trouble = ("replaced", "the file became shorter while it was read: reading ends here")
            return 0
        if size == self.position and self._replaced():
            self.trouble = ("replaced", "another file took this one's name: reading ends here")
            return 0
        if self._stop():
            return 0
        time.sleep(POLL_S)
        return None

    def _replaced(self) -> bool:
        try:
            now, ours = os.stat(self._path), os.fstat(self._fd)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return (now.st_dev, now.st_ino) != (ours.st_dev, ours.st_ino)

    def close(self) -> None:
        os.close(self._fd)


class PipeInput:
    """A pipe, socket or terminal: waits for bytes, but never longer than ``POLL_S`` without looking up."""

    size: int | None = None

    def __init__(self, fd: int, owned: bool, stop: Callable[[], bool]) -> None:
        self._fd, self._owned, self._stop = fd, owned, stop
        self.position = 0
        self.trouble: tuple[str, str] | None = None

    def readinto(self, room: memoryview) -> int | None:
        ready, _, _ = select.select([self._fd], [], [], POLL_S)
        if not ready:
            return 0 if self._stop() else None
        n = os.readv(self._fd, [room])
        self.position += n
        return n

    def close(self) -> None:
        if self._owned:
            os.close(self._fd)


def open_input(path: str, *, follow: bool, stop: Callable[[], bool]) -> FileInput | PipeInput:
    """Open a path, or standard input for ``-``.

    Raises:
        OSError: it is missing, is a folder, or may not be read.
    """
    if path == "-":
        fd, owned = sys.stdin.fileno(), False
    else:
        fd, owned = os.open(path, os.O_RDONLY | os.O_CLOEXEC), True
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return FileInput(path, fd, follow and owned, stop)
    if stat.S_ISDIR(mode):
        os.close(fd)
        raise IsADirectoryError(21, os.strerror(21), path)
    return PipeInput(fd, owned, stop)

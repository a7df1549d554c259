"""Bytes from files and pipes, whole, growing, or slow."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from collections.abc import Callable
from typing import Final, Protocol

from pcapkit.limits import KIB

POLL_S: Final = 0.2
HEAD: Final = 64 * KIB
"""Bytes looked at to tell what an input is."""
_ENOUGH: Final = 32
"""So many bytes tell it too, when no more have come yet: a live capture may stay at its file header for long."""


class Input(Protocol):
    """Bytes in order. ``position`` and ``size`` are those of the file as it is stored; ``size`` is None where nobody knows it.

    ``troubles``: code and detail of what was wrong with the bytes themselves.
    """

    @property
    def position(self) -> int: ...

    @property
    def size(self) -> int | None: ...

    @property
    def troubles(self) -> list[tuple[str, str]]: ...

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
        self.troubles: list[tuple[str, str]] = []

    def readinto(self, room: memoryview) -> int | None:
        n = os.readv(self._fd, [room])
        self.position += n
        if n or not self._follow:
            return n
        return self._wait()

    def pread(self, size: int, offset: int) -> bytes:
        """Bytes from any place of the file, fewer at its end."""
        return os.pread(self._fd, size, offset)

    def _wait(self) -> int | None:
        size = self.size = os.fstat(self._fd).st_size
        if size < self.position:
            self.troubles.append(("replaced", "the file became shorter while it was read: reading ends here"))
            return 0
        if size == self.position and self._replaced():
            self.troubles.append(("replaced", "the file was removed, or another took its name: reading ends here"))
            return 0
        if self._stop():
            return 0
        if size == self.position:
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
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self.position = 0
        self.troubles: list[tuple[str, str]] = []

    def readinto(self, room: memoryview) -> int | None:
        if not self._poll.poll(POLL_S * 1_000):
            return 0 if self._stop() else None
        n = os.readv(self._fd, [room])
        self.position += n
        return n

    def close(self) -> None:
        if self._owned:
            os.close(self._fd)


class Rewound:
    """An input of which the first bytes were looked at: gives them again, then the rest."""

    def __init__(self, inner: Input, head: bytes) -> None:
        self._inner, self._head = inner, head
        self.troubles = inner.troubles

    @property
    def position(self) -> int:
        return self._inner.position

    @property
    def size(self) -> int | None:
        return self._inner.size

    def readinto(self, room: memoryview) -> int | None:
        if not self._head:
            return self._inner.readinto(room)
        n = min(len(room), len(self._head))
        room[:n] = self._head[:n]
        self._head = self._head[n:]
        return n

    def close(self) -> None:
        self._inner.close()


def peek(inner: Input, stop: Callable[[], bool]) -> tuple[bytes, Rewound]:
    """The first bytes of an input, ``HEAD`` of them or what came until it ended or paused, and the input as if they had not been read."""
    head = bytearray(HEAD)
    have = 0
    with memoryview(head) as view:
        while have < HEAD and not stop():
            n = inner.readinto(view[have:])
            if n == 0 or (n is None and have >= _ENOUGH):
                break
            have += n or 0
    seen = bytes(head[:have])
    return seen, Rewound(inner, seen)


def _descriptor(path: str) -> int | None:
    """The number in ``/dev/fd/N`` if it is a pipe of ours: opened by its name it would be asked who made it."""
    number = path.removeprefix("/dev/fd/")
    if number == path or not (number.isascii() and number.isdigit()) or len(number) > 9:
        return None
    try:
        return int(number) if stat.S_ISFIFO(os.fstat(int(number)).st_mode) else None
    except OSError:
        return None


def open_input(path: str, *, follow: bool, stop: Callable[[], bool]) -> FileInput | PipeInput:
    """Open a path, or standard input for ``-``.

    Raises:
        OSError: it is missing, is a folder, or may not be read.
    """
    if path == "-":
        fd, owned = 0, False
    elif (given := _descriptor(path)) is not None:
        fd, owned = os.dup(given), True
    else:
        fd, owned = os.open(path, os.O_RDONLY | os.O_CLOEXEC), True
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return FileInput(path, fd, follow and owned, stop)
    if stat.S_ISDIR(mode):
        os.close(fd)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    return PipeInput(fd, owned, stop)

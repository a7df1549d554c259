"""Output files that are whole or not there, never half, never through a link (docs/security.md)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


class OutputError(Exception):
    """The output could not be written. ``path`` and ``reason`` for the one line."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def check_target(path: str | Path, force: bool) -> None:
    """Refuse at once what ``write_atomic`` would refuse at the end.

    Raises:
        OutputError: a link, a device, an existing file without ``force``, a missing folder, or one that others write to while we are root.
    """
    path = Path(path)
    try:
        folder = os.stat(path.parent)
    except OSError as error:
        raise OutputError(str(path), f"its folder cannot be used: {error.strerror}") from None
    if not stat.S_ISDIR(folder.st_mode):
        raise OutputError(str(path), f"{path.parent} is no folder")
    if os.geteuid() == 0 and folder.st_mode & OTHERS_WRITE and not folder.st_mode & stat.S_ISVTX:
        raise OutputError(str(path), "root does not write into a folder that others may write to; choose another one")
    try:
        there = os.lstat(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(str(path), str(error.strerror)) from None
    if stat.S_ISLNK(there.st_mode):
        raise OutputError(str(path), "is a symbolic link; name the file itself")
    if not stat.S_ISREG(there.st_mode):
        raise OutputError(str(path), "is no ordinary file; use - for standard output")
    if not force:
        raise OutputError(str(path), "exists; --force replaces it")


def write_atomic(path: str | Path, chunks: Iterable[bytes], force: bool = False, mode: int = 0o666) -> None:
    """Write ``chunks`` under ``path``: all of them, or the old content stays. ``mode`` is lessened by the umask.

    Raises:
        OutputError: nothing was written.
    """
    path = Path(path)
    check_target(path, force)
    temporary = f".{path.name[:100]}.{os.urandom(6).hex()}.part"
    folder = -1
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _write(temporary, folder, chunks, mode)
            _put(temporary, path, folder, force)
        except BaseException:
            _remove(temporary, folder)
            raise
        os.fsync(folder)
    except OSError as error:
        raise OutputError(str(path), f"not written: {error.strerror or error}") from None
    finally:
        if folder >= 0:
            os.close(folder)


def _write(name: str, folder: int, chunks: Iterable[bytes], mode: int) -> None:
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    with os.fdopen(descriptor, "wb") as out:
        for chunk in chunks:
            out.write(chunk)
        out.flush()
        os.fchmod(out.fileno(), mode & ~_umask())
        os.fsync(out.fileno())


def _put(name: str, path: Path, folder: int, force: bool) -> None:
    """Give the file its name. Without ``force`` a link does it, which fails if somebody was there first."""
    if not force:
        try:
            os.link(name, path.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError:
            raise OutputError(str(path), "exists; --force replaces it") from None
        except OSError:  # a file system without hard links
            check_target(path, force)
        else:
            os.unlink(name, dir_fd=folder)
            return
    os.replace(name, path.name, src_dir_fd=folder, dst_dir_fd=folder)


def _remove(name: str, folder: int) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        return


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask

"""Packets as pcapng (draft-ietf-opsawg-pcapng) to a pipe, a file, or a ring of files. Little-endian, times in ns."""

from __future__ import annotations

import errno
import os
import struct
import time
from collections import deque
from typing import Any, Final

from pcapkit.capturer.main import DISK, Ends

_PAD: Final = (b"", b"\0\0\0", b"\0\0", b"\0")
_FLUSH: Final = 1 << 18
NS: Final = 10**9


class Output:
    """Collects packets and writes them when enough came, or when told to. ``names``: the files written, the newest last.

    ``ring``: (files, bytes of each): the oldest is removed when a new one is needed.
    """

    def __init__(self, write: str | None, ring: tuple[int, int] | None, link_type: int, interface: str, snaplen: int) -> None:
        self._ring = ring
        self._write = write
        self._number = 0
        self._names: deque[str] = deque()
        self._pending = bytearray()
        self._pack = struct.Struct("<IIIIIII").pack
        self.packets = 0
        self.dropped = 0
        self._in_file = self._dropped_before = 0
        options = _option(2, interface.encode("utf-8", "backslashreplace")) + _option(9, b"\x09") + bytes(4)
        self._head = _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _option(4, b"pcapkit") + bytes(4))
        self._head += _block(1, struct.pack("<HHI", link_type, 0, snaplen) + options)
        self._fd = 1
        self._size = 0
        if write is not None:
            self._open()
        self._put(self._head)

    def packet(self, time_ns: int, data: bytes | memoryview, length: int) -> None:
        """Add one. ``length``: bytes on the wire."""
        size = len(data)
        total = 32 + (size + 3 & ~3)
        pending = self._pending
        pending += self._pack(6, total, 0, time_ns >> 32, time_ns & 0xFFFFFFFF, size, length)
        pending += data
        pending += _PAD[size & 3]
        pending += total.to_bytes(4, "little")
        self.packets += 1
        self._in_file += 1
        if len(pending) >= _FLUSH:
            self.flush()

    def flush(self) -> None:
        """Write what was collected.

        Raises:
            Ends: the disk is full, or writing failed; what was written is whole records.
            BrokenPipeError: nobody reads any more.
        """
        if self._pending:
            data, self._pending = bytes(self._pending), bytearray()
            self._put(data)
            if self._ring is not None and self._size >= self._ring[1]:
                self._turn()

    def statistics(self) -> None:
        """Write the counters: packets received so far, and dropped by the kernel."""
        self.flush()
        now = time.time_ns()
        stamp = struct.pack("<II", now >> 32, now & 0xFFFFFFFF)
        received, dropped = self._in_file, self.dropped - self._dropped_before
        options = _option(3, stamp) + _option(4, received.to_bytes(8, "little")) + _option(5, dropped.to_bytes(8, "little")) + bytes(4)
        self._put(_block(5, bytes(4) + stamp + options))

    def close(self) -> None:
        """The end: counters, and everything on the disk."""
        self.statistics()
        if self._write is not None:
            os.close(self._fd)

    def _turn(self) -> None:
        self.statistics()
        os.close(self._fd)
        self._in_file, self._dropped_before = 0, self.dropped
        self._open()
        self._put(self._head)

    def _open(self) -> None:
        assert self._write is not None
        path = self._write
        if self._ring is not None:
            self._number += 1
            stem, ending = os.path.splitext(path)
            path = f"{stem}_{self._number:05}_{time.strftime('%Y%m%d%H%M%S')}{ending or '.pcapng'}"
            while len(self._names) >= self._ring[0]:
                _remove(self._names.popleft())
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Ends(DISK, f"{path}: cannot be written: {error.strerror}") from None
        self._names.append(path)
        self._size = 0
        os.write(2, f"File: {path}\n".encode("utf-8", "surrogateescape"))

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                n = os.write(self._fd, view)
            except BrokenPipeError:
                raise
            except OSError as error:
                self._cut(len(data) - len(view))
                full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
                what = "the disk is full" if full else f"writing failed: {error.strerror}"
                raise Ends(DISK, f"{self._names[-1] if self._names else 'the pipe'}: {what}; what was captured until then is kept") from None
            view = view[n:]
        self._size += len(data)

    def _cut(self, begun: int) -> None:
        """Take back half a piece, so that the file ends with a whole record."""
        if self._write is not None and begun:
            try:
                os.ftruncate(self._fd, self._size)
            except OSError:
                return


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + _PAD[len(value) & 3]


def _block(kind: int, body: bytes) -> bytes:
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def output_of(spec: dict[str, Any], link_type: int) -> Output:
    """The output that a specification asks for, written as somebody without privileges (``privileges``)."""
    ring = spec.get("ring")
    return Output(spec.get("write"), (ring[0], ring[1]) if ring else None, link_type, spec["interface"], spec.get("snaplen") or 262_144)

"""Microsoft Network Monitor 2: frames as a stream of pcapng.

The format has its table of frames at the end and may store frames in any order, so it is no stream; here it becomes one. Of a compressed
file or a pipe the table cannot be had in time: then frames are taken as they stand, one behind the other, as Network Monitor writes them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from pcapkit.capture import linktypes
from pcapkit.capture.inputs import FileInput, Input
from pcapkit.limits import KIB, MAX_PACKET

MAGIC: Final = b"GMBU"
_FILE_HEADER: Final = 128
_HEAD: Final = 16
_TRAILERS: Final = {0: 0, 1: 2, 2: 6}
_TRAILER: Final = 15
"""From version 2.3: media type, process, FILETIME, time zone."""
_EPOCH: Final = 116_444_736_000_000_000
"""1970 in units of 100 ns since 1601."""
_MEDIA: Final = {0: 1, 1: 1, 2: 6, 3: 10, 6: 105, 7: 101, 8: 101, 9: 101, 0xE080: 105}
_WIRELESS: Final = 6
_NOT_FRAMES: Final = (0xFFFC, 0xFFFD, 0xFFFE)
"""Payload headers, network information, the DNS cache: Wireshark does not number them either."""


def _link_type(media: int) -> int:
    if media & 0xF000 == 0xE000 and not 0xE081 <= media <= 0xE08A:
        return _MEDIA.get(media, media & 0xFFF)
    return _MEDIA.get(media, linktypes.UNKNOWN)


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


class NetmonInput:
    """The frames as pcapng bytes. ``file`` is the same input where any place of it can be read."""

    def __init__(self, inner: Input, file: FileInput | None) -> None:
        self._inner, self._file = inner, file
        self.troubles = inner.troubles
        self._blocks = self._convert()
        self._ready = b""
        self._interfaces: dict[int, int] = {}
        self._ahead, self._at = b"", 0

    @property
    def position(self) -> int:
        return self._inner.position

    @property
    def size(self) -> int | None:
        return self._inner.size

    def close(self) -> None:
        self._inner.close()

    def readinto(self, room: memoryview) -> int | None:
        ready = bytearray(self._ready)
        while len(ready) < len(room):
            block = next(self._blocks, None)
            if block is None:
                break
            ready += block
        n = min(len(room), len(ready))
        room[:n] = ready[:n]
        self._ready = bytes(ready[n:])
        return n

    def _read(self, size: int, offset: int) -> bytes:
        """Bytes of the file, fewer at its end. Without a file, only forward."""
        if self._file is not None:
            self._file.position = max(self._file.position, offset)
            return self._file.pread(size, offset)
        while self._at + len(self._ahead) < offset + size:
            room = bytearray(64 * KIB)
            n = self._inner.readinto(memoryview(room))
            if n == 0:
                break
            drop = min(max(offset - self._at, 0), len(self._ahead))
            self._ahead, self._at = self._ahead[drop:] + room[: n or 0], self._at + drop
        return self._ahead[offset - self._at : offset - self._at + size]

    def _convert(self) -> Iterator[bytes]:
        header = self._read(_FILE_HEADER, 0)
        minor, network = struct.unpack_from("<BxH", header.ljust(_FILE_HEADER, b"\0"), 4)
        trailer, total = _TRAILERS.get(minor, _TRAILER), 0
        start_ns = self._start(header) if minor < 3 else 0
        yield _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        for offset in self._offsets(header, trailer):
            head = self._read(_HEAD, offset)
            if len(head) < _HEAD:
                return self._stop("truncated", "the file ends inside a frame")
            delta, length, caplen = struct.unpack("<QII", head)
            if caplen > MAX_PACKET:
                return self._stop("bad-block", f"a frame claims to have {caplen} bytes: the rest is not read")
            total += caplen
            if self._inner.size is not None and self._file is not None and total > self._inner.size:
                return self._stop("limit-reached", "the table of frames names more bytes than the file has: the rest is not read")
            body = self._read(caplen + trailer, offset + _HEAD)
            if len(body) < caplen + trailer:
                return self._stop("truncated", "the file ends inside a frame")
            media = struct.unpack_from("<H", body, caplen)[0] if trailer else network
            if trailer == _TRAILER:
                time_ns = (struct.unpack_from("<Q", body, caplen + 6)[0] - _EPOCH) * 100
            else:
                ticks = delta * 10 & 2**64 - 1  # signed when counted in 100 ns, says Microsoft's documentation
                time_ns = start_ns + (ticks - 2**64 if ticks >> 63 else ticks) * 100
            if media not in _NOT_FRAMES:
                yield from self._frame(media, body[:caplen], length, time_ns)

    def _frame(self, media: int, packet: bytes, length: int, time_ns: int) -> Iterator[bytes]:
        if media not in self._interfaces:
            self._interfaces[media] = len(self._interfaces)
            yield _block(1, struct.pack("<HHIHHB3xI", _link_type(media), 0, 0, 9, 1, 9, 0))
        if media == _WIRELESS and len(packet) >= 3:
            skipped = int.from_bytes(packet[1:3], "little")  # what the driver says of the frame stands before it
            packet, length = packet[skipped:], length - skipped
        clock = min(max(time_ns, 0), 2**64 - 1)
        fixed = struct.pack("<IIIII", self._interfaces[media], clock >> 32, clock & 0xFFFFFFFF, len(packet), max(length, len(packet)))
        yield _block(6, fixed + packet + bytes(-len(packet) % 4))

    def _offsets(self, header: bytes, trailer: int) -> Iterator[int]:
        table, size = struct.unpack_from("<II", header.ljust(_FILE_HEADER, b"\0"), 24)
        if self._file is not None:
            for at in range(table, table + size, 64 * KIB):
                piece = self._read(min(64 * KIB, table + size - at), at)
                yield from (offset for (offset,) in struct.iter_unpack("<I", piece[: len(piece) & ~3]))
                if len(piece) < min(64 * KIB, table + size - at):
                    return self._stop("truncated", "the table of frames ends early")
            return None
        at = _FILE_HEADER
        while at < table:
            (caplen,) = struct.unpack_from("<I", self._read(_HEAD, at).ljust(_HEAD, b"\0"), 12)
            yield at
            at += _HEAD + caplen + trailer
        return None

    def _start(self, header: bytes) -> int:
        year, month, _, day, hour, minute, second, ms = struct.unpack_from("<8H", header.ljust(_FILE_HEADER, b"\0"), 8)
        self.troubles.append(("local-time", "the file gives times of the capturing computer's own zone: they are shown as if it were UTC"))
        try:
            start = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            return 0
        return int(start.timestamp()) * 10**9 + int(ms) * 10**6

    def _stop(self, code: str, detail: str) -> None:
        self.troubles.append((code, detail))

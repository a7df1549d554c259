"""One capture, opened: windows of its records as they are read, and what is known of it so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from pcapkit import model
from pcapkit.capture.errors import NotACapture
from pcapkit.capture.inputs import Input, open_input
from pcapkit.capture.notes import Notes
from pcapkit.capture.pcap import PcapReader, looks_like_pcap
from pcapkit.capture.pcapng import PcapngReader, looks_like_pcapng
from pcapkit.capture.span import Reader, Span
from pcapkit.capture.window import PAD, Window
from pcapkit.limits import KIB, MAX_BLOCK, WINDOW_BYTES

HEAD: Final = 64 * KIB
"""Bytes looked at to tell what an input is."""
_LARGEST: Final = MAX_BLOCK + 64 * KIB
_LATE_S: Final = 0.5
"""Records that came are handed on after this time, even if the window has room left."""


class Source:
    """A capture being read. One thread reads; ``info()`` may be asked from another."""

    def __init__(self, path: str, index: int, input_: Input, window_bytes: int, stop: Callable[[], bool]) -> None:
        self.path = path
        self._index = index
        self._input = input_
        self._stop = stop
        self._notes = Notes()
        room = max(window_bytes, KIB)
        if input_.size is not None:
            room = min(room, max(input_.size + 1, KIB))
        self._data = bytearray(room + PAD)
        self._begin = self._end = self._base = 0
        self._ended = False
        self._reader = self._choose()

    @property
    def position(self) -> int:
        """Bytes of the file (as stored) that were read."""
        return self._input.position

    @property
    def size(self) -> int | None:
        """Bytes of the file, None for pipes."""
        return self._input.size

    @property
    def secrets(self) -> list[bytes]:
        """Texts of NSS key logs found in decryption secrets blocks, in order."""
        return self._notes.secrets

    @property
    def names(self) -> dict[str, str]:
        """Address → name, from name resolution blocks."""
        return self._notes.names

    def info(self) -> model.Capture:
        """What is known so far. ``packets`` counts frames, ``bytes`` their lengths on the wire."""
        return self._notes.capture(self.path, self._reader.format)

    def close(self) -> None:
        self._input.close()

    def windows(self) -> Iterator[Window]:
        """Windows of records in file order, each valid until the next is asked for. Ends at the end, at damage, or when told to stop."""
        while True:
            span = Span(self._index, self._data, np.frombuffer(self._data, np.uint8), self._begin, self._end, self._base, self._ended)
            taken = self._reader.take(span)
            self._begin = taken.at
            if taken.window is not None and len(taken.window):
                self._notes.count(taken.window)
                yield taken.window
            del span
            if taken.done or self._ended or self._stop():
                return
            self._fill(taken.need)

    def _fill(self, need: int) -> None:
        """Read on behind what is left over, until the window is full, the input ends or pauses, or records have waited long enough."""
        left = self._end - self._begin
        room = len(self._data) - PAD
        if need > room:
            data = bytearray(min(need, _LARGEST) + PAD)
        else:
            data = self._data
        data[:left] = self._data[self._begin : self._end]
        self._data = data
        self._base += self._begin
        self._begin, self._end = 0, left
        self._read_on(len(data) - PAD)

    def _read_on(self, full: int) -> None:
        late = time.monotonic() + _LATE_S
        with memoryview(self._data) as view:
            while self._end < full:
                n = self._input.readinto(view[self._end : full])
                if n == 0:
                    self._ended = True
                    return
                if n is None:
                    return
                self._end += n
                if time.monotonic() > late:
                    return

    def _choose(self) -> Reader:
        while self._end < min(HEAD, len(self._data) - PAD) and not self._ended and not self._stop():
            self._read_on(len(self._data) - PAD)
        head = bytes(self._data[: min(self._end, HEAD)])
        if looks_like_pcap(head):
            return PcapReader(self._notes)
        if looks_like_pcapng(head):
            return PcapngReader(self._notes)
        raise NotACapture("not a capture")


def open_capture(path: str, index: int, *, window_bytes: int = WINDOW_BYTES, follow: bool = False, stop: Callable[[], bool] | None = None) -> Source:
    """Open a file, or standard input for ``-``. ``index`` is the capture's number in its windows.

    With ``follow`` the end of the file is not the end: records are handed on as they are written, until ``stop()`` is true.
    ``stop`` also ends ordinary reading, between windows.

    Raises:
        NotACapture: the input is something else; the message says what and how to convert it.
        OSError: it is missing or may not be read.
    """
    stop = stop or (lambda: False)
    input_ = open_input(path, follow=follow, stop=stop)
    try:
        return Source(path, index, input_, window_bytes, stop)
    except BaseException:
        input_.close()
        raise

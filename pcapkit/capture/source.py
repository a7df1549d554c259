"""One capture, opened: windows of its records as they are read, and what is known of it so far."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import numpy as np

from pcapkit import model
from pcapkit.capture.errors import NotACapture
from pcapkit.capture.inputs import FileInput, Input, PipeInput, open_input, peek
from pcapkit.capture.netmon import NetmonInput
from pcapkit.capture.notes import Notes, Port
from pcapkit.capture.pcap import FILE_HEADER, PcapReader
from pcapkit.capture.pcapng import PcapngReader
from pcapkit.capture.recognise import explain
from pcapkit.capture.sniff import NETMON, format_of, unpacked
from pcapkit.capture.snoop import SnoopReader
from pcapkit.capture.span import Reader, Span
from pcapkit.capture.window import PAD, Window, nothing
from pcapkit.limits import KIB, MAX_BLOCK, WINDOW_BYTES

_LARGEST: Final = MAX_BLOCK + 64 * KIB
"""Most bytes that a window grows to for one block."""
_ROWS: Final = 1 << 18
"""Most records of one window: tiny ones would else make its columns many times larger than its bytes."""
_LATE_S: Final = 0.5
"""Records that came are handed on after this time, even if the window has room left."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An input of which the format is known. ``format``: as reports name it; ``size``: bytes of the capture, None where nobody knows."""

    input: Input
    reader: Reader
    notes: Notes
    format: str
    size: int | None


class Source:
    """A capture being read. One thread reads; ``info()``, ``position`` and ``size`` may be asked from another."""

    def __init__(self, path: str, index: int, opened: Opened, window_bytes: int, stop: Callable[[], bool], pauses: bool = False) -> None:
        self.path = path
        self._index = index
        self._opened = opened
        self._input, self._reader, self._notes = opened.input, opened.reader, opened.notes
        if opened.size is not None:
            window_bytes = min(window_bytes, opened.size)
        self._data = bytearray(max(window_bytes, KIB) + PAD)
        self._begin = self._end = self._base = 0
        self._ended = self._over = False
        self._stop = stop
        self._pauses = pauses

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

    @property
    def ports(self) -> list[Port]:
        """The interfaces described so far, by the numbers that packets name."""
        return self._notes.ports

    def info(self) -> model.Capture:
        """What is known so far. ``packets`` counts frames, ``bytes`` the lengths on the wire of those handed on."""
        return self._notes.capture(self.path, self._opened.format)

    def close(self) -> None:
        """Let go of the file."""
        self._input.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def windows(self) -> Iterator[Window]:
        """Windows of records in file order, each valid until the next is asked for. Ends at the end, at damage, or when told to stop.

        Of a capture that is followed, empty ones too, so that whoever asks has his turn while nothing comes.
        """
        need = 0
        while not self._over:
            self._fill(need)
            taken = self._reader.take(self._span())
            self._notes.settle()
            self._begin, need = taken.at, taken.need
            self._over = taken.done or self._ended
            if self._over and not taken.done:  # where the reader gave up earlier, what the input met ahead of it says nothing
                self._note_troubles()
            for window in _parts(taken.window):
                self._notes.count(window)
                yield window
            if self._pauses and taken.window is None and not self._over:
                yield nothing(self._index)
            del taken
            if self._stop():
                break

    def _note_troubles(self) -> None:
        for code, detail in self._input.troubles:
            self._notes.problem(code, detail, None if self._opened.format == NETMON else self._base + self._end)

    def _span(self) -> Span:
        view = np.frombuffer(self._data, np.uint8)
        return Span(self._index, self._data, view, self._begin, self._end, self._base, self._ended, self._opened.size)

    def _fill(self, need: int) -> None:
        """Read on behind what is left over, until the window is full, the input ends or pauses, or records have waited long enough."""
        left, room = self._end - self._begin, len(self._data) - PAD
        if left >= room or need > room:
            room = min(max(need, 2 * left), _LARGEST)
        data = self._data if room + PAD == len(self._data) else bytearray(room + PAD)
        data[:left] = self._data[self._begin : self._end]
        self._data = data
        self._base += self._begin
        self._begin, self._end = 0, left
        if left >= room:
            self._notes.problem("bad-block", "a block is larger than any may be: reading ends here", self._base)
            self._ended = True
            return
        self._read_on(room)

    def _read_on(self, full: int) -> None:
        late = time.monotonic() + _LATE_S
        with memoryview(self._data) as view:
            while self._end < full:
                try:
                    n = self._input.readinto(view[self._end : full])
                except OSError as error:
                    self._input.troubles.append(("read-error", f"reading failed: {error.strerror or error}"))
                    n = 0
                if not n:
                    stopped = self._stop()
                    self._ended = n == 0 and not stopped
                    return
                self._end += n
                if time.monotonic() > late:
                    return


def _parts(window: Window | None) -> Iterator[Window]:
    if window is None or len(window) <= _ROWS:
        if window is not None and len(window):
            yield window
        return
    for low in range(0, len(window), _ROWS):
        columns = (getattr(window, name)[low : low + _ROWS] for name in Window.__slots__[2:])
        yield Window(window.capture, window.buffer, *columns)


def open_capture(path: str, index: int, *, window_bytes: int = WINDOW_BYTES, follow: bool = False, stop: Callable[[], bool] | None = None) -> Source:
    """Open a file, or standard input for ``-``. ``index`` is the capture's number in its windows.

    With ``follow`` the end of the file is not the end: records are handed on as they are written, until ``stop()`` is true.
    ``stop`` also ends ordinary reading, between windows.

    Raises:
        NotACapture: the input is something else; the message says what and how to convert it.
        OSError: it is missing or may not be read.
    """
    if os.path.isdir(path):
        raise NotACapture("a folder without captures in it")
    if path == "-" and os.isatty(0):
        raise NotACapture("a terminal: pipe a capture into it, as in: tcpdump -w - | pcapkit analyze -")
    stop = stop or (lambda: False)
    file = open_input(path, follow=follow, stop=stop)
    try:
        opened = _tell(path, file, follow, stop)
    except BaseException:
        file.close()
        raise
    return Source(path, index, opened, window_bytes, stop, pauses=follow)


def _tell(path: str, file: FileInput | PipeInput, follow: bool, stop: Callable[[], bool]) -> Opened:
    """Find out what an input is."""
    head, rewound = peek(file, stop)
    head, rewound, layers = unpacked(head, rewound, stop)
    kind, notes = format_of(head), Notes()
    plain = file if isinstance(file, FileInput) and not layers else None
    size = plain.size if plain is not None and not follow else None
    if kind == "pcap":
        return Opened(rewound, PcapReader(notes, head), notes, kind, size)
    if kind == "snoop":
        return Opened(rewound, SnoopReader(notes, head), notes, kind, size)
    if kind == NETMON:
        return Opened(NetmonInput(rewound, plain), PcapngReader(notes), notes, kind, None)
    if kind == "pcapng" or (stop() and len(head) < FILE_HEADER):  # stopped before it said anything: empty, not wrong
        return Opened(rewound, PcapngReader(notes), notes, "pcapng", size)
    raise NotACapture(explain(head, path, layers))

"""The tape: frames in order of time, and the pcapng file that holds them (draft-ietf-opsawg-pcapng), written without the code under test."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

SECOND: Final = 10**9
START: Final = 1_781_512_200 * SECOND
"""2026-06-15 08:30:00 UTC: every sample begins here."""
ETHERNET: Final = 1
WHOLE: Final = 262_144
_KEY_LOG: Final = 0x544C534B


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as it was captured. ``length`` is that on the wire."""

    time_ns: int
    data: bytes
    length: int


@dataclass
class Tape:
    """A recording. ``now`` is the time of the next frame, in ns; ``secrets`` are lines of a key log that go into the file.

    ``dropped``: what the capturing program says it lost (None: it says nothing).
    """

    now: int = START
    frames: list[Frame] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    snaplen: int = WHOLE
    dropped: int | None = None
    running: bool = True

    def put(self, data: bytes) -> None:
        """One frame, now. Nothing is kept while the recording is off."""
        if self.running:
            self.frames.append(Frame(self.now, data, len(data)))

    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.now += round(seconds * SECOND)

    @contextmanager
    def off(self) -> Iterator[None]:
        """What happens inside is not captured."""
        before, self.running = self.running, False
        try:
            yield
        finally:
            self.running = before

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """What happens inside happens at the same time as what follows."""
        start = self.now
        yield
        self.now = start

    def pcapng(self) -> bytes:
        """The capture file: one section, one Ethernet interface, times in ns."""
        frames = sorted(self.frames, key=lambda f: f.time_ns)
        parts = [
            _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options((4, b"pcapkit samples"))),
            _block(1, struct.pack("<HHI", ETHERNET, 0, self.snaplen) + _options((2, b"mirror0"), (9, b"\x09"))),
        ]
        if self.secrets:
            log = "".join(f"{line}\n" for line in self.secrets).encode()
            parts.append(_block(0xA, struct.pack("<II", _KEY_LOG, len(log)) + _padded(log)))
        parts += (_enhanced(frame) for frame in frames)
        if self.dropped is not None:
            parts.append(_statistics(self.now, len(frames), self.dropped))
        return b"".join(parts)


def _enhanced(frame: Frame) -> bytes:
    head = struct.pack("<IIIII", 0, frame.time_ns >> 32, frame.time_ns & 0xFFFFFFFF, len(frame.data), frame.length)
    return _block(6, head + _padded(frame.data))


def _statistics(now: int, received: int, dropped: int) -> bytes:
    """Interface statistics: isb_ifrecv (4) and isb_ifdrop (5)."""
    counters = _options((4, struct.pack("<Q", received + dropped)), (5, struct.pack("<Q", dropped)))
    return _block(5, struct.pack("<III", 0, now >> 32, now & 0xFFFFFFFF) + counters)


def _block(kind: int, body: bytes) -> bytes:
    size = len(body) + 12
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size)


def _options(*items: tuple[int, bytes]) -> bytes:
    return b"".join(struct.pack("<HH", code, len(value)) + _padded(value) for code, value in items) + bytes(4)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)

"""Ordered bytes of one direction that wait to be read, each known by the segment that brought it."""

from __future__ import annotations

from collections import deque

from pcapkit_dissectors._api import Event, Message, Stamp
from pcapkit_dissectors._limits import EVENT_FRAMES


class Spool:
    """Bytes come in with ``add`` and go out with ``take``; ``event`` names the frames of all that was taken since the event before."""

    __slots__ = ("_frames", "_last", "_marks", "_pos", "data", "direction")

    def __init__(self, direction: int) -> None:
        self.direction = direction
        self.data = bytearray()
        self._pos = 0
        self._marks: deque[tuple[int, Stamp]] = deque()
        self._frames: list[int] = []
        self._last = Stamp(0, 0)

    def __len__(self) -> int:
        return len(self.data)

    @property
    def frame(self) -> int:
        """The frame that brought the last of what was taken."""
        return self._last.frame

    @property
    def first_frame(self) -> int:
        """The first frame of what was taken since the last event."""
        return min(self._frames, default=self._last.frame)

    def add(self, data: bytes, stamp: Stamp) -> None:
        """Append what one segment brought."""
        self.data += data
        self._marks.append((self._pos + len(self.data), stamp))
        if self._last.frame == 0:
            self._last = stamp

    def take(self, size: int) -> bytes:
        """Take ``size`` bytes, or all there are."""
        taken = bytes(self.data[:size])
        self.skip(len(taken))
        return taken

    def skip(self, size: int) -> None:
        """Take ``size`` bytes that nobody wants to see."""
        size = min(size, len(self.data))
        if not size:
            return
        del self.data[:size]
        self._pos += size
        while self._marks:
            end, stamp = self._marks[0]
            self._remember(stamp)
            if end > self._pos:
                break
            self._marks.popleft()
            if end == self._pos:
                break

    def _remember(self, stamp: Stamp) -> None:
        frames = self._frames
        if frames and frames[-1] == stamp.frame:
            return
        if len(frames) < EVENT_FRAMES:
            frames.append(stamp.frame)
        else:
            frames[-1] = stamp.frame
        self._last = max(self._last, stamp) if len(frames) > 1 else stamp

    def event(self, message: Message, complete: bool = True) -> Event:
        """An event of what was taken since the last one. Segments that came late carry a lower frame than the one that let them be read: sorted."""
        frames = tuple(sorted(set(self._frames))) or (self._last.frame,)
        self._frames.clear()
        return Event(message, self.direction, frames, self._last.time_ns, complete)

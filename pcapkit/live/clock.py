"""The captures' clock while nothing comes: silence is time that passes, and thresholds run out in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

NS: Final = 10**9
SLACK_NS: Final = NS
"""Packets may be on their way for so long (buffers of the kernel, the capturer and pipes): so much silence proves nothing."""
NEAR_NS: Final = 30 * NS
"""A packet whose time is so near this machine's clock has just been captured."""


class CaptureClock:
    """What time it is on the clock that stamps the packets, which may be another machine's.

    It runs on from the last packet by this machine's monotonic clock, so that steps of any clock do no harm. It stands still until the capture shows
    that it is one under way: ``alive``, or packets that come while we wait, or whose times are near this machine's.
    """

    def __init__(self, alive: bool, monotonic: Callable[[], float] = time.monotonic, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._alive = alive
        self._monotonic, self._wall_ns = monotonic, wall_ns
        self._last_ns: int | None = None
        self._came = 0.0
        self._waited = False

    def packets(self, last_ns: int | None) -> None:
        """Packets came, the latest of the capture at ``last_ns``."""
        if last_ns is None or (self._last_ns is not None and last_ns < self._last_ns):
            return
        self._last_ns, self._came = last_ns, self._monotonic()
        self._alive = self._alive or self._waited or abs(self._wall_ns() - last_ns) < NEAR_NS

    def quiet(self) -> None:
        """There is nothing more to read now."""
        self._waited = True

    @property
    def silence_s(self) -> float:
        """Seconds since packets came."""
        return self._monotonic() - self._came if self._last_ns is not None else 0.0

    def now(self, slack_ns: int = SLACK_NS) -> int | None:
        """Until when was certainly listened, ns since the epoch; None before the first packet. Without slack: what time it is."""
        if self._last_ns is None or not self._alive:
            return self._last_ns
        return self._last_ns + max(0, int(self.silence_s * NS) - slack_ns)

"""CPU time by stage, for ``--debug``: every moment belongs to one stage, so that the stages add up to the whole."""

from __future__ import annotations

from time import process_time


class Timings:
    """A stopwatch with laps: what passed since the lap before goes to the stage named. The first lap reaches back to the start of the process."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = 0.0

    def lap(self, stage: str) -> None:
        """The stage ends here (or pauses: it may be named many times)."""
        now = process_time()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now

"""Where the packets of a live run come from: a pipe or growing file of somebody else's, or a capturer of ours."""

from __future__ import annotations

import os
from typing import Protocol

from pcapkit.capture.live.process import Failure


class Feed(Protocol):
    """What a run reads. ``path`` is opened once; ``shown`` is how the report calls it, None: by its path.

    ``alive``: its clock is this moment's; ``written``: the file that keeps the packets, if somebody asked for one.
    """

    path: str
    shown: str | None
    alive: bool
    written: str | None

    def over(self, position: int) -> bool:
        """Nothing more is to be read behind ``position`` bytes: asked at the end of what there is, and after each window."""
        ...

    def stop(self) -> None:
        """End the capture; what was captured is still to be read. May be called from a signal handler."""
        ...

    def close(self) -> None:
        """Nothing is read any more: end what still runs."""
        ...

    def failure(self) -> Failure | None:
        """Why it ended by itself, None if it did not, or did well."""
        ...

    def said(self) -> list[str]:
        """What happened since the last call, a sentence each."""
        ...


class Following:
    """A pipe, or a file that somebody else writes."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.shown: str | None = None
        self.alive = path == "-" or not os.path.isfile(path)
        self.written: str | None = None
        self._stopped = False

    def over(self, position: int) -> bool:
        return self._stopped

    def stop(self) -> None:
        self._stopped = True

    def close(self) -> None:
        return

    def failure(self) -> Failure | None:
        return None

    def said(self) -> list[str]:
        return []

"""What passes between a source and the reader of its format: bytes at hand one way, a window and a place the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pcapkit.capture.window import Window


@dataclass(slots=True)
class Span:
    """Bytes at hand: ``data[begin:end]``, with ``window.PAD`` bytes that mean nothing behind them.

    ``view``: ``data`` as uint8; ``base``: place of ``data[0]`` in the (unpacked) capture; ``last``: nothing follows ``end``;
    ``size``: bytes of the whole capture, None where nobody knows.
    """

    capture: int
    data: bytearray
    view: NDArray[np.uint8]
    begin: int
    end: int
    base: int
    last: bool
    size: int | None = None


class Taken(NamedTuple):
    """What a reader made of a span.

    ``at``: index in ``data`` where reading goes on; ``need``: bytes from there without which nothing more can be told;
    ``done``: the rest of the capture cannot be read, and the notes say why.
    """

    window: Window | None
    at: int
    need: int = 0
    done: bool = False


class Reader(Protocol):
    """One file format, reading forward."""

    def take(self, span: Span) -> Taken:
        """Read all whole records of a span."""
        ...

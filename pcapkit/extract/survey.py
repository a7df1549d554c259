"""The passes over captures before a cut is written: which frames, and what else of the captures belongs beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pcapkit.analysis import decoder
from pcapkit.capture import NotACapture, Source, open_capture
from pcapkit.capture.notes import Port
from pcapkit.capture.window import Window
from pcapkit.columns.table import OK, Table
from pcapkit.extract.choose import Chooser
from pcapkit.extract.selection import Wanted
from pcapkit.flows.key import Ints, Mask
from pcapkit.flows.text import address_text
from pcapkit.limits import MAX_NAMES, WINDOW_BYTES
from pcapkit.model import Capture
from pcapkit.options import InputError, Options, Progress, ProgressFn, StopFn

HELLO: Final = 43
"""Bytes of a TLS record up to the end of the client's random (RFC 8446, 4.1.2)."""


class Stopped(Exception):
    """The user ended the work before there was anything to write."""


@dataclass(slots=True)
class Part:
    """What of one capture goes into the cut. ``frames``: int64, ascending; ``addresses``: those that talk in them; ``randoms``: of TLS clients."""

    index: int
    capture: Capture
    frames: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    first_ns: int | None = None
    ports: list[Port] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    secrets: list[bytes] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    randoms: set[bytes] = field(default_factory=set)


def survey(captures: Sequence[Capture], wanted: Wanted, options: Options, progress: ProgressFn, stop: StopFn) -> list[Part]:
    """Find the frames of the cut.

    Raises:
        Stopped: told to stop. InputError: a capture cannot be read any more.
    """
    chooser = Chooser(wanted)
    if chooser.must_learn or any("802.11" in c.encapsulations for c in captures):
        for index, capture in enumerate(captures):
            for _, _, table in tables(index, capture.path, options, progress, stop):
                chooser.learn(table)
    return [_choose(chooser, Part(index, capture), options, progress, stop) for index, capture in enumerate(captures)]


def tables(index: int, path: str, options: Options, progress: ProgressFn, stop: StopFn) -> Iterator[tuple[Source, Window, Table]]:
    """A capture once more, window by window.

    Raises:
        Stopped: told to stop.
    """
    packets = 0
    with reopened(path, index, stop) as source:
        columns = decoder(options)
        for window in source.windows():
            yield source, window, columns.decode(window)
            packets += len(window)
            progress(Progress(source.path, source.position, source.size, packets))
        if stop():
            raise Stopped


def reopened(path: str, index: int, stop: StopFn, window_bytes: int = WINDOW_BYTES) -> Source:
    """A capture that was read before.

    Raises:
        InputError: it cannot be read any more.
    """
    try:
        return open_capture(path, index, stop=stop, window_bytes=window_bytes)
    except (NotACapture, OSError) as error:
        raise InputError(path, f"cannot be read a second time: {error}") from None


def _choose(chooser: Chooser, part: Part, options: Options, progress: ProgressFn, stop: StopFn) -> Part:
    found = [part.frames]
    for source, window, table in tables(part.index, part.capture.path, options, progress, stop):
        frames, rows = chooser.choose(table)
        if len(frames):
            found.append(frames)
            _note(part, window, table, rows)
        part.ports, part.names, part.secrets = source.ports, source.names, source.secrets
    part.frames = np.unique(np.concatenate(found))
    return part


def _note(part: Part, window: Window, table: Table, rows: Mask) -> None:
    times = table.time_ns[rows]
    if len(times):
        first = int(times.min())
        part.first_ns = first if part.first_ns is None else min(first, part.first_ns)
    if len(part.addresses) < MAX_NAMES:
        talking = np.flatnonzero(rows & (table.version != 0))
        for high, low in ((table.src_hi, table.src_lo), (table.dst_hi, table.dst_lo)):
            ends = np.unique(np.stack((table.version[talking].astype(np.uint64), high[talking], low[talking]), axis=1), axis=0)
            part.addresses.update(address_text(*end) for end in ends.tolist())
    part.randoms |= _randoms(table, np.flatnonzero(rows & (table.proto == 6) & (table.status == OK) & (table.payload_len >= HELLO)))


def _randoms(table: Table, rows: Ints) -> set[bytes]:
    """Randoms of TLS clients whose hello begins a segment."""
    if not len(rows):
        return set()
    at = table.payload[rows]
    hello = (table.buffer[at] == 22) & (table.buffer[at + 1] == 3) & (table.buffer[at + 5] == 1)
    return {table.buffer[start + 11 : start + HELLO].tobytes() for start in at[hello].tolist()}

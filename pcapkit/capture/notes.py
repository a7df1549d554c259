"""What a capture says beside its records: problems, interfaces, comments, names, secrets. All of it bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pcapkit import model
from pcapkit.capture import linktypes
from pcapkit.capture.window import Window
from pcapkit.limits import MAX_COMMENTS, MAX_NAMES, SECRET_BYTES

MAX_PROBLEMS: Final = 1_000
"""Kinds of problems kept apart; further ones are counted in the last."""
COMMENT_CHARS: Final = 4_096
BACK_NS: Final = 2_000_000_000
"""A step back of the clock that is told: interfaces captured together are out of order by less."""
_SECRET_COST: Final = 64
"""What keeping one costs beside its bytes."""


@dataclass(slots=True)
class Trouble:
    """A problem that may still grow."""

    code: str
    detail: str
    offset: int | None
    frame: int | None
    count: int

    def problem(self) -> model.Problem:
        return model.Problem(self.code, self.detail, self.offset, self.frame, self.count)


@dataclass(slots=True)
class Port:
    """An interface of the capture. ``resolution``: the if_tsresol byte; ``shift_s``: if_tsoffset, seconds.

    ``received`` and ``dropped`` are what its last statistics say, ``dropped_between`` what single packets say. ``listened_ns``: until when it was
    listened to, by these statistics; ``heard``: how many packets they count.
    """

    link_type: int
    snaplen: int | None = None
    name: str | None = None
    description: str | None = None
    resolution: int = 6
    shift_s: int = 0
    packets: int = 0
    received: int | None = None
    dropped: int | None = None
    dropped_between: int = 0
    listened_ns: int | None = None
    heard: int | None = None
    latest_ns: int | None = None
    """Time of its last record so far."""

    @property
    def lost(self) -> int | None:
        """Packets dropped while capturing, None if the file does not say."""
        return self.dropped if self.dropped is not None else self.dropped_between or None

    def interface(self) -> model.Interface:
        link = linktypes.name(self.link_type)
        return model.Interface(self.name, self.description, link, self.snaplen, self.packets, self.received, self.lost)


@dataclass(slots=True)
class Notes:
    """Filled by a reader, read at any time (from another thread, too)."""

    frames: int = 0
    wire_bytes: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    ports: list[Port] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    secrets: list[bytes] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    troubles: dict[tuple[str, object], Trouble] = field(default_factory=dict)
    secret_bytes: int = 0
    remarks: list[tuple[int, str]] = field(default_factory=list)

    def problem(self, code: str, detail: str, offset: int | None = None, frame: int | None = None, *, count: int = 1, key: object = None) -> Trouble:
        """Note a problem; the same code and key (else detail) again only counts."""
        key = detail if key is None else key
        known = self.troubles.get((code, key))
        if known is not None:
            known.count += count
            if offset is not None and (known.offset is None or offset < known.offset):
                known.offset, known.frame = offset, frame
            return known
        if len(self.troubles) >= MAX_PROBLEMS and (code, key) != ("limit-reached", "problems"):
            return self.problem("limit-reached", f"more than {MAX_PROBLEMS} kinds of problems", offset, frame, count=count, key="problems")
        trouble = Trouble(code, detail, offset, frame, count)
        self.troubles[code, key] = trouble
        return trouble

    def comment(self, text: str, offset: int, frame: int | None = None) -> None:
        """Keep a comment of the file, or of a frame, until ``settle``."""
        self.remarks.append((offset, text if frame is None else f"frame {frame}: {text}"))

    def settle(self) -> None:
        """Put the comments of a window in the order of the file: they were met kind by kind."""
        if not self.remarks:
            return
        for _, text in sorted(self.remarks, key=lambda remark: remark[0]):
            if len(self.comments) >= MAX_COMMENTS:
                self.problem("limit-reached", f"more than {MAX_COMMENTS} comments: further ones are not kept")
            else:
                self.comments.append(text if len(text) <= COMMENT_CHARS else text[:COMMENT_CHARS] + "…")
        self.remarks.clear()

    def secret(self, text: bytes) -> None:
        """Keep the text of a key log."""
        size = len(text) + _SECRET_COST
        if self.secret_bytes + size > SECRET_BYTES:
            self.problem("limit-reached", "more key log text than is kept: further secrets are ignored")
            return
        self.secret_bytes += size
        self.secrets.append(text)

    def host(self, address: str, name: str) -> None:
        """Keep the first name of an address."""
        if len(self.names) >= MAX_NAMES:
            self.problem("limit-reached", f"more than {MAX_NAMES} resolved names: further ones are ignored")
            return
        self.names.setdefault(address, name)

    def count(self, window: Window) -> None:
        """Add a window that is about to be handed on."""
        self.wire_bytes += int(window.length.sum(dtype=np.int64))
        for i, n in enumerate(np.bincount(window.interface).tolist()):
            if n:
                self.ports[i].packets += n
                self._steps(self.ports[i], window, window.interface == i)

    def _steps(self, port: Port, window: Window, mine: NDArray[np.bool_]) -> None:
        """Note where time goes back on an interface: a clock was set, or files were joined that are not in order."""
        times, frames = window.time_ns[mine], window.frame[mine]
        if port.latest_ns is not None:
            times, frames = np.append(port.latest_ns, times), np.append(0, frames)
        back = times[:-1] - times[1:]
        steps = np.flatnonzero((back > BACK_NS) & (times[1:] > 0))
        if len(steps):
            first = int(steps[0])
            detail = f"time goes back by {int(back[first]) / 1e9:.0f} s here: a clock was set, or files were joined; delays across it mean nothing"
            self.problem("time-goes-back", detail, None, int(frames[first + 1]), count=len(steps), key="")
        port.latest_ns = int(times[-1])

    def span_of_time(self, first_ns: int, last_ns: int) -> None:
        """Widen the time span. Times are those of records that have one."""
        self.first_ns = first_ns if self.first_ns is None else min(self.first_ns, first_ns)
        self.last_ns = last_ns if self.last_ns is None else max(self.last_ns, last_ns)

    def capture(self, path: str, format_: str) -> model.Capture:
        """What is known so far."""
        ports = list(self.ports)
        troubles = list(self.troubles.values())
        told = sorted((t.problem() for t in troubles), key=_by_place)
        for i, port in enumerate(ports):
            if port.lost:
                told.append(model.Problem("drops", f"{port.name or f'interface {i}'}: packets dropped while capturing", count=port.lost))
        end_ns = _listened_until(ports, self.last_ns)
        links = dict.fromkeys(linktypes.name(p.link_type) for p in ports if p.packets) or dict.fromkeys(linktypes.name(p.link_type) for p in ports)
        return model.Capture(
            path=path,
            format=format_,
            packets=self.frames,
            bytes=self.wire_bytes,
            first_time_ns=self.first_ns,
            last_time_ns=self.last_ns,
            link_types=tuple(links),
            problems=tuple(told),
            interfaces=tuple(p.interface() for p in ports),
            comments=tuple(self.comments),
            end_time_ns=end_ns,
        )


def _listened_until(ports: list[Port], last_ns: int | None) -> int | None:
    """Until when the capture lasted, by its own statistics, which are believed where they count just the packets that are here: a file from
    which packets were cut away keeps the statistics of the whole."""
    used = [port for port in ports if port.packets]
    told = [port.listened_ns for port in used if port.listened_ns is not None and port.heard == port.packets]
    if last_ns is None or not told or len(told) < len(used):
        return None
    end_ns = min(told)
    if end_ns < last_ns // 100:  # dumpcap counts microseconds here even where the interface counts nanoseconds
        end_ns *= 1_000
    return end_ns if end_ns > last_ns else None


def _by_place(problem: model.Problem) -> tuple[bool, int, str, str]:
    return problem.offset is None, problem.offset or 0, problem.code, problem.detail

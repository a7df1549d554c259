"""One live run: reading, judging again whenever something came or time ran out, and what is new each time."""

from __future__ import annotations

import gc
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from pcapkit.analysis import Analysis, Reading
from pcapkit.capture.live import Failure
from pcapkit.live.clock import CaptureClock
from pcapkit.live.feed import Feed
from pcapkit.live.news import Change, News, Waiting, waiting
from pcapkit.model import Capture, Report
from pcapkit.options import Options
from pcapkit.times import rfc3339

NS: Final = 10**9
EVERY_S: Final = 0.25
"""Reports are drawn at most so often,"""
SHARE: Final = 5
"""and take at most a sixth of the time,"""
LATEST_S: Final = 3.0
"""but no longer apart than this while there is something new."""
QUIET_S: Final = 0.5
"""Where nothing came, time alone may decide something: looked at so often,"""
DECIDED_S: Final = 15.0
"""until all thresholds have run out; then rarely (``RARELY_S``)."""
RARELY_S: Final = 10.0
TELL_S: Final = 1.0
"""Counters are told so often."""
COLLECT_S: Final = 60.0
RATE_S: Final = 2.0
"""Packets a second are those of the last two."""
MARKS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Counters:
    """How the capture stands. ``dropped_kernel``, ``dropped_capturer``, ``dropped_analyzer``: packets lost there, None where nobody says.

    ``behind_bytes``: captured to the file and not analysed yet, None without a file.
    """

    packets: int = 0
    bytes: int = 0
    per_second: float = 0.0
    elapsed_s: float = 0.0
    dropped_kernel: int | None = None
    dropped_capturer: int | None = None
    dropped_analyzer: int | None = 0
    written: str | None = None
    written_bytes: int | None = None
    behind_bytes: int | None = None

    @property
    def dropped(self) -> int | None:
        """All that are known, None where nobody says."""
        told = [n for n in (self.dropped_kernel, self.dropped_capturer) if n is not None]
        return sum(told) + (self.dropped_analyzer or 0) if told else self.dropped_analyzer or None


class Update(NamedTuple):
    """The state of a run. ``report`` is the same object as before where nothing was judged anew."""

    report: Report | None
    changes: list[Change]
    waiting: list[Waiting]
    counters: Counters
    said: list[str]


class LiveRun:
    """A capture under way, analysed. See the package's documentation for how to use one.

    ``shown``: what is done to each report before anybody sees it (narrowing, names, redaction).
    """

    def __init__(
        self,
        feed: Feed,
        options: Options,
        *,
        shown: Callable[[Report], Report] | None = None,
        packets: int | None = None,
        seconds: float | None = None,
    ) -> None:
        self.feed = feed
        self.ended = False
        self._analysis = Analysis([feed.path], replace(options, follow=True), stop=self._over)
        self._shown = shown or (lambda report: report)
        self._most, self._until_s = packets, seconds
        self._clock = CaptureClock(feed.alive)
        self._news = News()
        self._started = time.monotonic()
        self._report: Report | None = None
        self._raw: Report | None = None
        self._stopped = False
        self._marks: list[str] = []
        self._marked: deque[str] = deque(maxlen=MARKS)
        self._dirty = False
        self._next = self._came = self._collected = self._told = self._started
        self._rates: deque[tuple[float, int]] = deque()
        self._packets = 0

    # ------------------------------------------------------------ steering, from any thread

    def stop(self) -> None:
        """End the capture; ``updates`` goes on until what was captured is analysed."""
        self._stopped = True
        self.feed.stop()

    def mark(self, text: str = "user tried now") -> None:
        """Note this moment ("user tried now"): it stands in the report, at the capture."""
        now_ns = self._clock.now(slack_ns=0)
        place = f"after frame {self._packets}" if self._packets else "before the first frame"
        when = f", {rfc3339(now_ns)}" if now_ns is not None else ""
        self._marked.append(f"mark, {place}{when}: {text}")

    def close(self) -> None:
        """Let go of everything, also in the middle."""
        self.feed.close()

    # ------------------------------------------------------------ what is known, from the thread that asks for updates

    @property
    def report(self) -> Report | None:
        """The last report as shown; at the end the full one. None before the first."""
        return self._report

    @property
    def whole(self) -> Report | None:
        """The last report, nothing narrowed."""
        return self._raw

    @property
    def failure(self) -> Failure | None:
        """Why the capture ended by itself, None if it did not, or did well."""
        return self.feed.failure()

    @property
    def counters(self) -> Counters:
        """How the capture stands."""
        reading = self._reading
        capture = reading.capture() if reading else None
        now = time.monotonic()
        written, size = self.feed.written, None
        if written is not None:
            size = _size(written)
        ports = capture.interfaces if capture else ()
        dropped = [p.dropped for p in ports if p.dropped is not None]
        return Counters(
            packets=self._packets,
            bytes=capture.bytes if capture else 0,
            per_second=self._rate(now),
            elapsed_s=now - self._started,
            dropped_kernel=sum(dropped) if dropped else None,
            written=written,
            written_bytes=size,
            behind_bytes=max(0, size - reading.progress().done) if size is not None and reading else None,
        )

    @property
    def now_ns(self) -> int | None:
        """The time on the capture's clock."""
        return self._clock.now()

    # ------------------------------------------------------------ the run

    def updates(self) -> Iterator[Update]:
        """The run, to its end: an update for each report, and one in a second while nothing happens. The last one has the full report."""
        was_on = gc.isenabled()
        gc.disable()  # facts are many and hold no cycles; reports are collected now and then
        try:
            for progress in self._analysis.read():
                self._take(progress.packets)
                now = time.monotonic()
                if now >= self._next + self._patience(now):
                    yield self._look()
                elif now >= self._told + TELL_S and self._report is not None:
                    yield self._update([])
                self._check_limits()
            yield self._finish()
        finally:
            self.feed.close()
            if was_on:
                gc.enable()

    def _over(self) -> bool:
        reading = self._reading
        return self.feed.over(reading.progress().done if reading else 0)

    @property
    def _reading(self) -> Reading | None:
        return self._analysis.readings[-1] if self._analysis.readings else None

    def _take(self, packets: int) -> None:
        """Note how far it is."""
        now = time.monotonic()
        reading = self._reading
        if packets > self._packets and reading is not None:
            self._packets, self._came, self._dirty = packets, now, True
            self._clock.packets(reading.capture().last_time_ns)
        elif packets == self._packets:
            self._clock.quiet()
        self._rates.append((now, self._packets))
        while self._rates and now - self._rates[0][0] > RATE_S:
            self._rates.popleft()

    def _patience(self, now: float) -> float:
        """How much longer than necessary the next report can wait, seconds."""
        if self._dirty or self._marked or self._news.unsettled:
            return 0.0
        return QUIET_S if now - self._came < DECIDED_S else RARELY_S

    def _look(self) -> Update:
        began = time.monotonic()
        changes = self._judge(self._clock.now())
        ended = time.monotonic()
        self._next = ended + min(max(EVERY_S, SHARE * (ended - began)), max(LATEST_S, ended - began))
        self._dirty = False
        if ended - self._collected > COLLECT_S:
            self._collected = ended
            gc.collect()
        return self._update(changes)

    def _finish(self) -> Update:
        """The full report: the one that ``analyze`` would make of what was written. Of what was not, only we know how long nothing came."""
        reading = self._reading
        ended = reading is not None and reading.capture().end_time_ns is not None
        self.ended = True
        return self._update(self._judge(None if ended or self.feed.written else self._clock.now()))

    def _judge(self, now_ns: int | None) -> list[Change]:
        self._set_marks()
        report = self._analysis.report(now_ns)
        self._raw = replace(report, captures=tuple(map(self._named, report.captures)))
        self._report = self._shown(self._raw)
        return self._news.look(self._report, final=self.ended)

    def _update(self, changes: list[Change]) -> Update:
        assert self._report is not None
        self._told = time.monotonic()
        pending = [] if self.ended else waiting(self._report, self._clock.now())
        return Update(self._report, changes, pending, self.counters, self.feed.said())

    # ------------------------------------------------------------ parts

    def _set_marks(self) -> None:
        while self._marked:
            self._marks.append(self._marked.popleft())
        del self._marks[MARKS:]

    def _named(self, capture: Capture) -> Capture:
        return replace(capture, path=self.feed.shown or capture.path, comments=(*capture.comments, *self._marks))

    def _rate(self, now: float) -> float:
        if len(self._rates) < 2:
            return 0.0
        return (self._packets - self._rates[0][1]) / max(now - self._rates[0][0], 0.1)

    def _check_limits(self) -> None:
        if self._stopped:
            return
        enough = self._most is not None and self._packets >= self._most
        if enough or (self._until_s is not None and time.monotonic() - self._started >= self._until_s):
            self.stop()


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size
    except OSError:
        return None

"""The stages, one behind the other: captures in, a report or the events under it out.

Reading keeps facts, ``report`` draws conclusions from them: it may be asked at any time, while a capture is read or a file still grows.
"""

from __future__ import annotations

import gc
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from pcapkit import model
from pcapkit._version import __version__
from pcapkit.capture import NotACapture, Source, expand, open_capture
from pcapkit.columns import Decoder, Table
from pcapkit.columns.wpa import WpaKeys
from pcapkit.events import as_dict, connection_dict
from pcapkit.flows.facts import Observation
from pcapkit.flows.tracker import Tracker
from pcapkit.keys import Secrets
from pcapkit.model import Problem, Report, Unreadable
from pcapkit.options import InputError, Options, Progress, ProgressFn, StopFn
from pcapkit.sessions import Collector
from pcapkit.sessions.air import Air
from pcapkit.sessions.scene import Scene
from pcapkit.sessions.told import devices_of, sessions_of
from pcapkit.spill import Line, by_frame
from pcapkit.tally import Tally
from pcapkit.timings import Timings
from pcapkit.trust.renamed import RENAMED
from pcapkit.trust.verify import Trust

LOG: Final = logging.getLogger("pcapkit")


class Reading:
    """One capture while it is read, and what is known of it."""

    def __init__(self, path: str, index: int, options: Options, stop: StopFn, tracker: Tracker, secrets: Secrets) -> None:
        self.tracker = tracker
        self._secrets = secrets
        self._secrets_seen = 0
        self.packets = 0
        self._source: Source = open_capture(path, index, follow=options.follow, stop=stop)
        self._decoder = decoder(options)
        self.unknown: Counter[str] = Counter()
        """Packets with layers that cannot be read, by the layer's name."""
        self._encapsulations: Counter[str] = Counter()
        self._limits: Counter[str] = Counter()
        self._trouble: list[Problem] = []
        self.air = Air()

    def observations(self, timings: Timings) -> Iterator[list[Observation]]:
        """What the dissectors read, window by window."""
        try:
            for window in self._source.windows():
                timings.lap("read")
                self._learn_secrets()
                if not len(window):
                    yield []
                    continue
                table = self._decoder.decode(window)
                self._count(table)
                timings.lap("columns")
                yield self.tracker.update(table)
        except OSError as error:
            self._trouble.append(Problem("read-error", f"reading stopped: {error.strerror or error}"))
        yield self.tracker.finish()

    def _learn_secrets(self) -> None:
        """Secrets stand in a capture before the packets that they open."""
        texts = self._source.secrets
        if len(texts) > self._secrets_seen:
            self._secrets.learn(texts[self._secrets_seen :])
            self._secrets_seen = len(texts)

    def _count(self, table: Table) -> None:
        self.packets += len(table)
        self.unknown.update(table.unknown)
        self._encapsulations.update(table.encapsulations)
        self._limits.update(table.limits)
        if table.wlan or table.protected:
            self.air.add(table.wlan, table.protected)

    def progress(self) -> Progress:
        return Progress(self._source.path, self._source.position, self._source.size, self.packets)

    def capture(self) -> model.Capture:
        """What the file says of itself, and what was wrong with it."""
        info = self._source.info()
        unknown = [Problem("unknown-layer", name, count=count) for name, count in self.unknown.most_common()]
        limits = [Problem("limit-reached", f"{name}: packets not read further", count=count) for name, count in self._limits.most_common()]
        problems = (*info.problems, *self._trouble, *unknown, *limits, *self.tracker.problems())
        return replace(info, encapsulations={**info.encapsulations, **self._encapsulations}, problems=problems)

    def close(self) -> None:
        self._source.close()


class Analysis:
    """A run over captures. ``full``: everything is dissected, not just what a verdict needs."""

    def __init__(self, paths: Iterable[str], options: Options, *, stop: StopFn | None = None, full: bool = False) -> None:
        self.options = options
        self.readings: list[Reading] = []
        self.unreadable: list[Unreadable] = []
        self.interrupted = False
        self.scene: Scene | None = None
        """What the last report was drawn from."""
        self.timings = Timings()
        self._collector = Collector(options.external_fqdns)
        self._tally = Tally()
        self._trust = Trust(options.trust, options.intermediates, public_roots=options.public_roots, system=options.system_trust, at_ns=options.at_ns)
        self._secrets = Secrets(options.keylog)
        self._paths = list(paths)
        self._stop = stop or _never
        self._full = full

    def open(self) -> Iterator[Reading]:
        """The captures one after the other, each opened when it is its turn; what cannot be read is kept in ``unreadable``."""
        flows = 0
        for path in expand(self._paths):
            if self._stop():
                self.interrupted = True
                return
            index = len(self.readings)
            try:
                wants = None if self._full else self._collector.wants
                tracker = Tracker(index, full=self._full, keys=self._secrets.log, first_flow=flows, timings=self.timings, wants=wants)
                reading = Reading(path, index, self.options, self._stop, tracker, self._secrets)
            except (NotACapture, OSError) as error:
                self.unreadable.append(Unreadable(path, _reason(error)))
                continue
            self.readings.append(reading)
            try:
                yield reading
            finally:
                reading.close()
            flows = tracker.next_flow
        self.interrupted = self.interrupted or (self._stop() and not self.options.follow)  # what is followed ends by being stopped

    def read(self) -> Iterator[Progress]:
        """Read on, to the end: how far it is after each window, and again and again where a capture is followed and nothing comes."""
        for reading in self.open():
            for observations in reading.observations(self.timings):
                while observations:
                    observations = self._learn(reading, observations)
                yield reading.progress()

    def _learn(self, reading: Reading, observations: list[Observation]) -> list[Observation]:
        """Keep the facts; gives what is read on because they made more conversations matter."""
        interest = self._collector.facts.interest
        before = len(interest.domains), len(interest.addresses)
        self._secrets.look(observations)
        for observation in observations:
            self._collector.add(observation)
            self._tally.add(observation)
        self.timings.lap("facts")
        changed = (len(interest.domains), len(interest.addresses)) != before
        return reading.tracker.reconsider() if changed else []

    @property
    def secrets(self) -> Secrets:
        """TLS secrets of this run: those that the user named, and those that the captures carry."""
        return self._secrets

    def name_of(self, client: str, server: str) -> str | None:
        """The name whose look-up last led this client to a server."""
        return self._collector.name_of(client, server)

    def report(self, now_ns: int | None = None) -> Report:
        """What is known by now. ``now_ns``: until when was listened, on the captures' clock; None: until the last packet, or as a capture tells."""
        from pcapkit.rules import judge

        captures = tuple(reading.capture() for reading in self.readings)
        if any(RENAMED in comment for capture in captures for comment in capture.comments):
            self._trust.expect_renamed()
        trackers = [reading.tracker for reading in self.readings]
        scene = self.scene = self._collector.scene(trackers, _lasting(captures, now_ns), self.options, self.options.thresholds, self._trust)
        troubles: list[Problem] = self._collector.problems()
        findings, not_judged = judge(scene, troubles)
        if troubles and captures:
            captures = (replace(captures[0], problems=(*captures[0].problems, *troubles)), *captures[1:])
        return Report(
            version=__version__,
            captures=captures,
            site=scene.site,
            devices=devices_of(scene, self._air_notes),
            sessions=sessions_of(scene, findings),
            findings=findings,
            not_judged=(*not_judged, *(item for reading in self.readings for item in reading.air.unread())),
            flows=tuple(s for t in trackers for s in t.summaries(self._collector.name_of)) if self.options.full else None,
            counts=self._counts(),
            interrupted=self.interrupted,
            unreadable=tuple(self.unreadable),
        )

    def _air_notes(self, mac: str | None) -> tuple[str, ...]:
        return tuple(note for reading in self.readings for note in reading.air.notes(mac))

    def _counts(self) -> dict[str, int]:
        counts = self._tally.counts.copy()
        for reading in self.readings:
            counts.update(reading.tracker.counts())
            counts["unknown_layers"] += reading.unknown.total()
            counts.update({"wlan_encrypted": reading.air.encrypted} if reading.air.encrypted else {})
        return {**counts, **self._secrets.counts()}


def run(paths: Iterable[str], options: Options, progress: ProgressFn | None = None, stop: StopFn | None = None) -> Report:
    """Analyze captures, files and folders. Inputs that cannot be read are listed in the report (``unreadable``)."""
    analysis = Analysis(paths, options, stop=stop)
    with _no_collector():
        for state in analysis.read():
            if progress is not None:
                progress(state)
        report = analysis.report()
    if options.timings is not None:
        analysis.timings.lap("report")
        options.timings(analysis.timings.seconds)
        fed, packets = (sum(counts) for counts in zip((0, 0), *((r.tracker.fed, r.packets) for r in analysis.readings), strict=True))
        LOG.debug("%d of %d packets were handed to Python", fed, packets)
    return report


def dissect(
    paths: Iterable[str],
    options: Options,
    types: Iterable[str] | None = None,
    progress: ProgressFn | None = None,
    stop: StopFn | None = None,
    failed: Callable[[InputError], None] | None = None,
) -> Iterator[dict[str, Any]]:
    """The events of captures as the public contract prints them, capture by capture in order of frames, with a ``tcp.connection`` for each
    TCP conversation. ``types`` picks; ``tls`` means all of ``tls.*``.

    Raises:
        InputError: an input cannot be read, and ``failed`` was not given to be told of it.
    """
    analysis = Analysis(paths, options, stop=stop, full=True)
    wanted = _wanted(types)
    told = 0
    for reading in analysis.open():
        yield from by_frame(_lines(reading, analysis.timings, wanted, progress))
        told = _tell(analysis.unreadable, told, failed)
    _tell(analysis.unreadable, told, failed)


def _lines(reading: Reading, timings: Timings, wanted: Callable[[str], bool], progress: ProgressFn | None) -> Iterator[Line]:
    """The lines of one capture, nearly in order; those of ``tcp.connection`` last."""
    with _no_collector():
        for observations in reading.observations(timings):
            for observation in observations:
                line = as_dict(observation) if wanted(observation.event.message.TYPE) else None
                if line is not None:
                    yield line
            if progress is not None:
                progress(reading.progress())
        if wanted("tcp.connection"):
            for summary in reading.tracker.tcp_summaries():
                yield connection_dict(summary, reading.tracker.capture)


def _tell(unreadable: list[Unreadable], told: int, failed: Callable[[InputError], None] | None) -> int:
    for item in unreadable[told:]:
        error = InputError(item.path, item.reason)
        if failed is None:
            raise error
        failed(error)
    return len(unreadable)


def _wanted(types: Iterable[str] | None) -> Callable[[str], bool]:
    """Whether a type of event was asked for."""
    if types is None:
        return lambda _: True
    names = frozenset(types)
    return lambda kind: kind in names or kind.partition(".")[0] in names or (kind == "malformed" and "problem" in names)


def decoder(options: Options, *, trace: bool = False) -> Decoder:
    """Links, tunnels and networks to columns, with the Wi-Fi keys and the forced layers that the user gave. ``trace``: as ``Decoder`` has it.

    Raises:
        ValueError: a key or a ``SEL,PROTO`` that cannot be, in words for the user.
    """
    forced = {selector: name for selector, _, name in (item.rpartition(",") for item in options.decode)}
    networks = [(name, secret) for name, _, secret in (item.partition(":") for item in options.wpa_psk)]
    return Decoder(forced, wpa=WpaKeys(networks) if networks else None, trace=trace)


def _reason(error: Exception) -> str:
    """Why an input could not be read, in a line."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "it may not be read (permission denied)"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error)


def _lasting(captures: tuple[model.Capture, ...], now_ns: int | None) -> tuple[model.Capture, ...]:
    """The captures as the rules see them: silence behind the last packet was listened to as well."""
    lasting = [replace(c, last_time_ns=max(c.last_time_ns, c.end_time_ns or 0)) if c.last_time_ns is not None else c for c in captures]
    if lasting and lasting[-1].last_time_ns is not None:
        lasting[-1] = replace(lasting[-1], last_time_ns=max(lasting[-1].last_time_ns, now_ns or 0))
    return tuple(lasting)


def _never() -> bool:
    return False


@contextmanager
def _no_collector() -> Iterator[None]:
    """Facts are many and hold no cycles: the cyclic collector would only walk over them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

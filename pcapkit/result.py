"""What a program or a notebook gets: the report's nouns as tables that answer by id, address, MAC or name, and become pandas frames."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, overload

from pcapkit import times
from pcapkit.limits import Thresholds
from pcapkit.model import Capture, Device, Finding, FlowSummary, NotJudged, Platform, Report, Session, Step
from pcapkit.options import InputError, Options, ProgressFn, StopFn

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
Path = str | os.PathLike[str]

ALIASES: Final = {"server_name": "sni"}
"""Second names of event fields."""


def analyze(
    *captures: Path,
    inside: Sequence[str] = (),
    public_ips: Sequence[str] = (),
    external_fqdns: Sequence[str] = (),
    trust: Sequence[Path] = (),
    intermediates: Sequence[Path] = (),
    public_roots: bool = True,
    system_trust: bool = False,
    at: str | None = None,
    keylog: Sequence[Path] = (),
    thresholds: Thresholds | None = None,
    full: bool = False,
    strict: bool = False,
    progress: ProgressFn | None = None,
    stop: StopFn | None = None,
) -> Result:
    """Analyze captures (files or folders) together. Options mean what they mean on the command line; ``full`` keeps the flows.

    Raises:
        InputError: no capture could be read; those beside readable ones are listed in ``report.unreadable``.
        TimeError: ``at`` is no time.
    """
    from pcapkit import analysis

    options = Options(
        inside=tuple(inside),
        public_ips=tuple(public_ips),
        external_fqdns=tuple(name.lower().rstrip(".") for name in external_fqdns),
        trust=_paths(trust),
        intermediates=_paths(intermediates),
        public_roots=public_roots,
        system_trust=system_trust,
        at_ns=None if at is None else times.parse(at),
        keylog=_paths(keylog),
        thresholds=thresholds or Thresholds(),
        full=full,
        strict=strict,
    )
    report = analysis.run(sorted(_paths(captures)), options, progress=progress, stop=stop)
    if report.unreadable and not report.captures:
        raise InputError(report.unreadable[0].path, report.unreadable[0].reason)
    return Result(report)


def dissect(*captures: Path, types: Iterable[str] | None = None, keylog: Sequence[Path] = ()) -> Iterator[Event]:
    """The typed events of captures, in order of frames; ``types`` picks (``tls`` means all of ``tls.*``).

    Raises:
        InputError: a capture cannot be read.
    """
    from pcapkit import analysis

    def refuse(error: InputError) -> None:
        raise error

    options = Options(keylog=_paths(keylog))
    for event in analysis.dissect(sorted(_paths(captures)), options, tuple(types) if types is not None else None, failed=refuse):
        yield Event(event)


def _paths(paths: Iterable[Path]) -> tuple[str, ...]:
    return tuple(os.fspath(path) for path in paths)


class Event(dict[str, Any]):
    """One event: a mapping whose keys can be read as attributes (``event.frame``); a key that does not apply is None."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.get(ALIASES.get(name, name))


class Table(Sequence[T], Generic[T]):
    """Nouns in the report's order: by position, by slice, or by what names them (id, address, MAC, host name)."""

    def __init__(self, items: Iterable[T], names: Callable[[T], Iterable[str | None]], row: Callable[[T], dict[str, Any]]) -> None:
        self._items = tuple(items)
        self._names = names
        self._row = row

    @overload
    def __getitem__(self, key: int | str) -> T: ...
    @overload
    def __getitem__(self, key: slice) -> Table[T]: ...
    def __getitem__(self, key: int | str | slice) -> T | Table[T]:
        if isinstance(key, str):
            return self._by_name(key)
        return Table(self._items[key], self._names, self._row) if isinstance(key, slice) else self._items[key]

    def _by_name(self, name: str) -> T:
        wanted = name.lower()
        found = [item for item in self._items if any(n is not None and n.lower() == wanted for n in self._names(item))]
        if not found:
            raise KeyError(name)
        return found[0]

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"<{len(self)} rows: {list(self._items[:3])!r}{' …' if len(self) > 3 else ''}>"

    def to_frame(self) -> pd.DataFrame:
        """A pandas frame with a row each; times are in UTC."""
        from pcapkit.report.tabular import frame

        return frame([self._row(item) for item in self._items])


@dataclass(frozen=True)
class Phone:
    """A device with its sessions and findings at hand."""

    device: Device
    sessions: Table[Session]
    findings: Table[Finding]

    @property
    def id(self) -> str:
        return self.device.id

    @property
    def mac(self) -> str | None:
        return self.device.mac

    @property
    def addresses(self) -> tuple[str, ...]:
        return self.device.addresses

    @property
    def hostname(self) -> str | None:
        return self.device.hostname

    @property
    def vendor(self) -> str | None:
        return self.device.vendor

    @property
    def platform(self) -> Platform:
        return self.device.platform


@dataclass(frozen=True, slots=True)
class SessionStep:
    """A step with the session and device it belongs to."""

    device: str
    session: str
    step: Step


@dataclass(frozen=True)
class Result:
    """The report of a run. ``report`` holds the plain nouns that everything here is made from."""

    report: Report

    @property
    def captures(self) -> tuple[Capture, ...]:
        return self.report.captures

    @property
    def not_judged(self) -> tuple[NotJudged, ...]:
        return self.report.not_judged

    @cached_property
    def findings(self) -> Table[Finding]:
        """The worst first."""
        return _findings(self.report.findings)

    @cached_property
    def sessions(self) -> Table[Session]:
        return _sessions(self.report.sessions)

    @cached_property
    def devices(self) -> Table[Phone]:
        return Table(map(self._phone, self.report.devices), lambda p: (p.id, p.mac, p.hostname, *p.addresses), lambda p: _device_row(p.device))

    @cached_property
    def steps(self) -> Table[SessionStep]:
        every = (SessionStep(s.device, s.id, step) for s in self.report.sessions for step in s.steps)
        return Table(every, lambda s: (s.session, s.step.target), _step_row)

    @cached_property
    def flows(self) -> Table[FlowSummary]:
        """Empty unless the run kept them (``full=True``)."""
        from pcapkit.report.tabular import flow_row

        return Table(self.report.flows or (), lambda f: (f.id,), flow_row)

    def to_json(self) -> str:
        """The document of ``--format json``."""
        from pcapkit.report.json import to_json

        return to_json(self.report)

    def to_text(self) -> str:
        """The text report, times in UTC."""
        from pcapkit.report.text import to_text

        return to_text(self.report)

    def _phone(self, device: Device) -> Phone:
        sessions = (s for s in self.report.sessions if s.device == device.id)
        return Phone(device, _sessions(sessions), _findings(f for f in self.report.findings if device.id in f.devices))


def _findings(found: Iterable[Finding]) -> Table[Finding]:
    from pcapkit.report.tabular import finding_row

    return Table(found, lambda f: (f.id, f.code), finding_row)


def _sessions(sessions: Iterable[Session]) -> Table[Session]:
    from pcapkit.report.tabular import session_row

    return Table(sessions, lambda s: (s.id, s.domain), session_row)


def _device_row(device: Device) -> dict[str, Any]:
    from pcapkit.report.tabular import device_row

    return device_row(device)


def _step_row(step: SessionStep) -> dict[str, Any]:
    from pcapkit.report.tabular import step_row

    return step_row(step.device, step.session, step.step)

"""The state of the browser without a widget in it: what is loaded, what is filtered, marked and looked at, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from pcapkit._version import __version__
from pcapkit.filter import FilterError
from pcapkit.model import Device, Finding, Report, Session, Site
from pcapkit.options import Options, Progress
from pcapkit.report.narrow import Narrowing
from pcapkit.report.style import Style
from pcapkit_tui.view.filtering import Kept, everything, kept_by

if TYPE_CHECKING:
    from pcapkit.analysis import Analysis
    from pcapkit.flows.tracker import Tracker
    from pcapkit.sessions.scene import Scene

EMPTY: Final = Report(__version__, (), Site(), (), (), (), ())
HISTORY: Final = 100
TimeForm = Literal["absolute", "since", "delta"]
TIME_FORMS: Final[tuple[TimeForm, ...]] = ("absolute", "since", "delta")


@dataclass(frozen=True, slots=True)
class Setup:
    """What the command line asks for. ``keys``: action → key; ``served``: shown in a browser, where nothing is written or opened."""

    paths: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    narrowing: Narrowing = field(default_factory=Narrowing)
    names: Mapping[str, str] = field(default_factory=dict)
    style: Style = field(default_factory=Style)
    keys: Mapping[str, str] = field(default_factory=dict)
    theme: str | None = None
    served: bool = False
    redact: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known at a moment: a report, the scene it was drawn from, and the flow tables. ``done``: nothing more will come.

    ``paths``: where the captures lie, whatever the report calls them; ``analysis``: the run, for cuts and names of servers.
    """

    report: Report
    scene: Scene | None = None
    trackers: Sequence[Tracker] = ()
    paths: tuple[str, ...] = ()
    done: bool = False
    analysis: Analysis | None = None


class State:
    """Everything that the screens share."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.style = setup.style
        self.time_form: TimeForm = "absolute"
        self.snapshot = Snapshot(EMPTY)
        self.progress: Progress | None = None
        self.speed = 0.0
        """Bytes a second while loading."""
        self.loading = bool(setup.paths)
        self.failure: str | None = None
        """Why nothing could be loaded, in a line."""
        self.filter_text = ""
        self.filter_on = True
        self.history: list[str] = []
        self.frames: Mapping[int, frozenset[int]] | None = None
        """By capture, what a Wireshark filter let through; None without one."""
        self.kept: Kept = everything(EMPTY)
        self.marked: set[str] = set()
        self.cursors: dict[str, str] = {}
        """Where each screen's cursor is, by id."""
        self.devices: dict[str, Device] = {}
        self.sessions: dict[str, Session] = {}
        self.findings: dict[str, Finding] = {}

    @property
    def report(self) -> Report:
        """The report shown."""
        return self.snapshot.report

    def take(self, snapshot: Snapshot) -> None:
        """Something new is known."""
        self.snapshot = snapshot
        report = snapshot.report
        self.devices = {d.id: d for d in report.devices}
        self.sessions = {s.id: s for s in report.sessions}
        self.findings = {f.id: f for f in report.findings}
        if snapshot.done:
            self.loading = False
        self.refilter()

    # ------------------------------------------------------------ the filter

    def filter(self, text: str, frames: Mapping[int, frozenset[int]] | None = None) -> None:
        """Show only what matches; ``frames`` for a Wireshark filter.

        Raises:
            FilterError: it cannot be read; the filter stays as it was.
        """
        kept = kept_by(self.report, text, self.style.utc, frames)
        self.filter_text, self.frames, self.kept, self.filter_on = text.strip(), frames, kept, True
        if self.filter_text:
            past = [t for t in self.history if t != self.filter_text]
            self.history = [*past[-HISTORY + 1 :], self.filter_text]

    def refilter(self) -> None:
        """The same filter over what is known now."""
        active = self.filter_text if self.filter_on else ""
        try:
            self.kept = kept_by(self.report, active, self.style.utc, self.frames if active else None)
        except FilterError:
            self.kept = everything(self.report)

    def toggle_filter(self) -> bool:
        """Filter on or off without losing it; whether it is on now."""
        self.filter_on = not self.filter_on
        self.refilter()
        return self.filter_on

    # ------------------------------------------------------------ marks and views

    def toggle_mark(self, key: str) -> None:
        """Mark a row, or take the mark away."""
        self.marked ^= {key}

    def mark_all(self, ids: Sequence[str]) -> None:
        """Mark all that is shown; where all of it is marked, none."""
        shown = set(ids)
        self.marked = self.marked - shown if shown <= self.marked else self.marked | shown

    def next_time_form(self) -> TimeForm:
        """Absolute, since the session's start, differences only, and round again."""
        self.time_form = TIME_FORMS[(TIME_FORMS.index(self.time_form) + 1) % len(TIME_FORMS)]
        return self.time_form

    def restyle(self, **changes: bool) -> None:
        """Signs or clock change."""
        self.style = replace(self.style, **changes)  # type: ignore[arg-type]  # fields of Style

    # ------------------------------------------------------------ look-ups

    def sessions_of(self, device: str) -> list[Session]:
        """Sessions of a device that the filter lets through, in order of time."""
        return [s for s in self.report.sessions if s.device == device and s.id in self.kept.sessions]

    def findings_of(self, device: str) -> list[Finding]:
        """Findings that hit a device, the worst first; causes before what follows from them."""
        found = [f for f in self.report.findings if device in f.devices]
        return sorted(found, key=lambda f: bool(f.caused_by))

"""What is new between two reports of a capture under way: findings that became certain, changed, or were taken back; and what is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from pcapkit.model import Finding, Report, Session, Step

NS: Final = 10**9
SETTLE_S: Final = 0.5
"""What is said must have held for so long: what packets under way overturn at once is not said."""
WAITING_S: Final = 30.0
"""Who has waited for so long waits no more."""

Kind = Literal["new", "changed", "withdrawn"]


class Change(NamedTuple):
    """Something to say. ``number`` counts findings of this run in the order in which they appeared, and stays (ids of a report may move).

    ``what``: for changes, in words. ``report``: the one that the finding's ids belong to (for ``withdrawn`` the last that had it).
    """

    kind: Kind
    number: int
    finding: Finding
    what: str
    report: Report


class Waiting(NamedTuple):
    """A session whose last step is not decided yet. ``step``: dns, connect, tls or http; ``since_ns`` on the capture's clock."""

    session: str
    device: str
    step: str
    target: str | None
    since_ns: int


@dataclass(slots=True)
class _Known:
    """A finding through the reports. ``number`` 0: not said yet. ``said``: the face that was told; ``face``: now, and since when."""

    finding: Finding
    report: Report
    face: tuple[object, ...]
    since: float
    number: int = 0
    said: tuple[object, ...] = ()
    frames: frozenset[tuple[int, int]] = field(default_factory=frozenset)
    gone: float | None = None


class News:
    """Compares each report with what was said before."""

    def __init__(self, settle_s: float = SETTLE_S, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settle_s, self._monotonic = settle_s, monotonic
        self._known: list[_Known] = []
        self._numbers = 0
        self.unsettled = False
        """Something is to be said soon, if it holds."""

    def look(self, report: Report, *, final: bool = False) -> list[Change]:
        """What is to be said now. ``final``: nothing will come that could overturn it."""
        now = self._monotonic()
        settle_s = 0.0 if final else self._settle_s
        names = {d.id: d.mac or (d.addresses[0] if d.addresses else d.id) for d in report.devices}
        left = self._match(report, names, now)
        out = [change for known in list(self._known) if (change := self._say(known, left, now, settle_s))]
        self.unsettled = any(k.gone is not None or k.face != k.said for k in self._known)
        return out

    def _match(self, report: Report, names: dict[str, str], now: float) -> list[_Known]:
        """Find each finding among the known ones: the same code, and a frame in common. Gives the known ones that are not there now."""
        left = list(self._known)
        for finding in report.findings:
            frames = frozenset((e.capture, e.frame) for e in finding.evidence)
            known = next((k for k in left if k.finding.code == finding.code and (k.frames & frames or not (k.frames and frames))), None)
            face = _face(finding, names)
            if known is None:
                self._known.append(_Known(finding, report, face, now, frames=frames))
                continue
            left.remove(known)
            if known.face != face:
                known.face, known.since = face, now
            known.finding, known.report, known.frames, known.gone = finding, report, frames, None
        return left

    def _say(self, known: _Known, left: list[_Known], now: float, settle_s: float) -> Change | None:
        if known in left:
            known.gone = now if known.gone is None else known.gone
            if known.number and now - known.gone < settle_s:
                return None
            self._known.remove(known)
            return Change("withdrawn", known.number, known.finding, "later packets explain it", known.report) if known.number else None
        if known.face == known.said or now - known.since < settle_s:
            return None
        before, known.said = known.said, known.face
        if not known.number:
            self._numbers += 1
            known.number = self._numbers
            return Change("new", known.number, known.finding, "", known.report)
        return Change("changed", known.number, known.finding, _difference(before, known), known.report)


def _face(finding: Finding, names: dict[str, str]) -> tuple[object, ...]:
    """What is worth a line when it changes; not the counts in its sentences, which grow with every packet."""
    return finding.severity, finding.confidence, frozenset(names.get(d, d) for d in finding.devices)


def _difference(before: tuple[object, ...], known: _Known) -> str:
    severity, confidence, devices = known.face
    said = [f"{new}, was {old}" for new, old in ((severity, before[0]), (f"{confidence} confidence", before[1])) if str(new).split()[0] != old]
    assert isinstance(devices, frozenset)
    assert isinstance(before[2], frozenset)
    if more := len(devices - before[2]):
        said.append(f"{more} more device{'s' if more > 1 else ''}")
    if fewer := len(before[2] - devices):
        said.append(f"{fewer} device{'s' if fewer > 1 else ''} fewer")
    return ", ".join(said)


def waiting(report: Report, now_ns: int | None) -> list[Waiting]:
    """Sessions that wait for an answer at this moment."""
    return [] if now_ns is None else [found for session in report.sessions for found in _waits(session, now_ns)]


def _waits(session: Session, now_ns: int) -> Iterator[Waiting]:
    last: Step | None = max(session.steps, key=lambda s: s.time_ns, default=None)
    if last is not None and last.outcome == "unknown" and now_ns - session.last_time_ns < WAITING_S * NS:
        yield Waiting(session.id, session.device, last.kind, last.target, last.time_ns)

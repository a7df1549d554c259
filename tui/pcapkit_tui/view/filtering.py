"""The filter language over the report, and help while it is typed: completion, presets, what matches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Final, NamedTuple

from pcapkit.filter import FIELDS, FilterError, compile_filter
from pcapkit.model import Finding, Report, Session
from pcapkit.report.escape import visible
from pcapkit.report.rows import report_rows

VALUES: Final = 200
"""Values that are offered for a field."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Ids that a filter lets through."""

    devices: frozenset[str]
    sessions: frozenset[str]
    findings: frozenset[str]


class Preset(NamedTuple):
    """A filter with a name. ``text`` may hold ``{device}``."""

    name: str
    text: str


PRESETS: Final = (
    Preset("broken sessions", "outcome:failed or outcome:degraded"),
    Preset("this device only", "device:{device}"),
    Preset("certificates", "finding:cert-* or finding:untrusted-* or finding:tls-*"),
    Preset("clear text", "finding:http-* or port:80"),
    Preset("everything public", "not (ip:10.0.0.0/8 or ip:172.16.0.0/12 or ip:192.168.0.0/16) or finding:hairpin-*"),
)


def everything(report: Report) -> Kept:
    """No filter."""
    return Kept(frozenset(d.id for d in report.devices), frozenset(s.id for s in report.sessions), frozenset(f.id for f in report.findings))


def kept_by(report: Report, text: str, utc: bool = False, frames: Mapping[int, frozenset[int]] | None = None) -> Kept:
    """What an expression lets through; ``frames`` (by capture) in its place for a Wireshark filter.

    Raises:
        FilterError: the expression cannot be read.
    """
    if frames is not None:
        return _by_frames(report, frames)
    if not text.strip():
        return everything(report)
    matches = compile_filter(text, start_of(report), utc)
    rows = [row for row in report_rows(report) if matches(row.values)]
    return Kept(
        frozenset(row.device for row in rows if row.device),
        frozenset(row.session for row in rows if row.session),
        frozenset(row.finding for row in rows if row.finding),
    )


def start_of(report: Report) -> int | None:
    """Time of the first packet, ns."""
    return min((c.first_time_ns for c in report.captures if c.first_time_ns is not None), default=None)


def _by_frames(report: Report, frames: Mapping[int, frozenset[int]]) -> Kept:
    def hit(session: Session) -> bool:
        return any(f.frame in frames.get(f.capture, ()) for step in session.steps for f in step.frames)

    def proved(finding: Finding) -> bool:
        return any(e.frame in frames.get(e.capture, ()) for e in finding.evidence)

    sessions = [s for s in report.sessions if hit(s)]
    devices = frozenset(s.device for s in sessions)
    return Kept(devices, frozenset(s.id for s in sessions), frozenset(f.id for f in report.findings if proved(f)))


def problem(text: str) -> str | None:
    """What is wrong with an expression, None if nothing is."""
    if text.lstrip().startswith("="):
        return None
    try:
        compile_filter(text, 0)
    except FilterError as error:
        return visible(str(error))
    return None


# ---------------------------------------------------------------- completion


class Completer:
    """Completes the last word of an expression: fields, and after ``:`` the values that the capture has."""

    _latest: ClassVar[Completer | None] = None

    def __init__(self, report: Report) -> None:
        self.report = report
        self._known: dict[str, list[str]] = {}

    @classmethod
    def of(cls, report: Report) -> Completer:
        """The completer of a report; of the latest one it is kept."""
        if cls._latest is None or cls._latest.report is not report:
            cls._latest = cls(report)
        return cls._latest

    def complete(self, text: str) -> list[str]:
        """What the whole input may become."""
        head, word = _last_word(text)
        match = re.fullmatch(r"([A-Za-z_]+)(:|=|>=|<=|>|<|~)(\S*)", word)
        if match is None:
            return [f"{head}{name}{_operator(name)}" for name in FIELDS if word and name.startswith(word.lower()) and name != word]
        field, operator, begun = match[1].lower(), match[2], match[3].lower().strip('"')
        if field not in FIELDS:
            return []
        values = [v for v in self._values(field) if begun in v.lower() and v.lower() != begun]
        values.sort(key=lambda v: not v.lower().startswith(begun))
        return [f"{head}{match[1]}{operator}{_quoted(v)}" for v in values[:VALUES]]

    def _values(self, field: str) -> list[str]:
        """Texts that rows have in a field; the levels of an ordered one."""
        if field not in self._known:
            known = FIELDS[field].levels or tuple(islice(dict.fromkeys(_texts(field, self.report)), 10 * VALUES))
            self._known[field] = list(known)
        return self._known[field]


def _last_word(text: str) -> tuple[str, str]:
    match = re.search(r'[^\s()"]*(?:"[^"]*)?$', text)
    start = match.start() if match else len(text)
    return text[:start], text[start:]


def _operator(name: str) -> str:
    return ">=" if FIELDS[name].kind == "level" else ">" if FIELDS[name].kind in ("duration", "size") else ":"


def _texts(field: str, report: Report) -> Iterator[str]:
    for row in report_rows(report):
        for value in row.values.get(field, ()):
            if isinstance(value, str) or (field in ("port", "status", "frame") and isinstance(value, int)):
                text = str(value)
                if text and text == visible(text):
                    yield text


def _quoted(value: str) -> str:
    return value if re.fullmatch(r'[^\s()"]+', value) else '"' + value.replace('"', '\\"') + '"'

"""What can be exported, and how: a part of the report as a document, or the packets that belong to it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from pcapkit.model import Report
from pcapkit.report.narrow import keep_findings, keep_sessions
from pcapkit.report.style import Style
from pcapkit_tui.view.filtering import Kept


class Form(NamedTuple):
    """A format: its name in the dialog, the ending of its files."""

    name: str
    words: str
    ending: str


FORMS: Final = (
    Form("pcapng", "pcapng cut: the packets", "pcapng"),
    Form("text", "text report", "txt"),
    Form("md", "Markdown", "md"),
    Form("html", "HTML", "html"),
    Form("json", "JSON", "json"),
    Form("csv", "CSV of the findings", "csv"),
    Form("pem", "PEM of the chains", "pem"),
    Form("svg", "SVG of the screen", "svg"),
)
SCOPE_WORDS: Final = {"focused": "what the cursor is on", "marked": "what is marked", "filtered": "what the filter shows", "all": "everything"}


class Chosen(NamedTuple):
    """Ids by noun. ``everything``: the whole report."""

    devices: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    everything: bool = False


def chosen(ids: Iterable[str], kept: Kept) -> Chosen:
    """Ids of all nouns, sorted by their first letter; lines of evidence and the like count for nothing."""
    every = list(ids)
    if "*all" in every:
        return Chosen(everything=True)
    if "*filtered" in every:
        return Chosen(devices=tuple(sorted(kept.devices)), sessions=tuple(sorted(kept.sessions)), findings=tuple(sorted(kept.findings)))
    plain = [i.partition("/")[0] for i in every]

    def of(letter: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(i for i in plain if re.fullmatch(rf"{letter}\d+", i)))

    return Chosen(of("D"), of("S"), of("F"), of("T"))


def part(report: Report, wanted: Chosen) -> Report:
    """The part of the report: devices with all their sessions, sessions with their devices, findings with whom they hit."""
    if wanted.everything:
        return report
    devices = set(wanted.devices)
    sessions = set(wanted.sessions) | {s.id for s in report.sessions if s.device in devices}
    if wanted.findings and not devices and not wanted.sessions:
        hit = [f for f in report.findings if f.id in wanted.findings]
        sessions = {s for f in hit for s in f.sessions}
        devices = {d for f in hit for d in f.devices}
        return keep_findings(keep_sessions(report, devices, sessions), set(wanted.findings))
    devices |= {s.device for s in report.sessions if s.id in sessions}
    return keep_sessions(report, devices, sessions)


def document(report: Report, form: str, style: Style) -> Iterable[bytes]:
    """The report as a document, in pieces.

    Raises:
        KeyError: no such form.
    """
    writers: dict[str, Callable[[], Iterable[str]]] = {
        "text": lambda: _text(report, style), "md": lambda: _markdown(report, style), "html": lambda: _html(report, style), "json": lambda: _json(report),
        "csv": lambda: _csv(report),
    }  # fmt: skip
    return (piece.encode("utf-8", "backslashreplace") for piece in writers[form]())


def _text(report: Report, style: Style) -> Iterable[str]:
    from pcapkit.report import text

    return text.write(report, style)


def _markdown(report: Report, style: Style) -> Iterable[str]:
    from pcapkit.report import markdown

    return markdown.write(report, style)


def _html(report: Report, style: Style) -> Iterable[str]:
    from pcapkit.report import html

    return html.write(report, style)


def _json(report: Report) -> Iterable[str]:
    from pcapkit.report import json

    return json.write(report)


def _csv(report: Report) -> Iterable[str]:
    from pcapkit.report import tabular

    return [tabular.csv_text(list(tabular.finding_rows(report)))]


def file_name(paths: Sequence[str], wanted: Chosen, ending: str) -> str:
    """A name made of letters, digits, dots, hyphens: ``site-a-S1.pcapng``."""
    base = os.path.basename(paths[0]).split(".")[0] if paths else "pcapkit"
    ids = [*wanted.findings[:2], *wanted.sessions[:2], *wanted.devices[:2], *wanted.flows[:2]]
    stem = "-".join([base, *([] if wanted.everything else ids[:3])])
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', stem).strip('-.') or 'pcapkit'}.{ending}"


def free(path: Path) -> Path:
    """The path, or with ``-1``, ``-2``, … where there is a file of that name."""
    stem, ending = path.name.rsplit(".", 1) if "." in path.name else (path.name, "")
    number, found = 0, path
    while os.path.lexists(found):
        number += 1
        found = path.with_name(f"{stem}-{number}" + (f".{ending}" if ending else ""))
    return found

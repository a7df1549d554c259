"""The report as Markdown, for tickets and wikis: the same words in the same order as the text report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from pcapkit.model import Finding, Report
from pcapkit.report import sentences, words
from pcapkit.report.marks import OUTCOME_MARKS
from pcapkit.report.style import Style

SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~&$@#]|:(?=//)|(?<=\bwww)\.|^[-+=!](?=\s)|^\d+[.)](?=\s))")
"""What Markdown dialects give a meaning within a line (emphasis, links, tables, HTML, mentions, bare addresses) or at its start (lists, headings)."""


def write(report: Report, style: Style) -> Iterator[str]:
    """The whole report, in pieces that end with a line feed."""
    yield f"# pcapkit: {_plain(words.tally(report))}\n\n"
    stopped = [sentences.STOPPED] if report.interrupted else []
    for line in (*sentences.captures(style, report), sentences.site(style, report), *stopped):
        yield f"{_plain(line)}\n\n"
    calm = sentences.verdict(report)
    if calm:
        yield f"**{_plain(calm)}**\n\n"
        yield from _list("Next", sentences.next_steps(report)) if not report.sessions else ()
    for finding in report.findings:
        yield from _finding(style, finding, len(report.captures) > 1)
    yield from _sessions(style, report)
    yield from _list("Could not be judged", sentences.not_judged(style, report.not_judged))
    yield from _list("Ignored", (sentences.ignored(style, finding, report) for finding in report.ignored))
    yield from _list("Capture", (f"{style.mark(mark)} {sentence}" for mark, sentence in sentences.limits(style, report)))


def _list(heading: str, lines: Iterable[str]) -> Iterator[str]:
    items = list(lines)
    if items:
        yield f"## {heading}\n\n" + "".join(f"- {_plain(line)}\n" for line in items) + "\n"


def _finding(style: Style, finding: Finding, many: bool) -> Iterator[str]:
    because = f", because of {' '.join(finding.caused_by)}" if finding.caused_by else ""
    yield f"## {finding.id} {style.mark(finding.severity)} {finding.code}\n\n"
    yield f"**{finding.severity}**, {finding.confidence} confidence, {_plain(words.hits(finding))}{because}\n\n"
    yield f"{_text(style, finding.detail or finding.title)}\n\n"
    for number, remedy in enumerate(finding.remedy, 1):
        yield f"{number}. {_text(style, remedy)}\n"
    yield "\n" if finding.remedy else ""
    if finding.evidence:
        yield f"| {'file:frame' if many else 'frame'} | shows |\n| --- | --- |\n"
        for group in words.grouped(finding.evidence):
            place = f"{group.capture + 1}:" if many else ""
            yield f"| {place}{words.folded(group.frames)} | {_text(style, group.note)} |\n"
        yield "\n"
    if finding.display_filter:
        yield f"Wireshark: {code(style.prose(words.short_filter(finding.display_filter)))}\n\n"
    for label, texts in (("Because", finding.confidence_because), ("Not seen", finding.unseen)):
        if texts:
            yield f"{label}: {_text(style, '; '.join(texts))}\n\n"


def _sessions(style: Style, report: Report) -> Iterator[str]:
    if not report.sessions:
        return
    names = {d.id: words.device_name(d) for d in report.devices}
    yield "## Sessions\n\n| device | session | time | domain | outcome | findings |\n| --- | --- | --- | --- | --- | --- |\n"
    for s in report.sessions:
        outcome = f"{style.mark(OUTCOME_MARKS[s.outcome])} {_text(style, words.outcome(s))}"
        when = f"{style.date(s.first_time_ns)} {style.clock(s.first_time_ns)}"
        yield f"| {s.device} {_text(style, names.get(s.device, ''))} | {s.id} | {when} | {_text(style, s.domain)} | {outcome} | {' '.join(s.findings)} |\n"
    yield "\n"


def _text(style: Style, text: str) -> str:
    """Text of unknown origin as Markdown that shows it letter by letter."""
    return _plain(style.prose(text))


def _plain(safe: str) -> str:
    return SPECIAL.sub(lambda match: match[0][:-1] + "\\" + match[0][-1], safe)


def code(safe: str) -> str:
    """A code span; its fence is longer than any run of backticks inside."""
    fence = "`" * (max(map(len, re.findall("`+", safe)), default=0) + 1)
    return f"{fence} {safe} {fence}" if "`" in safe else f"{fence}{safe}{fence}"

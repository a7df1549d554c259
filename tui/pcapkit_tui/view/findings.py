"""Screens 3 and 4: findings grouped by code, and one finding with everything that belongs to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pcapkit.model import Evidence, Finding, Report
from pcapkit.report import sentences, words
from pcapkit.report.cells import clip, pad
from pcapkit.report.style import Style
from pcapkit_tui.state import State
from pcapkit_tui.view.around import empty
from pcapkit_tui.view.lines import Line, Span, labelled, line, paragraph
from pcapkit_tui.view.signs import signs

HITS: Final = 200
"""Devices and sessions listed under a finding."""


def groups(state: State, closed: Iterable[str], width: int) -> list[Line]:
    """Findings by code, the most severe first; under each, whom it hits and by which packet. ``closed``: findings whose hits are not shown."""
    shown = [f for f in state.report.findings if f.id in state.kept.findings]
    hidden = frozenset(closed)
    return [one for finding in shown for one in _group(state, finding, finding.id in hidden, width)]


def _group(state: State, finding: Finding, closed: bool, width: int) -> Iterator[Line]:
    style = state.style
    devices = words.count(len(finding.devices), "device") if finding.devices else "the capture"
    sessions = words.count(len(finding.sessions), "session") if finding.sessions else ""
    whom = f"because {' '.join(finding.caused_by)}" if finding.caused_by else words.listed(finding.devices, 4)
    starred = "*" if finding.id in state.marked else ""
    code = pad(clip(style.show(finding.code), 24, style.own("…")), 25)
    text = f"{pad(finding.severity, 9)}{pad(finding.confidence, 7)}{pad(devices, 12)}{pad(sessions, 13)}{whom}"
    yield line(
        Span(f"{style.mark(finding.severity)} ", finding.severity),
        Span(pad(finding.id + starred, 5), "dim"),
        Span(code, finding.severity),
        Span(clip(text, max(0, width - 32), style.own("…"))),
        key=finding.id,
    )
    if not closed:
        yield from _hits(state, finding, width)


def _hits(state: State, finding: Finding, width: int) -> Iterator[Line]:
    """A line for each session (or device) that it hits, with the last packet that shows it there."""
    style, sign = state.style, signs(state.style)
    places: list[tuple[str, str]] = [(s.device, s.id) for i in finding.sessions if (s := state.sessions.get(i))]
    places += [(d, "") for d in finding.devices if all(d != device for device, _ in places)]
    for number, (device, session) in enumerate(places[:HITS]):
        item = _telling(finding, device)
        what = f"{style.clock(item.time_ns, fraction=True)}  {style.show(item.note)}" if item else ""
        name = style.show(words.device_name(state.devices[device]), 24) if device in state.devices else ""
        branch = sign.corner if number == len(places[:HITS]) - 1 else sign.life
        text = f"{pad(f'{device} {session}', 8)} {pad(name, 20)} {what}"
        yield line(Span(f"     {branch} ", "dim"), Span(clip(text, max(0, width - 8), style.own("…"))), key=f"{finding.id}/{session or device}")
    if len(places) > HITS:
        yield line(Span(f"       and {len(places) - HITS} more", "dim"))


def _telling(finding: Finding, device: str) -> Evidence | None:
    """The last evidence of a device."""
    own = [e for e in finding.evidence if e.device == device] or [e for e in finding.evidence if e.device is None]
    return own[-1] if own else None


# ---------------------------------------------------------------- one finding


def page(state: State, finding: Finding, explanation: dict[str, object], width: int) -> list[Line]:
    """Everything about a finding; its evidence can be walked. ``explanation``: as ``pcapkit explain`` gives it."""
    style = state.style
    because = f"   because of {' '.join(finding.caused_by)}" if finding.caused_by else ""
    head = f" {style.mark(finding.severity)} {style.show(finding.code)}   "
    found = paragraph(style.own(f"{finding.severity} · {finding.confidence} confidence · {words.hits(finding)}{because}"), width, head, "   ")
    found[0] = line(Span(found[0].spans[0].text, finding.severity), *found[0].spans[1:])
    found += paragraph(style.prose(finding.title), width, " ", " ", "bold")
    found += [Line(), *paragraph(style.prose(finding.detail), width, " ", " ")] if finding.detail and finding.detail != finding.title else []
    found += _devices(state, finding, width)
    found += [Line(), line(Span(" Evidence", "head")), *_evidence(style, finding, state.report, width)]
    if finding.remedy:
        found += [Line(), line(Span(" Do this", "head"))]
        for number, text in enumerate(finding.remedy, 1):
            found += paragraph(style.prose(text), width, f" {number} " if len(finding.remedy) > 1 else " ", "   " if len(finding.remedy) > 1 else " ")
    found += [Line(), line(Span(f" How sure: {finding.confidence}", "head"))]
    for reason in finding.confidence_because:
        found += paragraph(style.prose(reason), width, style.own(" · "), "   ")
    if finding.unseen:
        found += [Line(), line(Span(" Not seen in this capture", "head"))]
        for text in finding.unseen:
            found += paragraph(style.prose(text), width, style.own(" · "), "   ")
    return [*found, *_explained(style, finding, explanation, width)]


def _evidence(style: Style, finding: Finding, report: Report, width: int) -> Iterator[Line]:
    many = len(report.captures) > 1
    first = min((e.time_ns for e in finding.evidence), default=0)
    for number, item in enumerate(finding.evidence):
        place = f"{item.capture + 1}:{item.frame}" if many else str(item.frame)
        text = f" {pad(place, 9)} {style.clock(item.time_ns, fraction=True)}  {pad(item.device or '', 4)} {style.show(item.note)}"
        yield line(Span(clip(text, width, style.own("…"))), key=f"e{number}")
    if not first:
        yield line(Span(" none", "dim"))


def _devices(state: State, finding: Finding, width: int) -> Iterator[Line]:
    """What differs by device."""
    style = state.style
    facts = finding.facts.get("by_device")
    if not isinstance(facts, dict):
        return
    if len(facts) > 1:
        yield Line()
    for device, own in list(facts.items())[:HITS] if len(facts) > 1 else ():
        said = (
            ", ".join(f"{k.replace('_', ' ')} {v}" for k, v in own.items() if isinstance(v, (str, int, float)) and v != "")
            if isinstance(own, dict)
            else ""
        )
        name = style.show(words.device_name(state.devices[device]), 30) if device in state.devices else ""
        yield from paragraph(f"{name}: {style.show(said)}", width, f" {device} ", "    ")


def _explained(style: Style, finding: Finding, explanation: dict[str, object], width: int) -> Iterator[Line]:
    """What the code means in general: the same words as ``pcapkit explain``."""
    yield from (Line(), line(Span(" Why it matters", "head")))
    for key, label in (("meaning", "meaning"), ("recognised", "decided"), ("wireshark", "Wireshark"), ("how_sure", "how sure")):
        if explanation.get(key):
            yield from labelled(label, style.prose(str(explanation[key])), width)
    platforms = explanation.get("platforms")
    for platform, reaction in platforms.items() if isinstance(platforms, dict) else ():
        yield from labelled(platform, style.prose(str(reaction)), width)
    if finding.display_filter:
        yield from labelled("filter", style.prose(words.short_filter(finding.display_filter)), width)
    sources = explanation.get("sources")
    if isinstance(sources, list) and sources:
        yield from labelled("see", style.prose("; ".join(map(str, sources))), width)


def none(state: State, width: int) -> list[Line]:
    """In place of findings: that there is no fault, and what could not be judged; or why nothing is shown."""
    style, report = state.style, state.report
    if report.findings:
        return paragraph("The filter lets no finding through. F switches it off.", width, " ", " ")
    if not report.sessions:
        return empty(style, report, width)
    found = paragraph(f"{style.mark('ok')} No fault seen.", width, " ", " ", "ok")
    found += [Line(), line(Span(" Could not be judged", "head"))]
    for said in sentences.not_judged(style, report.not_judged):
        found += paragraph(said, width, style.own(" · "), "   ")
    return found if report.not_judged else [*found, line(" nothing that pcapkit knows of")]

"""Screen 8: what the captures are, what is wrong with them, and what could not be seen."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pcapkit.model import Capture, Report
from pcapkit.report import sentences, words
from pcapkit.report.cells import clip, pad
from pcapkit.report.style import Style
from pcapkit.report.words import COUNT_WORDS, ENCAPSULATION_WORDS, LINK_WORDS
from pcapkit_tui.state import State
from pcapkit_tui.view.around import empty
from pcapkit_tui.view.lines import Line, Span, labelled, line, paragraph

INTERFACES = 50
COMMENTS = 50
PROBLEMS = 200


def lines(state: State, width: int) -> list[Line]:
    """The whole screen."""
    report, style = state.report, state.style
    if not report.captures and not report.unreadable:
        return [line(" Nothing was read yet.")]
    found: list[Line] = []
    if report.captures and not report.sessions and not state.loading:
        found += [*empty(style, report, width), Line()]
    for said, finding in ((f"{f.code}: {f.detail or f.title}", f) for f in report.findings if f.code.startswith("capture-")):
        found += paragraph(style.prose(said), width, f" {style.mark(finding.severity)} ", "   ", finding.severity)
    for bad in report.unreadable:
        found += paragraph(style.prose(f"{bad.path}: {bad.reason}"), width, f" {style.mark('warning')} ", "   ", "warning")
    found += [Line()] if found else []
    for number, capture in enumerate(report.captures, 1):
        found += [*_capture(style, capture, f"{number} " if len(report.captures) > 1 else "", width), Line()]
    found += list(_whole(style, report, width))
    return found


def _capture(style: Style, capture: Capture, place: str, width: int) -> Iterator[Line]:
    name = style.show(os.path.basename(capture.path) or capture.path)
    yield line(Span(f" {place}{name}", "bold"))
    yield from labelled("file", f"{style.show(capture.format)}, {words.count(capture.packets, 'packet')}, {capture.bytes:,} bytes on the wire", width)
    yield from labelled("time", sentences.span(style, capture.first_time_ns, capture.last_time_ns) or "no packet", width)
    layers = ", ".join(LINK_WORDS.get(name, style.show(name)) for name in capture.link_types)
    yield from labelled("link layer", layers or "none", width)
    tunnels = [f"{ENCAPSULATION_WORDS.get(name, style.show(name.upper()))} {n:,}" for name, n in capture.encapsulations.items() if n]
    if tunnels:
        yield from labelled("wrapped in", ", ".join(tunnels), width)
    yield from _interfaces(style, capture, width)
    for problem in capture.problems[:PROBLEMS]:
        where = [f"byte {problem.offset:,}" if problem.offset is not None else "", f"frame {problem.frame:,}" if problem.frame is not None else ""]
        times = f" ×{problem.count:,}" if problem.count > 1 else ""
        text = style.own(f"{style.prose(problem.detail or problem.code)}{times}  {' '.join(filter(None, where))}".rstrip())
        yield from labelled(style.show(problem.code), text, width, 18, "" if problem.code in sentences.REMARKS | {"unknown-layer"} else "warning")
    for comment in capture.comments[:COMMENTS]:
        yield from labelled("comment", style.show(comment, 1_000), width)


def _interfaces(style: Style, capture: Capture, width: int) -> Iterator[Line]:
    named = [i for i in capture.interfaces if i.name or i.description or i.dropped is not None or len(capture.interfaces) > 1]
    for one in named[:INTERFACES]:
        facts = [
            style.show(one.name or "?"),
            style.show(one.description or ""),
            f"{one.packets:,} packets",
            f"snaplen {one.snaplen:,}" if one.snaplen else "",
        ]
        facts += [f"{one.dropped:,} dropped" if one.dropped is not None else ""]
        yield from labelled("interface", ", ".join(filter(None, facts)), width)
    if len(named) > INTERFACES:
        yield from labelled("", f"and {len(named) - INTERFACES:,} more interfaces", width)


def _whole(style: Style, report: Report, width: int) -> Iterator[Line]:
    """What holds for all captures together."""
    yield line(Span(" In all captures", "head"))
    yield from labelled("site", sentences.site(style, report), width)
    if report.site.vantage:
        yield from labelled("tap", style.prose(report.site.vantage), width)
    for key, label in COUNT_WORDS.items():
        if report.counts.get(key):
            yield line(Span(f" {pad(clip(label, 48), 48)}", "dim"), f"{report.counts[key]:>10,}")
    if report.not_judged:
        yield from (Line(), line(Span(" Could not be judged", "head")))
        for said in sentences.not_judged(style, report.not_judged):
            yield from paragraph(said, width, style.own(" · "), "   ")
    if report.ignored:
        yield from (Line(), line(Span(" Ignored, as you asked", "head")))
        for finding in report.ignored:
            yield from paragraph(sentences.ignored(style, finding, report), width, " ", "   ")
    yield from (Line(), *paragraph(f"pcapkit {report.version}. Messages of this run go to the file named by --log.", width, " ", " ", "dim"))

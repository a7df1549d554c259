"""What stands around every screen: the line at the top, and what is said while loading or when there is nothing to show."""

from __future__ import annotations

import os
from typing import Final

from pcapkit.model import Report
from pcapkit.report import sentences, words
from pcapkit.report.cells import cells, clip, pad
from pcapkit.report.style import Style
from pcapkit_tui.state import State
from pcapkit_tui.view.lines import Line, Span, line, paragraph
from pcapkit_tui.view.signs import signs

BAR: Final = 16
DAMAGE: Final = ("truncated", "bad-block", "read-error", "corrupt", "damaged")


def top(state: State, title: str, width: int) -> Line:
    """``pcapkit  site-a.pcapng  10:02-10:09  41,210 pkts   ✖2 ▲1 ●3      1 Devices``; while loading, how far it is."""
    tail = [Span("   "), *_tally(state)]
    room = width - sum(cells(s.text) for s in tail) - cells(title) - 1
    packets = words.count(_packets(state.report), "pkt")
    name = state.style.own(_names(state))
    choices = [[_progress(state)], [_progress(state, short=True)]] if state.loading else [[_times(state), packets], [packets]]
    left: list[Span] = []
    for known in ([name, *choices[0]], [name, *choices[-1]], [clip(name, 16, state.style.own("…")), *choices[-1]], choices[-1]):
        left = [Span("pcapkit", "bold"), *(Span(f"  {text}", "accent" if state.loading and text in known[-1:] else "") for text in known if text)]
        if sum(cells(s.text) for s in left) <= room:
            break
    used = sum(cells(s.text) for s in (*left, *tail))
    return line(*left, *tail, Span(" " * max(1, width - used - cells(title))), Span(title, "bold"))


def _names(state: State) -> str:
    captures = state.report.captures
    paths = [c.path for c in captures] or list(state.setup.paths)
    name = state.style.show(os.path.basename(paths[0]) or paths[0], 30) if paths else ""
    return f"{name} +{len(paths) - 1}" if len(paths) > 1 else name


def _packets(report: Report) -> int:
    return sum(c.packets for c in report.captures)


def _times(state: State) -> str:
    first = min((c.first_time_ns for c in state.report.captures if c.first_time_ns is not None), default=None)
    last = max((c.last_time_ns for c in state.report.captures if c.last_time_ns is not None), default=None)
    if first is None or last is None:
        return ""
    style = state.style
    return f"{style.clock(first)}-{style.clock(last)} {style.offset(first)}"


def _tally(state: State) -> list[Span]:
    counts = {level: sum(f.severity == level for f in state.report.findings) for level in ("critical", "warning", "info")}
    return [span for level, n in counts.items() for span in (Span(f"{state.style.mark(level)}{n}", level if n else "dim"), Span(" "))]


def _progress(state: State, short: bool = False) -> str:
    """``41 % ████░░░░ 410,000 pkts 180 MB/s 3 s left``."""
    progress = state.progress
    if progress is None:
        return "opening"
    packets = f"{progress.packets:,} pkts"
    speed = f" {state.speed / 1e6:,.0f} MB/s" if state.speed else ""
    if not progress.total:
        return f"{packets}{speed}"
    share = min(1.0, progress.done / progress.total)
    if short:
        return f"{share:.0%} {packets}"
    left = f" {(progress.total - progress.done) / state.speed:,.0f} s left" if state.speed else ""
    sign = signs(state.style)
    full = round(BAR * share)
    return f"{share:4.0%} {sign.full * full}{sign.empty * (BAR - full)} {packets}{speed}{left}"


def banners(state: State, width: int) -> list[Line]:
    """What must be known before anything is believed: damage, one direction only, limits, a stop before the end."""
    style, report = state.style, state.report
    said: list[str] = [f"{bad.path}: {bad.reason}" for bad in report.unreadable]
    if report.interrupted and not state.loading:
        said.append(sentences.STOPPED)
    for capture in report.captures:
        damage = [problem for problem in capture.problems if problem.code in DAMAGE]
        said += [f"{os.path.basename(capture.path)}: {problem.detail}; everything before it was read." for problem in damage]
    bugs = sum(p.count for c in report.captures for p in c.problems if p.code == "internal-error")
    if bugs:
        said.append(f"{words.count(bugs, 'bug')} of ours met while reading; the rest went on (i tells more).")
    said += [f"{f.code}: {words.first_sentence(f.detail or f.title)}" for f in report.findings if f.code == "capture-one-way"]
    lines: list[Line] = []
    for text in said[:3]:
        whole = paragraph(style.prose(text), width - 2)
        lines.append(line(Span(f"{style.mark('warning')} ", "warning"), whole[0].spans[1]))
        lines += [line("  ", more.spans[1]) for more in whole[1:2]]
    return lines


def nothing(state: State, width: int) -> list[Line]:
    """In place of an empty list: the reason, what was there instead, and two next steps."""
    style, report = state.style, state.report
    if state.failure:
        return paragraph(style.prose(state.failure), width - 2, " ", " ", "critical")
    if state.loading:
        return paragraph("Reading. Devices appear here as they are found; Esc stops and keeps what was read.", width - 2, " ", " ")
    if not report.captures:
        return paragraph("No capture is open. Type its name after: pcapkit tui FILE", width - 2, " ", " ")
    if report.devices:
        return [
            *paragraph("The filter lets nothing through.", width - 2, " ", " "),
            *paragraph("F switches it off and on; / changes it; an empty one shows everything.", width - 2, " ", " ", "dim"),
        ]
    return empty(style, report, width)


def empty(style: Style, report: Report, width: int) -> list[Line]:
    """A capture without a session: a result with a reason."""
    lines = paragraph(
        sentences.verdict(report) or f"No autodiscover sessions in {words.count(_packets(report), 'packet')}.", width - 2, " ", " ", "bold"
    )
    lines.append(Line())
    for said in sentences.instead(report):
        lines += paragraph(style.prose(said), width - 2, style.own(" · "), "   ")
    lines.append(Line())
    for number, step in enumerate(sentences.next_steps(report), 1):
        lines += paragraph(style.prose(step), width - 2, pad(" Next" if number == 1 else "", 6) + f"{number} ", " " * 8)
    return lines

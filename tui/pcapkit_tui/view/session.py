"""The line above a session's ladder."""

from __future__ import annotations

from pcapkit.model import Session
from pcapkit.report import words
from pcapkit.report.cells import cells, clip
from pcapkit.report.marks import OUTCOME_MARKS, OUTCOME_WORDS, SERVICE_WORDS
from pcapkit_tui.state import State
from pcapkit_tui.view.lines import Line, Span, fit, line


def title(state: State, session: Session, width: int) -> Line:
    """``D1 iPhone-Joe  S1 contoso.com Lync/SfB   ✖ failed at TCP webext  high    1 of 3``."""
    style = state.style
    device = state.devices[session.device]
    mine = [s.id for s in state.report.sessions if s.device == session.device]
    mark = OUTCOME_MARKS[session.outcome]
    findings = [state.findings[f] for f in session.findings if f in state.findings]
    sure = findings[0].confidence if findings and session.outcome == "failed" else ""
    said = f"failed at {style.show(words.outcome(session))}" if session.outcome == "failed" else OUTCOME_WORDS[session.outcome]
    right = f"{mine.index(session.id) + 1} of {len(mine)}"
    name = clip(style.show(words.device_name(device)), 30 if width >= 110 else 16, style.own("…"))
    head = [
        Span(f"{device.id} {name}", "bold"),
        Span(f"  {session.id} {clip(style.show(session.domain), 40 if width >= 110 else 22, style.own('…'))} {SERVICE_WORDS[session.service]}  "),
    ]
    more = style.own(" · ").join(filter(None, (words.platform(device), style.show(device.addresses[0]) if device.addresses else "")))
    when = f"{style.clock(session.first_time_ns)}-{style.clock(session.last_time_ns)} {style.offset(session.first_time_ns)}   "
    outcome = f"{style.mark(mark)} {said}"
    room = 0
    for extra, time in ((more, when), (more, ""), ("", "")):
        parts = [head[0], Span(style.own(f" · {extra}") if extra else "", "dim"), head[1], Span(time, "dim")]
        room = width - sum(cells(p.text) for p in parts) - cells(right) - cells(sure) - 4
        if room >= cells(outcome):
            break
    parts += [Span(clip(outcome, max(8, room), style.own("…")), mark), Span(f" {sure}", "dim")]
    used = sum(cells(p.text) for p in parts)
    return fit(line(*parts, Span(" " * max(2, width - used - cells(right))), Span(right)), width, style)

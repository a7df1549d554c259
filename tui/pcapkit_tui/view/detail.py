"""What is known of the line under the ladder's cursor: the packet, what it said, and what was checked of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pcapkit.model import Finding, FrameRef, Session, Step
from pcapkit.report import words
from pcapkit.report.marks import ROLE_WORDS
from pcapkit.report.style import Style
from pcapkit.sessions.scene import Tls
from pcapkit_tui.state import State
from pcapkit_tui.view.chain import checks
from pcapkit_tui.view.ladder import short_span
from pcapkit_tui.view.lines import Line, Span, labelled, line, paragraph
from pcapkit_tui.view.story import Arrow, Fold, Gap, Note, Story

FRAMES: Final = 8
KIND_WORDS: Final = {"dns": "DNS", "connect": "TCP", "tls": "TLS", "http": "HTTP"}
VERSION_WORDS: Final = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}


def frames_text(frames: Iterable[FrameRef], many_captures: bool) -> str:
    """``frame 41-47``; with several captures ``frame 2:41``."""
    numbers = sorted({(f.capture, f.frame) for f in frames})
    if not numbers:
        return "not in the capture"
    if many_captures:
        return "frame " + words.listed((f"{c + 1}:{n}" for c, n in numbers), FRAMES, ", ")
    return "frame " + words.folded([n for _, n in numbers])


def of_item(state: State, story: Story, item: object, width: int) -> list[Line]:
    """The detail of an item of the story."""
    if isinstance(item, Arrow):
        return list(_arrow(state, story.session, item, width))
    if isinstance(item, Note):
        return of_finding(state, item.finding, width)
    if isinstance(item, Fold):
        return paragraph(f"Enter shows {item.count} more that follow from {item.root}.", width, " ", " ")
    if isinstance(item, Gap):
        return paragraph("Nothing of this session was captured here.", width, " ", " ")
    return []


def _arrow(state: State, session: Session, arrow: Arrow, width: int) -> Iterator[Line]:
    step, style = session.steps[arrow.step], state.style
    where = frames_text(arrow.frames, len(state.report.captures) > 1)
    flow = f"flow {step.flow}" if step.flow else ""
    text = f"{where}  {style.own(style.show(arrow.text))}"
    yield from paragraph(style.own(" · ").join(filter(None, (text, flow))), width, " ", " ", "bold")
    if step.outcome != "ok" and step.reason:
        yield from labelled("came of it", style.prose(step.reason), width, style="critical" if step.outcome == "failed" else "")
    yield from {"dns": _dns, "connect": _connect, "tls": _tls, "http": _http}[step.kind](state, session, step, width)
    role = ROLE_WORDS.get(step.role, step.role)
    yield from labelled("step", style.own(f"{KIND_WORDS[step.kind]} · {style.show(role)} · {style.show(step.target or '-')}"), width)
    yield from _repeats(style, arrow, width)


def _repeats(style: Style, arrow: Arrow, width: int) -> Iterator[Line]:
    if arrow.again_ns:
        times = ", ".join(f"+{short_span(t - arrow.time_ns, blank=' ')}" for t in arrow.again_ns[:8])
        yield from labelled("sent again", f"{times} (Enter shows each)" if arrow.again else times, width)
    if arrow.event and arrow.event.copied_as:
        copies = ", ".join(str(f.frame) for f in arrow.event.copies[:FRAMES])
        yield from labelled("behind NAT", style.own(style.show(f"{arrow.event.copied_as} in frame {copies}")), width)
    elif arrow.copies > 1:
        yield from labelled("copies", f"captured {arrow.copies} times", width)


# ---------------------------------------------------------------- by kind of step


def _dns(state: State, session: Session, step: Step, width: int) -> Iterator[Line]:
    detail, style = step.detail, state.style
    answers = ", ".join(map(str, _list(detail.get("answers")))) or "none"
    yield from labelled("asked", style.show(f"{', '.join(map(str, _list(detail.get('types'))))} {step.target} at {step.server}"), width)
    ttl = detail.get("ttl_s")
    yield from labelled("answers", style.show(f"{answers}{f'  TTL {ttl} s' if ttl is not None else ''}"), width)
    if detail.get("cname"):
        yield from labelled("alias of", style.own(style.show(" → ".join(map(str, _list(detail["cname"]))))), width)
    latency = detail.get("latency_s")
    if isinstance(latency, (int, float)):
        yield from labelled("took", short_span(round(latency * 1e9), " "), width)


def _connect(state: State, session: Session, step: Step, width: int) -> Iterator[Line]:
    detail = step.detail
    rtt = detail.get("rtt_s")
    took = f", {short_span(round(rtt * 1e9), ' ')} to the answer" if isinstance(rtt, (int, float)) else ""
    times = detail.get("syn")
    yield from labelled("server", state.style.show(f"{step.server}, {times} SYN{took}"), width)


def _tls(state: State, session: Session, step: Step, width: int) -> Iterator[Line]:
    detail, style = step.detail, state.style
    version = detail.get("version")
    name = VERSION_WORDS.get(version, f"{version:#06x}") if isinstance(version, int) else "no ServerHello"
    alpn = ", ".join(map(str, _list(detail.get("alpn"))))
    yield from labelled("TLS", style.show(f"{name}, name {detail.get('sni') or 'not sent'}{f', offers {alpn}' if alpn else ''}"), width)
    tls = tls_of(state, session, step)
    if tls is not None and tls.verdict is not None:
        yield from checks(style, tls, width)
    elif detail.get("resumed"):
        yield from labelled("chain", "resumed: no certificate is sent", width)
    elif version == 0x0304:
        yield from labelled("chain", "TLS 1.3 encrypts it: cannot be seen without keys", width)


def _http(state: State, session: Session, step: Step, width: int) -> Iterator[Line]:
    detail, style = step.detail, state.style
    request = f"{detail.get('method') or '(not seen)'} {detail.get('path') or ''}"
    how = "inside TLS, decrypted with the keys given" if detail.get("secure") else "in clear text"
    yield from labelled("request", style.show(f"{request} to {step.target or step.server}, {how}"), width)
    status = detail.get("status")
    asks = " (asks for credentials, as it should)" if detail.get("challenge") else ""
    yield from labelled("response", f"{status}{asks}" if status else "not in the capture", width)


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else []


def tls_of(state: State, session: Session, step: Step) -> Tls | None:
    """The handshake of a step, with its chain; None where the scene is not at hand."""
    scene = state.snapshot.scene
    case = next((c for c in scene.sessions if c.id == session.id), None) if scene else None
    if case is None or not 0 <= step.attempt < len(case.attempts):
        return None
    return case.attempts[step.attempt].tls


# ---------------------------------------------------------------- findings


def of_finding(state: State, finding: Finding, width: int) -> list[Line]:
    """A finding in a few lines: what happened, what to do, by which packets."""
    style = state.style
    lines = paragraph(style.prose(words.first_sentence(finding.detail or finding.title)), width, f" {finding.id} {finding.code}: ", " ")
    lines[0] = line(Span(lines[0].spans[0].text, finding.severity), *lines[0].spans[1:])
    for number, text in enumerate(finding.remedy, 1):
        lines += labelled("do" if number == 1 else "", style.prose(f"{number} {text}" if len(finding.remedy) > 1 else text), width, 4)
    groups = words.grouped(finding.evidence)
    shown = style.own(" · ").join(f"{words.folded(g.frames)} {style.show(g.note)}" for g in groups[:6])
    return lines + labelled("by", f"frame {shown}", width, 4) if shown else lines

"""The report as one HTML file: no script, nothing loaded from elsewhere, no link made from packet text, and it prints well."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from pcapkit.model import Finding, Report, Session
from pcapkit.report import sentences, words
from pcapkit.report.marks import OUTCOME_MARKS, OUTCOME_WORDS, SERVICE_WORDS
from pcapkit.report.style import Style

if TYPE_CHECKING:
    from jinja2 import Template


def write(report: Report, style: Style) -> Iterator[str]:
    """The whole page, in chunks."""
    template, css = _template()
    names = {d.id: style.show(words.device_name(d)) for d in report.devices}
    many = len(report.captures) > 1
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return template.generate(
        css=css,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        tally=words.tally(report),
        captures=list(sentences.captures(style, report)),
        site=sentences.site(style, report),
        stopped=sentences.STOPPED if report.interrupted else None,
        calm=sentences.verdict(report),
        instead=list(sentences.instead(report)) if not report.sessions else [],
        next_steps=list(sentences.next_steps(report)) if not report.sessions else [],
        findings=[_finding(style, finding, names, many) for finding in report.findings],
        sessions=[_session(style, session, names) for session in report.sessions],
        devices=[_device(style, d) for d in report.devices],
        not_judged=list(sentences.not_judged(style, report.not_judged)),
        ignored=[sentences.ignored(style, finding, report) for finding in report.ignored],
        limits=[(mark, style.mark(mark), sentence) for mark, sentence in sentences.limits(style, report)],
        flows=[_flow(style, flow) for flow in report.flows or ()],
    )


@cache
def _template() -> tuple[Template, str]:
    """The template, every value escaped, and the style sheet."""
    from jinja2 import Environment, StrictUndefined  # late: only pages need it

    folder = files("pcapkit.report.html")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(folder.joinpath("page.html.jinja").read_text("utf-8")), folder.joinpath("page.css").read_text("utf-8")


def _finding(style: Style, finding: Finding, names: dict[str, str], many: bool) -> dict[str, Any]:
    return {
        "id": finding.id,
        "code": finding.code,
        "severity": finding.severity,
        "mark": style.mark(finding.severity),
        "confidence": finding.confidence,
        "title": style.prose(finding.title),
        "detail": style.prose(finding.detail or finding.title),
        "hits": words.hits(finding),
        "devices": [f"{d} {names[d]}" for d in finding.devices if d in names],
        "caused_by": list(finding.caused_by),
        "remedy": [style.prose(text) for text in finding.remedy],
        "because": [style.prose(text) for text in finding.confidence_because],
        "unseen": [style.prose(text) for text in finding.unseen],
        "filter": style.prose(words.short_filter(finding.display_filter)),
        "evidence": [
            (f"{group.capture + 1}:" * many + words.folded(group.frames, "–"), style.clock(group.first_ns, fraction=True), style.show(group.note))
            for group in words.grouped(finding.evidence)
        ],
    }


def _session(style: Style, session: Session, names: dict[str, str]) -> dict[str, Any]:
    mark = OUTCOME_MARKS[session.outcome]
    return {
        "id": session.id,
        "device": f"{session.device} {names.get(session.device, '')}",
        "time": f"{style.date(session.first_time_ns)} {style.clock(session.first_time_ns)}",
        "domain": style.show(session.domain),
        "service": SERVICE_WORDS[session.service],
        "mark": style.mark(mark),
        "mark_name": mark,
        "outcome": style.show(words.outcome(session)),
        "word": OUTCOME_WORDS[session.outcome],
        "summary": style.prose(session.summary),
        "findings": list(session.findings),
        "steps": [
            (
                style.clock(step.time_ns, fraction=True),
                step.kind,
                style.show(step.target or ""),
                style.show(step.server or ""),
                step.outcome,
                style.show(step.reason or ""),
                words.folded(sorted({f.frame for f in step.frames})),
            )
            for step in session.steps
        ],
    }


def _device(style: Style, device: Any) -> tuple[str, ...]:
    mac = f"{device.mac} (randomised)" if device.mac_randomized else device.mac or ""
    return tuple(
        style.show(text)
        for text in (device.id, words.device_name(device), words.platform(device), device.vendor or "", mac, ", ".join(device.addresses))
    )


def _flow(style: Style, flow: Any) -> tuple[str, ...]:
    size = f"{flow.bytes_client + flow.bytes_server:,}"
    ends = (f"{flow.client}:{flow.client_port}", f"{flow.server}:{flow.server_port}", flow.name or "")
    return (flow.id, *map(style.show, (flow.transport, *ends)), f"{flow.packets:,}", size, str(flow.first_frame))

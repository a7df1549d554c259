"""The report as JSON and JSON lines (docs/contract.md, 2): the true text of the packets, in pure ASCII."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Literal, Protocol

from pcapkit.model import Capture, Device, Finding, FlowSummary, FrameRef, NotJudged, Report, Session, Site, Step
from pcapkit.report.document import (
    SCHEMA,
    CaptureDoc,
    DeviceDoc,
    FindingDoc,
    FindingLine,
    FlowDoc,
    FrameDoc,
    NotJudgedDoc,
    ReportDoc,
    SessionDoc,
    SiteDoc,
    StepDoc,
)
from pcapkit.times import rfc3339


class LiveChange(Protocol):
    """A finding that became certain, changed, or was taken back, with the report that its ids belong to."""

    @property
    def kind(self) -> Literal["new", "changed", "withdrawn"]: ...
    @property
    def number(self) -> int: ...
    @property
    def finding(self) -> Finding: ...
    @property
    def what(self) -> str: ...
    @property
    def report(self) -> Report: ...


_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, check_circular=False, separators=(", ", ": "))


def dumps(value: Any) -> str:
    r"""One line of JSON. Bytes that were no UTF-8 (surrogate escapes in a ``str``) become the text ``\xNN``."""
    line = _ENCODER.encode(value)
    return _ENCODER.encode(_true_text(value)) if "\\ud" in line else line


def write(report: Report) -> Iterator[str]:
    """The document, a line for each object of its lists."""
    document = build(report)
    last = list(document)[-1]
    yield "{"
    for key, value in document.items():
        yield f'\n"{key}": '
        if isinstance(value, list) and value:
            yield "[\n  "
            yield from _joined(value)
            yield "\n]"
        else:
            yield dumps(value)
        yield "" if key == last else ","
    yield "\n}\n"


def to_json(report: Report) -> str:
    """The document as one text."""
    return "".join(write(report))


def write_lines(report: Report) -> Iterator[str]:
    """``jsonl``: a line for each capture, device, session and finding, with a ``type``; the rest in the last line, ``summary``."""
    document = build(report)
    for kind, key in (("capture", "captures"), ("device", "devices"), ("session", "sessions"), ("finding", "findings"), ("flow", "flows")):
        for item in document.get(key) or ():  # type: ignore[attr-defined]  # a TypedDict asked by a variable
            yield dumps({"type": kind, **item}) + "\n"
    rest = {key: value for key, value in document.items() if key not in ("captures", "devices", "sessions", "findings", "flows")}
    tally = {f"{kind}s": len(document[f"{kind}s"]) for kind in ("device", "session", "finding")}  # type: ignore[literal-required]
    yield dumps({"type": "summary", **rest, "totals": tally}) + "\n"


def build(report: Report) -> ReportDoc:
    """The document as plain objects, keys in the contract's order."""
    document: ReportDoc = {
        "schema": SCHEMA,
        "tool": {"name": "pcapkit", "version": report.version},
        "captures": [_capture(c) for c in report.captures],
        "site": _site(report.site),
        "devices": [_device(d) for d in report.devices],
        "sessions": [_session(s) for s in report.sessions],
        "findings": [finding(f) for f in report.findings],
        "not_judged": [_not_judged(n) for n in report.not_judged],
        "ignored": [{"id": f.id, "code": f.code, "reason": report.ignored_because.get(f.id)} for f in report.ignored],
        "unreadable": [{"path": u.path, "reason": u.reason} for u in report.unreadable],
        "counts": dict(report.counts),
        "interrupted": report.interrupted,
    }
    if report.flows is not None:
        document["flows"] = [_flow(f) for f in report.flows]
    return document


def finding(f: Finding) -> FindingDoc:
    """One finding as its object."""
    return {
        "id": f.id,
        "code": f.code,
        "severity": f.severity,
        "confidence": f.confidence,
        "confidence_because": list(f.confidence_because),
        "title": f.title,
        "detail": f.detail,
        "remedy": list(f.remedy),
        "unseen": list(f.unseen),
        "devices": list(f.devices),
        "sessions": list(f.sessions),
        "caused_by": list(f.caused_by),
        "facts": _plain(f.facts),
        "display_filter": f.display_filter,
        "evidence": [
            {"capture": e.capture, "frame": e.frame, "time": rfc3339(e.time_ns), "note": e.note, "device": e.device} for e in f.evidence
        ],
    }  # fmt: skip


def live_finding(change: LiveChange, now_ns: int | None) -> FindingLine:
    """A line about a finding while a capture is under way: ``change`` is ``new``, ``changed`` or ``withdrawn``, ``number`` stays the same."""
    names = {d.id: d.hostname or d.mac or next(iter(d.addresses), d.id) for d in change.report.devices}
    return {
        "type": "finding",
        **finding(change.finding),
        "change": change.kind,
        "number": change.number,
        "changed": change.what or None,
        "at": rfc3339(now_ns),
        "device_names": {d: names[d] for d in change.finding.devices if d in names},
    }


def _capture(c: Capture) -> CaptureDoc:
    return {
        "path": c.path,
        "format": c.format,
        "packets": c.packets,
        "bytes": c.bytes,
        "first_time": rfc3339(c.first_time_ns),
        "last_time": rfc3339(c.last_time_ns),
        "link_types": list(c.link_types),
        "encapsulations": dict(c.encapsulations),
        "problems": [{"code": p.code, "detail": p.detail, "offset": p.offset, "frame": p.frame, "count": p.count} for p in c.problems],
        "interfaces": [
            {
                "name": i.name,
                "description": i.description,
                "link_type": i.link_type,
                "snaplen": i.snaplen,
                "packets": i.packets,
                "received": i.received,
                "dropped": i.dropped,
            }
            for i in c.interfaces
        ],
        "comments": list(c.comments),
    }


def _site(s: Site) -> SiteDoc:
    return {"inside": list(s.inside), "public_ips": list(s.public_ips), "external_fqdns": list(s.external_fqdns), "guessed": list(s.guessed)}


def _device(d: Device) -> DeviceDoc:
    return {
        "id": d.id,
        "mac": d.mac,
        "mac_randomized": d.mac_randomized,
        "vendor": d.vendor,
        "addresses": list(d.addresses),
        "hostname": d.hostname,
        "platform": {"name": d.platform.name, "client": d.platform.client, "because": list(d.platform.because)},
        "sessions": list(d.sessions),
        "notes": list(d.notes),
    }


def _session(s: Session) -> SessionDoc:
    return {
        "id": s.id,
        "device": s.device,
        "service": s.service,
        "domain": s.domain,
        "first_time": rfc3339(s.first_time_ns),
        "last_time": rfc3339(s.last_time_ns),
        "outcome": s.outcome,
        "failed_at": s.failed_at,
        "summary": s.summary,
        "steps": [_step(step) for step in s.steps],
        "findings": list(s.findings),
    }


def _step(s: Step) -> StepDoc:
    return {
        "kind": s.kind,
        "role": s.role,
        "time": rfc3339(s.time_ns),
        "outcome": s.outcome,
        "target": s.target,
        "server": s.server,
        "reason": s.reason,
        "frames": [_frame(f) for f in s.frames],
        "detail": _plain(s.detail),
    }


def _frame(f: FrameRef) -> FrameDoc:
    return {"capture": f.capture, "frame": f.frame}


def _not_judged(n: NotJudged) -> NotJudgedDoc:
    return {"code": n.code, "devices": list(n.devices), "reason": n.reason}


def _flow(f: FlowSummary) -> FlowDoc:
    return {
        "id": f.id,
        "capture": f.capture,
        "transport": f.transport,
        "client": f.client,
        "client_port": f.client_port,
        "server": f.server,
        "server_port": f.server_port,
        "name": f.name,
        "first_frame": f.first_frame,
        "last_frame": f.last_frame,
        "first_time": rfc3339(f.first_time_ns),
        "last_time": rfc3339(f.last_time_ns),
        "packets": f.packets,
        "bytes_client": f.bytes_client,
        "bytes_server": f.bytes_server,
        "syn": f.syn,
        "synack": f.synack,
        "fin": f.fin,
        "rst": f.rst,
    }


def _joined(items: list[Any]) -> Iterator[str]:
    for number, item in enumerate(items):
        yield (",\n  " if number else "") + dumps(item)


def _plain(value: Any) -> Any:
    """Facts as JSON takes them: any mapping a dict, any sequence a list."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _true_text(value: Any) -> Any:
    """Like ``value``, surrogates in texts written out."""
    if isinstance(value, str):
        return value if value.isascii() else "".join(_written(c) if "\ud800" <= c <= "\udfff" else c for c in value)
    if isinstance(value, Mapping):
        return {_true_text(key): _true_text(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_true_text(item) for item in value]
    return value


def _written(surrogate: str) -> str:
    code = ord(surrogate)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{{{code:x}}}"

"""The report as tables: pandas frames, CSV and Parquet. Text in CSV is made visible and can start no formula; Parquet keeps the true text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from pcapkit.model import Device, Evidence, Finding, FlowSummary, Report, Session, Step
from pcapkit.report.escape import visible
from pcapkit.report.json import dumps

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
CELL_CHARS: Final = 4_096


# ---------------------------------------------------------------- rows


def device_row(device: Device) -> Row:
    """A device."""
    return {
        "device": device.id,
        "hostname": device.hostname,
        "mac": device.mac,
        "mac_randomized": device.mac_randomized,
        "vendor": device.vendor,
        "addresses": " ".join(device.addresses),
        "platform": device.platform.name,
        "client": device.platform.client,
        "sessions": len(device.sessions),
    }


def session_row(session: Session) -> Row:
    """A session."""
    return {
        "session": session.id,
        "device": session.device,
        "service": session.service,
        "domain": session.domain,
        "first_time": session.first_time_ns,
        "last_time": session.last_time_ns,
        "outcome": session.outcome,
        "failed_at": session.failed_at,
        "summary": session.summary,
        "findings": " ".join(session.findings),
    }


def step_row(device: str, session: str, step: Step) -> Row:
    """A step of a session; ``latency_s`` from question to answer, where the capture shows both."""
    latency = step.detail.get("latency_s", step.detail.get("rtt_s"))
    return {
        "device": device,
        "session": session,
        "kind": step.kind,
        "role": step.role,
        "time": step.time_ns,
        "outcome": step.outcome,
        "target": step.target,
        "server": step.server,
        "reason": step.reason,
        "latency_s": latency if isinstance(latency, (int, float)) else None,
        "frames": " ".join(str(f.frame) for f in step.frames),
    }


def finding_row(finding: Finding) -> Row:
    """A finding."""
    return {
        "finding": finding.id,
        "code": finding.code,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "title": finding.title,
        "detail": finding.detail,
        "devices": " ".join(finding.devices),
        "sessions": " ".join(finding.sessions),
        "caused_by": " ".join(finding.caused_by),
        "first_time": min((e.time_ns for e in finding.evidence), default=None),
        "frames": " ".join(str(e.frame) for e in finding.evidence),
        "display_filter": finding.display_filter,
        "remedy": " ".join(finding.remedy),
    }


def evidence_row(finding: Finding, evidence: Evidence) -> Row:
    """A frame of a finding."""
    return {
        "finding": finding.id,
        "code": finding.code,
        "capture": evidence.capture,
        "frame": evidence.frame,
        "time": evidence.time_ns,
        "note": evidence.note,
        "device": evidence.device,
    }


def flow_row(flow: FlowSummary) -> Row:
    """A conversation."""
    return {
        "flow": flow.id,
        "capture": flow.capture,
        "transport": flow.transport,
        "client": flow.client,
        "client_port": flow.client_port,
        "server": flow.server,
        "server_port": flow.server_port,
        "name": flow.name,
        "first_frame": flow.first_frame,
        "last_frame": flow.last_frame,
        "first_time": flow.first_time_ns,
        "last_time": flow.last_time_ns,
        "packets": flow.packets,
        "bytes_client": flow.bytes_client,
        "bytes_server": flow.bytes_server,
        "syn": flow.syn,
        "synack": flow.synack,
        "fin": flow.fin,
        "rst": flow.rst,
    }


def finding_rows(report: Report) -> Iterator[Row]:
    """A row for each finding and device that it hits: what a spreadsheet wants to filter and pivot."""
    devices = {d.id: d for d in report.devices}
    for finding in report.findings:
        for device_id in finding.devices or (None,):
            device = devices.get(device_id) if device_id else None
            by_device = finding.facts.get("by_device")
            own = by_device.get(device_id) if isinstance(by_device, Mapping) and device_id else None
            yield {
                **finding_row(finding),
                "devices": device_id,
                "hostname": device.hostname if device else None,
                "mac": device.mac if device else None,
                "address": device.addresses[0] if device and device.addresses else None,
                "platform": device.platform.name if device else None,
                "device_facts": dumps(own) if own else None,
            }


def tables(report: Report) -> Iterator[tuple[str, list[Row]]]:
    """Every table of a report by name: ``devices``, ``sessions``, ``steps``, ``findings``, ``evidence``, and ``flows`` if they were kept."""
    yield "devices", [device_row(d) for d in report.devices]
    yield "sessions", [session_row(s) for s in report.sessions]
    yield "steps", [step_row(s.device, s.id, step) for s in report.sessions for step in s.steps]
    yield "findings", [finding_row(f) for f in report.findings]
    yield "evidence", [evidence_row(f, e) for f in report.findings for e in f.evidence]
    if report.flows is not None:
        yield "flows", [flow_row(f) for f in report.flows]


COLUMNS: Final = {
    "devices": "device hostname mac mac_randomized vendor addresses platform client sessions",
    "sessions": "session device service domain first_time last_time outcome failed_at summary findings",
    "steps": "device session kind role time outcome target server reason latency_s frames",
    "findings": "finding code severity confidence title detail devices sessions caused_by first_time frames display_filter remedy",
    "evidence": "finding code capture frame time note device",
}
"""Columns of a table without rows."""


# ---------------------------------------------------------------- frames and files


def frame(rows: list[Row], columns: str = "") -> pd.DataFrame:
    """A pandas frame; columns of times (ns since the epoch) become timestamps in UTC."""
    import pandas as pd  # 0.9 s of CPU: only who asks for a frame pays

    made = pd.DataFrame(rows, columns=columns.split() if columns and not rows else None)
    for name in ("time", "first_time", "last_time"):
        if name in made:
            made[name] = pd.to_datetime(made[name], utc=True, unit="ns", errors="coerce")
    return made


def csv_text(rows: list[Row], columns: str = "") -> str:
    """Comma-separated values: texts visible, cells that would start a formula behind an apostrophe, times RFC 3339."""
    import csv

    from pcapkit.times import rfc3339

    out = io.StringIO()
    names = list({name: None for row in rows for name in row})
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names or (columns or COLUMNS["findings"]).split())
    for row in rows:
        moments = {name: rfc3339(row[name]) for name in ("first_time", "last_time", "time") if isinstance(row.get(name), int)}
        writer.writerow([cell(moments.get(name, row.get(name))) for name in names])
    return out.getvalue()


def cell(value: Any) -> str:
    """One cell of CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, dict)):
        value = dumps(value)
    text = visible(str(value), CELL_CHARS)
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text


def parquet_bytes(rows: list[Row], columns: str = "") -> bytes:
    """One Parquet file."""
    out = io.BytesIO()
    frame([{name: _storable(value) for name, value in row.items()} for row in rows], columns).to_parquet(out, index=False)
    return out.getvalue()


def _storable(value: Any) -> Any:
    """Parquet takes UTF-8 only; what has no column type of its own is JSON."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode("utf-8")
    return dumps(value) if isinstance(value, (list, tuple, dict)) else value


def event_rows(events: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Events as rows: nested values as JSON text."""
    return [{key: dumps(value) if isinstance(value, (list, tuple, dict)) else value for key, value in event.items()} for event in events]

"""A report as rows for the filter language: one for each session and finding that belong together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pcapkit.filter import Row
from pcapkit.filter.fields import Value
from pcapkit.model import Device, Finding, Report, Session, Step
from pcapkit.report.words import device_name

RTT_KEYS: Final = ("rtt_s", "latency_s", "waited_s")
"""Facts of a step that say how long something took, in seconds; ``rtt_ms`` and ``latency_ms`` are read too."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Values by field, and which nouns they are of."""

    values: Row
    device: str | None
    session: str | None
    finding: str | None


def report_rows(report: Report) -> Iterator[ReportRow]:
    """Every device with each of its sessions and each finding of that session; then what stands alone."""
    devices = {d.id: device_values(d) for d in report.devices}
    findings = {f.id: f for f in report.findings}
    told: set[str] = set()
    for session in report.sessions:
        values = devices.get(session.device, {}) | session_values(session)
        hits = [findings[f] for f in session.findings if f in findings] + [
            f for f in report.findings if session.id in f.sessions and f.id not in session.findings
        ]
        told |= {f.id for f in hits}
        for finding in hits:
            yield ReportRow(values | finding_values(finding), session.device, session.id, finding.id)
        if not hits:
            yield ReportRow(values, session.device, session.id, None)
    for device in report.devices:
        if not device.sessions:
            yield ReportRow(devices[device.id], device.id, None, None)
    for finding in report.findings:
        if finding.id not in told:
            yield ReportRow(finding_values(finding), None, None, finding.id)


def device_values(device: Device) -> dict[str, tuple[Value, ...]]:
    """Fields of a device."""
    return {
        "device": (device.id, device_name(device), *filter(None, (device.hostname, device.platform.client))),
        "ip": device.addresses,
        "mac": (device.mac,) if device.mac else (),
        "vendor": (device.vendor,) if device.vendor else (),
        "platform": (device.platform.name,) if device.platform.name else (),
    }


def session_values(session: Session) -> dict[str, tuple[Value, ...]]:
    """Fields of a session and its steps."""
    steps = session.steps
    stopped = [s.kind for s in steps if s.outcome == "failed"]
    return {
        "session": (session.id,),
        "service": (session.service,),
        "domain": (session.domain,),
        "outcome": (session.outcome,),
        "step": (session.failed_at,) if session.failed_at else tuple(stopped),
        "time": (session.first_time_ns, session.last_time_ns, *(s.time_ns for s in steps)),
        "name": tuple(s.target for s in steps if s.target),
        "sni": tuple(v for s in steps if s.kind == "tls" and isinstance(v := s.detail.get("sni", s.target), str)),
        "role": tuple(s.role for s in steps),
        "proto": tuple({s.kind: None for s in steps}),
        "port": tuple(port for s in steps if (port := _port(s)) is not None),
        "status": tuple(v for s in steps if isinstance(v := s.detail.get("status"), int)),
        "rtt": tuple(v for s in steps for v in _rtt(s)),
        "frame": tuple(f.frame for s in steps for f in s.frames),
    }


def finding_values(finding: Finding) -> dict[str, tuple[Value, ...]]:
    """Fields of a finding."""
    return {"finding": (finding.code, finding.id), "severity": (finding.severity,), "confidence": (finding.confidence,)}


def _port(step: Step) -> int | None:
    """Of ``10.0.0.10:443`` and ``[2001:db8::1]:443``; a bare address has none."""
    host, _, port = (step.server or "").rpartition(":")
    return int(port) if (":" not in host or host.endswith("]")) and port.isascii() and port.isdigit() and host else None


def _rtt(step: Step) -> Iterator[float]:
    for key, value in step.detail.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if key in RTT_KEYS:
                yield float(value)
            elif key in ("rtt_ms", "latency_ms"):
                yield value / 1000

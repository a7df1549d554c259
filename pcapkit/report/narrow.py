"""A part of a finished report. Narrowing hides; it never changes a verdict on a device, and what is left refers only to what is left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from pcapkit import times
from pcapkit.model import CONFIDENCES, SEVERITIES, Device, Evidence, Finding, NotJudged, Report, Session, Severity
from pcapkit.report.words import folded
from pcapkit.rules._texts import tell

if TYPE_CHECKING:
    from pcapkit.filter import Filter

LISTED: Final = 12
"""Devices named when none matches."""


class NarrowingError(Exception):
    """The narrowing does not fit the report; the message says what would."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What is to be shown; empty means everything. ``ignore``: (code pattern, reason). Times and ``expression`` as typed."""

    devices: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    min_severity: Severity | None = None
    only: tuple[str, ...] = ()
    ignore: tuple[tuple[str, str | None], ...] = ()
    expression: str | None = None
    utc: bool = False


def check(wanted: Narrowing) -> None:
    """What can be said before there is a report: do the times and the filter read?

    Raises:
        NarrowingError: they do not.
    """
    _moments(wanted, 0)
    if wanted.expression:
        _predicate(wanted.expression, 0, wanted.utc)


def narrow(report: Report, wanted: Narrowing) -> Report:
    """The part of the report that is wanted.

    Raises:
        NarrowingError: no such device, no such time, or a filter that cannot be read.
    """
    whole = report = _set_aside(report, wanted)
    for part in (_by_device, _by_domain, _by_time, _by_expression):
        report = part(report, wanted)
    keep = {f.id for f in report.findings if _code_wanted(f, wanted)}
    if len(keep) < len(report.findings):
        report = keep_findings(report, keep)
    left_out = {"left_out": len(whole.findings) - len(report.findings), "sessions_left_out": len(whole.sessions) - len(report.sessions)}
    return replace(report, counts=dict(report.counts) | {key: number for key, number in left_out.items() if number})


def keep_sessions(report: Report, devices: set[str], sessions: set[str], findings: set[str] | None = None) -> Report:
    """Only these devices and sessions, with the findings that hit them (or only those of ``findings``); findings of the capture stay."""

    def hits(finding: Finding) -> bool:
        if findings is not None:
            return finding.id in findings
        return not finding.devices or bool(sessions & set(finding.sessions)) or (not finding.sessions and bool(devices & set(finding.devices)))

    gone = {d.id for d in report.devices} - devices
    kept = tuple(_shrink(f, devices, sessions, gone) for f in report.findings if hits(f))
    return _consistent(
        replace(
            report,
            devices=tuple(d for d in report.devices if d.id in devices),
            sessions=tuple(s for s in report.sessions if s.id in sessions),
            findings=kept,
            not_judged=_not_judged(report.not_judged, devices),
        )
    )


def keep_findings(report: Report, keep: set[str]) -> Report:
    """Only these findings; devices and sessions stay as they are."""
    return _consistent(replace(report, findings=tuple(f for f in report.findings if f.id in keep)))


def find_devices(report: Report, wanted: str) -> list[Device]:
    """Devices with this id, MAC, address or host name (patterns allowed)."""
    pattern = wanted.strip().lower()

    def names(device: Device) -> Iterable[str]:
        yield from filter(None, (device.id, device.mac, device.hostname, *device.addresses))

    plain = pattern.replace("-", ":") if pattern.count("-") == 5 else pattern
    return [d for d in report.devices if any(fnmatchcase(name.lower(), plain) or fnmatchcase(name.lower(), pattern) for name in names(d))]


# ---------------------------------------------------------------- the parts


def _set_aside(report: Report, wanted: Narrowing) -> Report:
    """Move ignored findings to ``ignored``."""
    reasons = dict(report.ignored_because)
    aside: list[Finding] = []
    for finding in report.findings:
        match = next(((code, why) for code, why in wanted.ignore if fnmatchcase(finding.code, code)), None)
        if match:
            aside.append(finding)
            if match[1]:
                reasons[finding.id] = match[1]
    if not aside:
        return report
    ids = {f.id for f in aside}
    report = replace(report, ignored=(*report.ignored, *aside), ignored_because=reasons)
    return keep_findings(report, {f.id for f in report.findings} - ids)


def _by_device(report: Report, wanted: Narrowing) -> Report:
    if not wanted.devices:
        return report
    devices: set[str] = set()
    for text in wanted.devices:
        found = {d.id for d in find_devices(report, text)}
        if not found:
            raise NarrowingError(f"--device {text}: no such device; there {_listed(report.devices)}")
        devices |= found
    return keep_sessions(report, devices, {s.id for s in report.sessions if s.device in devices})


def _listed(devices: tuple[Device, ...]) -> str:
    """``are D1 iPhone-Joe 10.20.0.31, D2 …``: the devices there are."""
    if not devices:
        return "are no devices in this capture"
    said = [" ".join(filter(None, (d.id, d.hostname, d.addresses[0] if d.addresses else d.mac))) for d in devices[:LISTED]]
    more = f" and {len(devices) - LISTED} more" if len(devices) > LISTED else ""
    return ("are " if len(devices) > 1 else "is ") + ", ".join(said) + more


def _by_domain(report: Report, wanted: Narrowing) -> Report:
    if not wanted.domains:
        return report
    sessions = {s.id for s in report.sessions if any(_of_domain(s.domain, d) for d in wanted.domains)}
    return _by_sessions(report, sessions)


def _of_domain(domain: str, wanted: str) -> bool:
    domain = domain.lower().rstrip(".")
    return domain == wanted or domain.endswith("." + wanted) or fnmatchcase(domain, wanted)


def _by_time(report: Report, wanted: Narrowing) -> Report:
    if wanted.since is None and wanted.until is None:
        return report
    since, until = _moments(wanted, _start(report))
    return _by_sessions(report, {s.id for s in report.sessions if s.last_time_ns >= since and s.first_time_ns <= until})


def _moments(wanted: Narrowing, first_ns: int | None) -> tuple[int, int]:
    try:
        since = times.parse(wanted.since, wanted.utc, first_ns) if wanted.since else -(2**63)
        until = times.parse(wanted.until, wanted.utc, first_ns) if wanted.until else 2**63
    except times.TimeError as error:
        raise NarrowingError(str(error)) from None
    return since, until


def _by_sessions(report: Report, sessions: set[str]) -> Report:
    """Only these sessions, and their devices."""
    return keep_sessions(report, {s.device for s in report.sessions if s.id in sessions}, sessions)


def _by_expression(report: Report, wanted: Narrowing) -> Report:
    if not wanted.expression:
        return report
    from pcapkit.report.rows import report_rows

    matches = _predicate(wanted.expression, _start(report), wanted.utc)
    kept = [row for row in report_rows(report) if matches(row.values)]
    return keep_sessions(
        report,
        {row.device for row in kept if row.device},
        {row.session for row in kept if row.session},
        {row.finding for row in kept if row.finding},
    )


def _predicate(expression: str, start_ns: int | None, utc: bool) -> Filter:
    from pcapkit.filter import FilterError, compile_filter

    try:
        return compile_filter(expression, start_ns, utc)
    except FilterError as error:
        raise NarrowingError(f"--filter: {error}") from None


def _start(report: Report) -> int | None:
    return min((c.first_time_ns for c in report.captures if c.first_time_ns is not None), default=None)


def _code_wanted(finding: Finding, wanted: Narrowing) -> bool:
    if wanted.min_severity and SEVERITIES.index(finding.severity) > SEVERITIES.index(wanted.min_severity):
        return False
    return not wanted.only or any(fnmatchcase(finding.code, code) for code in wanted.only)


# ---------------------------------------------------------------- keeping references true


def _shrink(finding: Finding, devices: set[str], sessions: set[str], gone: set[str]) -> Finding:
    """The finding without the devices and sessions that are not shown, their evidence and their facts."""
    if not gone & set(finding.devices) and sessions >= set(finding.sessions):
        return finding
    finding = _of(finding, [d for d in finding.devices if d in devices])
    facts = dict(finding.facts)
    by_device = facts.get("by_device")
    if isinstance(by_device, dict):
        facts["by_device"] = {key: value for key, value in by_device.items() if key not in gone}
    evidence = tuple(e for e in finding.evidence if e.device not in gone)
    sentences = tuple((device, said) for device, said in finding.sentences if device not in gone)
    return replace(
        finding,
        detail=tell(sentences) if sentences else finding.detail,
        sentences=sentences,
        devices=tuple(d for d in finding.devices if d in devices),
        sessions=tuple(s for s in finding.sessions if s in sessions),
        facts=facts,
        evidence=evidence,
        display_filter=_display_filter(finding, evidence),
    )


def _of(finding: Finding, devices: list[str]) -> Finding:
    """The finding as these of its devices met it: their worst severity and best confidence; of one of them, all that it would be alone."""
    alone = [finding.alone[d] for d in devices if d in finding.alone]
    if len(alone) == 1:
        return replace(alone[0], id=finding.id)
    if not alone:
        return finding
    severity, confidence = min((f.severity for f in alone), key=SEVERITIES.index), min((f.confidence for f in alone), key=CONFIDENCES.index)
    return replace(finding, severity=severity, confidence=confidence)


def _display_filter(finding: Finding, evidence: tuple[Evidence, ...]) -> str:
    """The filter by frame numbers follows the evidence; any other stays."""
    if len(evidence) == len(finding.evidence) or not finding.display_filter.startswith("frame.number in {") or not evidence:
        return finding.display_filter
    capture = evidence[0].capture
    frames = sorted({e.frame for e in evidence if e.capture == capture})
    return f"frame.number in {{{folded(frames, '..', len(frames)).replace(' ', '')}}}"


def _not_judged(entries: tuple[NotJudged, ...], devices: set[str]) -> tuple[NotJudged, ...]:
    return tuple(replace(n, devices=tuple(d for d in n.devices if d in devices)) for n in entries if not n.devices or devices & set(n.devices))


def _consistent(report: Report) -> Report:
    """Drop references to what is not in the report any more."""
    findings = {f.id for f in report.findings}
    sessions = {s.id for s in report.sessions}

    def only(ids: tuple[str, ...], known: set[str]) -> tuple[str, ...]:
        return ids if known.issuperset(ids) else tuple(i for i in ids if i in known)

    def session(s: Session) -> Session:
        kept = only(s.findings, findings)
        return s if kept is s.findings else replace(s, findings=kept)

    def device(d: Device) -> Device:
        kept = only(d.sessions, sessions)
        return d if kept is d.sessions else replace(d, sessions=kept)

    def finding(f: Finding) -> Finding:
        kept = only(f.caused_by, findings)
        return f if kept is f.caused_by else replace(f, caused_by=kept)

    return replace(
        report,
        devices=tuple(map(device, report.devices)),
        sessions=tuple(map(session, report.sessions)),
        findings=tuple(map(finding, report.findings)),
    )

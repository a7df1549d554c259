"""Findings in the text report: what happened, by which packets, what to do, how sure, what was not seen."""

from __future__ import annotations

from typing import Final

from pcapkit.model import Finding, Report
from pcapkit.report import words
from pcapkit.report.style import Style
from pcapkit.report.text.page import GLUE, Page

GROUPS: Final = 8
"""Groups of evidence that are listed; the JSON document has all."""
FILTER_CHARS: Final = 210
"""A display filter by frames that is longer names the first frames only, and says so."""
ROWS: Final = 6
"""Lines of what differs by device."""
REASONS: Final = 5
"""Reasons for the confidence that are listed."""


def write(page: Page, finding: Finding, report: Report) -> None:
    """One finding with all that belongs to it."""
    style = page.style
    head = f"{finding.id} {style.mark(finding.severity)} {finding.code}"
    because = f"   because{GLUE}of{GLUE}{' '.join(finding.caused_by)}" if finding.caused_by else ""
    page.painted(head, finding.severity, f"   {finding.severity}, {finding.confidence} confidence   {words.hits(finding)}{because}", "   ")
    page.text(style.prose(finding.detail or finding.title), "   ")
    for row in _by_device(style, finding, report):
        page.text(row, "   ", "      ")
    if finding.evidence:
        page.labelled("Evidence", evidence(style, finding, len(report.captures) > 1))
    page.labelled("Because", style.prose(words.listed(finding.confidence_because, REASONS, "; "))) if finding.confidence_because else None
    page.numbered("Do", [style.prose(text) for text in finding.remedy]) if finding.remedy else None
    if finding.display_filter:
        page.labelled("Wireshark", style.prose(words.short_filter(finding.display_filter, FILTER_CHARS)))
    if finding.unseen:
        page.labelled("Not seen", style.prose("; ".join(text.rstrip(".") for text in finding.unseen)) + ".")
    page.gap()


def evidence(style: Style, finding: Finding, many_captures: bool = False) -> str:
    """``frame 41 DNS answer · 42-47 SYN ×6``; with several captures ``2:41``, numbered as in the summary."""
    groups = words.grouped(finding.evidence)
    kept = sorted(sorted(range(len(groups)), key=lambda n: -len(groups[n].frames))[:GROUPS])  # the fullest, in their order
    parts: list[str] = []
    for group in (groups[n] for n in kept):
        place = f"{group.capture + 1}:" if many_captures else ""
        times = f"{GLUE}×{len(group.frames)}" if len(group.frames) > 1 else ""
        parts.append(f"{place}{words.folded(group.frames)}{GLUE}{style.show(group.note)}{times}")
    left = sum(len(group.frames) for n, group in enumerate(groups) if n not in kept)
    if left:
        parts.append(f"and {words.count(left, 'more frame')} (--format json)")
    return ("frame " if not many_captures else "file:frame ") + " · ".join(parts)


def _by_device(style: Style, finding: Finding, report: Report) -> list[str]:
    """What differs by device, where a finding hits several; devices alike share a line."""
    facts = finding.facts.get("by_device")
    if not isinstance(facts, dict) or len(finding.devices) < 2:
        return []
    names = {d.id: style.show(words.device_name(d), 40) for d in report.devices}
    alike: dict[str, list[str]] = {}
    for device, own in facts.items():
        pairs = own.items() if isinstance(own, dict) else ()
        said = ", ".join(f"{style.show(key.replace('_', ' '))} {_value(style, value)}" for key, value in pairs if _scalar(value))
        if said and device in names:
            alike.setdefault(said, []).append(device)
    rows = [f"{_devices(devices, names)}: {said}" for said, devices in alike.items()]
    more = len(rows) - ROWS
    return [*rows[:ROWS], f"and {words.count(more, 'more line')} (--format json)"] if more > 0 else rows


def _devices(devices: list[str], names: dict[str, str]) -> str:
    """``D1 iPhone-Joe``; several by id only."""
    return f"{devices[0]} {names[devices[0]]}" if len(devices) == 1 else words.listed(devices, 8)


def _scalar(value: object) -> bool:
    return isinstance(value, (str, int, float)) and value != ""


def _value(style: Style, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return style.show(str(value), 120)

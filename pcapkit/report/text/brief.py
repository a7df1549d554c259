"""``--brief``: one line a finding, the severity first and in words, for eyes, ears and grep."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.model import Report
from pcapkit.report import sentences, words
from pcapkit.report.style import Style


def brief(report: Report, style: Style) -> Iterator[str]:
    """A line a finding; without any, one line that says so and what could not be judged."""
    names = {d.id: style.show(words.device_name(d), 40) for d in report.devices}
    for finding in report.findings:
        whom = ", ".join(f"{d} {names[d]}" for d in finding.devices[:3] if d in names)
        more = f" and {len(finding.devices) - 3} more" if len(finding.devices) > 3 else ""
        said = style.prose(words.first_sentence(finding.detail or finding.title))
        yield (
            style.own(
                f"{style.paint(finding.severity, finding.severity)}: {finding.id} {finding.code} ({finding.confidence}) {whom or 'capture'}{more}: "
            )
            + said
            + "\n"
        )
    if not report.findings:
        yield style.own(_nothing(report)) + "\n"


def _nothing(report: Report) -> str:
    packets = words.count(sum(c.packets for c in report.captures), "packet")
    if not report.sessions and report.counts.get("sessions_left_out"):
        return f"none: {(sentences.verdict(report) or '').lower().rstrip('.')}"
    if not report.sessions:
        return f"none: no autodiscover sessions in {packets}"
    codes: dict[str, dict[str, None]] = {}
    for entry in report.not_judged:
        codes.setdefault(entry.reason, {})[entry.code] = None
    open_ = "; ".join(f"{', '.join(of)}: {reason}" for reason, of in codes.items()) or "nothing"
    said = (sentences.verdict(report) or "").rstrip(".")
    return f"none: {said[:1].lower()}{said[1:]} in {words.count(len(report.sessions), 'session')}; could not be judged: {open_}"

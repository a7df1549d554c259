"""What stands around findings and sessions in the text report: the summary before them, the limits of the capture behind."""

from __future__ import annotations

from typing import Final

from pcapkit.model import Report
from pcapkit.report import sentences, words
from pcapkit.report.text.page import Page

FLOWS: Final = 1_000
"""Flows that are listed; the JSON document has all."""


def summary(page: Page, report: Report) -> None:
    """What was read, what was found, and what counts as inside."""
    style = page.style
    for number, line in enumerate(sentences.captures(style, report)):
        page.text(line, "  " if number else "", "      " if number else "  ")
    page.text(words.tally(report))
    page.text(sentences.site(style, report))
    if report.interrupted:
        page.text(f"{style.mark('warning')} {sentences.STOPPED}")
    for bad in report.unreadable:
        page.text(f"{style.mark('warning')} Not read: {style.show(bad.path)}: {style.prose(bad.reason)}")
    page.gap()


def no_fault(page: Page, report: Report, verdict: str) -> None:
    """Nothing serious was found; without sessions also what was there instead and what would show one."""
    if report.sessions:
        mark = "warning" if sentences.unlucky(report) else "ok"
        page.painted(f"{page.style.mark(mark)} {verdict}", mark, "", "")
        page.gap()
        return
    page.text(verdict)
    for said in sentences.instead(report):
        page.text(said, " · ", "   ")
    page.gap()
    page.numbered("Next", list(sentences.next_steps(report)), indent="")
    page.gap()


def not_judged(page: Page, report: Report) -> None:
    """What this capture cannot decide, and why."""
    page.heading("Could not be judged")
    if not report.not_judged:
        page.text("nothing that pcapkit knows of" if report.sessions else "there was nothing to judge", " ")
    for sentence in sentences.not_judged(page.style, report.not_judged):
        page.text(sentence, " ", "    ")
    page.gap()


def ignored(page: Page, report: Report) -> None:
    """Findings that the user asked not to hear."""
    if not report.ignored:
        return
    page.heading("Ignored")
    for finding in report.ignored:
        page.text(sentences.ignored(page.style, finding, report), " ", "    ")
    page.gap()


def capture(page: Page, report: Report) -> None:
    """What each capture is, its problems, and what could not be seen."""
    page.heading("Capture")
    for mark, sentence in sentences.limits(page.style, report):
        page.text(sentence, f" {page.style.mark(mark)} ", "   ")
    page.gap()


def flows(page: Page, report: Report) -> None:
    """The conversations (``--full``)."""
    if report.flows is None:
        return
    page.heading("Flows")
    for flow in report.flows[:FLOWS]:
        name = f" {page.style.show(flow.name)}" if flow.name else ""
        ends = page.style.show(f"{flow.transport} {flow.client}:{flow.client_port} → {flow.server}:{flow.server_port}")
        size = f"{words.count(flow.packets, 'packet')}, {flow.bytes_client + flow.bytes_server:,} bytes"
        page.text(f"{flow.id} {ends}{name} · {size}, from frame {flow.first_frame}", " ", "    ")
    if len(report.flows) > FLOWS:
        page.text(f"and {words.count(len(report.flows) - FLOWS, 'more flow')} (--format json)", " ")
    page.gap()

"""The first lines of the text report, and its last one."""

from __future__ import annotations

import os

from pcapkit.model import Capture, Report
from pcapkit.report import words
from pcapkit.report.style import Style
from pcapkit.report.text import capture
from pcapkit.report.text.page import Page


def write(page: Page, report: Report) -> None:
    """What was read, what was found, and what counts as inside."""
    style = page.style
    if len(report.captures) == 1:
        page.text(f"pcapkit {report.version} · {_capture(style, report.captures[0])}", "", "  ")
    else:
        packets = sum(c.packets for c in report.captures)
        page.text(f"pcapkit {report.version} · {words.count(len(report.captures), 'capture')} · {words.count(packets, 'packet')}")
        for number, one in enumerate(report.captures, 1):
            page.text(f"{number} · {_capture(style, one)}", "  ", "      ")
    page.text(words.tally(report))
    page.text(_site(style, report))
    if report.interrupted:
        page.text(f"{style.mark('warning')} Stopped before the end: this is what was read until then.")
    for bad in report.unreadable:
        page.text(f"{style.mark('warning')} Not read: {style.show(bad.path)}: {style.prose(bad.reason)}")
    page.gap()


def _capture(style: Style, one: Capture) -> str:
    """``site-a.pcapng · 41,210 packets · 2026-11-22 10:02-10:09 +01:00``."""
    name = style.show("standard input" if one.path == "-" else os.path.basename(one.path) or one.path)
    return " · ".join(filter(None, (name, words.count(one.packets, "packet"), span(style, one.first_time_ns, one.last_time_ns))))


def span(style: Style, first: int | None, last: int | None) -> str:
    """From when to when, with the clock's offset."""
    if first is None or last is None:
        return ""
    start, end = style.date(first), style.date(last)
    if start != end:
        return f"{start} {style.minute(first)} to {end} {style.minute(last)} {style.offset(first)}"
    until = "" if style.minute(first) == style.minute(last) else f"-{style.minute(last)}"
    return f"{start} {style.minute(first)}{until} {style.offset(first)}"


def _site(style: Style, report: Report) -> str:
    site = report.site

    def known(key: str, values: tuple[str, ...]) -> str:
        guess = " (guessed)" if key in site.guessed and values else ""
        return words.listed(map(style.show, values), 6, ", ") + guess

    own = [net for net in site.inside if net not in words.PRIVATE]
    inside = (
        known("inside", site.inside)
        if len(own) == len(site.inside) and own
        else "private addresses" + (f", {known('inside', tuple(own))}" if own else "")
    )
    public = known("public_ips", site.public_ips) or "none known (--public-ip names yours)"
    names = known("external_fqdns", site.external_fqdns)
    return f"Inside: {inside}.  Public: {public}." + (f"  External names: {names}." if names else "")


def no_fault(page: Page, report: Report) -> None:
    """Nothing serious was found: say so, always with what could not be judged; or that there was nothing to look at."""
    if not report.sessions:
        capture.nothing_relevant(page, report)
    else:
        remarks = f" ({words.count(len(report.findings), 'remark')} below)" if report.findings else ""
        page.text(f"{page.style.mark('ok')} No fault seen{remarks}.")
        page.gap()
    capture.not_judged(page, report, always=True)


def more(page: Page, report: Report) -> None:
    """Where to go from here."""
    device = report.devices[0].id if report.devices else "D1"
    page.text(f"More: --format json · one device: --device {device} · meaning: pcapkit explain CODE")

"""What the capture is and what it cannot show, in the text report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pcapkit.model import Capture, Problem, Report
from pcapkit.report import words
from pcapkit.report.style import Style
from pcapkit.report.text.page import Page

PROBLEMS: Final = 12
FLOWS: Final = 1_000
NOTES: Final = frozenset(("limit-reached", "unknown-link-type", "unknown-layer", "drops", "comment"))
"""Problems that are remarks: they cost no packet of the file itself."""


def write(page: Page, report: Report) -> None:
    """A paragraph a capture, its problems, and what could not be seen in all of them."""
    page.heading("Capture")
    style = page.style
    for number, capture in enumerate(report.captures, 1):
        place = f"{number} " if len(report.captures) > 1 else ""
        page.text(place + _facts(style, capture), f" {style.mark('info')} ", "   ")
        for problem in capture.problems[:PROBLEMS]:
            mark = style.mark("info" if problem.code in NOTES else "warning")
            page.text(place + _problem(style, problem), f" {mark} ", "   ")
        if len(capture.problems) > PROBLEMS:
            page.text(f"{place}and {words.count(len(capture.problems) - PROBLEMS, 'more problem')} (--format json)", "   ")
    blind = " ".join(_blind(report))
    if blind:
        page.text(blind, f" {style.mark('info')} ", "   ")
    page.gap()


def _facts(style: Style, capture: Capture) -> str:
    names = [style.show(i.name) for i in capture.interfaces if i.name]
    parts = [
        *names[:4],
        *([f"{len(names) - 4} more interfaces"] if len(names) > 4 else []),
        style.show(words.link(capture)),
        style.show(capture.format),
    ]
    drops = [i.dropped for i in capture.interfaces if i.dropped is not None]
    said = ", ".join(filter(None, parts)) + "."
    if drops:
        said += f" {words.count(sum(drops), 'packet')} dropped while capturing."
    for comment in capture.comments[:3]:
        said += f" Comment: {style.show(comment, 200)}."
    return said


def _problem(style: Style, problem: Problem) -> str:
    where = [f"byte {problem.offset:,}" if problem.offset is not None else "", f"frame {problem.frame:,}" if problem.frame is not None else ""]
    place = ", ".join(part for part in where if part and part not in problem.detail)
    times = f" ×{problem.count:,}" if problem.count > 1 else ""
    return style.prose(problem.detail or problem.code) + (f" ({place})" if place else "") + times


def _blind(report: Report) -> Iterator[str]:
    counts = report.counts
    if counts.get("tls13_hidden"):
        yield f"TLS 1.3: {words.count(counts['tls13_hidden'], 'handshake')} whose certificates cannot be seen."
    if counts.get("decrypted"):
        yield f"{words.count(counts['decrypted'], 'connection')} decrypted."
    elif counts.get("tls_hellos"):
        yield "Nothing was decrypted."


def not_judged(page: Page, report: Report, always: bool = False) -> None:
    """What this capture cannot decide, and why."""
    if not report.not_judged and not always:
        return
    page.heading("Could not be judged")
    if not report.not_judged:
        page.text("nothing that pcapkit knows of" if report.sessions else "there was nothing to judge", " ")
    for entry in report.not_judged:
        whom = words.listed(entry.devices, 6)
        page.text(
            f"{page.style.show(entry.code)}   {whom + ':' if whom else ''} {page.style.prose(entry.reason)}".replace("    ", "   "), " ", "    "
        )
    page.gap()


def nothing_relevant(page: Page, report: Report) -> None:
    """No session: what was there instead, and what to do next."""
    packets = sum(c.packets for c in report.captures)
    page.text(f"No autodiscover sessions in {words.count(packets, 'packet')}." if packets else "The capture holds no packets.")
    for said in words.counts(report):
        none = ", none for lyncdiscover* or autodiscover*" if said.startswith("DNS queries") and report.counts.get("dns_queries") else ""
        page.text(said + none, " · ", "   ")
    page.gap()
    page.numbered("Next", list(next_steps(report)), indent="")
    page.gap()


def next_steps(report: Report) -> Iterator[str]:
    """Two steps at least that would show a session, the likeliest first."""
    counts = report.counts
    if counts.get("wlan_encrypted"):
        yield "The phones' data is encrypted 802.11: capture on the access point's switch port instead, or give the key with --wpa-psk."
    if not any(c.packets for c in report.captures):
        yield "Check that the mirror port is on and the interface is up: pcapkit doctor -i IFACE tells."
    elif not counts.get("dns_queries"):
        yield "No DNS was captured: mirror the port behind which the phones are, before the resolver; a phone with private DNS shows none."
    yield "Start the capture first, then switch the phone's Wi-Fi off and on and sign in again: a sign-in from its cache shows no look-ups."
    if counts.get("tls_hellos") or counts.get("tcp_conversations"):
        yield "If the phone uses a cached address, name your external web services: --external-fqdn webext.example.com."
    yield "Capture at the access point or its switch port, both directions, whole packets (tcpdump -s 0)."


def flows(page: Page, report: Report) -> None:
    """The conversations (``--full``)."""
    if report.flows is None:
        return
    page.heading("Flows")
    for flow in report.flows[:FLOWS]:
        name = f" {page.style.show(flow.name)}" if flow.name else ""
        size = f"{flow.bytes_client + flow.bytes_server:,} bytes"
        ends = page.style.show(f"{flow.transport} {flow.client}:{flow.client_port} → {flow.server}:{flow.server_port}")
        page.text(f"{flow.id} {ends}{name} · {words.count(flow.packets, 'packet')}, {size}, from frame {flow.first_frame}", " ", "    ")
    if len(report.flows) > FLOWS:
        page.text(f"and {words.count(len(report.flows) - FLOWS, 'more flow')} (--format json)", " ")
    page.gap()

"""Sentences that every form of the report says alike: what was read, what counts as inside, what could not be seen, what to do next.

All of them are safe (``Style.show``); the forms only lay them out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Final

from pcapkit.model import Capture, Finding, NotJudged, Problem, Report
from pcapkit.report import words
from pcapkit.report.style import Style

PROBLEMS: Final = 12
"""Problems of a capture that are listed; the JSON document has all."""
REMARKS: Final = frozenset(("limit-reached", "unknown-link-type", "drops", "comment"))
"""Problems that cost no packet of the file itself."""

STOPPED: Final = "Stopped before the end: this is what was read until then."
MORE: Final = "More: --format json · one device: --device {device} · meaning: pcapkit explain CODE"


def captures(style: Style, report: Report) -> Iterator[str]:
    """What was read: one line for one capture, else a line for all and one for each."""
    if len(report.captures) == 1:
        yield f"pcapkit {report.version} · {capture(style, report.captures[0])}"
        return
    packets = sum(c.packets for c in report.captures)
    yield f"pcapkit {report.version} · {words.count(len(report.captures), 'capture')} · {words.count(packets, 'packet')}"
    for number, one in enumerate(report.captures, 1):
        yield f"{number} · {capture(style, one)}"


def capture(style: Style, one: Capture) -> str:
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


def site(style: Style, report: Report) -> str:
    """``Inside: private addresses.  Public: 203.0.113.50 (guessed).``"""
    here = report.site

    def known(key: str, values: tuple[str, ...]) -> str:
        guess = " (guessed)" if key in here.guessed and values else ""
        return words.listed(map(style.show, values), 6, ", ") + guess

    own = tuple(net for net in here.inside if net not in words.PRIVATE)
    private = "private addresses" if len(own) < len(here.inside) or not own else ""
    inside = ", ".join(filter(None, (private, known("inside", own))))
    public = known("public_ips", here.public_ips) or "none known (--public-ip names yours)"
    names = known("external_fqdns", here.external_fqdns)
    return f"Inside: {inside}.  Public: {public}." + (f"  External names: {names}." if names else "")


def verdict(report: Report) -> str | None:
    """The sentence that stands for findings where there is no serious one; None where there is. What is wrong with a capture says of no session."""
    serious = [f for f in report.findings if f.severity != "info"]
    if any(report.sessions or f.devices for f in serious):
        return None
    packets = sum(c.packets for c in report.captures)
    if report.sessions:
        beside = {"remark": (len(report.findings), "below"), "finding": (report.counts.get("left_out", 0), "left out by what was asked for")}
        notes = [f"{words.count(number, thing)} {where}" for thing, (number, where) in beside.items() if number]
        notes += [f"{len(report.ignored)} ignored"] if report.ignored else []
        said = f"No finding shown says why {words.count(unlucky(report), 'session')} did not go well" if unlucky(report) else "No fault seen"
        return said + (f" ({'; '.join(notes)})" if notes else "") + "."
    if elsewhere := report.counts.get("sessions_left_out"):
        return f"Nothing of what was asked for: {words.count(elsewhere, 'session')} of this capture {'is' if elsewhere == 1 else 'are'} left out."
    return f"No autodiscover sessions in {words.count(packets, 'packet')}." if packets else "The capture holds no packets."


def unlucky(report: Report) -> int:
    """Sessions that failed, or worked by luck."""
    return sum(s.outcome in ("failed", "degraded") for s in report.sessions)


def instead(report: Report) -> Iterator[str]:
    """What was there instead of sessions, each with its number."""
    if report.counts.get("sessions_left_out"):
        return
    asked = report.counts.get("discovery_queries", 0)
    names = f", {f'{asked:,}' if asked else 'none'} for lyncdiscover* or autodiscover*"
    for said in words.counts(report):
        yield said + (names if said.startswith("DNS queries") and report.counts.get("dns_queries") else "")


def next_steps(report: Report) -> Iterator[str]:
    """Two steps at least that would show a session, the likeliest first."""
    counts = report.counts
    if counts.get("sessions_left_out"):
        yield "Ask without --device, --domain, --since, --until or --filter, or for others: the sessions table lists what there is."
        return
    if _encrypted_frames(report):
        yield "The phones' data is encrypted 802.11: capture on the access point's switch port instead, or give the key with --wpa-psk."
    if not any(c.packets for c in report.captures):
        yield "Check that the mirror port is on and the interface is up: pcapkit doctor -i IFACE tells."
    elif counts.get("dns_queries") == 0:
        yield "No DNS was captured: mirror the port behind which the phones are, before the resolver; a phone with private DNS shows none."
    yield "Start the capture first, then switch the phone's Wi-Fi off and on and sign in again: a sign-in from its cache shows no look-ups."
    if counts.get("tls_hellos") or counts.get("tcp_conversations"):
        yield "If the phone uses a cached address, name your external web services: --external-fqdn webext.example.com."
    yield "Capture at the access point or its switch port, both directions, whole packets (tcpdump -s 0)."


def _encrypted_frames(report: Report) -> int:
    """802.11 frames whose data no key opens."""
    layers = (p for c in report.captures for p in c.problems if p.code == "unknown-layer" and "802.11" in p.detail and "encrypted" in p.detail)
    return report.counts.get("wlan_encrypted") or sum(p.count for p in layers)


def not_judged(style: Style, entries: Iterable[NotJudged]) -> Iterator[str]:
    """``untrusted-*, cert-*   D2: TLS 1.3, no keys: certificates cannot be seen``: codes of the same devices and reason together."""
    groups: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for entry in entries:
        groups.setdefault((entry.devices, entry.reason), []).append(entry.code)
    for (devices, reason), codes in groups.items():
        whom = words.listed(devices, 6)
        yield f"{', '.join(style.show(code) for code in codes)}   {f'{whom}: ' if whom else ''}{style.prose(reason)}"


def ignored(style: Style, finding: Finding, report: Report) -> str:
    """A finding that the user asked not to hear, and why."""
    why = report.ignored_because.get(finding.id)
    return f"{finding.id} {style.mark(finding.severity)} {finding.code} ({words.hits(finding)}){f': {style.show(why)}' if why else ''}"


def limits(style: Style, report: Report) -> Iterator[tuple[str, str]]:
    """(mark, sentence) of the capture section: what each capture is, what is wrong with it, and what could not be seen in all of them."""
    for number, one in enumerate(report.captures, 1):
        place = f"{number} " if len(report.captures) > 1 else ""
        yield "info", place + _facts(style, one)
        told = [problem for problem in one.problems if problem.code != "unknown-layer"]
        for problem in told[:PROBLEMS]:
            yield "info" if problem.code in REMARKS else "warning", place + _problem(style, problem)
        if len(told) > PROBLEMS:
            yield "warning", f"{place}and {words.count(len(told) - PROBLEMS, 'more problem')} (--format json)"
        unread = [f"{style.show(problem.detail)} ({problem.count:,})" for problem in one.problems if problem.code == "unknown-layer"]
        if unread:
            yield "info", f"{place}Not read further: {words.listed(unread, PROBLEMS, ', ')}."
    blind = " ".join(_blind(report))
    if blind:
        yield "info", blind


def _facts(style: Style, one: Capture) -> str:
    names = [style.show(i.name) for i in one.interfaces if i.name]
    more = f"{len(names) - 4} more interfaces" if len(names) > 4 else ""
    said = ", ".join(filter(None, (*names[:4], more, style.show(words.link(one)), style.show(one.format)))) + "."
    drops = [i.dropped for i in one.interfaces if i.dropped is not None]
    if drops:
        said += f" {words.count(sum(drops), 'packet')} dropped while capturing."
    for comment in one.comments[:3]:
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
    if "decrypted" in counts:
        yield f"Decrypted: {counts['decrypted']:,} of {words.count(counts.get('keys_asked', 0), 'connection')} matched the keys given."
    elif counts.get("tls_hellos"):
        yield "Nothing was decrypted."

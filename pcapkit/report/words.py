"""Nouns of the report in words: one way to name a device, an outcome or a list of frames, for every text, page and screen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pcapkit.model import Capture, Device, Evidence, Finding, Report, Session, Step
from pcapkit.report.marks import PLATFORM_WORDS, STAGE_WORDS

LINK_WORDS: Final = {
    "ethernet": "Ethernet",
    "null": "loopback",
    "loop": "loopback",
    "raw-ip": "raw IP",
    "ipv4": "raw IPv4",
    "ipv6": "raw IPv6",
    "ppp": "PPP",
    "ppi": "PPI",
    "nflog": "NFLOG",
    "pktap": "PKTAP",
    "linux-sll": "Linux cooked",
    "linux-sll2": "Linux cooked v2",
    "ieee802-11": "802.11",
    "ieee802-11-radiotap": "802.11 with radiotap",
    "ieee802-11-prism": "802.11 with Prism header",
    "ieee802-11-avs": "802.11 with AVS header",
}
ENCAPSULATION_WORDS: Final = {
    "vlan": "VLAN tags",
    "qinq": "stacked VLAN tags",
    "ip-in-ip": "IP in IP",
    "hp-erm": "HP ERM",
    "aruba": "Aruba GRE",
    "teredo": "Teredo",
    "6in4": "6in4",
}
"""Names that capital letters alone do not make readable (``erspan`` becomes ERSPAN)."""

COUNT_WORDS: Final = {
    "dns_queries": "DNS queries",
    "tls_hellos": "TLS hellos",
    "http_requests": "HTTP requests",
    "dhcp": "DHCP messages",
    "quic": "QUIC packets",
    "tcp_conversations": "TCP conversations",
    "udp_conversations": "UDP conversations",
    "started_late": "conversations already under way at the start",
    "wlan_encrypted": "encrypted 802.11 frames (no key)",
    "unknown_layers": "packets with an unknown layer",
    "unknown_link": "packets of an unknown link type",
}
"""Keys of ``Report.counts`` in the order they are told; other keys serve sentences of their own."""

PRIVATE: Final = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10")
"""What always counts as inside (docs/domain.md, 1)."""


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 device``, ``6 devices``, ``41,210 packets``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(items: Iterable[str], most: int, blank: str = " ") -> str:
    """The first ``most`` items, and how many more there are."""
    every = list(items)
    more = f"{blank}and {len(every) - most} more" if len(every) > most else ""
    return blank.join(every[:most]) + more


def device_name(device: Device) -> str:
    """What a person would call it: host name, else vendor with the MAC's end, else the MAC (randomised), else its address."""
    if device.hostname:
        return device.hostname
    if device.mac and device.mac_randomized:
        return f"{device.mac if '#' in device.mac else device.mac[:8] + '…'} randomised MAC"
    if device.mac:
        return f"{device.vendor} …{':'.join(device.mac.split(':')[3:])}" if device.vendor else device.mac
    return device.addresses[0] if device.addresses else device.id


def platform(device: Device) -> str:
    """``iOS``, or nothing."""
    return PLATFORM_WORDS.get(device.platform.name or "", "")


def failed_step(session: Session) -> Step | None:
    """The step at which the session failed: the last one of that kind that did."""
    failed = [s for s in session.steps if s.outcome == "failed"]
    of_kind = [s for s in failed if s.kind == session.failed_at]
    return of_kind[-1] if of_kind else failed[-1] if failed else None


def outcome(session: Session) -> str:
    """``TCP webext``: where it failed, in two words; ``ok``; what it was instead."""
    if session.outcome == "succeeded":
        return "ok"
    if session.outcome == "failed":
        step = failed_step(session)
        stage = STAGE_WORDS.get(session.failed_at or "", "failed")
        return f"{stage} {step.target.split('.')[0]}" if step and step.target else stage
    if session.outcome == "degraded":
        return f"ok, after {session.findings[-1]}" if session.findings else "ok, with a fault"
    return "cannot be told"


def tally(report: Report) -> str:
    """``6 devices, 7 sessions: 3 ok, 4 failed.  2 critical, 1 warning, 1 info.``"""
    words = {"succeeded": "ok", "degraded": "with a fault", "failed": "failed", "incomplete": "incomplete"}
    parts = [f"{n} {word}" for key, word in words.items() if (n := sum(s.outcome == key for s in report.sessions))]
    sessions = count(len(report.sessions), "session") + (f": {', '.join(parts)}" if parts else "")
    found = [f"{n} {level}" for level in ("critical", "warning", "info") if (n := sum(f.severity == level for f in report.findings))]
    return f"{count(len(report.devices), 'device')}, {sessions}." + (f"  {', '.join(found)}." if found else "")


def hits(finding: Finding) -> str:
    """``D1 D2 (4 sessions)``: whom a finding hits; ``the capture`` for one without devices."""
    if not finding.devices:
        return "the capture"
    said = listed(finding.devices, 6)
    return f"{said} ({count(len(finding.sessions), 'session')})" if finding.sessions else said


ABBREVIATED: Final = frozenset(("inc.", "ltd.", "co.", "corp.", "no.", "st.", "e.g.", "i.e."))
"""Words whose full stop ends no sentence: company names stand in certificates."""


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence."""
    words = text.split(" ")
    end = next((n for n, word in enumerate(words, 1) if word.endswith((".", "!", "?")) and word.lower().lstrip("(") not in ABBREVIATED), len(words))
    return " ".join(words[:end])


@dataclass(frozen=True, slots=True)
class Group:
    """Evidence with one note: its frames in one capture."""

    capture: int
    frames: tuple[int, ...]
    note: str
    first_ns: int


def grouped(evidence: Sequence[Evidence]) -> list[Group]:
    """Evidence by note, in order of first appearance, frames ascending."""
    found: dict[tuple[int, str], list[Evidence]] = {}
    for item in evidence:
        found.setdefault((item.capture, item.note), []).append(item)
    return [Group(capture, tuple(sorted({e.frame for e in items})), note, min(e.time_ns for e in items)) for (capture, note), items in found.items()]


def folded(frames: Sequence[int], dash: str = "-", most: int = 5) -> str:
    """``41-47, 52``: ascending frame numbers with runs of three or more as ranges; ``…`` stands for those beyond ``most``."""
    runs: list[list[int]] = []
    for frame in frames:
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    parts: list[str] = []
    for first, last in runs:
        parts += [str(first)] if first == last else [str(first), str(last)] if last == first + 1 else [f"{first}{dash}{last}"]
    return ", ".join(parts[:most]) + (" …" if len(parts) > most else "")


def short_filter(display_filter: str, most: int | None = None) -> str:
    """A filter by frame numbers with its runs as ranges, and blanks where a line may break: ``frame.number in {41..47, 52}``.

    Where that is longer than ``most`` characters, a filter for the first frames only, which still works, and how many more there are.
    """
    match = re.fullmatch(r"frame\.number in \{([0-9., ]{1,100000})\}", display_filter)
    parts = [part.strip() for part in match[1].split(",")] if match else []
    if not parts or not all(re.fullmatch(r"\d{1,18}(\.\.\d{1,18})?", part) for part in parts):
        return display_filter
    if all(part.isdigit() for part in parts):
        parts = folded(sorted(set(map(int, parts))), "..", len(parts)).split(", ")
    whole = ", ".join(parts)
    if most is None or len(whole) <= most:
        return f"frame.number in {{{whole}}}"
    first = whole[:most].rpartition(", ")[0]
    return f"frame.number in {{{first}}} (and {len(parts) - first.count(', ') - 1} more, --format json)"


def link(capture: Capture) -> str:
    """``Ethernet, VLAN tags (20)``: what the packets were wrapped in."""
    layers = [LINK_WORDS.get(name, name) for name in capture.link_types]
    tunnels = [f"{ENCAPSULATION_WORDS.get(name, name.upper())} ({n:,})" for name, n in capture.encapsulations.items() if n]
    return ", ".join(layers + tunnels)


def counts(report: Report) -> list[str]:
    """What else is in the captures, each with its number; DNS and TLS are told even where there is none."""
    always = ("dns_queries", "tls_hellos")
    return [
        f"{words} {report.counts[key]:,}" for key, words in COUNT_WORDS.items() if report.counts.get(key) or (key in always and key in report.counts)
    ]

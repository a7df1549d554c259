"""``--redact``: personal data as numbers, at the model's border, so that no form of the report can forget it (docs/security.md).

Users, device names, hosts, MACs and the host part of addresses are numbered by appearance; what diagnosis needs stays: domains, networks, vendors,
the discovery names. ``Redactor.key`` tells what stands behind each number.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Set
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any, Final

from pcapkit.model import Capture, Device, Evidence, Finding, FlowSummary, NotJudged, Platform, Report, Session, Site, Step, Unreadable
from pcapkit.report.known import is_known_address, is_known_name

TOKEN: Final = re.compile(
    r"""
    (?P<mail>[\w.+%'=-]{1,64}@[\w-]+(?:\.[\w-]+)*)
  | (?P<mac>(?<![\w:-])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![\w:]))
  | (?P<ip6>(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f.]{0,15}(?![\w:]))
  | (?P<ip4>(?<![\w.])(?<![a-z]/)\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w|/\d))
  | (?P<name>(?<![\w.-])[\w*-]{1,63}(?:\.[\w-]{1,63}){1,40})
  | (?P<word>[\w-]{3,63})
    """,
    re.VERBOSE | re.IGNORECASE,
)

KEPT_LABELS: Final = frozenset(
    (
        "lyncdiscover",
        "lyncdiscoverinternal",
        "autodiscover",
        "_autodiscover._tcp",
        "_sip._tls",
        "_sipinternaltls._tcp",
        "_sipinternal._tcp",
        "_sipfederationtls._tcp",
        "sip",
        "sipinternal",
        "sipexternal",
        "www",
        "mask",
        "mask-h2",
        "*",
    )
)
"""What stands before a domain and says what the name is for, not which machine it is."""

NAME_KEYS: Final = frozenset(
    (
        "qname",
        "sni",
        "host",
        "name",
        "target",
        "server_name",
        "redirect",
        "location",
        "uri",
        "href",
        "names",
        "cname",
        "data",
        "questions",
        "answers",
        "authority",
    )
)
"""Keys of facts and events whose values are, or hold, DNS names."""
DEVICE_KEYS: Final = frozenset(("hostname", "fqdn", "device_name"))
USER_KEYS: Final = frozenset(("user", "email", "upn", "sip_address", "account"))

DNS_NAME: Final = re.compile(r"[\w*-]{1,63}(\.[\w-]{1,63}){1,40}\.?")
IN_URL: Final = re.compile(r"https?://(?:[^/@\s]*@)?([\w.-]+)")


class Redactor:
    """Numbers by appearance, the same for the same thing. ``key`` maps what is shown to what it stands for."""

    def __init__(self) -> None:
        self.key: dict[str, str] = {}
        self._shown: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._devices: dict[str, str] = {}
        self._odd_devices: dict[str, str] = {}
        self._domains: set[str] = {"in-addr.arpa", "ip6.arpa", "local"}

    # ------------------------------------------------------------ learning

    def learn_device(self, name: str) -> str:
        """A device name: replaced wherever it stands as a word."""
        shown = self._number("device", name, "device#{}")
        if len(name) >= 3:
            words = self._devices if re.fullmatch(r"[\w-]+", name) else self._odd_devices
            words[name.lower()] = shown
        return shown

    def learn_domain(self, domain: str) -> None:
        """A domain that stays: hosts below it are numbered."""
        self._domains.add(domain.lower().rstrip("."))

    def learn_name(self, name: str) -> None:
        """A DNS name: what is above its first label (or above a discovery label) counts as a domain."""
        labels = name.lower().rstrip(".").split(".")
        service = 2 if labels[0].startswith("_") else 1
        if len(labels) - service >= 2:
            self._domains.add(".".join(labels[service:]))
        elif len(labels) >= 2:
            self._domains.add(".".join(labels[-2:]))

    # ------------------------------------------------------------ numbers, for who writes them in another form

    @property
    def domains(self) -> Set[str]:
        """What stays of names (lower case)."""
        return self._domains

    @property
    def devices(self) -> Set[str]:
        """Names of devices (lower case), of one word and of several."""
        return self._devices.keys() | self._odd_devices.keys()

    @property
    def odd_devices(self) -> Set[str]:
        """Names of devices (lower case) that are no single word."""
        return self._odd_devices.keys()

    def number_of(self, kind: str, value: str) -> int:
        """The number of a value of a kind (``user``, …)."""
        self._number(kind, value, kind + "#{}")
        return self._numbers[kind, value]

    def number_of_device(self, name: str) -> int:
        self.learn_device(name)
        return self._numbers["device", name]

    def number_of_host(self, name: str, domain: str) -> int:
        """``name`` in lower case, ``domain`` what of it stays."""
        self._number("host", name, "host#{}." + domain)
        return self._numbers["host", name]

    def knows_host(self, name: str) -> bool:
        """Is this name (lower case) numbered already?"""
        return ("host", name) in self._numbers

    def number_of_mac(self, mac: str) -> int:
        self._mac(mac)
        return self._numbers["mac", mac]

    def number_of_address(self, address: str) -> int:
        self._address(address)
        return self._numbers["address", address]

    # ------------------------------------------------------------ replacing

    def text(self, text: str) -> str:
        """A text with everything personal in it numbered."""
        for name, shown in self._odd_devices.items():
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", shown, text, flags=re.IGNORECASE)
        return TOKEN.sub(self._token, text)

    def tree(self, value: Any, key: str = "") -> Any:
        """Facts or an event, whatever its depth; ``key`` is that of the value."""
        if isinstance(value, Mapping):
            return {name: self.tree(item, name) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.tree(item, key) for item in value]
        return self._value(value, key) if isinstance(value, str) else value

    def _value(self, text: str, key: str) -> str:
        if key in DEVICE_KEYS and text:
            return self.learn_device(text)
        if key in USER_KEYS and "@" not in text and text:
            return self._number("user", text, "user#{}")
        if key == "client_id" and text:
            return self._number("client", text, "client#{}")
        if key in NAME_KEYS:
            self.learn_names_in(text)
        return self.text(text)

    def learn_names_in(self, text: str) -> None:
        """Names in a value that is one, or holds a URL."""
        if DNS_NAME.fullmatch(text) and not text.replace(".", "").isdigit():
            self.learn_name(text)
        for match in IN_URL.finditer(text):
            if not match[1].replace(".", "").isdigit():
                self.learn_name(match[1])

    def _token(self, match: re.Match[str]) -> str:
        kind, found = match.lastgroup, match[0]
        if kind == "mail":
            user, _, domain = found.partition("@")
            return self._number("user", user.lower(), "user#{}", user) + "@" + domain
        if kind == "mac":
            return self._mac(found)
        if kind in ("ip4", "ip6"):
            return self._address(found)
        if kind == "name":
            return self._name(found)
        return self._devices.get(found.lower(), found)

    def _name(self, name: str) -> str:
        """``webext.contoso.com`` as ``host#1.contoso.com``; names below no known domain are words with dots in them."""
        low = name.lower()
        if low in self._devices:
            return self._devices[low]
        if (low in self._domains and ("host", low) not in self._numbers) or is_known_name(low):
            return name
        labels = low.split(".")
        for cut in range(1, len(labels)):
            domain = ".".join(labels[cut:])
            if domain in self._domains:
                first = ".".join(labels[:cut])
                return name if first in KEPT_LABELS else self._number("host", low, "host#{}." + domain, name)
        return ".".join(self._devices.get(part.lower(), part) for part in name.split("."))

    def _mac(self, mac: str) -> str:
        low = mac.lower().replace("-", ":")
        if low in ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"):
            return mac
        local = int(low[:2], 16) & 2
        return self._number("mac", low, ("random:#{}" if local else low[:8] + ":#{}"), mac)

    def _address(self, text: str) -> str:
        """The network stays (/24 or /64), the host part is numbered."""
        dots = text[len(text.rstrip(".")) :]
        try:
            address = ip_address(text.rstrip("."))
        except ValueError:
            return text
        if (
            address.is_unspecified
            or address.is_loopback
            or address.is_multicast
            or str(address) == "255.255.255.255"
            or is_known_address(str(address))
        ):
            return text
        six = address.version == 6
        network = str(ip_network(f"{address}/{64 if six else 24}", strict=False).network_address)
        form = (network if six else network.removesuffix("0")) + "#{}"
        return self._number("address", str(address), form) + dots

    def _number(self, kind: str, value: str, form: str, shown_as: str | None = None) -> str:
        known = self._shown.get((kind, value))
        if known is None:
            self._counts[kind] = self._numbers[kind, value] = self._counts.get(kind, 0) + 1
            known = self._shown[kind, value] = form.format(self._counts[kind])
            self.key[known] = shown_as or value
        return known


def redact(report: Report, worker: Redactor | None = None) -> tuple[Report, dict[str, str]]:
    """The report with personal data numbered, and the key to the numbers. ``worker``: one that will number more afterwards."""
    worker = worker or Redactor()
    _learn(worker, report)
    changed = replace(
        report,
        captures=tuple(_capture(worker, c) for c in report.captures),
        site=_site(worker, report.site),
        devices=tuple(_device(worker, d) for d in report.devices),
        sessions=tuple(_session(worker, s) for s in report.sessions),
        findings=tuple(_finding(worker, f) for f in report.findings),
        not_judged=tuple(_not_judged(worker, n) for n in report.not_judged),
        ignored=tuple(_finding(worker, f) for f in report.ignored),
        ignored_because={key: worker.text(why) for key, why in report.ignored_because.items()},
        flows=None if report.flows is None else tuple(_flow(worker, f) for f in report.flows),
        unreadable=tuple(Unreadable(worker.text(os.path.basename(u.path)), worker.text(u.reason)) for u in report.unreadable),
    )
    return changed, worker.key


def _learn(worker: Redactor, report: Report) -> None:
    """Names first, so that they are found in sentences wherever these stand."""
    for device in report.devices:
        if device.hostname:
            worker.learn_device(device.hostname)
    for session in report.sessions:
        worker.learn_domain(session.domain)
        for step in session.steps:
            for name in filter(None, (step.target, *_names(step.detail))):
                worker.learn_names_in(name)
    for name in report.site.external_fqdns:
        worker.learn_name(name)
    for finding in (*report.findings, *report.ignored):
        for name in _names(finding.facts):
            worker.learn_names_in(name)
    for flow in report.flows or ():
        if flow.name:
            worker.learn_names_in(flow.name)


def _names(facts: Any, key: str = "") -> list[str]:
    """Texts in facts under keys that hold names."""
    if isinstance(facts, Mapping):
        return [text for name, item in facts.items() for text in _names(item, name)]
    if isinstance(facts, (list, tuple)):
        return [text for item in facts for text in _names(item, key)]
    return [facts] if isinstance(facts, str) and key in NAME_KEYS else []


def _texts(worker: Redactor, texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(worker.text, texts))


def _maybe(worker: Redactor, text: str | None) -> str | None:
    return None if text is None else worker.text(text)


def _capture(worker: Redactor, c: Capture) -> Capture:
    return replace(
        c,
        path=worker.text(os.path.basename(c.path) or c.path),
        problems=tuple(replace(p, detail=worker.text(p.detail)) for p in c.problems),
        interfaces=tuple(replace(i, name=_maybe(worker, i.name), description=_maybe(worker, i.description)) for i in c.interfaces),
        comments=tuple(f"‹redacted:{len(text)} characters›" for text in c.comments),
    )


def _site(worker: Redactor, s: Site) -> Site:
    return replace(s, public_ips=_texts(worker, s.public_ips), external_fqdns=_texts(worker, s.external_fqdns))


def _device(worker: Redactor, d: Device) -> Device:
    return replace(
        d,
        mac=_maybe(worker, d.mac),
        addresses=_texts(worker, d.addresses),
        hostname=worker.learn_device(d.hostname) if d.hostname else d.hostname,
        platform=Platform(d.platform.name, _maybe(worker, d.platform.client), _texts(worker, d.platform.because)),
        notes=_texts(worker, d.notes),
    )


def _session(worker: Redactor, s: Session) -> Session:
    return replace(s, summary=worker.text(s.summary), steps=tuple(_step(worker, step) for step in s.steps))


def _step(worker: Redactor, s: Step) -> Step:
    target, server, reason = (_maybe(worker, text) for text in (s.target, s.server, s.reason))
    events = tuple(replace(e, peer=worker.text(e.peer), text=worker.text(e.text), copied_as=_maybe(worker, e.copied_as)) for e in s.events)
    return replace(s, target=target, server=server, reason=reason, detail=worker.tree(s.detail), events=events)


def _finding(worker: Redactor, f: Finding) -> Finding:
    return replace(
        f,
        confidence_because=_texts(worker, f.confidence_because),
        title=worker.text(f.title),
        detail=worker.text(f.detail),
        sentences=tuple((device, worker.text(said)) for device, said in f.sentences),
        alone={},
        remedy=_texts(worker, f.remedy),
        unseen=_texts(worker, f.unseen),
        facts=worker.tree(f.facts),
        display_filter=worker.text(f.display_filter),
        evidence=tuple(Evidence(e.capture, e.frame, e.time_ns, worker.text(e.note), e.device) for e in f.evidence),
    )


def _not_judged(worker: Redactor, n: NotJudged) -> NotJudged:
    return replace(n, reason=worker.text(n.reason))


def _flow(worker: Redactor, f: FlowSummary) -> FlowSummary:
    return replace(f, client=worker.text(f.client), server=worker.text(f.server), name=_maybe(worker, f.name))

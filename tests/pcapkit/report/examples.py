"""Reports made by hand, for whatever shows a report: a faulty site, a healthy one, nothing to see, and one with hostile text everywhere."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import Any

from pcapkit.model import (
    Capture,
    Device,
    Evidence,
    Finding,
    FlowSummary,
    FrameRef,
    Interface,
    NotJudged,
    Platform,
    Problem,
    Report,
    Session,
    Site,
    Step,
)

START = 1_795_338_134_245_000_000  # 2026-11-22T09:02:14.245Z
S = 10**9


def capture(**changes: Any) -> Capture:
    base = Capture(
        path="site-a.pcapng",
        format="pcapng",
        packets=41_210,
        bytes=38_112_004,
        first_time_ns=START - 3 * S,
        last_time_ns=START + 446 * S,
        link_types=("ethernet",),
        encapsulations={"vlan": 20},
        interfaces=(Interface(name="eth1", packets=41_210, received=41_210, dropped=0),),
    )
    return replace(base, **changes)


def phones() -> tuple[Device, ...]:
    return (
        Device(
            "D1", "a4:83:e7:00:00:01", False, "Apple", ("10.20.0.31",), "iPhone-Joe", Platform("ios", None, ("DHCP option 55, frame 3",)), ("S1",)
        ),
        Device("D2", "a6:1f:0c:00:00:02", True, None, ("10.20.0.44",), None, Platform(), ("S2",)),
        Device("D3", "3c:5a:b4:00:00:03", False, "Google", ("10.20.0.52",), "Pixel", Platform("android"), ("S3",)),
        Device("D4", "00:0b:86:00:00:04", False, "Aruba", ("10.20.0.2",), None, Platform()),
    )


def step(kind: str, outcome: str, target: str, frame: int, **more: Any) -> Step:
    values: dict[str, Any] = {"role": "web-external", "time_ns": START + frame * S, "server": None, "reason": None, "detail": {}} | more
    return Step(kind=kind, outcome=outcome, target=target, frames=(FrameRef(0, frame),), **values)  # type: ignore[arg-type]


def sessions() -> tuple[Session, ...]:
    tls = step("tls", "failed", "lyncdiscoverinternal.contoso.com", 22, server="10.0.0.10:443", reason="alert unknown_ca", role="discover-internal")
    syn = step("connect", "failed", "webext.contoso.com", 42, server="203.0.113.50:443", reason="no answer", detail={"syn": 6, "waited_s": 40.5})
    return (
        Session(
            "S1",
            "D1",
            "lync",
            "contoso.com",
            START,
            START + 44 * S,
            "failed",
            "connect",
            "DNS and TLS went well, TCP to webext did not.",
            (tls, syn),
            ("F1", "F2", "F3"),
        ),
        Session("S2", "D2", "lync", "contoso.com", START + 17 * S, START + 18 * S, "failed", "tls", "The phone refused the chain.", (tls,), ("F2",)),
        Session("S3", "D3", "lync", "contoso.com", START + 146 * S, START + 150 * S, "degraded", None, "Worked in clear text.", (), ("F2", "F3")),
    )


def hairpin() -> Finding:
    frames = [(41, "DNS answer webext.contoso.com A 203.0.113.50"), *((n, "SYN to 203.0.113.50:443") for n in (42, 43, 44, 45, 46, 47))]
    return Finding(
        id="F1",
        code="hairpin-no-reply",
        severity="critical",
        confidence="high",
        confidence_because=("DNS names it as the external web service", "the device reaches other public hosts"),
        title="The own public address does not answer from inside",
        detail="iPhone-Joe opened webext.contoso.com at 203.0.113.50 from inside; 6 SYN, no answer. "
        "That address is yours: the firewall does not turn the traffic round.",
        remedy=(
            "allow inside → 203.0.113.50:443 and source-NAT it (hairpin NAT)",
            "or point webext in *internal* DNS at the proxy's inside address, TTL ≤ 60 (roaming will hiccup: see explain hairpin-bypassed)",
        ),
        unseen=("the far side of the NAT; capture there to tell rule from route",),
        devices=("D1",),
        sessions=("S1",),
        caused_by=(),
        facts={"address": "203.0.113.50", "port": 443, "syn": 6, "by_device": {"D1": {"attempts": 3}}},
        display_filter="frame.number in {41,42,43,44,45,46,47}",
        evidence=tuple(Evidence(0, n, START + n * S, note, "D1") for n, note in frames),
    )


def private_ca() -> Finding:
    return Finding(
        id="F2",
        code="untrusted-private-ca",
        severity="critical",
        confidence="high",
        confidence_because=("alert unknown_ca",),
        title="The certificate ends at a CA that phones do not know",
        detail="10.0.0.10:443 sent pool01.contoso.com, issued by Contoso Issuing CA, which is in no store loaded.",
        remedy=("use a public certificate on the name that phones meet, or deploy the root by MDM",),
        unseen=(),
        devices=("D1", "D2", "D3"),
        sessions=("S1", "S2", "S3"),
        caused_by=(),
        facts={
            "issuer": "Contoso Issuing CA",
            "by_device": {"D1": {"reaction": "refused"}, "D2": {"reaction": "refused"}, "D3": {"reaction": "fell back"}},
        },
        display_filter="tls.handshake.type == 11",
        evidence=(
            Evidence(0, 22, START + 22 * S, "Certificate pool01.contoso.com"),
            Evidence(0, 25, START + 25 * S, "alert unknown CA", "D1"),
            Evidence(0, 31, START + 31 * S, "closed 0.3 s after the Certificate", "D2"),
        ),
    )


def fallback() -> Finding:
    return replace(
        hairpin(),
        id="F3",
        code="http-fallback",
        severity="warning",
        confidence="medium",
        confidence_because=("HTTPS failed 0.5 s before",),
        title="Fell back to clear text",
        detail="After HTTPS failed, the answer came over HTTP.",
        remedy=("make HTTPS work, then close port 80",),
        unseen=(),
        devices=("D1", "D3"),
        sessions=("S1", "S3"),
        caused_by=("F2",),
        facts={},
        display_filter="frame.number in {26,30}",
        evidence=(Evidence(0, 26, START + 26 * S, "GET over HTTP", "D1"), Evidence(0, 30, START + 30 * S, "GET over HTTP", "D3")),
    )


def full() -> Report:
    """A site with a hairpin, a private CA, and what follows from it."""
    return Report(
        version="0.1.0",
        captures=(capture(),),
        site=Site(("10.0.0.0/8", "192.168.0.0/16"), ("203.0.113.50",), ("webext.contoso.com",), ("public_ips", "external_fqdns")),
        devices=phones(),
        sessions=sessions(),
        findings=(hairpin(), private_ca(), fallback()),
        not_judged=(NotJudged("untrusted-*", ("D2",), "TLS 1.3, no keys: certificates cannot be seen"),),
        counts={"dns_queries": 12, "tls_hellos": 8, "tls13_hidden": 2, "tcp_conversations": 20},
    )


def healthy() -> Report:
    """One phone, one session, nothing wrong; TLS 1.3 hides its certificates."""
    good = Session(
        "S1", "D1", "lync", "contoso.com", START, START + 3 * S, "succeeded", None, "Signed in.", (step("dns", "ok", "lyncdiscover.contoso.com", 7),)
    )
    return replace(
        full(),
        devices=(replace(phones()[0], sessions=("S1",)),),
        sessions=(good,),
        findings=(),
        not_judged=(NotJudged("untrusted-*", ("D1",), "TLS 1.3, no keys: certificates cannot be seen"),),
    )


def nothing() -> Report:
    """Traffic, but none that matters."""
    counts = {"dns_queries": 812, "tls_hellos": 240, "started_late": 38, "wlan_encrypted": 30_112, "tcp_conversations": 300}
    cut = capture(problems=(Problem("truncated", "file is cut short inside packet 41,210; everything before it was read", 38_112_004, 41_210),))
    return replace(full(), captures=(cut,), devices=(), sessions=(), findings=(), not_judged=(), counts=counts)


def empty() -> Report:
    """A capture without packets."""
    return replace(nothing(), captures=(capture(packets=0, bytes=24, first_time_ns=None, last_time_ns=None, encapsulations={}),), counts={})


def flow() -> FlowSummary:
    return FlowSummary(
        "T1", 0, "tcp", "10.20.0.31", 50_000, "203.0.113.50", 443, "webext.contoso.com", 42, 47, START, START + S, 6, 0, 0, True, False, False, False
    )


ENUMERATED = {"severity", "confidence", "service", "outcome", "failed_at", "kind", "version"}
"""Fields that our own code chooses from fixed words: no packet can fill them."""
OURS = {"id", "device", "devices", "sessions", "findings", "caused_by", "link_types"}


def with_text(value: Any, text: str) -> Any:
    """The same noun with ``text`` in every field that a packet or a file could have filled."""
    if isinstance(value, str):
        return text
    if isinstance(value, dict):
        return {f"{key} {text}": with_text(item, text) for key, item in value.items()} if value else value
    if isinstance(value, tuple):
        return tuple(with_text(item, text) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kept = (
            ENUMERATED
            | OURS
            | ({"name"} if isinstance(value, Platform) else set())
            | ({"code"} if isinstance(value, (Finding, NotJudged)) else set())
        )
        return replace(value, **{f.name: with_text(getattr(value, f.name), text) for f in dataclasses.fields(value) if f.name not in kept})
    return value


def hostile(text: str) -> Report:
    """Every sentence, name and fact is ``text``; the shape is that of ``full``."""
    source = replace(full(), flows=(flow(),))
    changed = {
        "captures": with_text(source.captures, text),
        "site": with_text(source.site, text),
        "devices": with_text(source.devices, text),
        "sessions": with_text(source.sessions, text),
        "findings": with_text(source.findings, text),
        "not_judged": with_text(source.not_judged, text),
        "flows": with_text(source.flows, text),
    }
    return replace(source, **changed)

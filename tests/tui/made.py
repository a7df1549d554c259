"""Reports made by hand, so that what the screens show depends on nothing but the screens: a company with a hairpin that does not answer."""

from __future__ import annotations

from types import SimpleNamespace

from pcapkit_tui.state import Setup, Snapshot, State

from pcapkit.model import (
    Capture,
    Device,
    Evidence,
    Finding,
    FrameRef,
    Interface,
    NotJudged,
    Platform,
    Problem,
    Report,
    Session,
    Site,
    Step,
    StepEvent,
)
from pcapkit.report.style import Style
from pcapkit.sessions.scene import Ref, Refusal, Tls
from pcapkit.trust.verdict import CertInfo, Fault, Verdict

NS = 10**9
MS = 10**6
T0 = 1_795_341_734 * NS + 245 * MS  # 2026-11-22 10:02:14.245 UTC
FE = "lyncdiscoverinternal.contoso.com"
WEB = "webext.contoso.com"
PROXY = "203.0.113.50"
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u200b[bold]x[/bold]\x85\r\n\ufeff"
"""Everything that must not reach a terminal, in one name."""


def frame(*numbers: int) -> tuple[FrameRef, ...]:
    return tuple(FrameRef(0, n) for n in numbers)


def event(kind, ms, sent, peer, text, *frames, **more) -> StepEvent:
    return StepEvent(kind, T0 + round(ms * MS), sent, peer, text, frame(*frames), **more)


def step(kind, role, target, server, *events, outcome="ok", reason=None, attempt=0, flow=None, **detail) -> Step:
    frames = tuple(f for e in events for f in e.frames)
    return Step(kind, role, events[0].time_ns, outcome, target, server, reason, frames, detail, events, attempt, flow)


def lookup(ms, name, address, first, *, attempt=0, resolver="10.0.0.53", role="discover-internal", outcome="ok", text=None) -> Step:
    asked = event("query", ms, True, resolver, f"A {name}", first)
    answer = event("answer", ms + 0.1, False, resolver, text or address, first + 1, outcome=outcome)
    return step(
        "dns", role, name, resolver, asked, answer, outcome=outcome, attempt=attempt, types=["A"], answers=[address] if address else [], cname=[],
        ttl_s=300, queries=1, latency_s=0.0001,
    )  # fmt: skip


def opened(ms, address, port, first, *, attempt=0, flow="T7", role="discover-internal", name=FE) -> Step:
    return step(
        "connect", role, name, f"{address}:{port}", event("open", ms, True, address, f"TCP {port} open, 0.40 ms", first, first + 1), attempt=attempt,
        flow=flow, port=port, syn=1, rtt_s=0.0004,
    )  # fmt: skip


def refused_tls() -> Step:
    return step(
        "tls", "discover-internal", FE, "10.0.0.10:443",
        event("hello", 158.3, True, "10.0.0.10", f"ClientHello for {FE}", 20),
        event("flight", 165, False, "10.0.0.10", "TLS 1.2 Certificate pool01.contoso.com, 1 sent", 21, 22),
        event("alert", 677, True, "10.0.0.10", "Alert fatal: unknown CA", 25, outcome="failed"),
        outcome="failed", reason="the device refuses the server: alert unknown_ca", attempt=0, flow="T7", sni=FE, version=0x0303, alpn=["http/1.1"],
        chain=["ab" * 32], chain_status="private", resumed=False,
    )  # fmt: skip


def clear_http() -> Step:
    return step(
        "http", "discover-internal", FE, "10.0.0.10:80",
        event("request", 792, True, "10.0.0.10", "GET /autodiscover/autodiscoverservice.svc/root (clear text, port 80)", 30),
        event("response", 793, False, "10.0.0.10", "200 AccessLocation Internal, 6 links", 31),
        attempt=1, flow="T9", method="GET", path="/autodiscover/autodiscoverservice.svc/root", status=200, secure=False, challenge=False,
    )  # fmt: skip


def silent_syns() -> Step:
    asked = event(
        "syn", 867, True, PROXY, f"SYN to {PROXY}:443", 42, 43, 44, outcome="failed", repeats_ns=(T0 + 1_867 * MS, T0 + 3_867 * MS), lost=True
    )
    return step(
        "connect", "web-external", WEB, f"{PROXY}:443", asked, outcome="failed", reason="no answer to 3 SYN", attempt=2, flow="T12", port=443, syn=3,
        rtt_s=None,
    )  # fmt: skip


def healthy(ms, first, flow, name=FE, address="10.0.0.10") -> tuple[Step, ...]:
    return (
        lookup(ms, name, address, first),
        opened(ms + 1, address, 443, first + 2, flow=flow, name=name),
        step(
            "tls", "discover-internal", name, f"{address}:443", event("hello", ms + 2, True, address, f"ClientHello for {name}", first + 5),
            event("flight", ms + 9, False, address, "TLS 1.3 ServerHello, certificate hidden", first + 6),
            event("data", ms + 11, True, address, "encrypted request, 156 B", first + 8),
            event("data", ms + 30, False, address, "encrypted answer, 562 B", first + 9), flow=flow, sni=name, version=0x0304, alpn=["h2"], chain=[],
            chain_status=None, resumed=False,
        ),
    )  # fmt: skip


def session(key, device, steps, outcome="failed", failed_at="connect", findings=(), service="lync", domain="contoso.com") -> Session:
    times = [e.time_ns for s in steps for e in s.events]
    summary = f"Lync/Skype for Business sign-in of {domain}: {outcome}."
    return Session(key, device, service, domain, min(times), max(times), outcome, failed_at, summary, tuple(steps), tuple(findings))


def device(key, mac, address, hostname=None, platform=None, vendor=None, randomized=False, sessions=()) -> Device:
    because = ("DHCP option 55, frame 3",) if platform else ()
    return Device(key, mac, randomized, vendor, (address,), hostname, Platform(platform, None, because), tuple(sessions))


def evidence(number, ms, note, owner="D1") -> Evidence:
    return Evidence(0, number, T0 + round(ms * MS), note, owner)


def finding(
    key, code, severity, title, detail, remedy, items, *, devices=("D1",), sessions=("S1",), caused_by=(), confidence="high", unseen=()
) -> Finding:
    frames = ",".join(str(e.frame) for e in items)
    return Finding(
        key, code, severity, confidence, ("both directions were captured",), title, detail, tuple(remedy), tuple(unseen), tuple(devices), tuple(sessions),
        tuple(caused_by), {}, f"frame.number in {{{frames}}}", tuple(items),
    )  # fmt: skip


HAIRPIN = finding(
    "F1", "hairpin-no-reply", "critical", "The own public address does not answer from inside",
    f"iPhone-Joe opened {WEB} ({PROXY}:443) from inside; 3 SYN, no answer. That address is yours: the firewall does not turn the traffic round.",
    [
        f"On the firewall allow inside → {PROXY}:443 and translate both ways (hairpin NAT).",
        "Until then: answer the name in internal DNS with the proxy's inside address, TTL ≤ 60.",
    ],
    [
        evidence(40, 865, f"DNS answer: {WEB} is {PROXY}"),
        evidence(42, 867, f"SYN to {PROXY}:443"),
        evidence(43, 1_867, "the same SYN again, after 1.0 s"),
        evidence(44, 3_867, "the same SYN again, after 3.0 s"),
    ],
    unseen=("the far side of the NAT: capture there to tell rule from route",),
)  # fmt: skip
PRIVATE = finding(
    "F2", "untrusted-private-ca", "critical", "The server's certificate is from a CA that the device does not trust",
    f"iPhone-Joe refused the certificate of {FE} at 10.0.0.10:443: its issuer was not sent and is in no store.",
    ["Put a public certificate on the name that phones meet.", "Or give phones the root by MDM."],
    [
        evidence(22, 165, "Certificate pool01.contoso.com, 1 sent"),
        evidence(25, 677, "the client's alert unknown_ca (48)"),
        evidence(122, 31_120, "Certificate pool01.contoso.com, 1 sent", "D2"),
        evidence(124, 31_420, "the client closes (FIN)", "D2"),
    ],
    devices=("D1", "D2"), sessions=("S1", "S2"),
)  # fmt: skip
FALLBACK = finding(
    "F3", "http-fallback", "warning", "Discovery went on over clear-text HTTP",
    f"HTTPS to {FE} failed and iPhone-Joe went on over clear-text HTTP.", ["Make HTTPS work for that name, then close port 80."],
    [evidence(30, 792, f"GET http://{FE}/"), evidence(31, 793, "200 OK")], caused_by=("F2",), confidence="medium",
)  # fmt: skip
DROPS = finding(
    "F4", "capture-drops", "info", "The capture lost packets", "0.4 % of segments were acknowledged but not captured.", ["Capture with a larger buffer."],
    [evidence(77, 5_000, "acknowledged, never captured", None)], devices=(), sessions=(),
)  # fmt: skip


def joe() -> Session:
    steps = (
        lookup(0, FE, "10.0.0.10", 15),
        opened(158, "10.0.0.10", 443, 17),
        refused_tls(),
        opened(791, "10.0.0.10", 80, 27, attempt=1, flow="T9"),
        clear_http(),
        lookup(864, WEB, PROXY, 40, attempt=2, role="web-external"),
        silent_syns(),
    )
    return session("S1", "D1", steps, findings=("F1", "F2", "F3"))


def stranger() -> Session:
    steps = (
        lookup(31_000, FE, "10.0.0.10", 115),
        opened(31_010, "10.0.0.10", 443, 117, flow="T20"),
        step(
            "tls", "discover-internal", FE, "10.0.0.10:443", event("hello", 31_050, True, "10.0.0.10", f"ClientHello for {FE}", 120),
            event("flight", 31_120, False, "10.0.0.10", "TLS 1.2 Certificate pool01.contoso.com, 1 sent", 121, 122),
            event("close", 31_420, True, "10.0.0.10", "the client closes (FIN)", 124, outcome="failed"), outcome="failed",
            reason="the device refuses the server (class D: the client closes)", flow="T20", sni=FE, version=0x0303, alpn=[], chain=["ab" * 32],
            chain_status="private", resumed=False,
        ),
    )  # fmt: skip
    return session("S2", "D2", steps, failed_at="tls", findings=("F2",))


def report(**changes) -> Report:
    """Three phones with trouble or luck, two that work, and an access point."""
    capture = Capture(
        "site-a.pcapng", "pcapng", 41_210, 38_112_004, T0 - 183 * NS, T0 + 266 * NS, ("ethernet",), {"vlan": 20},
        (Problem("drops", "12 packets were dropped while capturing", count=12),),
        (Interface("eth1", "mirror of ap3", "ethernet", 262_144, 41_210, 41_222, 12),), ("floor 3, phone of Joe",),
    )  # fmt: skip
    devices = (
        device("D1", "a4:83:e7:00:00:31", "10.20.0.31", "iPhone-Joe", "ios", "Apple", sessions=("S1",)),
        device("D2", "a6:1f:0c:00:00:44", "10.20.0.44", None, None, None, True, ("S2",)),
        device("D3", "40:4e:36:00:00:52", "10.20.0.52", "Pixel", "android", "Google", sessions=("S3", "S4")),
        device("D4", "58:82:a8:00:00:60", "10.20.0.60", "SurfaceGo", "windows", "Microsoft", sessions=("S5",)),
        device("D5", "f0:d1:a9:00:00:61", "10.20.0.61", "iPad-Ann", "ios", "Apple", sessions=("S6",)),
        device("D6", "00:1a:1e:00:00:02", "10.20.0.2", None, None, "Aruba"),
    )
    sessions = (
        joe(),
        stranger(),
        session("S3", "D3", healthy(60_000, 200, "T30"), "incomplete", None),
        session("S4", "D3", healthy(70_000, 220, "T31"), "succeeded", None),
        session("S5", "D4", healthy(80_000, 240, "T32"), "succeeded", None),
        session("S6", "D5", healthy(90_000, 260, "T33"), "succeeded", None, service="exchange"),
    )
    counts = {"dns_queries": 812, "tls_hellos": 240, "started_late": 38, "tcp_conversations": 300, "udp_conversations": 512, "tls13_hidden": 4}
    made = dict(  # noqa: C408  # names of fields
        version="0.1", captures=(capture,), site=Site(("10.0.0.0/8",), (PROXY,), (WEB,), ("public_ips", "external_fqdns"), "The tap stands near the devices."),
        devices=devices, sessions=sessions, findings=(HAIRPIN, PRIVATE, FALLBACK, DROPS),
        not_judged=(NotJudged("untrusted-*", ("D3",), "TLS 1.3, no keys: certificates cannot be seen"),), counts=counts,
    )  # fmt: skip
    return Report(**{**made, **changes})


def empty() -> Report:
    """A capture without anything of ours."""
    base = report()
    return report(devices=(), sessions=(), findings=(), not_judged=(), captures=base.captures, site=Site(("10.0.0.0/8",)))


def many(count: int) -> Report:
    """So many devices, each with a session that works."""
    devices = tuple(device(f"D{n}", f"02:00:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}", f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", f"phone-{n}", sessions=(f"S{n}",)) for n in range(1, count + 1))  # fmt: skip
    sessions = tuple(session(f"S{n}", f"D{n}", healthy(n * 10, 10 * n, f"T{n}"), "succeeded", None) for n in range(1, count + 1))
    return report(devices=devices, sessions=sessions, findings=())


def hostile(name: str = HOSTILE) -> Report:
    """The same with a name that attacks wherever a name may stand."""
    base = report()
    joe_, *others = base.devices
    bad = Device(joe_.id, joe_.mac, False, name, (name, *joe_.addresses), name, Platform("ios", name, (name,)), joe_.sessions, (name,))
    told = joe()
    events = tuple(StepEvent("query", T0, True, name, f"A {name}", frame(15), copied_as=name) for _ in range(1))
    steps = (Step("dns", name, T0, "failed", name, name, name, frame(15), {"types": [name], "answers": [name], "cname": [name]}, events), *told.steps)
    attacked = Session("S1", "D1", "lync", name, told.first_time_ns, told.last_time_ns, "failed", "dns", name, steps, told.findings)
    capture = Capture(f"/{name}", name, 10, 100, T0, T0 + NS, (name,), {name: 3}, (Problem("truncated", name),), (Interface(name, name),), (name,))
    worst = finding("F1", "hairpin-no-reply", "critical", name, name, [name], [evidence(42, 867, name)], unseen=(name,))
    return report(
        captures=(capture,), devices=(bad, *others), sessions=(attacked, *base.sessions[1:]), findings=(worst, PRIVATE, FALLBACK),
        site=Site((name,), (name,), (name,), (), name), not_judged=(NotJudged(name, ("D1",), name),),
    )  # fmt: skip


# ---------------------------------------------------------------- certificates


def cert(name="pool01.contoso.com", sha="ab", **changes) -> CertInfo:
    made = dict(  # noqa: C408  # names of fields
        sha256=sha * 32, size=1345, subject=f"CN={name}", issuer="CN=Contoso Issuing CA", common_name=name, organization="Contoso", san_dns=(name, FE),
        san_other=(), serial="1f", not_before_ns=T0 - 300 * 86_400 * NS, not_after_ns=T0 + 400 * 86_400 * NS, key_type="rsa", key_bits=2048,
        signature_hash="sha256", signature_algorithm="1.2.840.113549.1.1.11", eku=("1.3.6.1.5.5.7.3.1",), is_ca=False, ski="9f12", aki="77aa",
        has_sct=False, policies=(), self_issued=False, self_signed=False,
    )  # fmt: skip
    return CertInfo(**{**made, **changes})


def tls(name: str = FE) -> Tls:
    """The handshake that iPhone-Joe refused."""
    leaf = cert()
    verdict = Verdict(
        "private", (leaf,), (leaf,), None, None, "CN=Contoso Issuing CA", "its issuer was not sent and is in no store", name, True,
        (Fault("untrusted-private-ca", leaf.sha256, "its issuer was not sent and is in no store"),),
    )  # fmt: skip
    when = Ref(0, 25, T0 + 677 * MS)
    return Tls(
        version=0x0303,
        chain=(b"der",),
        chain_ref=Ref(0, 22, T0),
        verdict=verdict,
        refusal=Refusal("A", "high", ((when, "the client's alert unknown_ca (48)"),)),
    )


def scene() -> SimpleNamespace:
    """As much of a scene as the screens look at."""
    attempts = [SimpleNamespace(tls=tls()), SimpleNamespace(tls=None), SimpleNamespace(tls=None)]
    return SimpleNamespace(sessions=[SimpleNamespace(id="S1", attempts=attempts)])


# ---------------------------------------------------------------- states


def state(made: Report | None = None, **style) -> State:
    """The state of a browser that has read this."""
    found = State(Setup(style=Style(utc=True, **style)))
    found.take(snapshot(made))
    return found


def snapshot(made: Report | None = None) -> Snapshot:
    """All of it, read to the end."""
    return Snapshot(made or report(), scene(), (), ("site-a.pcapng",), done=True)

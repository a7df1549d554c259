"""The nouns of the report, frozen and without behaviour: exactly what ``pcapkit.report/1`` prints (docs/contract.md, 2).

Times are ns since the Unix epoch (``*_ns``); the writers of the report turn them into text. Text is the packet's true text (bytes that are no UTF-8
as surrogate escapes): every output but JSON passes it through ``report.escape.visible``. Identifiers: D1 device, S1 session, F1 finding, T1 flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]

Severity = Literal["critical", "warning", "info"]
Confidence = Literal["high", "medium", "low"]
Service = Literal["lync", "exchange"]
Outcome = Literal["succeeded", "degraded", "failed", "incomplete"]
Stage = Literal["dns", "connect", "tls", "http", "service"]
StepKind = Literal["dns", "connect", "tls", "http"]
StepOutcome = Literal["ok", "failed", "unknown"]
EventKind = Literal[
    "query", "answer", "syn", "open", "refused", "icmp", "foreign", "hello", "flight", "alert", "data", "request", "response", "close"
]  # fmt: skip
PlatformName = Literal["ios", "android", "windows-phone", "windows", "macos", "linux"]

SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
CONFIDENCES: tuple[Confidence, ...] = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a capture *file*: ``truncated``, `bad-block``, ``unknown-link-type``, ``limit-reached``, ``drops``, …"""

    code: str
    detail: str
    offset: int | None = None
    frame: int | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of a capture, as the file describes it. ``received``/``dropped`` are None where the file does not say."""

    name: str | None = None
    description: str | None = None
    link_type: str = "ethernet"
    snaplen: int | None = None
    packets: int = 0
    received: int | None = None
    dropped: int | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """One input. ``encapsulations`` counts packets by tag or tunnel (``vlan``, ``erspan``, …)."""

    path: str
    format: str
    packets: int
    bytes: int
    first_time_ns: int | None
    last_time_ns: int | None
    link_types: tuple[str, ...] = ()
    encapsulations: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    comments: tuple[str, ...] = ()
    end_time_ns: int | None = None
    """Until when it was listened for packets, if that is known to be later than the last one."""


@dataclass(frozen=True, slots=True)
class Site:
    """What counts as inside and as our own. ``guessed`` names the keys that nobody told us. ``vantage``: where the tap stands, in a sentence."""

    inside: tuple[str, ...] = ()
    public_ips: tuple[str, ...] = ()
    external_fqdns: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()
    vantage: str | None = None


@dataclass(frozen=True, slots=True)
class FrameRef:
    """A frame of a capture: ``capture`` counts inputs from 0, ``frame`` from 1 as Wireshark shows it."""

    capture: int
    frame: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A frame that helps to prove a finding, and what it shows. ``device``: whose frame it is, None where it concerns all."""

    capture: int
    frame: int
    time_ns: int
    note: str
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Platform:
    """What runs on a device, with the observations that say so."""

    name: PlatformName | None = None
    client: str | None = None
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Device:
    """A phone or computer."""

    id: str
    mac: str | None
    mac_randomized: bool
    vendor: str | None
    addresses: tuple[str, ...]
    hostname: str | None
    platform: Platform
    sessions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepEvent:
    """Something that was sent within a step, told once however often it was sent: an arrow of the ladder.

    ``sent``: by the device; ``peer``: address of the other end. ``text``: what it says, in few words. ``repeats_ns``: when it was sent again.
    ``lost``: nothing ever answered it. ``seen``: False for what must have been sent and is not in the capture. ``copies``: the same packet
    captured again behind a NAT, ``copied_as`` says between whom.
    """

    kind: EventKind
    time_ns: int
    sent: bool
    peer: str
    text: str
    frames: tuple[FrameRef, ...]
    outcome: StepOutcome = "ok"
    repeats_ns: tuple[int, ...] = ()
    lost: bool = False
    seen: bool = True
    copies: tuple[FrameRef, ...] = ()
    copied_as: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of an attempt. ``events``, ``attempt`` (its number within the session) and ``flow`` (T1) serve the ladder and are not printed."""

    kind: StepKind
    role: str
    time_ns: int
    outcome: StepOutcome
    target: str | None
    server: str | None
    reason: str | None
    frames: tuple[FrameRef, ...]
    detail: Mapping[str, Json] = field(default_factory=dict)
    events: tuple[StepEvent, ...] = ()
    attempt: int = 0
    flow: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """One device and one account domain, first discovery packet to idle."""

    id: str
    device: str
    service: Service
    domain: str
    first_time_ns: int
    last_time_ns: int
    outcome: Outcome
    failed_at: Stage | None
    summary: str
    steps: tuple[Step, ...] = ()
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause, with everything it hits. ``facts`` is documented code by code in ``pcapkit explain``.

    ``sentences``: what ``detail`` was put together from, each with the device that it is about (None: the capture), so that a part can be told.
    ``alone``: where it hits several devices, what it would be if each were the only one, without id.
    """

    id: str
    code: str
    severity: Severity
    confidence: Confidence
    confidence_because: tuple[str, ...]
    title: str
    detail: str
    remedy: tuple[str, ...]
    unseen: tuple[str, ...]
    devices: tuple[str, ...]
    sessions: tuple[str, ...]
    caused_by: tuple[str, ...]
    facts: Mapping[str, Json]
    display_filter: str
    evidence: tuple[Evidence, ...]
    sentences: tuple[tuple[str | None, str], ...] = ()
    alone: Mapping[str, Finding] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotJudged:
    """Codes (globs allowed) that this capture cannot decide for these devices."""

    code: str
    devices: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class FlowSummary:
    """One conversation, for ``--full`` and the flow table. ``name`` is the SNI, Host or DNS name known for the server."""

    id: str
    capture: int
    transport: str
    client: str
    client_port: int
    server: str
    server_port: int
    name: str | None
    first_frame: int
    last_frame: int
    first_time_ns: int
    last_time_ns: int
    packets: int
    bytes_client: int
    bytes_server: int
    syn: bool
    synack: bool
    fin: bool
    rst: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An input that could not be read at all, and why; the others were."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """The whole result, ``pcapkit.report/1``. ``ignored`` are the findings that the user asked not to hear, ``ignored_because`` his reasons by id.

    ``counts`` says what else is in the captures, for "no autodiscover traffic" and the capture section: ``dns_queries``, ``discovery_queries``,
    ``tls_hellos``, ``tls13_hidden`` (handshakes whose certificates cannot be seen), ``http_requests``, ``tcp_conversations``, ``udp_conversations``,
    ``started_late``, ``wlan_encrypted``, ``unknown_layers``, ``gaps``, ``decrypted``, ``dhcp``, ``quic``, ``left_out`` and
    ``sessions_left_out`` (findings and sessions that narrowing does not show); a key without meaning in a run is left out.
    """

    version: str
    captures: tuple[Capture, ...]
    site: Site
    devices: tuple[Device, ...]
    sessions: tuple[Session, ...]
    findings: tuple[Finding, ...]
    not_judged: tuple[NotJudged, ...]
    ignored: tuple[Finding, ...] = ()
    flows: tuple[FlowSummary, ...] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    interrupted: bool = False
    unreadable: tuple[Unreadable, ...] = ()
    ignored_because: Mapping[str, str] = field(default_factory=dict)

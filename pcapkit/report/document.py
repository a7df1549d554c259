"""The documents of the contract as types: what ``report.json`` builds, and what the JSON Schemas are made from.

Within a schema version a key keeps its name and meaning; keys may be added. A key that does not apply is null, never missing.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NotRequired, TypedDict

from pcapkit.model import Confidence, Outcome, PlatformName, Service, Severity, Stage, StepKind, StepOutcome

SCHEMA: Final = "pcapkit.report/1"

Time = str | None
"""RFC 3339 in UTC with nanoseconds."""
Facts = dict[str, Any]
"""Values as ``pcapkit explain CODE`` documents them: text, numbers, booleans, null, lists and objects."""


class ToolDoc(TypedDict):
    """The program that wrote the document."""

    name: str
    version: str


class ProblemDoc(TypedDict):
    """Something wrong with the file: cut, damaged, dropped, a limit reached. ``offset`` in bytes, ``frame`` from 1."""

    code: str
    detail: str
    offset: int | None
    frame: int | None
    count: int


class InterfaceDoc(TypedDict):
    """An interface of a capture. Counters are null where the file does not say."""

    name: str | None
    description: str | None
    link_type: str
    snaplen: int | None
    packets: int
    received: int | None
    dropped: int | None


class CaptureDoc(TypedDict):
    """One input. ``encapsulations`` counts packets by tag or tunnel."""

    path: str
    format: str
    packets: int
    bytes: int
    first_time: Time
    last_time: Time
    link_types: list[str]
    encapsulations: dict[str, int]
    problems: list[ProblemDoc]
    interfaces: list[InterfaceDoc]
    comments: list[str]


class SiteDoc(TypedDict):
    """What counts as inside and as our own; ``guessed`` names the keys that nobody told us."""

    inside: list[str]
    public_ips: list[str]
    external_fqdns: list[str]
    guessed: list[str]


class PlatformDoc(TypedDict):
    """What runs on a device, and the observations that say so."""

    name: PlatformName | None
    client: str | None
    because: list[str]


class DeviceDoc(TypedDict):
    """A phone or computer."""

    id: str
    mac: str | None
    mac_randomized: bool
    vendor: str | None
    addresses: list[str]
    hostname: str | None
    platform: PlatformDoc
    sessions: list[str]
    notes: list[str]


class FrameDoc(TypedDict):
    """A frame: ``capture`` counts inputs from 0, ``frame`` from 1 as Wireshark shows it."""

    capture: int
    frame: int


class StepDoc(TypedDict):
    """One stage of an attempt."""

    kind: StepKind
    role: str
    time: Time
    outcome: StepOutcome
    target: str | None
    server: str | None
    reason: str | None
    frames: list[FrameDoc]
    detail: Facts


class SessionDoc(TypedDict):
    """One device and one account domain, from the first discovery packet to idle."""

    id: str
    device: str
    service: Service
    domain: str
    first_time: Time
    last_time: Time
    outcome: Outcome
    failed_at: Stage | None
    summary: str
    steps: list[StepDoc]
    findings: list[str]


class EvidenceDoc(TypedDict):
    """A frame that helps to prove a finding, and what it shows. ``device``: whose frame it is, null where it concerns all."""

    capture: int
    frame: int
    time: Time
    note: str
    device: str | None


class FindingDoc(TypedDict):
    """One cause, with every device and session that it hits."""

    id: str
    code: str
    severity: Severity
    confidence: Confidence
    confidence_because: list[str]
    title: str
    detail: str
    remedy: list[str]
    unseen: list[str]
    devices: list[str]
    sessions: list[str]
    caused_by: list[str]
    facts: Facts
    display_filter: str
    evidence: list[EvidenceDoc]


class NotJudgedDoc(TypedDict):
    """A code (patterns allowed) that this capture cannot decide for these devices."""

    code: str
    devices: list[str]
    reason: str


class IgnoredDoc(TypedDict):
    """A finding that the user asked not to hear, and why."""

    id: str
    code: str
    reason: str | None


class FlowDoc(TypedDict):
    """One conversation. Bytes count payload, with retransmissions."""

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
    first_time: Time
    last_time: Time
    packets: int
    bytes_client: int
    bytes_server: int
    syn: bool
    synack: bool
    fin: bool
    rst: bool


class UnreadableDoc(TypedDict):
    """An input that could not be read at all."""

    path: str
    reason: str


class ReportDoc(TypedDict):
    """``pcapkit analyze --format json``. ``flows`` stands only in what ``--full`` prints."""

    schema: Literal["pcapkit.report/1"]
    tool: ToolDoc
    captures: list[CaptureDoc]
    site: SiteDoc
    devices: list[DeviceDoc]
    sessions: list[SessionDoc]
    findings: list[FindingDoc]
    not_judged: list[NotJudgedDoc]
    ignored: list[IgnoredDoc]
    unreadable: list[UnreadableDoc]
    counts: dict[str, int]
    interrupted: bool
    flows: NotRequired[list[FlowDoc]]


class CaptureLine(CaptureDoc):
    """``jsonl``: a capture."""

    type: Literal["capture"]


class DeviceLine(DeviceDoc):
    """``jsonl``: a device."""

    type: Literal["device"]


class SessionLine(SessionDoc):
    """``jsonl``: a session."""

    type: Literal["session"]


class FindingLine(FindingDoc):
    """``jsonl``: a finding. Lines with ``change`` are of a capture under way: the finding became certain (``new``), ``changed`` (how stands in
    ``changed``), or was ``withdrawn``. ``number`` stays the same through a run, ids are those of the moment, ``at`` is the capture's clock,
    ``device_names`` says by id who they are."""

    type: Literal["finding"]
    change: NotRequired[Literal["new", "changed", "withdrawn"]]
    number: NotRequired[int]
    changed: NotRequired[str | None]
    at: NotRequired[Time]
    device_names: NotRequired[dict[str, str]]


class FlowLine(FlowDoc):
    """``jsonl``, with ``--full``: a conversation."""

    type: Literal["flow"]


class SummaryLine(TypedDict):
    """``jsonl``: the last line, with all that belongs to the whole."""

    type: Literal["summary"]
    schema: Literal["pcapkit.report/1"]
    tool: ToolDoc
    site: SiteDoc
    not_judged: list[NotJudgedDoc]
    ignored: list[IgnoredDoc]
    unreadable: list[UnreadableDoc]
    counts: dict[str, int]
    interrupted: bool
    totals: dict[str, int]


class EventDoc(TypedDict):
    """One line of ``pcapkit dissect``: an event, in order of ``frame``. Further keys depend on ``type``. ``complete`` false: a part was cut or lost."""

    type: str
    capture: int
    frame: int
    frames: NotRequired[list[int]]
    time: str
    src: str | None
    dst: str | None
    sport: int | None
    dport: int | None
    transport: str
    flow: NotRequired[str]
    complete: NotRequired[bool]
    decrypted: NotRequired[bool]
    duplicate: NotRequired[bool]

"""What is to be cut out, as the user names it, and what that means in addresses, conversations and frames."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from pcapkit.filter import FilterError, compile_filter
from pcapkit.filter.fields import Value
from pcapkit.model import Device, Evidence, Finding, FlowSummary, FrameRef, Report, Session
from pcapkit.report.narrow import find_devices
from pcapkit.report.rows import report_rows

BEFORE_NS: Final = 60 * 10**9
"""What a device did just before its session belongs to it: the lease, the first look-ups."""
AFTER_NS: Final = 120 * 10**9
LISTED: Final = 8
"""Identifiers named when there is no such one."""
ALWAYS: Final = (-(2**63), 2**63 - 1)

Place = tuple[int, int]
"""Capture and frame."""


class SelectionError(Exception):
    """Nothing in the report is called so; the message says what is."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Union of what is named. ``devices``: id, MAC, address or host name; ``expressions``: filter language. Nothing named: all sessions.

    ``since_ns``, ``until_ns`` bound the packets, whatever they belong to.
    """

    sessions: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    since_ns: int = ALWAYS[0]
    until_ns: int = ALWAYS[1]
    utc: bool = False

    @property
    def named(self) -> bool:
        return bool(self.sessions or self.devices or self.findings or self.flows or self.expressions)


@dataclass(slots=True)
class Host:
    """Addresses and MAC of a device, and the time of interest. ``whole``: all that it sent or got, else only its DNS, ARP, DHCP and ICMP.

    Of a server that a finding is about, ``greetings``: how it answers anybody who knocks, which tells how far it is away.
    """

    names: tuple[str, ...]
    whole: bool = False
    greetings: bool = False
    start_ns: int = ALWAYS[0]
    end_ns: int = ALWAYS[1]


@dataclass(slots=True)
class Wanted:
    """What to look for in packets. ``frames``: with the conversations that they belong to.

    ``strangers``: MACs of devices that were not chosen, since addresses change hands. ``notes``: comments by frame; ``chosen``: ids, for messages.
    """

    frames: set[Place] = field(default_factory=set)
    hosts: list[Host] = field(default_factory=list)
    flows: list[FlowSummary] = field(default_factory=list)
    strangers: tuple[str, ...] = ()
    notes: dict[Place, list[str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)
    since_ns: int = ALWAYS[0]
    until_ns: int = ALWAYS[1]

    @property
    def empty(self) -> bool:
        return not (self.frames or self.hosts or self.flows)


def resolve(report: Report, selection: Selection, flows: Sequence[FlowSummary] = ()) -> Wanted:
    """Find in the report what the selection names. ``flows``: all of the run, in order.

    Raises:
        SelectionError: there is no such session, device, finding or flow, or nothing to be cut out.
    """
    return _Resolver(report, selection, flows).wanted()


class _Resolver:
    """Collects from the report, each noun with what belongs to it."""

    def __init__(self, report: Report, selection: Selection, flows: Sequence[FlowSummary]) -> None:
        self.report = report
        self.selection = selection
        self.flows = flows
        self.devices = {d.id: d for d in report.devices}
        self.sessions = {s.id: s for s in report.sessions}
        self.out = Wanted(since_ns=selection.since_ns, until_ns=selection.until_ns)
        self._whole: set[str] = set()
        self._partly: dict[str, tuple[int, int]] = {}

    def wanted(self) -> Wanted:
        chosen = self._named()
        for device in chosen.devices:
            self._device(device)
        for session in chosen.sessions:
            self._session(session)
        for finding in chosen.findings:
            self._finding(finding)
        for flow in chosen.flows:
            self._flow(flow)
        self._settle_hosts()
        self._comment()
        if self.out.empty:
            raise SelectionError("nothing to cut out: no autodiscover session was found; name a --device, a --flow or a --filter")
        self.out.chosen = [item.id for group in (chosen.findings, chosen.sessions, chosen.devices, chosen.flows) for item in group]
        return self.out

    def _named(self) -> _Chosen:
        s, report = self.selection, self.report
        if not s.named:
            return _Chosen(list(report.sessions), [], list(report.findings), [])
        chosen = _Chosen(
            [_by_id(report.sessions, text, "session") for text in s.sessions],
            [device for text in s.devices for device in self._devices_called(text)],
            [_by_id(report.findings, text, "finding") for text in s.findings],
            [_flow_called(self.flows, text) for text in s.flows],
        )
        for expression in s.expressions:
            _match(report, expression, self.flows, s.utc, chosen)
        return chosen

    def _devices_called(self, text: str) -> list[Device]:
        found = find_devices(self.report, text)
        if not found:
            raise SelectionError(f"--device {text}: no such device; there {_listed([d.id for d in self.report.devices])}")
        return found

    # ------------------------------------------------------------ nouns

    def _device(self, device: Device) -> None:
        self._whole.add(device.id)
        for session in self.report.sessions:
            if session.device == device.id:
                self._steps(session)
        for finding in self.report.findings:
            if device.id in finding.devices:
                self._evidence(finding, {device.id})

    def _session(self, session: Session) -> None:
        start, end = self._partly.get(session.device, (session.first_time_ns, session.last_time_ns))
        self._partly[session.device] = (min(start, session.first_time_ns), max(end, session.last_time_ns))
        self._steps(session)
        for finding in self.report.findings:
            if session.id in finding.sessions:
                self._evidence(finding, {session.device})

    def _finding(self, finding: Finding) -> None:
        """A finding with the sessions that it hits; one that belongs to the capture with all, since it shows in them."""
        of_capture = not finding.sessions and not finding.devices
        for session in self.report.sessions:
            if of_capture or session.id in finding.sessions:
                self._session(session)
        if of_capture:
            touched = finding.facts.get("devices")
            self._whole |= self.devices.keys() & set(map(str, touched if isinstance(touched, list) else ()))
        elif not finding.sessions:
            for device_id in finding.devices:
                times = [e.time_ns for e in finding.evidence if e.device in (None, device_id)]
                start, end = self._partly.get(device_id, (min(times, default=0), max(times, default=0)))
                self._partly[device_id] = (min([start, *times]), max([end, *times]))
        self._evidence(finding, None)

    def _flow(self, flow: FlowSummary) -> None:
        self.out.flows.append(flow)
        self.out.hosts.append(Host((flow.client,), start_ns=flow.first_time_ns - BEFORE_NS, end_ns=flow.last_time_ns + AFTER_NS))

    def _steps(self, session: Session) -> None:
        for step in session.steps:
            self.out.frames |= _places(step.frames)
            for event in step.events:
                self.out.frames |= _places(event.frames) | _places(event.copies)

    def _evidence(self, finding: Finding, devices: set[str] | None) -> None:
        """The frames that prove a finding; of a chosen device or session only its own and those of nobody's."""
        if finding not in self.out.findings:
            self.out.findings.append(finding)
            address = finding.facts.get("address")
            if isinstance(address, str):
                self.out.hosts.append(Host((address,), greetings=True))
        for item in self._shown(finding, devices):
            self.out.frames.add((item.capture, item.frame))

    @staticmethod
    def _shown(finding: Finding, devices: set[str] | None) -> Iterator[Evidence]:
        return (e for e in finding.evidence if devices is None or e.device is None or e.device in devices)

    # ------------------------------------------------------------ the whole

    def _settle_hosts(self) -> None:
        for device_id in self._whole:
            self.out.hosts.append(Host(_ends(self.devices[device_id]), whole=True))
        for device_id, (start, end) in self._partly.items():
            if device_id in self.devices and device_id not in self._whole:
                self.out.hosts.append(Host(_ends(self.devices[device_id]), start_ns=start - BEFORE_NS, end_ns=end + AFTER_NS))
        ours = self._whole | set(self._partly)
        self.out.strangers = tuple(d.mac for d in self.report.devices if d.mac and d.id not in ours)

    def _comment(self) -> None:
        """``pcapkit F1 hairpin-no-reply: SYN to …`` on each frame that is evidence and in the cut."""
        for finding in self.out.findings:
            for item in finding.evidence:
                place = (item.capture, item.frame)
                if place in self.out.frames:
                    self.out.notes.setdefault(place, []).append(f"pcapkit {finding.id} {finding.code}: {item.note}")


@dataclass(slots=True)
class _Chosen:
    """The nouns that were named."""

    sessions: list[Session]
    devices: list[Device]
    findings: list[Finding]
    flows: list[FlowSummary]


Noun = TypeVar("Noun", Session, Finding)


def _by_id(items: Sequence[Noun], text: str, kind: str) -> Noun:
    wanted = text.strip().upper()
    for item in items:
        if item.id == wanted:
            return item
    raise SelectionError(f"--{kind} {text}: no such {kind}; there {_listed([item.id for item in items])}")


def _flow_called(flows: Sequence[FlowSummary], text: str) -> FlowSummary:
    """Flows are many, and in the order of their numbers."""
    digits = text.strip().upper().removeprefix("T")
    if digits.isascii() and digits.isdigit() and len(digits) < 12:
        at = bisect_left(flows, int(digits), key=_number)
        if at < len(flows) and _number(flows[at]) == int(digits):
            return flows[at]
    ends = f"are {flows[0].id} to {flows[-1].id}" if flows else "are no flows in this capture"
    raise SelectionError(f"--flow {text}: no such flow; there {ends}")


def _number(flow: FlowSummary) -> int:
    return int(flow.id[1:])


def _match(report: Report, expression: str, flows: Sequence[FlowSummary], utc: bool, chosen: _Chosen) -> None:
    """Sessions, findings and devices whose row matches; flows where none does.

    Raises:
        SelectionError: the expression cannot be read, or matches nothing.
    """
    start = min((c.first_time_ns for c in report.captures if c.first_time_ns is not None), default=None)
    try:
        matches = compile_filter(expression, start, utc)
    except FilterError as error:
        raise SelectionError(f"--filter: {error}") from None
    rows = [row for row in report_rows(report) if matches(row.values)]
    sessions, findings = {r.session for r in rows}, {r.finding for r in rows}
    devices = {r.device for r in rows if r.session is None and r.finding is None}
    chosen.sessions += [s for s in report.sessions if s.id in sessions]
    chosen.findings += [f for f in report.findings if f.id in findings]
    chosen.devices += [d for d in report.devices if d.id in devices]
    if not rows:
        found = [flow for flow in flows if matches(_flow_values(flow))]
        if not found:
            raise SelectionError(f"--filter {expression}: nothing matches")
        chosen.flows += found


def _flow_values(flow: FlowSummary) -> dict[str, tuple[Value, ...]]:
    return {
        "flow": (flow.id,),
        "ip": (flow.client, flow.server),
        "port": (flow.client_port, flow.server_port),
        "proto": (flow.transport,),
        "name": (flow.name,) if flow.name else (),
        "packets": (flow.packets,),
        "bytes": (flow.bytes_client + flow.bytes_server,),
        "frame": (flow.first_frame, flow.last_frame),
        "time": (flow.first_time_ns, flow.last_time_ns),
    }


def _places(frames: Iterable[FrameRef]) -> set[Place]:
    return {(f.capture, f.frame) for f in frames}


def _ends(device: Device) -> tuple[str, ...]:
    return (*device.addresses, device.mac) if device.mac else device.addresses


def _listed(ids: list[str]) -> str:
    """``are S1, S2, S3``: the identifiers there are."""
    if not ids:
        return "is none in this capture"
    more = f" and {len(ids) - LISTED} more" if len(ids) > LISTED else ""
    return ("are " if len(ids) > 1 else "is ") + ", ".join(ids[:LISTED]) + more

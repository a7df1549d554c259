"""A session as the story that its ladder tells: who takes part, what was sent when, and where the findings belong.

Plain data, made from the report alone; ``view.ladder`` draws it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Final, Literal

from pcapkit.model import SEVERITIES, Device, Finding, FrameRef, Report, Session, Step, StepEvent
from pcapkit.report.words import device_name

NS: Final = 10**9
GAP_NS: Final = 5 * NS
PHONE: Final = "phone"
Form = Literal["plain", "open", "lost", "guess"]

ORDER: Final = ("phone", "DHCP", "DNS", "FE/pool", "Exchange", "proxy", "cloud", "identity", "stranger", "router", "other")
"""Roles in the order of the story."""
OUTSIDE: Final = frozenset(("discover-external", "web-external", "mobility", "webticket", "edge"))
INSIDE: Final = frozenset(("discover-internal", "web-internal"))


@dataclass(frozen=True, slots=True)
class Party:
    """Who takes part: a host with its role. ``key``: its address, ``phone`` for the device."""

    key: str
    role: str
    address: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """Something sent. ``peer``: key of the other party; ``delta_ns``: since the arrow before it of the same attempt; ``step``: its number.

    ``again_ns``: when it was sent again, ``again``: the frames of those, as far as they are known. ``copies``: how often it was captured.
    """

    id: str
    time_ns: int
    delta_ns: int | None
    sent: bool
    peer: str
    text: str
    form: Form
    failed: bool
    frames: tuple[FrameRef, ...]
    step: int
    again_ns: tuple[int, ...] = ()
    again: tuple[FrameRef, ...] = ()
    copies: int = 1
    event: StepEvent | None = None

    @property
    def last_ns(self) -> int:
        """When it was sent the last time."""
        return max((self.time_ns, *self.again_ns))


@dataclass(frozen=True, slots=True)
class Note:
    """A finding at its place. ``because``: the finding that caused it."""

    id: str
    finding: Finding
    because: str | None = None
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Fold:
    """Consequences of a finding, closed until somebody wants to see them."""

    id: str
    root: str
    count: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing was sent for a while."""

    ns: int


Item = Arrow | Note | Fold | Gap


@dataclass(frozen=True, slots=True)
class Story:
    """A session to be drawn. ``domain`` is said once, above it; names below it are shortened."""

    session: Session
    device: Device
    parties: tuple[Party, ...]
    items: tuple[Item, ...]
    roots: tuple[str, ...] = ()
    """Findings that no other finding of the session caused, by line id: the most severe first, else in order of the story."""


@dataclass(slots=True)
class _Cast:
    """The parties as they appear."""

    session: Session
    public: frozenset[str]
    roles: dict[str, list[str]] = field(default_factory=dict)

    def see(self, address: str, role: str) -> None:
        known = self.roles.setdefault(address, [])
        if role not in known:
            known.append(role)

    def role_of(self, step: Step, event: StepEvent) -> str:
        """What the other end of an event is in the story."""
        if event.kind in ("query", "answer"):
            return "DNS"
        if event.kind == "icmp":
            return "router"
        asked = (step.server or "").rpartition(":")[0].strip("[]")
        if event.peer != asked and event.kind in ("foreign", "refused"):
            return "stranger"
        if step.role == "idp":
            return "identity"
        if step.role.startswith("exch") or self.session.service == "exchange":
            return "proxy" if event.peer in self.public else "Exchange"
        return self._server(step, event.peer)

    def _server(self, step: Step, peer: str) -> str:
        if peer in self.public:
            return "proxy"
        ours = _below(step.target or "", self.session.domain) or not step.target
        if step.role in INSIDE or (step.role in OUTSIDE and ours and private(peer) and step.role not in ("discover-external", "web-external")):
            return "FE/pool"
        if step.role in OUTSIDE:
            return "proxy" if ours else "cloud"
        return "other"

    def parties(self) -> list[Party]:
        """In the order of the story, then of appearance."""
        found = [Party(address, "/".join(dict.fromkeys(roles[:2])), address) for address, roles in self.roles.items()]
        return sorted(found, key=lambda p: ORDER.index(self.roles[p.key][0]))


def private(address: str) -> bool:
    """An address that only its own network knows."""
    try:
        return ip_address(address).is_private
    except ValueError:
        return False


def _below(name: str, domain: str) -> bool:
    return name == domain or name.endswith("." + domain)


def tell(report: Report, session: Session, opened: Iterable[str] = ()) -> Story:
    """The story of a session. ``opened``: folds that are open."""
    device = next(d for d in report.devices if d.id == session.device)
    cast = _Cast(session, frozenset(report.site.public_ips))
    arrows = _arrows(session, cast)
    findings = [f for f in report.findings if session.id in f.sessions or _of_everybody(f, session)]
    items, roots = _weave(arrows, findings, session, frozenset(opened))
    parties = (Party(PHONE, "phone", _address(device)), *cast.parties())
    return Story(session, device, parties, tuple(items), roots)


def _of_everybody(finding: Finding, session: Session) -> bool:
    """The finding hits no device in particular, and what shows it happened while the session went on."""
    if finding.devices or finding.code.startswith("capture-"):
        return False
    return any(session.first_time_ns - GAP_NS <= e.time_ns <= session.last_time_ns + GAP_NS for e in finding.evidence)


def _address(device: Device) -> str:
    return next((a for a in device.addresses if ":" not in a), device.addresses[0] if device.addresses else device_name(device))


# ---------------------------------------------------------------- arrows


def _arrows(session: Session, cast: _Cast) -> list[Arrow]:
    """Every event once, in order of time; what two captures hold alike is one arrow."""
    found: list[Arrow] = []
    for number, step in enumerate(session.steps):
        for place, event in enumerate(step.events):
            cast.see(event.peer, cast.role_of(step, event))
            found.append(_arrow(f"{number}.{place}", number, event))
    found.sort(key=lambda a: (a.time_ns, a.frames[:1] and a.frames[0].frame))
    merged = _merged(found)
    before: dict[int, int] = {}
    result: list[Arrow] = []
    for arrow in merged:
        attempt = session.steps[arrow.step].attempt
        since = before.get(attempt, result[-1].last_ns if result else None)
        result.append(replace(arrow, delta_ns=None if since is None else max(0, arrow.time_ns - since)))
        before[attempt] = arrow.time_ns
    return result


def _arrow(key: str, step: int, event: StepEvent) -> Arrow:
    form: Form = "guess" if not event.seen else "lost" if event.lost else "open" if event.kind == "open" else "plain"
    times = len(event.repeats_ns)
    again = event.frames[-times:] if times and event.kind in ("syn", "foreign", "refused", "icmp") and len(event.frames) > times else ()
    return Arrow(
        key, event.time_ns, None, event.sent, event.peer, event.text, form, event.outcome == "failed", event.frames, step, event.repeats_ns, again,
        1 + len(event.copies), event,
    )  # fmt: skip


def _merged(arrows: Sequence[Arrow]) -> list[Arrow]:
    """Without what another capture holds as well."""
    kept: list[Arrow] = []
    places: dict[tuple[int, bool, str, str], int] = {}
    for arrow in arrows:
        key = (arrow.time_ns, arrow.sent, arrow.peer, arrow.text)
        place = places.get(key)
        capture = arrow.frames[0].capture if arrow.frames else 0
        if place is not None and kept[place].frames and kept[place].frames[0].capture != capture:
            kept[place] = replace(kept[place], copies=kept[place].copies + 1)
            continue
        places[key] = len(kept)
        kept.append(arrow)
    return kept


# ---------------------------------------------------------------- findings between them


def _weave(arrows: list[Arrow], findings: list[Finding], session: Session, opened: frozenset[str]) -> tuple[list[Item], tuple[str, ...]]:
    """Arrows with each finding behind the last packet that proves it, consequences folded, gaps drawn."""
    here = {f.id for f in findings}
    after: dict[int, list[Item]] = {}
    roots = [f for f in findings if not here & set(f.caused_by)]
    shown: list[tuple[int, int, str]] = []
    for finding in roots:
        place = _place(finding, arrows, session.device)
        after.setdefault(place, []).append(Note(finding.id, finding))
        shown.append((SEVERITIES.index(finding.severity), place, finding.id))
    for root in findings:
        follows = [f for f in findings if f.caused_by and root.id == next((c for c in f.caused_by if c in here), None)]
        for finding in follows[:1]:
            after.setdefault(_place(finding, arrows, session.device), []).append(Note(finding.id, finding, root.id))
        if len(follows) > 1:
            _fold(after, root, follows[1:], opened, arrows, session.device)
    items: list[Item] = [*after.get(-1, ())]
    previous: Arrow | None = None
    for place, arrow in enumerate(arrows):
        if previous is not None and arrow.time_ns - previous.last_ns > GAP_NS:
            items.append(Gap(arrow.time_ns - previous.last_ns))
        items.append(arrow)
        items += after.get(place, ())
        previous = arrow if previous is None or arrow.last_ns >= previous.last_ns else previous
    return items, tuple(key for _, _, key in sorted(shown))


def _fold(after: dict[int, list[Item]], root: Finding, rest: list[Finding], opened: frozenset[str], arrows: list[Arrow], device: str) -> None:
    """The other consequences, in a line below their cause."""
    place = _place(root, arrows, device)
    fold = Fold(f"{root.id}+", root.id, len(rest))
    below = after.setdefault(place, [])
    at = next((n for n, item in enumerate(below) if isinstance(item, Note) and item.id == root.id), len(below) - 1) + 1
    inner: list[Item] = [Note(f.id, f, root.id, inside=True) for f in rest] if fold.id in opened else []
    below[at:at] = [fold, *inner]


def _place(finding: Finding, arrows: list[Arrow], device: str) -> int:
    """Behind which arrow a finding stands: the last whose frames prove it (of a cause, the last that failed), else the last before; -1: above all."""
    evidence = [e for e in finding.evidence if e.device in (None, device)] or list(finding.evidence)
    frames = {(e.capture, e.frame) for e in evidence}
    proved = [n for n, a in enumerate(arrows) if any((f.capture, f.frame) in frames for f in a.frames)]
    failed = [n for n in proved if arrows[n].failed]
    if proved:
        return failed[-1] if failed and not finding.caused_by else proved[-1]
    last = max((e.time_ns for e in evidence), default=None)
    before = [n for n, a in enumerate(arrows) if last is None or a.time_ns <= last]
    return before[-1] if before else -1

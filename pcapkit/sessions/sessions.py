"""Attempts and look-ups → sessions: one device, one account domain, one service, until it is idle (docs/domain.md, 1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pcapkit.limits import Thresholds
from pcapkit.model import Service
from pcapkit.sessions.names import Names
from pcapkit.sessions.roles import STARTERS, by_name, is_public_suffix, organisational_domain
from pcapkit.sessions.scene import Attempt, DeviceCase, Lookup, NameFact, SessionCase

NS: Final = 10**9


@dataclass(slots=True)
class _Item:
    """A look-up or an attempt with a role."""

    start_ns: int
    end_ns: int
    frame: int
    fact: NameFact
    lookup: Lookup | None = None
    attempt: Attempt | None = None


@dataclass(slots=True)
class _Open:
    """A session that may still go on."""

    service: Service
    domain: str
    first_ns: int
    last_ns: int
    items: list[_Item] = field(default_factory=list)

    def take(self, item: _Item) -> None:
        self.items.append(item)
        self.last_ns = max(self.last_ns, item.end_ns)


def group(devices: Iterable[DeviceCase], attempts: list[Attempt], names: Names, thresholds: Thresholds) -> list[SessionCase]:
    """All sessions, S1 the first to begin."""
    cases: list[SessionCase] = []
    by_device: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_device.setdefault(attempt.device, []).append(attempt)
    for device in devices:
        items = _items(device, by_device.get(device.id, []), names)
        cases += [_case(device, opened) for opened in _Grouping(device, names, thresholds).run(items)]
    cases.sort(key=lambda c: (c.first_time_ns, int(c.device.id[1:]), c.service, c.domain))
    for number, case in enumerate(cases, 1):
        case.id = f"S{number}"
    return cases


def _items(device: DeviceCase, attempts: list[Attempt], names: Names) -> list[_Item]:
    items: list[_Item] = []
    for lookup in device.lookups:
        fact = names.fact(device.id, lookup.name) if lookup.search_of is None else None
        if fact:
            last = lookup.queries[-1]
            items.append(_Item(lookup.first.time_ns, max(last.ref.time_ns, (lookup.answer or last.ref).time_ns), lookup.first.frame, fact, lookup))
    for attempt in attempts:
        fact = names.fact(device.id, attempt.name)
        if fact:
            frame = attempt.connection.first_frame if attempt.connection else 0
            items.append(_Item(attempt.first_time_ns, attempt.last_time_ns, frame, fact, None, attempt))
    return sorted(items, key=lambda i: (i.start_ns, i.attempt is not None, i.frame))


class _Grouping:
    """Goes through one device's items in order of time."""

    def __init__(self, device: DeviceCase, names: Names, thresholds: Thresholds) -> None:
        self._device = device
        self._names = names
        self._idle = round(thresholds.session_idle_s * NS)
        self._open: list[_Open] = []
        self._done: list[_Open] = []
        self._exchange: dict[str, list[tuple[int, int]]] = {}
        """Domain → times at which its autodiscover or SRV name was used: what makes a bare domain step 1."""

    def run(self, items: list[_Item]) -> list[_Open]:
        for item in items:
            if item.fact.role in ("exch-autodiscover", "exch-srv") and item.fact.domain:
                self._exchange.setdefault(item.fact.domain, []).append((item.start_ns, item.end_ns))
        for item in items:
            self._close(item.start_ns)
            opened = self._place(item)
            if opened:
                opened.take(item)
        return [*self._done, *self._open]

    def _close(self, now_ns: int) -> None:
        for opened in [o for o in self._open if now_ns - o.last_ns > self._idle]:
            self._open.remove(opened)
            self._done.append(opened)

    def _place(self, item: _Item) -> _Open | None:
        """The session that an item belongs to; a new one if it may begin one; else None."""
        fact = item.fact
        if fact.role == "exch-root" and not self._is_step_one(item):
            return None
        told = by_name(fact.name)
        if told and told.role == "exch-autodiscover" and (stray := self._leak(told.domain)):
            return stray
        if (told and told.role != "edge") or fact.role == "exch-root":
            service, domain = (told.service, told.domain) if told else ("exchange", fact.domain or fact.name)
            return self._exact(service, domain) or self._begin(item, service, domain)
        found = self._nearest(fact)
        if found or not fact.known or fact.role not in STARTERS:
            return found
        own = self._names.accounts.get(self._device.id, set())
        account = next(iter(own)) if len(own) == 1 else None
        return self._begin(item, fact.service or "lync", account or fact.domain or organisational_domain(fact.name) or fact.name)

    def _is_step_one(self, item: _Item) -> bool:
        near = self._exchange.get(item.fact.domain or "", ())
        return any(start - self._idle <= item.end_ns and item.start_ns <= end + self._idle for start, end in near)

    def _leak(self, domain: str) -> _Open | None:
        """``autodiscover.`` of a public suffix, or of a parent that the account does not belong to: part of the session that it leaks from (docs/domain.md, 3)."""
        if domain in self._names.accounts.get(self._device.id, ()) or (self._device.id, domain) in self._names.roots:
            return None
        below = [o for o in self._open if o.service == "exchange" and o.domain.endswith("." + domain)]
        if not below and is_public_suffix(domain):
            below = [o for o in self._open if o.service == "exchange"]
        return max(below, key=lambda o: o.last_ns, default=None)

    def _exact(self, service: Service, domain: str) -> _Open | None:
        return next((o for o in self._open if o.service == service and o.domain == domain), None)

    def _nearest(self, fact: NameFact) -> _Open | None:
        """The open session that a service, sign-in or guessed name most likely serves."""
        fitting = [o for o in self._open if fact.service in (None, o.service)]
        zone = organisational_domain(fact.name)
        same = [o for o in fitting if o.domain == fact.domain or (zone is not None and organisational_domain(o.domain) == zone)]
        chosen = same or (fitting if fact.known else [])
        return max(chosen, key=lambda o: (o.last_ns, o.domain), default=None)

    def _begin(self, item: _Item, service: Service, domain: str) -> _Open:
        opened = _Open(service, domain, item.start_ns, item.end_ns)
        self._open.append(opened)
        return opened


def _case(device: DeviceCase, opened: _Open) -> SessionCase:
    attempts = [i.attempt for i in opened.items if i.attempt]
    lookups = [i.lookup for i in opened.items if i.lookup]
    for item in opened.items:
        if item.attempt:
            item.attempt.role = item.fact.role
    attempts += _without_connection(lookups, attempts, opened.items)
    attempts.sort(key=lambda a: (a.first_time_ns, a.connection is not None, a.connection.first_frame if a.connection else 0))
    first = min(i.start_ns for i in opened.items)
    return SessionCase("", device, opened.service, opened.domain, first, opened.last_ns, attempts, lookups)


def _without_connection(lookups: list[Lookup], attempts: list[Attempt], items: list[_Item]) -> Iterator[Attempt]:
    """Look-ups that led nowhere are attempts too: the last of each name that no connection of the session bears."""
    from pcapkit.sessions.attempts import of_lookup

    used = {id(a.lookup) for a in attempts if a.lookup}
    named = {a.name for a in attempts}
    roles = {i.lookup.name: i.fact.role for i in items if i.lookup}
    last = {x.name: x for x in lookups if x.outcome == "answered"}
    for lookup in lookups:
        if id(lookup) in used or (lookup.outcome == "answered" and (lookup.name in named or last[lookup.name] is not lookup)):
            continue
        attempt = of_lookup(lookup)
        attempt.role = roles[lookup.name]
        yield attempt

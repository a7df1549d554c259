"""What each name is for: known by itself, by an answer, by a request, by an option; else guessed from the order of things (docs/domain.md, 1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl

from pcapkit_dissectors.messages import ExchangeAnswer, LyncAnswer

from pcapkit.limits import Thresholds
from pcapkit.model import Service
from pcapkit.sessions.roles import (
    FEDERATION_HOSTS,
    IDENTITY_PROVIDERS,
    by_name,
    by_path,
    host_of,
    is_address,
    organisational_domain,
    told_by_exchange,
    told_by_lync,
)
from pcapkit.sessions.scene import Attempt, DeviceCase, Exchange, Lookup, NameFact, Ref, Role
from pcapkit.sessions.site import Inside

NS: Final = 10**9
NEVER_GUESSED: Final = frozenset(
    {"wpad", "isatap", "www", "autoconfig", "enterpriseregistration", "enterpriseenrollment", "ntp", "time", *FEDERATION_HOSTS}
)
GUESSED_FROM: Final[tuple[Role, ...]] = ("discover-internal", "discover-external", "exch-autodiscover")
STRENGTH: Final[dict[Role, int]] = {"web-external": 5, "mobility": 4, "web-internal": 4, "webticket": 2, "exch-autodiscover": 3, "edge": 1, "idp": 1}


class Names:
    """The roles of all names of a run. Roles of bare domains depend on who asks."""

    def __init__(self, external_fqdns: Iterable[str]) -> None:
        self.facts: dict[str, NameFact] = {}
        self.roots: dict[tuple[str, str], NameFact] = {}
        """(device, bare domain): Exchange step 1."""
        self.accounts: dict[str, set[str]] = {}
        """Device → domains of addresses that it gave itself (sipuri, e-mail address)."""
        self._weak: dict[str, bool] = {}
        for name in external_fqdns:
            self._know(NameFact(name.lower().rstrip("."), "web-external", True, "given as an external name", service="lync"))

    def role(self, device: str, name: str | None) -> Role:
        """Role of a name when this device uses it."""
        fact = self.fact(device, name)
        return fact.role if fact else "other"

    def fact(self, device: str, name: str | None) -> NameFact | None:
        if name is None:
            return None
        return self.facts.get(name) or self.roots.get((device, name))

    def public(self) -> Mapping[str, NameFact]:
        """By name, for the rules: the roots too."""
        return {**{name: fact for (_, name), fact in self.roots.items()}, **self.facts}

    def _know(self, fact: NameFact, weak: bool = False) -> None:
        """Take a fact. What a name says of itself stands; else the stronger word, then the stronger role, then the first."""
        if not fact.name or is_address(fact.name):
            return
        old = self.facts.get(fact.name)
        if old is not None:
            old_rank = (old.known, not self._weak.get(fact.name, False), STRENGTH.get(old.role, 9))
            new_rank = (fact.known, not weak, STRENGTH.get(fact.role, 9))
            if old_rank >= new_rank:
                return
        self.facts[fact.name] = fact
        self._weak[fact.name] = weak

    # ------------------------------------------------------------ known

    def by_themselves(self, lookups: Iterable[Lookup], attempts: Iterable[Attempt]) -> None:
        """Discovery names, SIP names, identity providers; bare domains where autodiscover is asked too."""
        seen: dict[str, set[tuple[str, Ref | None]]] = {}
        for lookup in lookups:
            if lookup.search_of is None:
                seen.setdefault(lookup.name, set()).add((lookup.device, lookup.first))
        for attempt in attempts:
            if attempt.name:
                seen.setdefault(attempt.name, set()).add((attempt.device, None))
        for name in seen:
            told = by_name(name)
            if told:
                self._know(NameFact(name, told.role, True, "the name itself", domain=told.domain, service=told.service))
            elif name in IDENTITY_PROVIDERS:
                self._know(NameFact(name, "idp", True, "a cloud sign-in host"))
        exchange = [f for f in self.facts.values() if f.role in ("exch-autodiscover", "exch-srv") and f.domain]
        for fact in exchange:
            root = fact.domain or ""
            for device in {d for d, _ in seen.get(fact.name, ())} & {d for d, _ in seen.get(root, ())}:
                self.roots[device, root] = NameFact(root, "exch-root", True, f"asked beside {fact.name}", domain=root, service="exchange")
        zones = {organisational_domain(f.domain) or f.domain for f in self.facts.values() if f.domain}
        for name in seen:
            if name.partition(".")[0] in FEDERATION_HOSTS and organisational_domain(name) in zones:
                self._know(NameFact(name, "idp", True, "a federation server of the account's organisation", service="lync"))

    def by_services(self, lookups: Iterable[Lookup]) -> None:
        """Targets of ``_autodiscover._tcp`` records."""
        for lookup in lookups:
            told = by_name(lookup.name)
            if told and told.role == "exch-srv":
                for target in lookup.srv:
                    fact = NameFact(target.rpartition(":")[0], "exch-autodiscover", True, "SRV record", lookup.answer, told.domain, "exchange")
                    self._know(fact)

    def by_answers(self, lookups: Iterable[Lookup], inside: Inside) -> None:
        """A root that says Internal and links to a name with public addresses only: such a name is the external one, whatever answered."""
        led: dict[str, set[bool]] = {}
        for lookup in lookups:
            if lookup.addresses and self._weak.get(lookup.name):
                led.setdefault(lookup.name, set()).update(inside(a) for a in lookup.addresses)
        for name, kinds in led.items():
            fact = self.facts[name]
            if fact.role == "web-internal" and kinds == {False}:
                self.facts[name] = replace(fact, role="web-external", because=f"{fact.because}, and its addresses are public")

    def by_exchanges(self, attempts: Iterable[Attempt]) -> None:
        """Hosts in answers and headers, and what a readable request asked its own host for."""
        for attempt in sorted(attempts, key=lambda a: a.first_time_ns):
            for exchange in attempt.exchanges:
                account = account_of(exchange)
                if account:
                    self.accounts.setdefault(attempt.device, set()).add(account)
                domain = account or self._domain(attempt.device, attempt.name)
                self._by_answer(exchange, domain)
                self._by_headers(exchange, attempt, domain)
                self._by_request(exchange, attempt, domain)

    def _domain(self, device: str, name: str | None) -> str | None:
        fact = self.fact(device, name)
        return (fact.domain if fact else None) or (organisational_domain(name) if name else None)

    def _by_answer(self, exchange: Exchange, domain: str | None) -> None:
        answer = exchange.answer
        if isinstance(answer, LyncAnswer):
            told = told_by_lync(answer)
        elif isinstance(answer, ExchangeAnswer):
            told = told_by_exchange(answer)
        else:
            return
        for item in told:
            self._know(NameFact(item.host, item.role, True, item.because, exchange.response_ref, domain, item.service), item.weak)

    def _by_headers(self, exchange: Exchange, attempt: Attempt, domain: str | None) -> None:
        response = exchange.response
        if response is None:
            return
        service = self._service(attempt)
        for key, value in response.raw_headers:
            low = key.lower()
            if low == "x-ms-webticketurl":
                self._point(value, "webticket", "lync", "X-MS-WebTicketURL header", exchange, domain)
            elif low == "x-ms-location":
                self._point(value, "mobility", "exchange", "X-MS-Location header", exchange, domain)
        for challenge in response.www_authenticate:
            for key, value in _parameters(challenge):
                if key == "href":
                    self._point(value, "webticket", "lync", "MsRtcOAuth challenge", exchange, domain)
                elif key == "authorization_uri":
                    self._point(value, "idp", service, "authorization_uri", exchange, domain)
        if 300 <= response.status < 400 and response.location and self.role(attempt.device, attempt.name) in ("exch-autodiscover", "exch-root"):
            self._point(response.location, "exch-autodiscover", "exchange", f"redirect ({response.status})", exchange, domain)

    def _service(self, attempt: Attempt) -> Service | None:
        fact = self.fact(attempt.device, attempt.name)
        return fact.service if fact else None

    def _point(self, url: str, role: Role, service: Service | None, because: str, exchange: Exchange, domain: str | None) -> None:
        host = host_of(url)
        if host and by_name(host) is None:
            self._know(NameFact(host, role, True, because, exchange.response_ref, domain, service))

    def _by_request(self, exchange: Exchange, attempt: Attempt, domain: str | None) -> None:
        """A host that was asked for a service in the clear is known to be for it."""
        if exchange.request is None or attempt.name is None or self.role(attempt.device, attempt.name) != "other":
            return
        told = by_path(exchange.path)
        if told is None:
            return
        role, service = told
        if role == "discover-external":
            inside = isinstance(exchange.answer, LyncAnswer) and (exchange.answer.access_location or "").lower() == "internal"
            role = "web-internal" if inside else "web-external"
        self._know(NameFact(attempt.name, role, True, f"request for {exchange.path[:80]}", exchange.request_ref, domain, service))

    # ------------------------------------------------------------ guessed

    def guess(self, device: DeviceCase, lookups: list[Lookup], attempts: list[Attempt], inside: Inside, thresholds: Thresholds) -> None:
        """Names of the same organisation that follow a discovery connection within ``guess_window_s``: the next hop of an encrypted answer."""
        causes = _Causes(thresholds)
        found_external: set[str] = set()
        moves: list[tuple[int, int, Attempt | Lookup]] = [(a.first_time_ns, 1, a) for a in attempts]
        moves += [(x.first.time_ns, 0, x) for x in lookups if x.search_of is None]
        for _, _, move in sorted(moves, key=lambda m: m[:2]):
            name = move.name
            if name is None:
                continue
            fact = self.fact(device.id, name)
            if fact is None:
                start = move.first.time_ns if isinstance(move, Lookup) else move.first_time_ns
                cause = causes.of(name, start)
                if cause:
                    self._guess(move, cause, inside, found_external)
                    fact = self.fact(device.id, name)
            if fact and isinstance(move, Attempt) and (fact.role in GUESSED_FROM or not fact.known):
                causes.add(move, fact)

    def _guess(self, move: Attempt | Lookup, cause: _Cause, inside: Inside, external: set[str]) -> None:
        name = move.name or ""
        addresses = move.addresses if isinstance(move, Lookup) else (move.address,)
        told = [a for a in addresses if a and ":" not in a] or [a for a in addresses if a]  # of IPv6 nothing is hidden behind a NAT
        if told and all(map(inside, told)):
            role: Role = "web-internal"
        elif cause.zone not in external:
            role = "web-external"
            external.add(cause.zone)
        else:
            return
        self._know(NameFact(name, role, False, f"asked for right after {cause.name}", cause.ref, cause.domain, cause.service))


@dataclass(slots=True)
class _Cause:
    """A connection that must have told the device where to go next."""

    name: str
    zone: str
    since_ns: int
    until_ns: int
    ref: Ref | None
    domain: str | None
    service: Service | None


class _Causes:
    """The connections so far, of one device."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._window = round(thresholds.guess_window_s * NS)
        self._all: deque[_Cause] = deque(maxlen=64)

    def add(self, attempt: Attempt, fact: NameFact) -> None:
        """A connection to a discovery or guessed name, if it was of use to the device."""
        connection, name = attempt.connection, attempt.name
        zone = organisational_domain(name) if name else None
        if connection is None or name is None or zone is None:
            return
        tls = attempt.tls
        readable = any(e.answer for e in attempt.exchanges)
        answered = any(e.response for e in attempt.exchanges) or (tls is not None and tls.accepted)
        if readable or not answered:
            return
        last = connection.reverse.last_data
        until = last[1] if last else connection.last_time_ns
        ref = tls.hello_ref if tls else None
        self._all.append(_Cause(name, zone, connection.first_time_ns, until + self._window, ref, fact.domain, fact.service))

    def of(self, name: str, time_ns: int) -> _Cause | None:
        """The latest that explains a name asked for at a time."""
        zone = organisational_domain(name)
        first = name.partition(".")[0]
        if zone is None or name == zone or first in NEVER_GUESSED or first.startswith("_") or by_name(name):
            return None
        return next((c for c in reversed(self._all) if c.zone == zone and c.since_ns <= time_ns <= c.until_ns), None)


def account_of(exchange: Exchange) -> str | None:
    """The domain of the address that a request names (``sipuri``, e-mail address, ActiveSync user), None without."""
    if exchange.asked and exchange.asked.email and "@" in exchange.asked.email:
        return _domain_part(exchange.asked.email)
    if exchange.request is None:
        return None
    query = exchange.request.uri.partition("?")[2][:2_048]
    for key, value in parse_qsl(query) if query.count("&") < 32 else ():
        if key.lower() in ("sipuri", "email", "emailaddress") or (key.lower() == "user" and "@" in value):
            return _domain_part(value)
    return _domain_part(exchange.path.partition("/autodiscover.json/v1.0/")[2])


def _domain_part(address: str) -> str | None:
    domain = address.rpartition("@")[2].strip().rstrip(".").lower() if "@" in address else ""
    domain = domain.partition("/")[0].partition(":")[0]
    return domain if "." in domain and not is_address(domain) else None


def _parameters(challenge: str) -> list[tuple[str, str]]:
    """``key=value`` of a challenge (RFC 9110, 11.2), read leniently."""
    found = []
    for part in challenge[:4_096].split(","):
        key, _, value = part.strip().rpartition(" ")[2].partition("=") if "=" in part else ("", "", "")
        if key:
            found.append((key.lower(), value.strip().strip('"')))
    return found

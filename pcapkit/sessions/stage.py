"""Facts and connections → the scene. A pure function: called again and again while a capture grows, it gives the same for the same facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from pcapkit.limits import Thresholds
from pcapkit.model import Capture
from pcapkit.sessions import attempts as trying
from pcapkit.sessions import health, lookups, outcomes, results, sessions, site, steps, story
from pcapkit.sessions.collect import Facts, FlowFacts
from pcapkit.sessions.devices import Roster
from pcapkit.sessions.finder import FOUND, Finder
from pcapkit.sessions.hints import PROBE_HOSTS
from pcapkit.sessions.names import Names
from pcapkit.sessions.refusal import Trial, refine
from pcapkit.sessions.roles import by_name, by_path
from pcapkit.sessions.scene import Attempt, DeviceCase, Lookup, Scene, SessionCase, StrangerChain, Tls
from pcapkit.sessions.site import Inside, Ours
from pcapkit.sessions.sources import SiteOptions, Tracker, Trust
from pcapkit.sessions.tls import Chains

T = TypeVar("T", Attempt, Lookup)


def build(
    facts: Facts, trackers: Sequence[Tracker], captures: tuple[Capture, ...], options: SiteOptions, thresholds: Thresholds, trust: Trust | None
) -> Scene:
    """Everything of one run, for the rules."""
    return _Stage(facts, trackers, captures, options, thresholds, trust).scene()


class _Stage:
    """The order in which the parts are made."""

    def __init__(
        self,
        facts: Facts,
        trackers: Sequence[Tracker],
        captures: tuple[Capture, ...],
        options: SiteOptions,
        thresholds: Thresholds,
        trust: Trust | None,
    ) -> None:
        self._facts = facts
        self._captures = captures
        self._options = options
        self._thresholds = thresholds
        self._trust = trust
        self._inside = Inside(options.inside)
        self._find = Finder(trackers)
        self._copies = self._find.nat_copies()
        self._foreign = self._find.foreign_replies()
        self._shadow = self._shadows()

    def scene(self) -> Scene:
        questions, translated = lookups.pair(self._facts.lookups())
        roster = self._roster(questions, translated)
        found = lookups.build(questions, roster, self._end_of, self._thresholds)
        by_device = _by_device(found)
        for device in roster.devices:
            device.lookups = by_device.get(device.id, [])
        attempts = self._talks(roster)
        _tie(attempts, roster.devices)
        lookups.doubt(found, attempts, self._thresholds)
        names = self._names(roster.devices, found, attempts)
        attempts += self._silent(roster, names, {a.connection.flow for a in attempts if a.connection})
        self._judge(attempts, names)
        cases = sessions.group(roster.devices, attempts, names, self._thresholds)
        half = health.half_seen(self._find.qualities(), roster.devices, self._thresholds)
        for case in cases:
            both_ways = health.ALL not in half and case.device.id not in half
            for attempt in case.attempts:
                end_ns = self._end_of(attempt.connection.capture) if attempt.connection else 0
                outcomes.decide(attempt, end_ns, self._foreign, self._thresholds, both_ways=both_ways)
            results.conclude(case, self._inside)
            case.steps = steps.steps_of(case.attempts, story.Around(self._foreign, self._copies))
        return self._set(roster.devices, found, names, attempts, cases)

    # ------------------------------------------------------------ parts

    def _end_of(self, capture: int) -> int:
        """Time of the last packet of a capture, as far as it is read."""
        told = self._captures[capture].last_time_ns if 0 <= capture < len(self._captures) else None
        return max(told or 0, self._facts.last_ns if told is None else 0)

    def _roster(self, questions: list[lookups.Question], translated: set[str]) -> Roster:
        """Devices, and hosts outside that took part in a discovery. Sources that a NAT made up are neither."""
        sources = {copy.copy_source for copies in self._copies.values() for copy in copies}
        originals = {c.client for c in map(self._find.connection, self._copies) if c}
        made_up = frozenset(sources - originals | translated)
        roster = Roster(self._facts.sightings, self._inside, self._find, made_up)
        outside = {q.client for q in questions if q.asked and by_name(q.fact.name)}
        outside |= {facts.client for facts in self._facts.conversations() if _takes_part(facts)}
        roster.settle(outside - made_up)
        return roster

    def _talks(self, roster: Roster) -> list[Attempt]:
        """Conversations with TLS or HTTP in them, copies behind a NAT left out."""
        found = []
        for facts in self._facts.conversations():
            device = roster.of(facts.client, facts.first.time_ns, facts.client_mac)
            connection = self._find.connection(facts.flow) if device and facts.flow not in self._shadow else None
            if device and connection:
                found.append(trying.from_facts(facts, connection, device, self._thresholds))
        return found

    def _shadows(self) -> set[int]:
        """Conversations that belong to others: translated copies, and answers from where nobody asked."""
        pairs = [(copy.copy_source, copy.copy_destination, copy.copy) for copies in self._copies.values() for copy in copies]
        for flow, replies in self._foreign.items():
            asked = self._find.connection(flow)
            pairs += [(asked.client, reply.source, reply.reply) for reply in replies if asked]
        frames: dict[tuple[str, str], set[tuple[int, int]]] = {}
        for client, server, ref in pairs:
            frames.setdefault((client, server), set()).add(ref[:2])
        return {
            c.flow
            for (client, server), places in frames.items()
            for c in self._find.some(client, server, limit=FOUND)
            if any((c.capture, segment.frame) in places for segment in c.control)
        }

    def _names(self, devices: list[DeviceCase], found: list[Lookup], attempts: list[Attempt]) -> Names:
        names = Names(self._options.external_fqdns)
        names.by_themselves(found, attempts)
        names.by_services(found)
        names.by_exchanges(attempts)
        names.by_answers(found, self._inside)
        by_device = _by_device(attempts)
        for device in devices:
            names.guess(device, device.lookups, by_device.get(device.id, []), self._inside, self._thresholds)
        return names

    def _silent(self, roster: Roster, names: Names, known: set[int]) -> list[Attempt]:
        """Connections in which nothing was said, to addresses of names with a role."""
        known |= self._shadow
        askers: dict[str, set[str]] = {}
        for device in roster.devices:
            for lookup in device.lookups:
                if lookup.search_of is None and names.fact(device.id, lookup.name):
                    for address in lookup.addresses:
                        askers.setdefault(address, set()).add(device.id)
        quiet = trying.silent(roster, askers, known, self._find)
        _tie(quiet, roster.devices)
        return [a for a in quiet if names.fact(a.device, a.name)]

    # ------------------------------------------------------------ verdicts

    def _judge(self, attempts: list[Attempt], names: Names) -> None:
        chains = Chains(self._trust)
        if self._trust is not None:
            for der in self._facts.issuers.values():
                self._trust.learn(der)
        secured = [(a, a.tls) for a in attempts if a.tls and a.address and a.port]
        for attempt, tls in secured:
            chains.offer(attempt.address or "", attempt.port or 0, tls)
        for attempt, tls in secured:
            if names.fact(attempt.device, attempt.name):
                chains.complete(attempt.address or "", attempt.port or 0, tls, tls.sni or attempt.name)
        trials: dict[tuple[str, str], list[Trial]] = {}
        for attempt, tls in secured:
            trials.setdefault((attempt.device, attempt.name or attempt.address or ""), []).append(
                Trial(tls, attempt.first_time_ns, attempt.last_time_ns)
            )
        for same in trials.values():
            refine(same)

    def _set(self, devices: list[DeviceCase], found: list[Lookup], names: Names, attempts: list[Attempt], cases: list[SessionCase]) -> Scene:
        public = names.public()
        options = self._options
        ours = Ours(self._inside, options.public_ips, options.external_fqdns, found, public, self._find, self._foreign, self._copies)
        ours.sessions(cases, devices)
        told = site.describe(options.inside, options.public_ips, options.external_fqdns, cases, public, ours)
        by_server: dict[tuple[str, int], list[Tls]] = {}
        for attempt in attempts:
            if attempt.tls and attempt.address and attempt.port:
                by_server.setdefault((attempt.address, attempt.port), []).append(attempt.tls)
        measured = health.measure(self._find, self._captures, devices, cases, self._copies, self._facts, self._thresholds)
        return Scene(
            captures=self._captures,
            site=replace(told, vantage=measured.vantage or None),
            thresholds=self._thresholds,
            devices=devices,
            sessions=cases,
            names=public,
            lookups=found,
            health=measured,
            find=self._find,
            unanswered=self._find.unanswered,
            is_inside=self._inside,
            ours=ours,
            foreign_replies=self._foreign,
            nat_copies=self._copies,
            tls_by_server=by_server,
            strangers=self._strangers(cases),
            probes=tuple(a for a in attempts if a.port != 443 and a.name in PROBE_HOSTS and a.exchanges),
        )

    def _strangers(self, cases: list[SessionCase]) -> tuple[StrangerChain, ...]:
        """Chains of servers outside the sessions."""
        in_sessions = {a.tls.chain for c in cases for a in c.attempts if a.tls and a.tls.chain}
        return tuple(stranger for stranger in self._facts.strangers.values() if stranger.chain not in in_sessions)


def _by_device(items: Iterable[T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for item in items:
        found.setdefault(item.device, []).append(item)
    return found


def _tie(attempts: list[Attempt], devices: list[DeviceCase]) -> None:
    by_device = _by_device(attempts)
    for device in devices:
        if device.id in by_device:
            trying.tie(by_device[device.id], trying.Answers(device.lookups))


def _takes_part(facts: FlowFacts) -> bool:
    """The conversation is a discovery or a service of one, by its name or by a readable request."""
    if facts.name and (told := by_name(facts.name)) and told.role != "edge":
        return True
    return any(by_path(s.message.uri.partition("?")[0].lower()) for s in facts.events if s.message.TYPE in ("http.request", "http2.request"))

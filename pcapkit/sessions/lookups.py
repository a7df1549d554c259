"""DNS messages → look-ups: questions with their answers, repeats, second servers and address types together (docs/domain.md, 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from pcapkit_dissectors.messages import Dns

from pcapkit.limits import CNAME_DEPTH, Thresholds
from pcapkit.sessions.collect import DnsFact
from pcapkit.sessions.devices import Roster
from pcapkit.sessions.roles import search_suffix_of
from pcapkit.sessions.scene import Attempt, DeviceCase, Lookup, LookupOutcome, Query, Ref

NS: Final = 10**9
COPY_NS: Final = 5_000_000
"""The same message again within this time is a mirror's or a router's copy."""
PAIR_NS: Final = 30 * NS
"""An answer later than this belongs to nobody who still waits."""
TOGETHER_NS: Final = 2 * NS
"""Address types asked within this time are one look-up."""
REPEAT_NS: Final = 15 * NS
"""A question without an answer, asked again within this time, is the same look-up."""
QUESTIONS: Final = 64
"""More than this are no longer one look-up."""
TYPES: Final = frozenset({"A", "AAAA", "HTTPS", "SVCB", "SRV", "CNAME", "ANY"})
NXDOMAIN: Final = 3
SERVFAIL: Final = 2
REFUSED: Final = 5

PairKey = tuple[str, str, int, int, str, str]


@dataclass(slots=True)
class Question:
    """A question as sent; the answer comes later or never."""

    fact: DnsFact
    client: str
    server: str
    client_mac: str | None
    reply: DnsFact | None = None
    asked: bool = True

    def query(self) -> Query:
        reply = self.reply
        return Query(
            self.fact.ref, self.server, self.fact.transport, self.fact.message.id, self.fact.message.qtype,
            reply.ref if reply else None, reply.message if reply else None, self.asked, reply.complete if reply else True,
        )  # fmt: skip


def pair(facts: Iterable[DnsFact]) -> tuple[list[Question], set[str]]:
    """Questions with their answers, in order of time, copies left out; and the hosts whose questions were copies behind a NAT."""
    open_questions: dict[PairKey, Question] = {}
    sent: dict[tuple[int, str, str, str, int], DnsFact] = {}
    answered: dict[PairKey, int] = {}
    found: list[Question] = []
    translated: set[str] = set()
    for fact in facts:
        message = fact.message
        if message.qtype not in TYPES:
            continue
        if message.response:
            key = (fact.dst, fact.src, fact.dport, message.id, fact.name, message.qtype)
            question = open_questions.get(key)
            if question and fact.ref.time_ns - question.fact.ref.time_ns <= PAIR_NS:
                if question.reply is None or _better(message, question.reply.message):
                    question.reply = fact
                answered[key] = fact.ref.time_ns
            elif fact.dst not in translated:
                found.append(Question(fact, fact.dst, fact.src, fact.dst_mac, fact, asked=False))
                open_questions[key] = found[-1]
            continue
        key = (fact.src, fact.dst, fact.sport, message.id, fact.name, message.qtype)
        place = (message.id, fact.name, message.qtype, fact.dst, fact.dport)
        before = sent.get(place)
        sent[place] = fact
        if before and fact.ref.time_ns - before.ref.time_ns <= COPY_NS and _copies(fact, before):
            if before.src != fact.src:
                translated.add(fact.src)
                sent[place] = before
            continue
        question = Question(fact, fact.src, fact.dst, fact.src_mac)
        open_questions[key] = question
        found.append(question)
    return found, translated


def _copies(fact: DnsFact, before: DnsFact) -> bool:
    """The same question: as it was, or with another sender behind a NAT, which keeps the port where it can (RFC 4787, 4.2.1)."""
    return fact.sport == before.sport


def _better(new: Dns, old: Dns) -> bool:
    """A later answer of the same server counts only where the first was cut or said nothing."""
    return (old.truncated and not new.truncated) or (bool(old.rcode) and not new.rcode)


def build(questions: Iterable[Question], roster: Roster, end_of: Callable[[int], int], thresholds: Thresholds) -> list[Lookup]:
    """All look-ups, those of hosts that are no device too (``device`` is then empty)."""
    groups: dict[tuple[str, str], list[list[Question]]] = {}
    owners: dict[str, DeviceCase] = {}
    for question in questions:
        device = roster.of(question.client, question.fact.ref.time_ns, question.client_mac)
        if device:
            owners[device.id] = device
        runs = groups.setdefault((device.id if device else question.client, question.fact.name), [])
        if runs and len(runs[-1]) < QUESTIONS and _continues(runs[-1], question):
            runs[-1].append(question)
        else:
            runs.append([question])
    lookups = [
        _lookup(owner if owner in owners else "", name, run, end_of(run[0].fact.ref.capture), thresholds)
        for (owner, name), runs in groups.items()
        for run in runs
    ]
    lookups.sort(key=lambda x: (x.first.time_ns, x.first.capture, x.first.frame))
    _mark_suffixed(lookups, owners)
    return lookups


def _continues(run: list[Question], new: Question) -> bool:
    """``new`` belongs to the look-up ``run``: another type of it, a repeat, or the next server."""
    now, qtype = new.fact.ref.time_ns, new.fact.message.qtype
    last = run[-1].fact.ref.time_ns
    of_type = [q for q in run if q.fact.message.qtype == qtype]
    if not of_type:
        return now - last <= TOGETHER_NS or (now - last <= REPEAT_NS and not _done(run))
    if now - last > REPEAT_NS:
        return False
    return not any(
        q.reply and q.reply.ref.time_ns <= now and not q.reply.message.truncated and q.reply.message.rcode in (0, NXDOMAIN) for q in of_type
    )


def _done(run: list[Question]) -> bool:
    return all(q.reply for q in run)


def _lookup(owner: str, name: str, run: list[Question], end_ns: int, thresholds: Thresholds) -> Lookup:
    queries = [q.query() for q in run]
    messages = [q.message for q in queries if q.message]
    addresses: dict[str, None] = {}
    ttl: int | None = None
    chain: list[str] = []
    services: list[str] = []
    for message in messages:
        for record in message.answers:
            if record.type in ("A", "AAAA"):
                addresses[str(record.data)] = None
                ttl = max(ttl or 0, record.ttl)
            elif record.type == "SRV":
                parts = str(record.data).split()
                if len(parts) == 4:
                    services.append(f"{parts[3].rstrip('.').lower()}:{parts[2]}")
        chain = chain or _chain(name, message)
    return Lookup(
        device=owner,
        name=name,
        queries=queries,
        outcome=_outcome(queries, bool(addresses or services), end_ns, thresholds),
        addresses=tuple(addresses),
        owner=chain[-1] if chain else name,
        cname=tuple(chain),
        ttl_s=ttl,
        nxdomain=any(m.rcode == NXDOMAIN for m in messages),
        srv=tuple(dict.fromkeys(services)),
    )


def _chain(name: str, message: Dns) -> list[str]:
    """The CNAME chain of an answer, from what ``name`` points to."""
    links = {r.name.lower().rstrip("."): str(r.data).lower().rstrip(".") for r in message.answers if r.type == "CNAME"}
    chain: list[str] = []
    at = name
    while at in links and len(chain) < CNAME_DEPTH and links[at] not in chain:
        at = links[at]
        chain.append(at)
    return chain


def _outcome(queries: list[Query], positive: bool, end_ns: int, thresholds: Thresholds) -> LookupOutcome:
    if positive:
        return "answered"
    asked = {q.qtype for q in queries} & {"A", "AAAA", "SRV", "ANY"}
    if not asked:
        return "unknown"
    rcodes = {t: {q.message.rcode for q in queries if q.qtype == t and q.message} for t in asked}
    cut = any(q.message.truncated or not q.whole for q in queries if q.message and q.message.rcode == 0)
    if cut:
        return "unknown"
    if any(NXDOMAIN in codes for codes in rcodes.values()) or all(0 in codes for codes in rcodes.values()):
        return "negative"
    seen = set().union(*rcodes.values())
    if SERVFAIL in seen:
        return "servfail"
    if REFUSED in seen:
        return "refused"
    return _silence(queries, seen, end_ns, thresholds)


def _silence(queries: list[Query], seen: set[int | None], end_ns: int, thresholds: Thresholds) -> LookupOutcome:
    """No type has an answer that decides: given up (docs/domain.md, 11, ``dns_wait_s``), or too early to tell."""
    unanswered = [q for q in queries if q.reply is None and q.qtype in ("A", "AAAA", "SRV", "ANY")]
    if not unanswered or seen - {0}:
        return "unknown"
    waited = end_ns - unanswered[0].ref.time_ns
    repeats = len({q.qtype for q in unanswered}) < len(unanswered)
    enough = thresholds.dns_wait_s if repeats else thresholds.dns_wait_single_s
    return "timeout" if waited >= enough * NS else "unknown"


def _mark_suffixed(lookups: list[Lookup], owners: dict[str, DeviceCase]) -> None:
    """Names with a resolver's search suffix appended speak of nobody's domain."""
    asked: dict[str, set[str]] = {}
    for lookup in lookups:
        asked.setdefault(lookup.device, set()).add(lookup.name)
    for lookup in lookups:
        device = owners.get(lookup.device)
        lookup.search_of = search_suffix_of(lookup.name, asked[lookup.device], device.search_domains if device else ())


def decided(lookup: Lookup) -> Ref:
    """The moment from which the device knew: its answer, else its last question."""
    return lookup.answer or lookup.queries[-1].ref


def doubt(lookups: Iterable[Lookup], attempts: Iterable[Attempt], thresholds: Thresholds) -> None:
    """A device that goes on to connect by the name knew the answer, seen or not: such a silence is the capture's (docs/domain.md, 11, ``dns_wait_s``)."""
    used: dict[tuple[str, str], list[int]] = {}
    for attempt in attempts:
        if attempt.name:
            used.setdefault((attempt.device, attempt.name), []).append(attempt.first_time_ns)
    wait = round(thresholds.dns_wait_single_s * NS)
    for lookup in lookups:
        if lookup.outcome == "timeout":
            since, until = lookup.first.time_ns, lookup.queries[-1].ref.time_ns + wait
            if any(since <= when <= until for when in used.get((lookup.device, lookup.name), ())):
                lookup.outcome = "unknown"

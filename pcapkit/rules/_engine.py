"""From hits to findings: honesty about the capture, suppression, joining, limits, order (docs/domain.md, 9).

Rules say what they see, one hit a device; everything that holds for all rules alike stands here and in ``_suppression``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pcapkit.limits import FINDINGS, FINDINGS_PER_RULE_DEVICE
from pcapkit.model import CONFIDENCES, SEVERITIES, Evidence, Finding, Json, NotJudged, Problem
from pcapkit.rules._api import Hit, Note, Rule, Unjudged
from pcapkit.rules._honesty import honest
from pcapkit.rules._platforms import with_platforms
from pcapkit.rules._suppression import CAUSED, HIDDEN, Line, Scope, covers, lines_for
from pcapkit.rules._texts import tell
from pcapkit.sessions.scene import Scene

EVIDENCE_PER_FINDING: Final = 200
"""Frames listed of one finding: the first ones of every hit where a finding has more."""
LIST_ITEMS: Final = 200

Key = tuple[Json, ...]


@dataclass(slots=True, eq=False)
class Case:
    """A hit on its way through the engine: its rule, what hides it, and the frames it took over from what it hides."""

    rule: Rule
    hit: Hit
    hider: Case | None = None
    taken: list[Note] = field(default_factory=list)

    @property
    def code(self) -> str:
        return self.rule.code

    @property
    def key(self) -> tuple[str, Key]:
        return (self.code, self.hit.subject)

    @property
    def name(self) -> str | None:
        """The name that the hit is about. Rules on names have it as their subject."""
        if self.hit.name or self.hit.attempt:
            return self.hit.name or (self.hit.attempt.name if self.hit.attempt else None)
        only = self.hit.subject[0] if len(self.hit.subject) == 1 else None
        return only if isinstance(only, str) else None

    @property
    def resolved(self) -> bool:
        """The attempt's own look-up gave its address: an earlier one that failed is not why."""
        lookup = self.hit.attempt.lookup if self.hit.attempt else None
        return lookup is not None and lookup.outcome == "answered"

    def place(self, scope: Scope) -> Key | None:
        """What a cause and its consequence have in common under ``scope``; None: this hit has no such place."""
        attempt, session = self.hit.attempt, self.hit.session
        if session is None:
            return None
        if scope == "session":
            return (session.id,)
        if scope == "name":
            return (session.id, self.name) if self.name else None
        if attempt is None:
            return None
        return (session.id, attempt.name, attempt.address, attempt.port) if scope == "server" else (session.id, id(attempt))


def judge_with(rules: Iterable[Rule], scene: Scene, problems: list[Problem] | None = None) -> tuple[tuple[Finding, ...], tuple[NotJudged, ...]]:
    """Run ``rules`` over the scene; what went wrong on our side, and limits that were hit, are added to ``problems``."""
    troubles: list[Problem] = [] if problems is None else problems
    raw, unjudged = run_checks(rules, scene, troubles)
    said, unseen = honest(raw, scene)
    cases = unhidden([Case(rule, hit) for rule, hit in said])
    return to_findings(cases, scene, troubles), join_unjudged([*unjudged, *unseen])


def run_checks(rules: Iterable[Rule], scene: Scene, problems: list[Problem]) -> tuple[list[tuple[Rule, Hit]], list[NotJudged]]:
    """Every check, each in its own boundary: a bug in one rule must not cost the others."""
    hits: list[tuple[Rule, Hit]] = []
    unjudged: list[NotJudged] = []
    for rule in rules:
        try:
            for item in rule.check(scene) if rule.check else ():
                if isinstance(item, Unjudged):
                    unjudged.append(NotJudged(item.code or rule.code, item.devices, item.reason))
                else:
                    hits.append((rule, item))
        except Exception as error:
            if os.environ.get("PCAPKIT_STRICT"):
                raise
            problems.append(Problem("internal-error", f"rule {rule.code}: {type(error).__name__}"))
    return hits, unjudged


# ---------------------------------------------------------------- suppression


def unhidden(cases: Sequence[Case]) -> list[Case]:
    """The cases that are reported; hidden ones hand their frames to the case that hides them, or to what hides that."""
    kept: list[Case] = []
    index = index_places(cases, HIDDEN)
    for case in cases:
        case.hider = next((c for line in lines_for(case.code, HIDDEN) for c in causes_of(case, line, index)), None)
    for case in cases:
        if case.hider is None:
            kept.append(case)
            continue
        root = case.hider
        while root.hider is not None:
            root = root.hider
        known = {ref for ref, _ in (*root.hit.evidence, *root.taken)}
        root.taken.extend(note for note in case.hit.evidence if note[0] not in known)
    return kept


Index = Mapping[tuple[Scope, Key], dict[str, Case]]


def index_places(cases: Iterable[Case], table: Sequence[Line]) -> Index:
    """The worst case of each code at each place, so that a session of thousands of failures is no thousand times thousand comparisons."""
    scopes: tuple[Scope, ...] = ("session", "name", "server", "attempt")
    causes = {code for code in {case.code for case in cases} if any(covers(line, code) for line in table)}
    index: dict[tuple[Scope, Key], dict[str, Case]] = {}
    for case in cases:
        if case.code not in causes:
            continue
        places = [(scope, place) for scope in scopes if (place := case.place(scope)) is not None]
        if case.hit.device is None and case.hit.session is None:
            places = [("outage", ())]
        elif about_internal_name(case) and case.hit.session:
            places.append(("internal", (case.hit.session.id,)))
        for at in places:
            best = index.setdefault(at, {})
            if case.code not in best or SEVERITIES.index(case.hit.severity) < SEVERITIES.index(best[case.code].hit.severity):
                best[case.code] = case
    return index


def about_internal_name(case: Case) -> bool:
    """The hit says why the internal discovery name could not be used."""
    role = case.hit.attempt.role if case.hit.attempt else None
    return case.code in ("discover-internal-missing", "discover-no-record") or role == "discover-internal"


def causes_of(case: Case, line: Line, index: Index) -> list[Case]:
    """Cases that ``line`` names as cause of this one, worst first."""
    found: list[Case] = []
    for at in places_to_look(case, line.scope):
        found += [c for code, c in index.get(at, {}).items() if c is not case and covers(line, code) and fits(case, c, line.scope)]
    return sorted(found, key=lambda c: SEVERITIES.index(c.hit.severity))


def places_to_look(case: Case, scope: Scope) -> list[tuple[Scope, Key]]:
    """Where causes of this case would stand in the index."""
    if scope == "outage":
        return [("outage", ())]
    if scope == "internal":
        attempt, session = case.hit.attempt, case.hit.session
        return [("internal", (session.id,))] if session and attempt and attempt.role == "discover-external" else []
    scopes: tuple[Scope, ...] = ("attempt", "name") if scope == "attempt" and not case.resolved else (scope,)
    return [(s, place) for s in scopes if (place := case.place(s)) is not None]


def fits(case: Case, cause: Case, scope: Scope) -> bool:
    """The rest of what a scope asks."""
    if scope != "outage":
        return True
    silent = cause.hit.facts.get("addresses")
    return bool(case.hit.attempt and isinstance(silent, list) and case.hit.attempt.address in silent)


# ---------------------------------------------------------------- joining


def to_findings(cases: Sequence[Case], scene: Scene, problems: list[Problem]) -> tuple[Finding, ...]:
    """One finding for equal code and subject, in the order of the report, with ids and causes."""
    groups: dict[tuple[str, Key], list[Case]] = {}
    for case in cases:
        groups.setdefault(case.key, []).append(case)
    order = {i: n for n, i in enumerate([*(d.id for d in scene.devices), *(s.id for s in scene.sessions)])}
    drafts = sorted(((key, join(group, order)) for key, group in groups.items()), key=lambda item: rank(item[1], item[0][1]))
    drafts = within_limits(drafts, problems)
    ids = {key: f"F{n}" for n, (key, _) in enumerate(drafts, 1)}
    causes = name_causes(cases, ids)

    def caused(group: Sequence[Case], finding: Finding) -> Finding:
        found = {i for case in group for i in causes.get(case, ())}
        return replace(finding, caused_by=tuple(sorted(found, key=lambda i: int(i[1:]))))

    def alone(group: Sequence[Case]) -> dict[str, Finding]:
        parts: dict[str, list[Case]] = {}
        for case in group:
            parts.setdefault(device_of(case.hit) or "", []).append(case)
        return {device: caused(part, join(part, order)) for device, part in parts.items()} if len(parts) > 1 else {}

    return tuple(replace(caused(groups[key], finding), id=ids[key], alone=alone(groups[key])) for key, finding in drafts)


def rank(finding: Finding, subject: Key) -> tuple[Json | int | str, ...]:
    """Severity, then how many devices, then time."""
    first = min((e.time_ns for e in finding.evidence), default=0)
    return (SEVERITIES.index(finding.severity), -len(finding.devices), first, finding.code, repr(subject))


def join(group: Sequence[Case], order: Mapping[str, int]) -> Finding:
    """All hits of one cause as one finding (still without id)."""
    cases = sorted(group, key=lambda c: (SEVERITIES.index(c.hit.severity), CONFIDENCES.index(c.hit.confidence), start_of(c.hit)))
    hits = [case.hit for case in cases]
    worst, rule = hits[0], cases[0].rule
    surest = min(hits, key=lambda h: CONFIDENCES.index(h.confidence))
    evidence, left_out = join_evidence(cases)
    sentences = tuple(dict.fromkeys((device_of(hit), hit.headline) for hit in hits))
    return Finding(
        id="",
        code=rule.code,
        severity=worst.severity,
        confidence=surest.confidence,
        confidence_because=unique(text for hit in (surest, *hits) if hit.confidence == surest.confidence for text in hit.because),
        title=worst.title or rule.title,
        detail=tell(sentences),
        remedy=worst.remedy or rule.remedy,
        unseen=unique(text for hit in hits for text in hit.unseen),
        devices=in_order({d for hit in hits if (d := device_of(hit))}, order),
        sessions=in_order({hit.session.id for hit in hits if hit.session}, order),
        caused_by=(),
        facts=join_facts(hits, left_out) | with_platforms(rule.code),
        display_filter=frame_filter(evidence) or rule.display_filter,
        evidence=evidence,
        sentences=sentences,
    )


def device_of(hit: Hit) -> str | None:
    return hit.device or (hit.session.device.id if hit.session else None)


def start_of(hit: Hit) -> tuple[int, int, int]:
    """Time and place of the first frame, for ordering."""
    first = min((ref for ref, _ in hit.evidence), key=lambda r: (r.time_ns, r.capture, r.frame), default=None)
    return (first.time_ns, first.capture, first.frame) if first else (0, 0, 0)


def in_order(ids: Iterable[str], order: Mapping[str, int]) -> tuple[str, ...]:
    """Ids in the order of the scene."""
    return tuple(sorted(ids, key=lambda i: (order.get(i, len(order)), i)))


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def join_facts(hits: Sequence[Hit], left_out: int) -> dict[str, Json]:
    """Facts of the worst hit win, lists take in what all hits have; what belongs to one device stands under ``by_device``."""
    facts: dict[str, Json] = {}
    by_device: dict[str, dict[str, Json]] = {}
    for hit in reversed(hits):
        facts.update({key: both_lists(value, facts.get(key)) for key, value in hit.facts.items()})
        if hit.device_facts and (device := device_of(hit)):
            by_device.setdefault(device, {}).update(hit.device_facts)
    if by_device:
        facts["by_device"] = {device: dict(by_device[device]) for device in sorted(by_device, key=lambda d: (len(d), d))}
    if left_out:
        facts["evidence_left_out"] = left_out
    return facts


def both_lists(value: Json, known: Json) -> Json:
    """``value``, with the items of ``known`` behind its own if both are lists."""
    if not (isinstance(value, list) and isinstance(known, list)) or value == known:
        return value
    more = [item for item in known[: LIST_ITEMS - len(value)] if item not in value]
    return value + more


@dataclass(slots=True)
class Shown:
    """What one frame shows, collected over the hits; ``owners`` are the devices whose hits cite it."""

    time_ns: int
    texts: dict[str, None] = field(default_factory=dict)
    owners: dict[str | None, None] = field(default_factory=dict)


def join_evidence(cases: Sequence[Case]) -> tuple[tuple[Evidence, ...], int]:
    """Frames of all hits in order of time, each once with all that it shows; beyond the limit, the first ones of every hit and a count."""
    share = max(2, EVIDENCE_PER_FINDING // len(cases))
    lists = [(device_of(case.hit), [*case.hit.evidence, *case.taken]) for case in cases]
    total = len({(ref.capture, ref.frame) for _, notes in lists for ref, _ in notes})
    frames: dict[tuple[int, int], Shown] = {}
    for device, notes in lists:
        for ref, text in notes if total <= EVIDENCE_PER_FINDING else notes[:share]:
            shown = frames.setdefault((ref.capture, ref.frame), Shown(ref.time_ns))
            shown.texts[text] = None
            shown.owners[device] = None
    evidence = [
        Evidence(capture, frame, shown.time_ns, "; ".join(shown.texts), next(iter(shown.owners)) if len(shown.owners) == 1 else None)
        for (capture, frame), shown in frames.items()
    ]
    evidence.sort(key=lambda e: (e.time_ns, e.capture, e.frame))
    evidence = evidence[:EVIDENCE_PER_FINDING]
    return tuple(evidence), total - len(evidence)


def frame_filter(evidence: Sequence[Evidence]) -> str:
    """A Wireshark filter for the frames of the first capture that has any: ``frame.number in {3,41..47}``. Empty without evidence."""
    if not evidence:
        return ""
    capture = min(e.capture for e in evidence)
    frames = sorted({e.frame for e in evidence if e.capture == capture})
    runs: list[list[int]] = []
    for frame in frames:
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    parts = (f"{a}..{b}" if b - a > 1 else f"{a},{b}" if b > a else f"{a}" for a, b in runs)
    return f"frame.number in {{{','.join(parts)}}}"


def name_causes(cases: Sequence[Case], ids: Mapping[tuple[str, Key], str]) -> dict[Case, set[str]]:
    """Ids of the findings that stand as cause of a case. What a device could live with (info) is no cause."""
    index = index_places([c for c in cases if c.hit.severity != "info"], CAUSED)
    causes: dict[Case, set[str]] = {}
    for case in cases:
        for line in lines_for(case.code, CAUSED):
            found = {ids[c.key] for c in causes_of(case, line, index) if c.key in ids and c.key != case.key}
            causes.setdefault(case, set()).update(found)
    return causes


def within_limits(drafts: Sequence[tuple[tuple[str, Key], Finding]], problems: list[Problem]) -> list[tuple[tuple[str, Key], Finding]]:
    """At most ``FINDINGS_PER_RULE_DEVICE`` of one code for one device, and ``FINDINGS`` in all; the rest is counted."""
    seen: dict[tuple[str, str], int] = {}
    kept: list[tuple[tuple[str, Key], Finding]] = []
    for key, finding in drafts:
        marks = [(finding.code, device) for device in finding.devices or ("",)]
        if len(kept) >= FINDINGS or min(seen.get(mark, 0) for mark in marks) >= FINDINGS_PER_RULE_DEVICE:
            continue
        seen.update({mark: seen.get(mark, 0) + 1 for mark in marks})
        kept.append((key, finding))
    if len(kept) < len(drafts):
        left = len(drafts) - len(kept)
        problems.append(Problem("limit-reached", f"{left} more findings than the limits allow were only counted", count=left))
    return kept


def join_unjudged(items: Iterable[NotJudged]) -> tuple[NotJudged, ...]:
    """Equal code and reason once, with all devices."""
    joined: dict[tuple[str, str], dict[str, None]] = {}
    for item in items:
        joined.setdefault((item.code, item.reason), {}).update(dict.fromkeys(item.devices))
    return tuple(NotJudged(code, tuple(devices), reason) for (code, reason), devices in joined.items())

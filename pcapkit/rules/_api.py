"""What a rule is. One file a code; everything that ``explain``, the reports and the TUI say about the code stands in it.

A rule looks at the scene and yields *hits*: one for each device and session that a cause hits. The engine joins hits of the same code and subject into
one finding (its severity the worst, its confidence the best), hides consequences under their cause, lowers confidence where the capture has
gaps, and lists what cannot be judged (docs/domain.md, 9).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pcapkit.model import Confidence, Json, Severity
from pcapkit.sessions.scene import Attempt, Ref, Scene, SessionCase

Note = tuple[Ref, str]


@dataclass(frozen=True, slots=True)
class Hit:
    """One device hit by one cause. ``subject`` says what one cause is (docs/domain.md, 9): hits with equal subject become one finding.

    ``headline`` is the instance's own sentence (the finding's ``detail`` starts with it); ``remedy`` replaces the rule's if given;
    ``facts`` is merged over the hits, ``device_facts`` stands under ``facts.by_device[id]``. ``attempt``: what the engine needs for suppression;
    ``name``: the name that the hit is about, if there is no attempt (a subject of one text counts as such).
    ``absence``: the hit rests on something not being seen. ``device`` and ``session`` are None for findings of the capture.
    """

    subject: tuple[Json, ...]
    severity: Severity
    confidence: Confidence
    because: tuple[str, ...]
    headline: str
    evidence: tuple[Note, ...]
    facts: Mapping[str, Json] = field(default_factory=dict)
    device_facts: Mapping[str, Json] = field(default_factory=dict)
    device: str | None = None
    session: SessionCase | None = None
    attempt: Attempt | None = None
    remedy: tuple[str, ...] | None = None
    unseen: tuple[str, ...] = ()
    absence: bool = False
    title: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Unjudged:
    """The rule could not decide for these devices, and why. ``code`` (a glob) if more than the rule's own code is meant."""

    devices: tuple[str, ...]
    reason: str
    code: str | None = None


Check = Callable[[Scene], Iterable[Hit | Unjudged]]


@dataclass(slots=True)
class Rule:
    """A code with its texts. ``hidden_under``: codes (globs) under which a hit is not reported of its own but becomes evidence; ``caused_by``: codes
    (globs) that are named as its cause. Both are filled from ``_suppression`` when the rules are loaded, never in a rule's file.
    ``needs_both_ways``: not said at all under ``capture-one-way``, as hits with ``absence``.

    ``severity`` is the usual one; each hit says its own. ``display_filter`` shows the like of it in any capture (a finding's own filter names frames).
    ``facts`` explains each key of the finding's facts; ``remedy`` are sentences to do, in order. ``platforms``: what each platform does with it, by the
    platform's name in words; filled from ``_platforms``.
    """

    code: str
    severity: Severity
    title: str
    meaning: str
    recognised: str
    wireshark: str
    display_filter: str
    remedy: tuple[str, ...]
    how_sure: str
    facts: Mapping[str, str]
    sources: tuple[str, ...]
    hidden_under: tuple[str, ...] = ()
    caused_by: tuple[str, ...] = ()
    needs_both_ways: bool = False
    aliases: tuple[str, ...] = ()
    check: Check | None = None
    platforms: Mapping[str, str] = field(default_factory=dict)

    def over_scene(self, check: Check) -> Check:
        """Decorator: this function finds the hits."""
        self.check = check
        return check

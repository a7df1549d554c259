"""Sessions to findings: one file a code.

A module ``hairpin_no_reply.py`` defines ``RULE`` with the code ``hairpin-no-reply``; modules whose names begin with ``_`` are tools of the rules.
Nothing is imported before a scene is judged or the catalogue is asked for.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pcapkit.model import Finding, NotJudged, Problem
    from pcapkit.rules._api import Rule
    from pcapkit.sessions.scene import Scene


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by code."""
    from importlib import import_module
    from pkgutil import iter_modules

    from pcapkit.rules._platforms import FACT, in_words
    from pcapkit.rules._suppression import CAUSED, HIDDEN, globs_of, lines_for

    names = sorted(m.name for m in iter_modules(__path__) if not m.name.startswith("_"))
    rules: tuple[Rule, ...] = tuple(import_module(f"{__name__}.{name}").RULE for name in names)
    for rule in rules:
        rule.hidden_under = globs_of(lines_for(rule.code, HIDDEN))
        rule.caused_by = globs_of(lines_for(rule.code, CAUSED))
        rule.platforms = in_words(rule.code)
        if rule.platforms:
            rule.facts = {**rule.facts, "platforms": FACT}
    return rules


def judge(scene: Scene, problems: list[Problem] | None = None) -> tuple[tuple[Finding, ...], tuple[NotJudged, ...]]:
    """What all rules find in the scene, and what they cannot judge. Limits that were hit, and bugs of ours, are added to ``problems``."""
    from pcapkit.rules._engine import judge_with

    return judge_with(all_rules(), scene, problems)

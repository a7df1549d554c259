"""What the findings mean: the catalogue and its entries, made from the rules' own texts. Works offline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Final

from pcapkit.model import Json
from pcapkit.report.style import Style
from pcapkit.report.text.page import Page
from pcapkit.rules import all_rules
from pcapkit.rules._api import Rule

__all__ = ["Rule", "UnknownCode", "all_rules", "catalogue", "entry", "find", "text"]

FAMILIES: Final = (
    ("Hairpin: the way to our own public address", ("hairpin-*", "uplink-down")),
    ("Service: the way to any other server", ("service-*",)),
    ("DNS", ("dns-*", "discover-*", "external-fqdn-*", "autodiscover-leak")),
    ("Certificates and TLS", ("untrusted-*", "cert-*", "tls-*")),
    ("HTTP and what it says", ("*",)),
    ("Capture quality", ("capture-*",)),
)
"""Headings of the catalogue, each with the codes under it; a code stands under the first that is not ``*``."""


class UnknownCode(Exception):
    """No rule has such a code; ``near`` are the closest three."""

    def __init__(self, code: str, near: tuple[str, ...]) -> None:
        super().__init__(code)
        self.code = code
        self.near = near


def find(code: str) -> list[Rule]:
    """Rules with this code or former code; else those whose code begins so, or fits the pattern.

    Raises:
        UnknownCode: none.
    """
    wanted = code.strip().lower()
    rules = all_rules()
    exact = [r for r in rules if wanted == r.code or wanted in r.aliases]
    found = exact or [r for r in rules if fnmatchcase(r.code, wanted) or (wanted and r.code.startswith(wanted))]
    if not found:
        codes = [name for r in rules for name in (r.code, *r.aliases)]
        raise UnknownCode(code, tuple(get_close_matches(wanted, codes, 3, 0.0)))
    return found


def catalogue(style: Style) -> str:
    """Every code with its severity and title, by family."""
    page = Page(style)
    for heading, _ in FAMILIES:
        members = [r for r in all_rules() if _family(r.code) == heading]
        if not members:
            continue
        width = max(len(r.code) for r in members)
        page.heading(heading)
        for rule in members:
            start = f" {style.mark(rule.severity)} {rule.code.ljust(width)}  "
            page.text(rule.title, start, " " * len(start))
        page.gap()
    page.text("pcapkit explain CODE tells more; a beginning or a pattern will do: pcapkit explain 'cert-*'")
    return page.take()


def _family(code: str) -> str:
    for heading, patterns in FAMILIES:
        if patterns != ("*",) and any(fnmatchcase(code, pattern) for pattern in patterns):
            return heading
    return next(heading for heading, patterns in FAMILIES if patterns == ("*",))


def text(rules: Sequence[Rule], style: Style) -> Iterator[str]:
    """The entries, each with meaning, decision, Wireshark, remedy, certainty and references."""
    for number, rule in enumerate(rules):
        page = Page(style)
        if number:
            page.gap()
        _entry(page, rule)
        yield page.take()


def _entry(page: Page, rule: Rule) -> None:
    page.painted(f"{page.style.mark(rule.severity)} {rule.code}", rule.severity, f"   {rule.severity}", "  ")
    page.text(rule.title, "  ")
    page.gap()
    page.labelled("Meaning", rule.meaning, "")
    page.labelled("Decided", rule.recognised, "")
    page.labelled("Wireshark", rule.wireshark, "")
    if rule.display_filter:
        page.text(rule.display_filter, " " * 10)
    page.numbered("Do", [_blanks(line) for line in rule.remedy], "") if rule.remedy else None
    for place, (platform, reaction) in enumerate(rule.platforms.items()):
        page.text(f"{platform}: {reaction}", ("Platforms" if not place else "").ljust(10), " " * 12)
    page.labelled("How sure", rule.how_sure, "")
    if rule.hidden_under:
        page.labelled("Hidden", f"where {', '.join(rule.hidden_under)} explains it", "")
    if rule.caused_by:
        page.labelled("Because", f"{', '.join(rule.caused_by)} may be named as its cause", "")
    for place, (key, meaning) in enumerate(rule.facts.items()):
        start = ("Facts" if not place else "").ljust(10)
        page.text(f"{key}: {meaning}", start, " " * 12)
    if rule.sources:
        page.labelled("See", "; ".join(rule.sources), "")


def _blanks(text: str) -> str:
    """A remedy of no instance: ``{address}`` becomes ADDRESS."""
    return re.sub(r"\{(\w+)\}", lambda match: match[1].upper(), text)


def entry(rule: Rule) -> dict[str, Json]:
    """The entry as an object, for ``--format json``."""
    return {
        "code": rule.code,
        "severity": rule.severity,
        "title": rule.title,
        "meaning": rule.meaning,
        "recognised": rule.recognised,
        "wireshark": rule.wireshark,
        "display_filter": rule.display_filter,
        "remedy": [_blanks(line) for line in rule.remedy],
        "platforms": dict(rule.platforms),
        "how_sure": rule.how_sure,
        "facts": dict(rule.facts),
        "hidden_under": list(rule.hidden_under),
        "caused_by": list(rule.caused_by),
        "aliases": list(rule.aliases),
        "sources": list(rule.sources),
    }

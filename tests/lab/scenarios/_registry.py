"""What a scenario is: a company, what its phones do, and what must (and may) be reported of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from world import Phone, Site, World


@dataclass
class Expect:
    """What one phone (None: the capture) must get: ``expected`` codes, ``any_of`` groups of which one must be found, ``allowed`` codes. Everything else
    that is reported is wrong. ``severity`` and ``facts`` by code hold more that the finding must say; ``outcome`` is that of the phone's first session.
    """

    phone: Phone | None
    expected: tuple[str, ...] = ()
    any_of: tuple[tuple[str, ...], ...] = ()
    allowed: tuple[str, ...] = ()
    severity: dict[str, str] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    outcome: str | None = None


Play = Callable[[World], list[Expect]]


@dataclass
class Scenario:
    """One recording. ``codes`` are those that it is made for; ``twin`` is a scenario in which the same phones do the same and nothing is wrong."""

    name: str
    text: str
    site: Site
    play: Play
    codes: tuple[str, ...]
    twin: str | None
    tools: tuple[str, ...]
    keys: bool
    trust: str


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    name: str,
    text: str,
    site: Site | None = None,
    *,
    codes: tuple[str, ...] = (),
    twin: str = "healthy",
    tools: tuple[str, ...] = (),
    keys: bool = False,
    trust: str = "public",
) -> Callable[[Play], Play]:
    """Register the decorated function as what the phones do. ``keys``: they write their TLS secrets; ``trust``: roots that the analyzer is given."""

    def add(play: Play) -> Play:
        assert name not in SCENARIOS, name
        SCENARIOS[name] = Scenario(name, text, site or Site(), play, codes, twin if codes else None, tools, keys, trust)
        return play

    return add


# ---------------------------------------------------------------- phones

IPHONE, ANDROID, WP, PC = "f0:db:e2:eb:2a:5b", "5c:0a:5b:73:2f:bb", "3c:c2:43:ce:12:5e", "8c:16:45:11:22:33"


def iphone(world: World, **kw: Any) -> Phone:
    return world.phone("Hiros-iPhone", IPHONE, "ios", **kw)


def android(world: World, **kw: Any) -> Phone:
    return world.phone("android-3bdb58b55fa38f", ANDROID, "android", **kw)


def windows_phone(world: World, **kw: Any) -> Phone:
    return world.phone("Windows-Phone-Jonas", WP, "windows-phone", **kw)


def desktop(world: World, **kw: Any) -> Phone:
    return world.phone("DESKTOP-7Q1", PC, "windows", **kw)


def two(world: World, **kw: Any) -> tuple[Phone, Phone]:
    return iphone(world, **kw), android(world, **kw)


def everywhere(phones: tuple[Phone, ...] | list[Phone], *codes: str, **kw: Any) -> list[Expect]:
    """The same for each of them."""
    return [Expect(phone, codes, **kw) for phone in phones]

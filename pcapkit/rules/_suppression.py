"""Which finding hides which, and which is named as the cause of which (docs/domain.md, 9): the one table of it.

Each line says: a hit of one of ``codes`` is hidden under (or caused by) a hit of one of ``causes`` *of the same session* if ``scope`` holds between
the two. Hidden hits are not reported; their frames become evidence of the cause. Rules do not repeat any of this: the engine fills
``Rule.hidden_under`` and ``Rule.caused_by`` from here, for ``explain``.

Scopes:

* ``session``: the same session is enough.
* ``name``: the same name.
* ``server``: the same server and name.
* ``attempt``: the same attempt; or the same name, unless the attempt's own look-up was answered.
* ``outage``: the cause belongs to the capture, and the attempt went to one of its silent addresses (its fact ``addresses``).
* ``internal``: the cause kept the session from the internal discovery name, and the hit is about the external one.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache
from typing import Final, Literal, NamedTuple

Scope = Literal["session", "name", "server", "attempt", "outage", "internal"]


class Line(NamedTuple):
    """One line of the table. ``unless``: codes that the globs of ``causes`` would take in but must not."""

    codes: tuple[str, ...]
    causes: tuple[str, ...]
    scope: Scope
    unless: tuple[str, ...] = ()


CHAIN: Final = ("untrusted-*", "cert-*")
REACH: Final = ("hairpin-*", "service-*")
NOT_A_CAUSE: Final = ("cert-expiring", "hairpin-bypassed")

HIDDEN: Final = (
    Line(("hairpin-*", "service-*"), ("uplink-down",), "outage"),
    Line(("tls-*", "hairpin-*", "service-*"), ("dns-*", "external-fqdn-unresolved"), "attempt", unless=("dns-bypass", "dns-split-mismatch")),
    Line(("tls-rejected-by-client",), CHAIN, "server", unless=("cert-expiring",)),
    Line(("discover-internal-missing",), ("discover-no-record",), "session"),
    Line(("access-location-external",), ("discover-*", "dns-*", "tls-*", *REACH, *CHAIN), "internal", unless=(*NOT_A_CAUSE, "dns-bypass")),
    Line(("mobility-service-error", "longpoll-cut"), ("hairpin-*",), "session", unless=NOT_A_CAUSE),
)
CAUSED: Final = (
    Line(("http-fallback",), (*REACH, *CHAIN, "tls-*"), "name", unless=NOT_A_CAUSE),
    Line(("http-cleartext-credentials",), ("http-fallback", "autodiscover-redirect-insecure"), "session"),
    Line(("http-cleartext-credentials",), (*REACH, *CHAIN), "name", unless=NOT_A_CAUSE),
    Line(("hairpin-bypassed",), ("dns-split-mismatch",), "name"),
    Line(
        ("sip-fallback", "autodiscover-leak"),
        ("dns-*", "discover-*", "external-fqdn-unresolved", "tls-*", *REACH, *CHAIN, "autodiscover-*"),
        "session",
        unless=(*NOT_A_CAUSE, "autodiscover-leak"),
    ),
)


@cache
def matches(code: str, globs: tuple[str, ...]) -> bool:
    """``code`` is one of ``globs``."""
    return any(fnmatchcase(code, glob) for glob in globs)


@cache
def lines_for(code: str, table: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines of ``table`` that speak of ``code``. ``hairpin-bypassed`` is no failure, so no line on failures is about it."""
    lines = (line for line in table if matches(code, line.codes))
    return tuple(line for line in lines if code not in NOT_A_CAUSE or code in line.codes)


@cache
def covers(line: Line, cause: str) -> bool:
    """``cause`` is one that ``line`` names."""
    return matches(cause, line.causes) and cause not in line.unless


def globs_of(lines: Iterable[Line]) -> tuple[str, ...]:
    """All causes of these lines once, for ``explain``."""
    return tuple(dict.fromkeys(glob for line in lines for glob in line.causes))

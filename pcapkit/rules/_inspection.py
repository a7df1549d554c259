"""Is a private CA one that inspects TLS? Then it signs public names that have nothing to do with the company (docs/domain.md, 6 and 9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pcapkit.rules._api import Note
from pcapkit.sessions.roles import organisational_domain
from pcapkit.sessions.scene import Ref, Scene

SHOWN: Final = 10


Found = Mapping[str, Note]


def foreign_names(scene: Scene) -> dict[str, dict[str, Note]]:
    """By issuer: the unrelated public names whose certificates it signed, each with its frame."""
    own = own_domains(scene)
    found: dict[str, dict[str, Note]] = {}
    for name, address, ref, issuer in signed_elsewhere(scene):
        domain = organisational_domain(name)
        if domain and domain not in own and not scene.is_inside(address):
            found.setdefault(issuer, {}).setdefault(name, (ref, f"the same CA signed the certificate of {name}"))
    return found


def first_of(found: Found) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """A few of these names, with their frames."""
    names = tuple(sorted(found)[:SHOWN])
    return names, tuple(found[name] for name in names)


def own_domains(scene: Scene) -> set[str]:
    """Organisational domains of the accounts, and of the names that autodiscover led to (sign-in providers are not the company's)."""
    names = {session.domain for session in scene.sessions}
    names |= {name for name, fact in scene.names.items() if fact.role not in ("idp", "other")}
    return {domain for name in names if (domain := organisational_domain(name))}


def signed_elsewhere(scene: Scene) -> Iterator[tuple[str, str, Ref, str]]:
    """Name, server address, frame and issuer of every leaf that was seen, in sessions or not."""
    for stranger in scene.strangers:
        if stranger.name and stranger.chain:
            yield stranger.name, stranger.server, stranger.ref, issuer_of(stranger.chain[0])
    for session in scene.sessions:
        for attempt in session.attempts:
            tls = attempt.tls
            if tls and tls.chain and tls.chain_ref and not tls.chain_borrowed and attempt.name and attempt.address:
                issuer = tls.verdict.sent[0].issuer if tls.verdict and tls.verdict.sent else issuer_of(tls.chain[0])
                yield attempt.name, attempt.address, tls.chain_ref, issuer


def issuer_of(der: bytes) -> str:
    """The issuer's name; the library is loaded only where a private CA was met."""
    from pcapkit.trust.certificate import info_of

    return info_of(der).issuer

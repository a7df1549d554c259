"""Which certificates and which contents of a session could not be judged, and why: said instead of silence (docs/domain.md, 6 and 9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pcapkit_dissectors.tls_names import is_tls13

from pcapkit.rules._api import Unjudged
from pcapkit.sessions.scene import Attempt, Scene, Tls

TLS13 = "TLS 1.3, no keys: certificates cannot be seen"
RESUMED = "the TLS session was resumed: no certificate was sent"
LOST = "the certificate message is not in the capture"
ENCRYPTED = "TLS, no keys: requests and answers cannot be read"
CONTENTS: Final = ("autodiscover-*", "access-location-*", "mcx-internal-url", "mobility-service-error", "affinity-lost")
"""Codes that rest on what was asked and answered over HTTP (docs/domain.md, 9)."""


def unseen_chains(scene: Scene) -> Iterator[Unjudged]:
    """For each reason the devices that have a server whose chain was not seen in any of their connections, or could not be judged."""
    unseen: dict[str, dict[str, None]] = {}
    undecided: dict[str, dict[str, None]] = {}
    for session in scene.sessions:
        seen = {place(a) for a in session.attempts if a.tls and a.tls.chain and not a.tls.chain_borrowed}
        for attempt in session.attempts:
            tls = attempt.tls
            if tls is None or tls.server_hello is None:
                continue
            if reason := why_unseen(tls):
                if place(attempt) not in seen:
                    unseen.setdefault(reason, {})[session.device.id] = None
            elif reason := why_undecided(tls):
                undecided.setdefault(reason, {})[session.device.id] = None
    for reason, devices in unseen.items():
        yield Unjudged(tuple(devices), reason, "untrusted-*")
        yield Unjudged(tuple(devices), reason, "cert-*")
    for reason, devices in undecided.items():
        yield Unjudged(tuple(devices), reason, "untrusted-*")


def unseen_contents(scene: Scene) -> Iterator[Unjudged]:
    """The devices that talked inside TLS of which nothing could be read."""
    hidden = (s.device.id for s in scene.sessions if any(a.tls and a.tls.accepted and not a.exchanges for a in s.attempts))
    devices = tuple(dict.fromkeys(hidden))
    if devices:
        yield from (Unjudged(devices, ENCRYPTED, code) for code in CONTENTS)


def place(attempt: Attempt) -> tuple[str | None, str | None, int | None]:
    """Name and server: where the same chain is to be expected."""
    return (attempt.name, attempt.address, attempt.port)


def why_unseen(tls: Tls) -> str | None:
    """Why this handshake shows no chain, None if it does."""
    if tls.chain and not tls.chain_borrowed:
        return None
    if tls.resumed:
        return RESUMED
    return TLS13 if is_tls13(tls.version or 0) else LOST


def why_undecided(tls: Tls) -> str | None:
    """Why the chain that was read does not tell whether devices should trust it."""
    verdict = tls.verdict
    if verdict is None or verdict.status not in ("undecided", "unverifiable", "unparseable"):
        return None
    return verdict.reason

"""Handshakes that end early: what the rules ``tls-*`` share (docs/domain.md, 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from pcapkit_dissectors.tls_names import ALERTS, GREASE, TLS12, version_name

from pcapkit.flows.facts import RST
from pcapkit.rules._api import Note
from pcapkit.sessions.scene import Attempt, ClearRecord, Ref, Scene, SessionCase, Tls

SERVER: Final = 1
FATAL: Final = 2
PROTOCOL_VERSION: Final = 70
MAYBE_VERSION: Final = frozenset((40, 71))
"""Alerts of a server that also stand for a refused version, if the versions explain it (docs/domain.md, 6)."""
CLIENT_VERSION: Final = frozenset((70, 40, 47, 71, 80, 86))
"""Alerts by which a client refuses a ServerHello below its own minimum (docs/domain.md, 6)."""
NO_FAULT: Final = frozenset((0, 90))
"""close_notify and user_canceled."""
CERTIFICATE: Final = frozenset((42, 43, 44, 45, 46, 48, 49, 113))
"""Alerts about the peer's certificate: of a client they are a refusal (docs/domain.md, 6, class A)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a handshake ended before it was done. ``alert`` None: the connection was closed without one."""

    side: Literal["server", "client"]
    alert: int | None
    ref: Ref
    reset: bool = False

    @property
    def words(self) -> str:
        if self.alert is not None:
            return f"alert {self.alert} {ALERTS.get(self.alert, '')}".rstrip()
        return "a RST" if self.reset else "a FIN"


@dataclass(frozen=True, slots=True)
class Broken:
    """An attempt whose handshake ended early. ``later``: another connection of the session to the same name and role that worked."""

    session: SessionCase
    attempt: Attempt
    tls: Tls
    ending: Ending
    later: Attempt | None

    @property
    def subject(self) -> tuple[str | None, str | None]:
        return (self.attempt.server, self.attempt.name)


def broken_handshakes(scene: Scene) -> Iterator[Broken]:
    """Attempts of sessions that stopped at a fatal alert, or at a close right after the ClientHello, and carried no data."""
    for session in scene.sessions:
        worked = {(a.name, a.role): a for a in reversed(session.attempts) if a.outcome == "ok"}
        for attempt in session.attempts:
            tls = attempt.tls
            if tls is None or tls.hello is None or tls.accepted or tls.refusal or attempt.outcome == "ok":
                continue
            if ending := ending_of(attempt, tls):
                yield Broken(session, attempt, tls, ending, worked.get((attempt.name, attempt.role)))


def ending_of(attempt: Attempt, tls: Tls) -> Ending | None:
    """The first fatal alert in clear; else the server's close while nothing but the ClientHello had been said."""
    for record in tls.records:
        if is_fatal(record) and record.alert:
            return Ending("server" if record.direction == SERVER else "client", record.alert.description, record.ref)
    connection = attempt.connection
    if tls.server_hello or connection is None or connection.reverse.bytes or connection.closed_by != SERVER or not connection.established:
        return None
    ends = sorted((*connection.fins, *connection.resets), key=lambda c: (c.time_ns, c.frame))
    end = next((c for c in ends if c.direction == SERVER and tls.hello_ref and c.time_ns >= tls.hello_ref.time_ns), None)
    return Ending("server", None, Ref.of(connection, end), reset=bool(end.flags & RST)) if end else None


def is_fatal(record: ClearRecord) -> bool:
    """A fatal alert that is no goodbye. In TLS 1.3 the level means nothing, yet senders keep to it (RFC 8446, 6)."""
    return record.alert is not None and record.alert.level == FATAL and record.alert.description not in NO_FAULT


# ---------------------------------------------------------------- versions


def offered(tls: Tls) -> tuple[int, ...]:
    """Versions that the client offers, lowest first. Without supported_versions (RFC 8446, 4.2.1): the highest alone is known."""
    if tls.hello is None:
        return ()
    listed = [v for v in tls.hello.versions if v not in GREASE]
    return tuple(sorted(listed)) or (tls.hello.legacy_version,)


def spoken_elsewhere(scene: Scene, attempt: Attempt) -> set[int]:
    """Versions that this server negotiated in any connection of the capture."""
    if attempt.address is None or attempt.port is None:
        return set()
    return {t.version for t in scene.tls_by_server.get((attempt.address, attempt.port), ()) if t.version}


def versions_explain(scene: Scene, broken: Broken) -> str | None:
    """Why the versions explain a refusal: nothing in common, or nothing that servers of today speak; None if they do not."""
    mine = offered(broken.tls)
    if not mine:
        return None
    others = spoken_elsewhere(scene, broken.attempt)
    if others and max(mine) < min(others):
        return f"the client offers {version_name(max(mine))} at most, and the server speaks {version_name(min(others))} elsewhere"
    if others and len(mine) > 1 and min(mine) > max(others):
        return f"the client asks for {version_name(min(mine))} at least, and the server speaks {version_name(max(others))} elsewhere"
    if max(mine) < TLS12:
        return f"the client offers {version_name(max(mine))} at most, which servers of today refuse"
    return None


def hello_notes(broken: Broken) -> list[Note]:
    """ClientHello, ServerHello if any, and the end."""
    tls, notes = broken.tls, list[Note]()
    highest = version_name(max(offered(tls)))
    if tls.hello_ref:
        name = f" for {tls.sni}" if tls.sni else ", no server name"
        notes.append((tls.hello_ref, f"ClientHello to {broken.attempt.server}{name}, up to {highest}"))
    if tls.server_hello_ref and tls.version:
        notes.append((tls.server_hello_ref, f"ServerHello, {version_name(tls.version)}"))
    notes.append((broken.ending.ref, f"{broken.ending.words} from the {broken.ending.side}"))
    return notes


def is_version_refusal(scene: Scene, broken: Broken) -> tuple[str, bool] | None:
    """Reason and certainty, None if something else ended the handshake (docs/domain.md, 6)."""
    ending, tls = broken.ending, broken.tls
    if ending.side == "client":
        return refused_by_client(ending, tls)
    if ending.alert == PROTOCOL_VERSION:
        return versions_explain(scene, broken) or "the server says so (protocol_version)", True
    if tls.server_hello is None and (ending.alert is None or ending.alert in MAYBE_VERSION) and (reason := versions_explain(scene, broken)):
        return reason, ending.alert is not None
    return None


def refused_by_client(ending: Ending, tls: Tls) -> tuple[str, bool] | None:
    """A client's alert after a ServerHello whose version it does not want."""
    if tls.server_hello is None or tls.version is None or ending.alert not in CLIENT_VERSION:
        return None
    mine = offered(tls)
    unwanted = tls.version not in mine if len(mine) > 1 else False
    if unwanted or tls.version < TLS12 or ending.alert == PROTOCOL_VERSION:
        return f"the server chose {version_name(tls.version)}, below what the client accepts", ending.alert == PROTOCOL_VERSION or unwanted
    return None

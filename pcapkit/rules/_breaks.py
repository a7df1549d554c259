"""How the connection of an attempt broke, and where that is no fault (docs/domain.md, 5)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

from pcapkit_dissectors.messages import LyncAnswer

from pcapkit.flows.facts import FORWARD, REVERSE, RST, Connection
from pcapkit.rules._obstacle import Kind
from pcapkit.sessions.outcomes import answering_reset, unreachable
from pcapkit.sessions.scene import Attempt, Scene, SessionCase

NS: Final = 10**9


def kind_of(scene: Scene, attempt: Attempt, opened: Mapping[str | None, list[int]]) -> Kind | None:
    """How the connection of an attempt broke, None if it did not, or if the capture cannot tell."""
    connection = attempt.connection
    if connection is None or connection.transport != "tcp" or not connection.syns:
        return None
    if connection.established:
        return "stalled" if _stalled(scene, connection) else None
    if connection.flow in scene.foreign_replies:
        return "asymmetric"
    if answering_reset(connection):
        return "reset"
    if unreachable(connection):
        return "unreachable"
    if any(c.direction == REVERSE for c in connection.control) or connection.reverse.packets:
        return None
    syns = connection.syns
    waited = _capture_end(scene, connection) - syns[0].time_ns
    if len(syns) < scene.thresholds.syn_min and (waited < scene.thresholds.syn_wait_s * NS or _gave_up_early(attempt, opened)):
        return None
    return "no-reply"


def opened_by_name(session: SessionCase) -> dict[str | None, list[int]]:
    """When connections were opened, by name, ascending; looked at once a session, since a flood makes thousands of attempts."""
    times: dict[str | None, list[int]] = {}
    for attempt in session.attempts:
        if attempt.connection is not None and attempt.connection.established:
            times.setdefault(attempt.name, []).append(attempt.first_time_ns)
    return {name: sorted(found) for name, found in times.items()}


def _gave_up_early(attempt: Attempt, opened: Mapping[str | None, list[int]]) -> bool:
    """One SYN, not repeated, while another address of the same name worked: a race that this one lost (RFC 8305)."""
    connection = attempt.connection
    if connection is None or len(connection.syns) > 1:
        return False
    times, window = opened.get(attempt.name, []), 2 * NS
    near = bisect_right(times, attempt.first_time_ns - window)
    return near < len(times) and times[near] < attempt.first_time_ns + window


def _stalled(scene: Scene, connection: Connection) -> bool:
    """Established, the client spoke, and for ``stall_wait_s`` the server sent no payload that arrived (docs/domain.md, 5).

    What the device acknowledged did arrive, and only the capture lost it; one number may be that of a FIN.
    """
    spoke = connection.forward.first_data
    if spoke is None or not connection.synacks or connection.reverse.bytes or connection.forward.last_ack > 1:
        return False
    ends = connection.pick(1, 1) + connection.pick(RST, RST)
    if any(c.direction == REVERSE and c.flags & RST for c in ends):
        return False
    until = min((c.time_ns for c in ends if c.direction == FORWARD), default=_capture_end(scene, connection))
    return until - spoke[1] >= scene.thresholds.stall_wait_s * NS


def _capture_end(scene: Scene, connection: Connection) -> int:
    if 0 <= connection.capture < len(scene.captures):
        return scene.captures[connection.capture].last_time_ns or connection.last_time_ns
    return connection.last_time_ns


def works_beside(attempt: Attempt, session: SessionCase) -> bool:
    """Port 80 broke, and 443 of the same name works: clients try both, this is silent (docs/domain.md, 5)."""
    if attempt.port != 80:
        return False
    return any(
        other.port == 443 and other.name == attempt.name and other.connection is not None and other.connection.established
        for other in session.attempts
    )


def meant_closed(attempt: Attempt, session: SessionCase) -> bool:
    """443 broke, and port 80 of the same name only sends on to an https that works: closed on purpose (option B2, Exchange step 3)."""
    if attempt.port != 443:
        return False
    for other in session.attempts:
        if (
            other.port == 80
            and other.name == attempt.name
            and other.exchanges
            and all(only_redirects(e.response.status if e.response else 0, e.answer) for e in other.exchanges)
        ):
            after = [
                a
                for a in session.attempts
                if a.port == 443 and a.name != attempt.name and a.outcome == "ok" and a.last_time_ns >= other.first_time_ns
            ]
            if after:
                return True
    return False


def only_redirects(status: int, answer: object) -> bool:
    """A 3xx, or a Lync root whose only link is a Redirect to https (MS-OCDISCWS 3.1.5.2)."""
    if 300 <= status < 400:
        return True
    return (
        isinstance(answer, LyncAnswer)
        and [link.token for link in answer.links] == ["Redirect"]
        and answer.links[0].href.lower().startswith("https://")
    )

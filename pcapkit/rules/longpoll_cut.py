"""Long polls are cut by a timer on the way."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.flows.facts import REVERSE, Connection
from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Attempt, Ref, Scene, SessionCase

RULE = Rule(
    code="longpoll-cut",
    severity="warning",
    title="Long polls are cut by a timer",
    meaning="Connections to the mobility or mail service are closed from the server's side after nearly the same time, again and again, while the client waits: a proxy's or load balancer's idle "
    "timer is shorter than the client's poll. Messages and calls arrive late or not at all.",
    recognised="At least 5 connections of one device to one host, closed by the server side with the client idle, at ages that differ by at most 1 s.",
    wireshark="FIN or RST of the server after 30, 60, 120 or 300 s of silence.",
    display_filter="tcp.flags.fin == 1 || tcp.flags.reset == 1",
    remedy=(
        "Raise the idle and read time-outs of proxy, load balancer and firewall above the client's poll (the documented value is 1800 s; IIS ARR's default is 30 s, nginx's 60 s).",
    ),
    how_sure="Medium; high with more than twice as many.",
    facts={"host": "host asked", "age_s": "typical age at the close", "count": "connections cut"},
    sources=("Load balancing requirements for Skype for Business", "RFC 5382, REQ-5"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and host."""
    for session in scene.sessions:
        groups: dict[tuple[str | None, int | None], list[tuple[Attempt, Connection, float]]] = {}
        for attempt in session.of_role("mobility", "web-external", "web-internal"):
            age = _cut_age(attempt)
            if age is not None and attempt.connection:
                groups.setdefault((attempt.address, attempt.port), []).append((attempt, attempt.connection, age))
        for cut in groups.values():
            run = _similar(cut, scene.thresholds.longpoll_spread_s)
            if len(run) >= scene.thresholds.longpoll_min:
                yield _hit(session, run, scene.thresholds.longpoll_min)


def _cut_age(attempt: Attempt) -> float | None:
    """Seconds from the last data of either side to the server's close, None if the client closed or was not idle (≥ 5 s)."""
    connection = attempt.connection
    if connection is None or connection.closed_by != REVERSE or not connection.established:
        return None
    end = min(c.time_ns for c in connection.fins + connection.resets)
    last = [side.last_data[1] for side in (connection.forward, connection.reverse) if side.last_data and side.last_data[1] < end - 10**9]
    idle = (end - max(last)) / 1e9 if last else 0.0
    return (end - connection.first_time_ns) / 1e9 if idle >= 5.0 else None


def _similar(cut: list[tuple[Attempt, Connection, float]], spread: float) -> list[tuple[Attempt, Connection, float]]:
    """The largest group whose ages lie within ``spread`` seconds."""
    ordered = sorted(cut, key=lambda item: item[2])
    best: list[tuple[Attempt, Connection, float]] = []
    start = 0
    for end, item in enumerate(ordered):
        while item[2] - ordered[start][2] > spread:
            start += 1
        best = max(best, ordered[start : end + 1], key=len)
    return best


def _hit(session: SessionCase, run: list[tuple[Attempt, Connection, float]], least: int) -> Hit:
    ages = sorted(age for _, _, age in run)
    attempt = run[0][0]
    evidence: list[Note] = []
    for _, connection, age in sorted(run, key=lambda item: item[1].first_time_ns)[:8]:
        close = min(connection.fins + connection.resets, key=lambda c: c.time_ns)
        evidence.append((Ref.of(connection, close), f"closed by the server's side after {age:.1f} s"))
    host = attempt.name or attempt.address
    return Hit(
        subject=(host,),
        severity="warning",
        confidence="high" if len(run) >= 2 * least else "medium",
        because=(f"{len(run)} connections closed at {ages[0]:.1f}-{ages[-1]:.1f} s",),
        headline=f"{who(session.device)}'s connections to {host} were cut {len(run)} times, always after about {ages[len(ages) // 2]:.0f} s.",
        evidence=tuple(evidence),
        facts={"host": host, "age_s": round(ages[len(ages) // 2], 1), "count": len(run)},
        device=session.device.id,
        session=session,
        attempt=attempt,
    )

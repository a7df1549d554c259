"""Credentials are refused again and again."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._http import Placed, answered, asked, exchanges, host_of, service
from pcapkit.rules._texts import who
from pcapkit.sessions.outcomes import is_challenge
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="autodiscover-auth-loop",
    severity="critical",
    title="Credentials are refused again and again",
    meaning="The device sends complete credentials and gets 401 each time: the password is wrong, the clocks differ, or a proxy that authenticates on its own stands in between.",
    recognised="At least 3 × 401 to final credentials (not the steps of one NTLM or Negotiate handshake) at one URL within 60 s.",
    wireshark="http.response.code == 401 following requests with http.authorization.",
    display_filter="http.response.code == 401",
    remedy=(
        "Take pre-authentication off the proxy's rule for these URLs (unsupported for Lync and Skype for Business).",
        "Check the account, its password and the time of device and server.",
    ),
    how_sure="High: requests and answers are in the capture.",
    facts={"host": "host asked", "path": "path asked", "count": "refusals within 60 s"},
    sources=("Handling Autodiscover error messages", "RFC 4559", "RFC 7235, 3.1"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and URL."""
    refused: dict[tuple[str, str, str], list[Placed]] = {}
    for placed in exchanges(scene):
        response = placed.exchange.response
        if response and response.status == 401 and placed.exchange.response_ref and service(placed) and not is_challenge(placed.exchange):
            refused.setdefault((placed.session.id, host_of(placed), placed.exchange.path), []).append(placed)
    for (_, host, path), loop in refused.items():
        run = _within(loop, int(scene.thresholds.auth_loop_window_s * 1e9), scene.thresholds.auth_loop_min)
        if not run:
            continue
        session = run[0].session
        evidence: list[Note] = []
        for placed in run[:6]:
            evidence += [*asked(placed), *answered(placed)]
        yield Hit(
            subject=(host, path),
            severity="critical",
            confidence="high",
            because=(f"{len(run)} refusals of complete credentials",),
            headline=f"{who(session.device)} sent its credentials to {host}{path} {len(run)} times and got 401 each time.",
            evidence=tuple(evidence),
            facts={"host": host, "path": path, "count": len(run)},
            device_facts={"count": len(run)},
            device=session.device.id,
            session=session,
            attempt=run[0].attempt,
        )


def _within(loop: list[Placed], window_ns: int, least: int) -> list[Placed]:
    """The longest run of refusals that fits the window, empty if it is too short."""
    refusals = sorted((p.exchange.response_ref.time_ns, n) for n, p in enumerate(loop) if p.exchange.response_ref)
    first, best = 0, range(0)
    for last, (time, _) in enumerate(refusals):
        while time - refusals[first][0] > window_ns:
            first += 1
        best = max(best, range(first, last + 1), key=len)
    return [loop[n] for _, n in refusals[best.start : best.stop]] if len(best) >= least else []

"""A portal stands between the device and everything else."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._http import Placed, answered, asked, exchanges, host_of, portal_answered, redirect_target, shown_url
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="captive-portal",
    severity="info",
    title="A captive portal answers",
    meaning="The network asks for a login in a web page first; until then discovery gets the portal's pages instead of answers.",
    recognised="A connectivity probe (captive.apple.com, connectivitycheck.gstatic.com, www.msftconnecttest.com …) answered with a redirect, a 511 or a page of another text; or a discovery URL "
    "answered with 511 or a redirect to a login page in another domain.",
    wireshark="http.host of the probe with a 302 or HTML answer.",
    display_filter="http.response.code == 302 || http.response.code == 511",
    remedy=("Log in to the portal first, or except the device or these names from it.",),
    how_sure="High for probes; medium for discovery URLs.",
    facts={"host": "host asked", "status": "HTTP status", "to": "where it redirects, without query"},
    sources=("RFC 6585, 6", "RFC 8910"),
)
NOTHING = ("/generate_204", "/gen_204")
"""Probes whose right answer is 204, without a page."""
WORDS = (b"success", b"microsoft connect test", b"microsoft ncsi")
"""What the pages of the other probes say, in lower case."""
PROBE_PATHS = ("/hotspot-detect.html", "/library/test/success.html", "/connecttest.txt", "/ncsi.txt", *NOTHING)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and host."""
    done: set[tuple[str, str]] = set()
    for placed, probe in (*((p, True) for p in _probes(scene)), *((p, False) for p in exchanges(scene))):
        key = (placed.session.id, host_of(placed))
        if key in done or not (_probe(placed) if probe else portal_answered(placed)):
            continue
        done.add(key)
        response, target = placed.exchange.response, redirect_target(placed)
        yield Hit(
            subject=(host_of(placed),),
            severity="info",
            confidence="high" if probe else "medium",
            because=("the answer is in the capture",),
            headline=f"{who(placed.session.device)} asked {host_of(placed)} and a portal answered.",
            evidence=(*asked(placed), *answered(placed)),
            facts={"host": host_of(placed), "status": response.status if response else None, "to": shown_url(target) if target else None},
            device=placed.session.device.id,
            session=placed.session,
            attempt=placed.attempt,
        )


def _probes(scene: Scene) -> Iterator[Placed]:
    """The probes of devices that sign in, each with the session next to it."""
    idle = round(scene.thresholds.session_idle_s * 1e9)
    for attempt in scene.probes:
        near = [
            (max(s.first_time_ns - attempt.last_time_ns, attempt.first_time_ns - s.last_time_ns, 0), n, s)
            for n, s in enumerate(scene.sessions)
            if s.device.id == attempt.device
        ]
        if near and min(near)[0] <= idle:
            yield from (Placed(min(near)[2], attempt, exchange) for exchange in attempt.exchanges)


def _probe(placed: Placed) -> bool:
    """A redirect, a 511, or a page where another or none should come."""
    response, path = placed.exchange.response, placed.exchange.path
    if response is None or not path.endswith(PROBE_PATHS):
        return False
    if response.status != 200:
        return response.status == 511 or host_of(placed) not in (redirect_target(placed) or host_of(placed))
    if path.endswith(NOTHING):
        return bool(response.body_len)
    return response.raw_body is not None and placed.exchange.response_complete and not any(word in response.raw_body.lower() for word in WORDS)

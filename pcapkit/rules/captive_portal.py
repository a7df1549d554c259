"""A portal stands between the device and everything else."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._http import Placed, answered, asked, exchanges, host_of, redirect_target, service
from pcapkit.rules._names import who
from pcapkit.sessions.roles import organisational_domain
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
    facts={"host": "host asked", "status": "HTTP status", "to": "where it redirects"},
    sources=("autodiscover.md 10, 11", "RFC 6585, 6", "RFC 8910"),
)
PROBES = {
    "captive.apple.com": 200, "www.apple.com": 200, "connectivitycheck.gstatic.com": 204, "connectivitycheck.android.com": 204, "clients3.google.com": 204,
    "www.google.com": 204, "www.msftconnecttest.com": 200, "www.msftncsi.com": 200,
}  # fmt: skip
IDENTITY = ("microsoftonline.com", "windows.net", "live.com")
"""Sign-in pages of the cloud are no portals."""
PROBE_PATHS = ("/hotspot-detect.html", "/library/test/success.html", "/generate_204", "/gen_204", "/connecttest.txt", "/ncsi.txt")


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and host."""
    done: set[tuple[str, str]] = set()
    for placed in exchanges(scene):
        key = (placed.session.id, host_of(placed))
        if key in done or not (_probe(placed) or _discovery(placed)):
            continue
        done.add(key)
        response = placed.exchange.response
        probe = service(placed) is None
        yield Hit(
            subject=(host_of(placed),),
            severity="info",
            confidence="high" if probe else "medium",
            because=("the answer is in the capture",),
            headline=f"{who(placed.session.device)} asked {host_of(placed)} and a portal answered.",
            evidence=(*asked(placed), *answered(placed)),
            facts={"host": host_of(placed), "status": response.status if response else None, "to": redirect_target(placed)},
            device=placed.session.device.id,
            session=placed.session,
            attempt=placed.attempt,
        )


def _probe(placed: Placed) -> bool:
    response, host = placed.exchange.response, host_of(placed)
    if response is None or host not in PROBES or not placed.exchange.path.endswith(PROBE_PATHS):
        return False
    if response.status == 511:
        return True
    target = redirect_target(placed)
    return bool(target) and host not in (target or "")


def _discovery(placed: Placed) -> bool:
    response = placed.exchange.response
    if response is None or service(placed) is None:
        return False
    if response.status == 511:
        return True
    target = redirect_target(placed)
    if not target or not 300 <= response.status < 400:
        return False
    there = organisational_domain((urlsplit(target).hostname or "").lower()) or ""
    login = any(word in target.lower() for word in ("portal", "login", "hotspot", "captive", "guest", "splash"))
    return login and there != organisational_domain(host_of(placed)) and not there.endswith(IDENTITY)

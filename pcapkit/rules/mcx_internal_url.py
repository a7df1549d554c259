"""The mobility URL that phones are given leads to an internal name."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit_dissectors.messages import LyncAnswer

from pcapkit.model import Severity
from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._http import Placed, answered, asked, exchanges, split_url
from pcapkit.rules._names import positive
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="mcx-internal-url",
    severity="warning",
    title="Phones are given an internal mobility URL",
    meaning="Internal/Mcx, Ucwa or the applications link names an internal host. By design it names the *external* web services name, inside as well; an internal one works on this "
    "network at best, and never after the phone has moved to the mobile network.",
    recognised="The host of Internal/Mcx, Ucwa or _links.applications equals an internal web name or the pool, or resolves to a private address while the External/* hosts resolve publicly. "
    "(Internal/Ucwa is reserved and not looked at.)",
    wireshark='http contains "Mcx" in the answer.',
    display_filter='http contains "Internal/Mcx" || http contains "Internal\\\\/Mcx"',
    remedy=("Set-CsMcxConfiguration -ExposedWebURL External (Internal is right only for sites whose phones come by VPN and never from outside).",),
    how_sure="High: the answer is in the capture and names an internal web name; medium where only the private address of the host says so.",
    facts={"token": "link at fault", "url": "where it leads", "host": "its host", "because": "how it is known to be internal"},
    sources=("Set-CsMcxConfiguration", "Understanding Autodiscover (jj945654)"),
)
TOKENS = ("internal/mcx", "ucwa", "applications")


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and host."""
    done: set[tuple[str, str]] = set()
    for placed in exchanges(scene):
        session = placed.session
        answer = placed.exchange.answer
        if not isinstance(answer, LyncAnswer):
            continue
        for link in answer.links:
            host = (split_url(link.href).hostname or "").lower() if "//" in link.href else ""
            if link.token.lower() not in TOKENS or not host or (session.id, host) in done:
                continue
            why = _internal(scene, answer, host)
            if why is None:
                continue
            done.add((session.id, host))
            severity: Severity = "critical" if _fails(placed, host) else "warning"
            yield Hit(
                subject=(host,),
                severity=severity,
                confidence="high" if why[1] else "medium",
                because=(why[0],),
                headline=f"{who(session.device)} was given {host} for {link.token}, an internal name: {why[0]}.",
                evidence=(*asked(placed), *answered(placed)),
                facts={"token": link.token, "url": link.href.split("?", 1)[0], "host": host, "because": why[0]},
                device=session.device.id,
                session=session,
                attempt=placed.attempt,
                name=host,
            )


def _internal(scene: Scene, answer: LyncAnswer, host: str) -> tuple[str, bool] | None:
    """Why the host is internal, and whether that is certain."""
    outward = {
        (split_url(link.href).hostname or "").lower() for link in answer.links if link.token.lower().startswith("external/") and "//" in link.href
    }
    if host in outward:
        return None
    fact = scene.names.get(host)
    if fact and fact.known and fact.role == "web-internal":
        return (f"{host} is the internal web name ({fact.because})", True)
    inward = {
        (split_url(link.href).hostname or "").lower() for link in answer.links if link.token.lower() == "internal/autodiscover" and "//" in link.href
    }
    if host in inward:
        return (f"{host} is also the host of Internal/Autodiscover", True)
    if host in {fqdn.lower() for kind, fqdn, _ in answer.sip if "internal" in kind.lower()}:
        return (f"{host} is the pool that SIP clients use inside", True)
    private = _all_private(scene, host)
    public = [name for name in outward if name and _all_private(scene, name) is False]
    if private and public:
        return (f"{host} resolves to a private address, {public[0]} to a public one", False)
    return None


def _all_private(scene: Scene, host: str) -> bool | None:
    addresses = [a for x in positive(scene.lookups) if x.name.lower() == host for a in x.addresses]
    return all(scene.is_inside(a) for a in addresses) if addresses else None


def _fails(placed: Placed, host: str) -> bool:
    """The device then could not resolve or reach that host."""
    tried = [a for a in placed.session.attempts if a.name == host]
    asked_names = [x for x in placed.session.lookups if x.name.lower() == host]
    unresolved = bool(asked_names) and not positive(asked_names)
    return unresolved or (bool(tried) and all(a.outcome == "failed" for a in tried))

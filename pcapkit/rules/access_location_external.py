"""An inside device is told that it is outside."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit_dissectors.messages import LyncAnswer

from pcapkit.model import Severity
from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._http import Placed, answered, asked, exchanges, host_of
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="access-location-external",
    severity="warning",
    title="An inside device is told that it is outside",
    meaning="lyncdiscoverinternal (or an internal web name) was answered by the *external* web site: harmless for phones, wrong for desktop clients on the same network.",
    recognised="A readable answer with AccessLocation=External to an inside device that asked lyncdiscoverinternal or an internal web name.",
    wireshark='http contains "AccessLocation" in the answer.',
    display_filter='http contains "AccessLocation"',
    remedy=(
        "If desktop clients share this network: answer lyncdiscoverinternal from the internal web site (Front End ports 443/80, not 4443/8080).",
        "For phones alone it is right that the reverse proxy answers: they use the external web services name anyway.",
    ),
    how_sure="High: the answer is in the capture. Info if the answering server is the reverse proxy.",
    facts={"host": "name asked", "access_location": "External", "by_proxy": "true if the reverse proxy answered"},
    sources=("MS-OCDISCWS 3.1.5.2", "DNS summary - Autodiscover in Lync Server 2013"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and name."""
    done: set[tuple[str, str]] = set()
    for placed in exchanges(scene):
        session, attempt, exchange = placed
        answer = exchange.answer
        if not isinstance(answer, LyncAnswer) or (answer.access_location or "").lower() != "external" or not session.device.inside:
            continue
        if attempt.role not in ("discover-internal", "web-internal") or (session.id, host_of(placed)) in done:
            continue
        done.add((session.id, host_of(placed)))
        proxy = is_proxy(scene, placed)
        severity: Severity = "info" if proxy else "warning"
        yield Hit(
            subject=(host_of(placed),),
            severity=severity,
            confidence="high",
            because=("the answer is in the capture",),
            headline=f"{host_of(placed)} told {who(session.device)}, which is inside, that it is External.",
            evidence=(*asked(placed), *answered(placed)),
            facts={"host": host_of(placed), "access_location": answer.access_location, "by_proxy": proxy},
            device=session.device.id,
            session=session,
            attempt=attempt,
        )


def is_proxy(scene: Scene, placed: Placed) -> bool:
    """The answering server is the reverse proxy: it has the address of, or shows the certificate for, lyncdiscover or the external web name."""
    outward = {n for n, fact in scene.names.items() if fact.role in ("discover-external", "web-external")}
    addresses = {a for x in scene.lookups if x.name.lower() in outward for a in x.addresses}
    if placed.attempt.address in addresses:
        return True
    tls = placed.attempt.tls
    leaf = tls.verdict.leaf if tls and tls.verdict else None
    return bool(leaf) and any(san.lower() in outward for san in (leaf.san_dns if leaf else ()))

"""An outside client, or the proxy, is answered by the internal web site."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit_dissectors.messages import LyncAnswer

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._http import answered, asked, exchanges, host_of
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="access-location-internal",
    severity="warning",
    title="An outside client is told that it is inside",
    meaning="The proxy hands requests from outside to the *internal* web site: clients get internal URLs that they cannot reach.",
    recognised="AccessLocation=Internal in an answer to a client that is not inside.",
    wireshark='http contains "AccessLocation" in the answer.',
    display_filter='http contains "AccessLocation"',
    remedy=("Bridge the proxy's 443 to 4443 and its 80 to 8080 on the Front End, not to 443 and 80.",),
    how_sure="High: the answer is in the capture.",
    facts={"host": "name asked", "access_location": "Internal"},
    sources=("MS-OCDISCWS 3.1.5.2", "Using IIS ARR as a Reverse Proxy for Lync Server 2013"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and name."""
    done: set[tuple[str, str]] = set()
    for placed in exchanges(scene):
        session, attempt, exchange = placed
        answer = exchange.answer
        if not isinstance(answer, LyncAnswer) or (answer.access_location or "").lower() != "internal" or session.device.inside:
            continue
        if (session.id, host_of(placed)) in done:
            continue
        done.add((session.id, host_of(placed)))
        yield Hit(
            subject=(host_of(placed),),
            severity="warning",
            confidence="high",
            because=("the answer is in the capture",),
            headline=f"{host_of(placed)} told {who(session.device)}, which is not inside, that it is Internal.",
            evidence=(*asked(placed), *answered(placed)),
            facts={"host": host_of(placed), "access_location": answer.access_location},
            device=session.device.id,
            session=session,
            attempt=attempt,
        )

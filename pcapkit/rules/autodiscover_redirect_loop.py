"""Discovery goes round in a circle."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._http import Placed, answered, asked, bare, exchanges, redirect_target, split_url, url_of
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="autodiscover-redirect-loop",
    severity="critical",
    title="Discovery goes round in a circle",
    meaning="Each answer sends the client on, and the way leads back to a URL that was asked before: the client gives up after ten.",
    recognised="The same method and URL twice in one chain of redirects, more than 10 hops, or a Lync Redirect link back to the host and path that answered.",
    wireshark="http.location, or Redirect links, again and again.",
    display_filter="http.location || http.response.code == 302",
    remedy=(
        "Take the listener's HTTP → HTTPS redirect off the discovery rule (TMG in front of port 80 bridged to 8080).",
        "Correct the Redirect link or RedirectUrl, so that it names the pool that homes the user.",
    ),
    how_sure="High: every hop is in the capture.",
    facts={"hops": "redirects in the chain", "urls": "URLs in order"},
    sources=("Handling Autodiscover error messages",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session."""
    by_session: dict[str, list[Placed]] = {}
    for placed in exchanges(scene):
        if placed.exchange.request:
            by_session.setdefault(placed.session.id, []).append(placed)
    for placed_list in by_session.values():
        placed_list.sort(key=lambda p: p.exchange.request_ref.time_ns if p.exchange.request_ref else 0)
        chain = _loop(placed_list, scene.thresholds.redirect_max)
        if not chain:
            continue
        session = chain[0].session
        urls = [url_of(p) for p in chain]
        evidence: list[Note] = []
        for placed in chain[:12]:
            evidence += [*asked(placed), *answered(placed)]
        yield Hit(
            subject=(urls[0].lower(),),
            severity="critical",
            confidence="high",
            because=("every hop is in the capture",),
            headline=f"{who(session.device)} was sent round: {' → '.join(dict.fromkeys(urls[:4]))} → {urls[0]}.",
            evidence=tuple(evidence),
            facts={"hops": len(chain), "urls": list(urls[:12])},
            device=session.device.id,
            session=session,
            attempt=chain[0].attempt,
        )


def _loop(placed_list: list[Placed], most: int) -> list[Placed]:
    """The chain of redirects that closes on itself or is too long, empty if none does.

    One that was let through in the end (a load balancer sets its cookie so) is none.
    """
    chain: list[Placed] = []
    seen: set[tuple[str, str]] = set()
    expected: str | None = None
    arrived = {bare(_full(p)): n for n, p in enumerate(placed_list) if redirect_target(p) is None and _good(p)}
    for number, placed in enumerate(placed_list):
        target = redirect_target(placed)
        url = _full(placed)
        request = placed.exchange.request
        follows = expected is not None and bare(expected) == bare(url)
        if not follows:
            chain, seen = [], set()
        if target is None:
            expected = None
            continue
        chain.append(placed)
        step = (request.method if request else "", url.lower())
        closed = step in seen or (bare(target) == bare(url) and _query(target) == _query(url))
        if (closed and arrived.get(bare(url), -1) < number) or len(chain) > most:
            return chain
        seen.add(step)
        expected = target
    return []


def _good(placed: Placed) -> bool:
    response = placed.exchange.response
    return response is not None and 200 <= response.status < 300


def _full(placed: Placed) -> str:
    """URL with its query: a redirect that only adds ``originalDomain`` is no loop."""
    request = placed.exchange.request
    query = request.uri.partition("?")[2] if request else ""
    return url_of(placed) + (f"?{query}" if query else "")


def _query(url: str) -> str:
    return split_url(url).query.lower()

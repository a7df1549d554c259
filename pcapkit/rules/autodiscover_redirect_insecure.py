"""Discovery is sent from https to http."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._http import Placed, answered, asked, exchanges, host_of, portal_answered, redirect_target, service, shown_url, split_url, url_of
from pcapkit.rules._texts import who
from pcapkit.sessions.roles import organisational_domain
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="autodiscover-redirect-insecure",
    severity="warning",
    title="Discovery is redirected to a less safe place",
    meaning="A discovery answer sends the client from https to clear-text http, or, to an unsigned-in client, into another registrable domain.",
    recognised="A 30x, a Lync Redirect link or an Exchange RedirectUrl leads from https to http, or over clear HTTP to another registrable domain that is not a Microsoft cloud.",
    wireshark="http.location, or the Redirect link in the body.",
    display_filter="http.location",
    remedy=("Correct the URL that the server hands out: https, within the organisation's own domain.",),
    how_sure="High: the answer is in the capture.",
    facts={"from": "URL asked", "to": "URL sent to", "kind": "scheme or domain"},
    sources=("MS-OXDSCLI 3.1.5", "RedirectUrl (POX)"),
)
CLOUDS = frozenset({"microsoftonline.com", "windows.net", "outlook.com", "office365.com", "office.com", "lync.com", "microsoft.com"})


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and redirect."""
    done: set[tuple[str, str, str]] = set()
    for placed in exchanges(scene):
        session = placed.session
        target = redirect_target(placed)
        if target is None or service(placed) is None or portal_answered(placed):
            continue
        kind = _kind(placed, target)
        source = url_of(placed)
        where = shown_url(target)
        if kind is None or (session.id, source, where) in done:
            continue
        done.add((session.id, source, where))
        yield Hit(
            subject=(host_of(placed), placed.exchange.path),
            severity="warning",
            confidence="high",
            because=("the answer is in the capture",),
            headline=f"{source} sends {who(session.device)} to {where}.",
            evidence=(*asked(placed), *answered(placed)),
            facts={"from": source, "to": where, "kind": kind},
            device=session.device.id,
            session=session,
            attempt=placed.attempt,
        )


def _kind(placed: Placed, target: str) -> str | None:
    parts = split_url(target)
    secure = placed.exchange.secure or placed.attempt.port == 443
    if secure and parts.scheme.lower() == "http":
        return "scheme"
    home = {organisational_domain(placed.session.domain), organisational_domain(host_of(placed))}
    there = organisational_domain((parts.hostname or "").lower())
    return "domain" if there and there not in home | CLOUDS and not secure else None

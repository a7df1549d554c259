"""A discovery URL answers with an HTTP error."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.model import Severity
from pcapkit.rules._api import Hit, Rule, Unjudged
from pcapkit.rules._http import DISCOVERY, Placed, answered, asked, exchanges, header, host_of, is_step_one, service
from pcapkit.rules._texts import who
from pcapkit.rules._unseen import unseen_contents
from pcapkit.sessions.outcomes import is_challenge
from pcapkit.sessions.scene import Scene

REMEDY_BY_STATUS = {
    400: "The wrong server answers: check where the name leads in DNS.",
    401: "Take pre-authentication off the rule for discovery URLs, and check the account and the clocks.",
    403: "The publishing rule does not let this name or path through, or policy forbids it: publish the path, check the mobility policy and client version filter.",
    404: "The path is not published, or the virtual directory is missing: publish /Autodiscover/*, /WebTicket/*, /Mcx/*, /Ucwa/*, /Reach/* (Exchange: /Autodiscover/*, /Microsoft-Server-ActiveSync/*). "
    "For /root/user an empty 404 means that the user's home is unknown.",
    405: "The wrong server answers: check where the name leads in DNS.",
    440: "Forms authentication answers: except the discovery paths from it.",
    500: "Look up the X-Ms-diagnostics value and the server's log.",
    502: "The reverse proxy does not reach the back end: check proxy → Front End on 4443 and 8080, and the load balancer's monitor.",
    503: "The back end is down or overloaded: check proxy → Front End on 4443 and 8080, and the load balancer's monitor.",
    504: "The back end does not answer the reverse proxy in time: check proxy → Front End on 4443 and 8080.",
}

RULE = Rule(
    code="autodiscover-http-error",
    severity="critical",
    title="A discovery URL answers with an error",
    meaning="The server was reached and answers the discovery request with a 4xx or 5xx.",
    recognised="Status 4xx or 5xx on a discovery URL, but for the normal 401 challenge and for Exchange's first guess (the bare domain).",
    wireshark="http.response.code >= 400 on /Autodiscover/.",
    display_filter="http.response.code >= 400",
    remedy=(
        "By status: 403/404 publishing rule or policy; 400/405 wrong server; 500 server log and X-Ms-diagnostics; 502/503/504 proxy → Front End.",
    ),
    how_sure="High: request and response are in the capture. Critical if the session ends with it, else info.",
    facts={"host": "host asked", "path": "path asked", "status": "HTTP status", "diagnostics": "X-Ms-diagnostics, if sent"},
    sources=("Handling Autodiscover error messages",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit | Unjudged]:
    """One hit for each session and URL; and what cannot be judged of any contents."""
    yield from unseen_contents(scene)
    done: set[tuple[str, str, str, int]] = set()
    for placed in exchanges(scene):
        session, attempt, exchange = placed
        response = exchange.response
        if response is None or response.status < 400 or service(placed) not in DISCOVERY or is_step_one(placed) or is_challenge(exchange):
            continue
        key = (session.id, host_of(placed), exchange.path, response.status)
        if key in done or response.status in (401, 511):
            continue
        done.add(key)
        severity: Severity = "critical" if session.outcome == "failed" and not _went_on(placed) else "info"
        remedy = REMEDY_BY_STATUS.get(response.status)
        yield Hit(
            subject=(host_of(placed), exchange.path),
            severity=severity,
            confidence="high",
            because=("request and response are in the capture",),
            headline=f"{who(session.device)} asked {host_of(placed)}{exchange.sent_path} and got {response.status} {response.reason}.".replace(
                " .", "."
            ),
            evidence=(*asked(placed), *answered(placed)),
            facts={"host": host_of(placed), "path": exchange.path, "status": response.status, "diagnostics": header(response, "x-ms-diagnostics")},
            device_facts={"status": response.status},
            device=session.device.id,
            session=session,
            attempt=attempt,
            remedy=(remedy,) if remedy else None,
        )


def _went_on(placed: Placed) -> bool:
    """A later discovery exchange of the session was answered well."""
    this = placed.exchange.response_ref
    for attempt in placed.session.attempts:
        for exchange in attempt.exchanges:
            response, ref = exchange.response, exchange.response_ref
            if (
                response
                and ref
                and this
                and ref.time_ns > this.time_ns
                and response.status < 400
                and service(Placed(placed.session, attempt, exchange))
            ):
                return True
    return False

"""The mobility or mail service answers with errors."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.model import Severity
from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._http import SERVICE, Placed, answered, asked, exchanges, header, host_of, service
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

REMEDY_BY_STATUS = {
    403: "Mobility or ActiveSync is not allowed for this user or client: check the mobility policy, the client version filter, the mailbox's ActiveSync setting and device quarantine.",
    404: "The path is not published: publish /Mcx/*, /Ucwa/*, /Reach/*, /WebTicket/* (Exchange: /Microsoft-Server-ActiveSync/*).",
    449: "The device must be provisioned first; if it comes again and again, the policy cannot be applied on the device.",
    456: "The account is blocked.",
    457: "The password has expired.",
    500: "Look up the X-Ms-diagnostics value and the server's log.",
    502: "The reverse proxy does not reach the back end: proxy → Front End on 4443, load balancer monitor.",
    503: "The back end is down or throttles: look at Retry-After and X-MS-ASThrottle, then proxy → Front End.",
    504: "The back end does not answer the reverse proxy in time: raise its time-out above the client's long poll.",
}

RULE = Rule(
    code="mobility-service-error",
    severity="critical",
    title="The mobility service answers with errors",
    meaning="Discovery worked; the service that it led to (WebTicket, Mcx, UCWA or ActiveSync) answers with an error.",
    recognised="Status 4xx or 5xx (not a normal 401) on WebTicket, Mcx, UCWA or ActiveSync URLs. An ActiveSync 451 with X-MS-Location is a redirect and only info.",
    wireshark="http.response.code >= 400.",
    display_filter="http.response.code >= 400",
    remedy=("By status: 403 policy; 404 publishing; 500 server log and X-Ms-diagnostics; 502/503/504 proxy → Front End.",),
    how_sure="High: request and response are in the capture.",
    facts={
        "host": "host asked",
        "path": "path asked",
        "status": "HTTP status",
        "service": "webticket, mcx, ucwa or activesync",
        "diagnostics": "X-Ms-diagnostics, if sent",
    },
    sources=("MS-ASHTTP 2.2.2.1.1", "MS-OCAUTHWS 3.2.4.1"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session, URL and status."""
    done: set[tuple[str, str, str, int]] = set()
    for placed in exchanges(scene):
        session, attempt, exchange = placed
        response, kind = exchange.response, service(placed)
        if response is None or response.status < 400 or response.status == 401 or kind not in SERVICE:
            continue
        key = (session.id, host_of(placed), exchange.path, response.status)
        if key in done:
            continue
        done.add(key)
        moved = response.status == 451 and header(response, "x-ms-location") is not None
        remedy = REMEDY_BY_STATUS.get(response.status)
        severity: Severity = "info" if moved or (response.status == 449 and _later_ok(placed)) else "critical"
        said = "was sent on to another URL (451)" if moved else f"got {response.status} {response.reason}".strip()
        yield Hit(
            subject=(host_of(placed), exchange.path),
            severity=severity,
            confidence="high",
            because=("request and response are in the capture",),
            headline=f"{who(session.device)} asked {host_of(placed)}{exchange.sent_path} and {said}.",
            evidence=(*asked(placed), *answered(placed)),
            facts={
                "host": host_of(placed),
                "path": exchange.path,
                "status": response.status,
                "service": kind,
                "diagnostics": header(response, "x-ms-diagnostics"),
            },
            device_facts={"status": response.status},
            device=session.device.id,
            session=session,
            attempt=attempt,
            remedy=(remedy,) if remedy else None,
        )


def _later_ok(placed: Placed) -> bool:
    """The same URL was answered well later in the session."""
    this = placed.exchange.response_ref
    return any(
        e.response is not None
        and e.response.status < 400
        and e.path == placed.exchange.path
        and e.response_ref is not None
        and this is not None
        and e.response_ref.time_ns > this.time_ns
        for a in placed.session.attempts
        for e in a.exchanges
    )

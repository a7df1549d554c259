"""A discovery URL answers 200 with something that is no good discovery document."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit_dissectors.messages import ExchangeAnswer, LyncAnswer, Unreadable

from pcapkit.model import Severity
from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._http import DISCOVERY, Placed, answered, asked, exchanges, host_of, service
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="autodiscover-malformed",
    severity="warning",
    title="The discovery answer is malformed",
    meaning="The server says 200, and what it sends is a web page, cannot be parsed, or lacks or misspells what the client needs.",
    recognised="200 on a discovery URL with HTML or a wrong content type, a body that does not parse (typographic quotes are read in tolerant mode and told), a Root without Redirect or "
    "User and Domain, an href without scheme, with a single-label host, empty or http:// for Mcx/Ucwa; an Exchange error in the body other than 600 to a GET; an ActiveSync answer without Url.",
    wireshark="http.response.code == 200 with http.content_type text/html on /Autodiscover/, or look at the body.",
    display_filter="http.response.code == 200 && http.content_type",
    remedy=(
        "A web page: forward the Host header and publish the path to the right web site.",
        "Wrong or missing links: correct the web services FQDNs of the pool in Topology Builder, publish, and run enable on each Front End.",
    ),
    how_sure="High: the body is in the capture. Not said of a body that the capture cut.",
    facts={"host": "host asked", "path": "path asked", "faults": "what is wrong, in words", "form": "xml, json, hal, pox, … or unreadable"},
    sources=("MS-OCDISCWS 2.2.5.5, 3.1.5.2", "MS-OXDSCLI 3.1.5"),
)


def faults_of(placed: Placed) -> tuple[str, list[str]]:
    """Form of the answer and what is wrong with it, in words."""
    answer, request = placed.exchange.answer, placed.exchange.request
    if answer is None:
        return "", []
    if isinstance(answer, Unreadable):
        return "unreadable", ["a web page instead of a discovery document" if answer.html else answer.reason, *answer.faults]
    faults = list(answer.faults)
    if isinstance(answer, ExchangeAnswer) and answer.error_code and not (answer.error_code == "600" and request and request.method == "GET"):
        faults.append(f"error {answer.error_code}: {answer.error_message or 'no message'}")
    return answer.form, faults


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and URL."""
    done: set[tuple[str, str, str]] = set()
    for placed in exchanges(scene):
        session, attempt, exchange = placed
        response = exchange.response
        if response is None or response.status != 200 or not exchange.response_complete or not _is_discovery(placed) or attempt.role == "exch-root":
            continue
        form, faults = faults_of(placed)
        key = (session.id, host_of(placed), exchange.path)
        if not faults or key in done:
            continue
        done.add(key)
        severity: Severity = "critical" if session.outcome == "failed" else "warning"
        yield Hit(
            subject=(host_of(placed), exchange.path),
            severity=severity,
            confidence="high",
            because=("the answer is in the capture",),
            headline=f"{host_of(placed)}{exchange.sent_path} answered {who(session.device)} with 200, but: {'; '.join(faults[:3])}.",
            evidence=(*asked(placed), *answered(placed)),
            facts={"host": host_of(placed), "path": exchange.path, "faults": list(faults[:20]), "form": form},
            device=session.device.id,
            session=session,
            attempt=attempt,
        )


def _is_discovery(placed: Placed) -> bool:
    return service(placed) in DISCOVERY or isinstance(placed.exchange.answer, LyncAnswer | ExchangeAnswer)

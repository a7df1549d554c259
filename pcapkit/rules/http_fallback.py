"""Discovery slips to clear-text HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pcapkit_dissectors.messages import ExchangeAnswer

from pcapkit.model import Severity
from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._breaks import only_redirects
from pcapkit.rules._http import Placed, answered, asked, redirect_target
from pcapkit.rules._texts import who
from pcapkit.sessions.scene import Attempt, Exchange, Ref, Role, Scene, SessionCase

RULE = Rule(
    code="http-fallback",
    severity="warning",
    title="Discovery went on over clear-text HTTP",
    meaning="The device asked for its server over plain HTTP, because HTTPS did not work or was never tried: anybody on the path can read and change the answer.",
    recognised="Plain HTTP for a discovery name after a failed HTTPS attempt to it, instead of one, or winning against one in parallel. Silent where HTTP only redirects to an https that "
    "works (that is how it should be), and for Exchange's unauthenticated port-80 step unless it gives settings, asks for credentials or redirects to http.",
    wireshark="A RST, alert or silence on port 443, then GET on port 80 to the same name.",
    display_filter="http.request && tcp.port == 80",
    remedy=(
        "Make HTTPS work for that name: mend its certificate or its path first.",
        "Then close port 80, or let it answer nothing but a Redirect to https.",
    ),
    how_sure="High when both connections are in the capture; medium when only HTTP was seen (HTTPS may have been tried before the capture began).",
    facts={
        "name": "discovery name",
        "form": "failed, only or parallel",
        "subtype": "by-design if HTTP only redirects to https on another name",
        "https_reason": "why HTTPS failed",
    },
    sources=("MS-OCDISCWS 3.1.5.2", "MS-OXDISCO 3.1.5.4"),
)

Form = Literal["failed", "only", "parallel"]
PARALLEL_NS = 10**9
"""Clients that try both side by side start them within a second."""
NAMES: tuple[Role, ...] = ("discover-internal", "discover-external", "exch-autodiscover", "exch-root")


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and name."""
    window = int(scene.thresholds.fallback_window_s * 1e9)
    for session in scene.sessions:
        done: set[str] = set()
        for attempt in session.of_role(*NAMES):
            if attempt.port != 80 or not attempt.exchanges or not attempt.name or attempt.name in done:
                continue
            https = [
                a for a in session.attempts if a.port == 443 and a.name == attempt.name and abs(a.first_time_ns - attempt.first_time_ns) <= window
            ]
            form = _form(session, attempt, https)
            if form:
                done.add(attempt.name)
                yield _hit(session, attempt, https, form)


def _form(session: SessionCase, attempt: Attempt, https: list[Attempt]) -> Form | None:
    """Which form of fall-back it is (docs/domain.md, 7); None where it is none, or not known."""
    if session.service == "exchange" and not any(_exchange_wrong(session, attempt, e) for e in attempt.exchanges):
        return None
    before = [a for a in https if a.first_time_ns <= attempt.first_time_ns + PARALLEL_NS]
    if before and before[-1].outcome == "failed":
        return "failed"
    if any(a.outcome == "ok" or (a.tls and a.tls.accepted) for a in https):
        return None
    replies = [e for e in attempt.exchanges if e.response]
    redirects = bool(replies) and all(only_redirects(e.response.status if e.response else 0, e.answer) for e in replies)
    if any(a.outcome == "failed" for a in https):
        return "failed"
    wrong = any(_exchange_wrong(session, attempt, e) for e in replies)
    if not wrong and (redirects or not any(e.response and 200 <= e.response.status < 300 for e in replies)):
        return None
    return "parallel" if https else "only"


def _exchange_wrong(session: SessionCase, attempt: Attempt, exchange: Exchange) -> bool:
    """What Exchange's port-80 step must not do: settings, a challenge, or a redirect to http (docs/domain.md, 3)."""
    if session.service != "exchange":
        return False
    response = exchange.response
    if response is None:
        return False
    target = redirect_target(Placed(session, attempt, exchange))
    settings = isinstance(exchange.answer, ExchangeAnswer) and exchange.answer.action == "settings"
    return settings or response.status == 401 or bool(target and target.lower().startswith("http://"))


def _by_design(session: SessionCase, attempt: Attempt) -> bool:
    """HTTPS is closed on purpose: HTTP answers only a redirect to https on another name (option B2)."""
    targets = [redirect_target(Placed(session, attempt, e)) for e in attempt.exchanges if e.response]
    only = all(only_redirects(e.response.status if e.response else 0, e.answer) for e in attempt.exchanges if e.response)
    return bool(targets) and only and all(t and t.lower().startswith("https://") and f"//{attempt.name}" not in t.lower() for t in targets)


def _hit(session: SessionCase, attempt: Attempt, https: list[Attempt], form: Form) -> Hit:
    failed = [a for a in https if a.outcome == "failed"]
    evidence: list[Note] = []
    for tried in failed[:3] or https[:1]:
        evidence += _https_evidence(tried)
    for exchange in attempt.exchanges[:3]:
        placed = Placed(session, attempt, exchange)
        evidence += [*asked(placed), *answered(placed)]
    by_design = _by_design(session, attempt)
    severity: Severity = "info" if by_design and form == "failed" else "warning"
    reason = failed[0].reason if failed else None
    said = {
        "failed": f"HTTPS to {attempt.name} failed ({reason or 'no answer'}) and {who(session.device)} went on over clear-text HTTP.",
        "only": f"{who(session.device)} asked {attempt.name} over clear-text HTTP, without trying HTTPS, and was given an answer.",
        "parallel": f"{who(session.device)} asked {attempt.name} over HTTP and HTTPS side by side, and went on with the clear-text answer.",
    }
    facts = {"name": attempt.name, "form": form, "https_reason": reason}
    return Hit(
        subject=(attempt.name,),
        severity=severity,
        confidence="medium" if form == "only" else "high",
        because=("HTTPS may have been tried before the capture began" if form == "only" else "both connections are in the capture",),
        headline=said[form],
        evidence=tuple(evidence),
        facts={**facts, "subtype": "by-design"} if by_design else facts,
        device_facts={"form": form},
        device=session.device.id,
        session=session,
        attempt=failed[0] if failed else attempt,
        name=attempt.name,
    )


def _https_evidence(attempt: Attempt) -> list[Note]:
    """What the failed HTTPS attempt looked like: its SYN, and how it ended."""
    connection = attempt.connection
    if connection is None or not connection.control:
        return []
    first = connection.control[0]
    notes: list[Note] = [(Ref.of(connection, first), f"HTTPS attempt to {attempt.server}")]
    ends = connection.resets or connection.fins
    notes += [(Ref.of(connection, c), f"it ends: {attempt.reason or 'closed'}") for c in ends[:1]]
    return notes

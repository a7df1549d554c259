"""What became of a session, and one sentence that says so."""

from __future__ import annotations

from typing import Final

from pcapkit_dissectors.messages import ExchangeAnswer, LyncAnswer

from pcapkit.model import Outcome, Stage
from pcapkit.sessions.outcomes import exchange_fault, is_challenge
from pcapkit.sessions.scene import Attempt, Role, SessionCase
from pcapkit.sessions.site import Inside

LYNC_DISCOVERY: Final[tuple[Role, ...]] = ("discover-internal", "discover-external")
EXCHANGE_DISCOVERY: Final[tuple[Role, ...]] = ("exch-root", "exch-autodiscover", "exch-srv")
SERVICE: Final[tuple[Role, ...]] = ("web-external", "mobility", "webticket")
ORDER: Final = ("dns", "connect", "tls", "http", "service")
PRODUCT: Final = {"lync": "Lync/Skype for Business", "exchange": "Exchange"}


def conclude(session: SessionCase, inside: Inside) -> None:
    """Fill ``outcome``, ``failed_at`` and ``summary``."""
    discovery = session.of_role(*(LYNC_DISCOVERY if session.service == "lync" else EXCHANGE_DISCOVERY))
    service = [a for a in session.attempts if a.role in SERVICE or (a.role == "web-internal" and _serves(a, session, inside))]
    blocker = _blocker(discovery) or _blocker(service)
    if _all_failed(discovery):
        blocker = _decisive(discovery)
        if any(a.outcome == "ok" and _after(a, blocker) for a in service):
            _end(session, "degraded", None, f"discovery failed ({_say(blocker)}), yet the service was reached")
        else:
            _end(session, "failed", _stage(blocker), _say(blocker))
    elif failed := _open_failure(service):
        _end(session, "failed", _stage(failed), _say(failed))
    elif any(a.outcome == "ok" for a in service) or _told_everything(session):
        _succeed(session, discovery)
    else:
        _stop(session, discovery, service, blocker)


def _serves(attempt: Attempt, session: SessionCase, inside: Inside) -> bool:
    """An inside host is the service itself for mail; for Lync it is one more hop, which counts where it fails, or lies outside after all."""
    return session.service == "exchange" or attempt.outcome == "failed" or not inside(attempt.address or "")


def _end(session: SessionCase, outcome: Outcome, stage: Stage | None, text: str) -> None:
    session.outcome, session.failed_at = outcome, stage
    session.summary = f"{PRODUCT[session.service]} sign-in of {session.domain} {_VERBS[outcome]}: {text}."


_VERBS: Final = {"succeeded": "succeeded", "degraded": "worked by luck", "failed": "failed", "incomplete": "is not seen to its end"}


def _blocker(attempts: list[Attempt]) -> Attempt | None:
    return next((a for a in reversed(attempts) if a.outcome == "failed"), None)


def _all_failed(discovery: list[Attempt]) -> bool:
    """Every way to discover was tried and none worked. One that the capture cannot judge leaves it open."""
    return any(a.outcome == "failed" for a in discovery) and not any(a.outcome in ("ok", "unknown") and not _unused(a) for a in discovery)


def _unused(attempt: Attempt) -> bool:
    """Looked up, and never connected to: no way that was tried."""
    return attempt.connection is None and attempt.outcome == "unknown" and attempt.lookup is not None and attempt.lookup.outcome == "answered"


def _decisive(failed: list[Attempt]) -> Attempt:
    """The failure that says most: the deepest layer of a name that is expected to work, the last of these. Exchange step 1 says least."""
    bad = [a for a in failed if a.outcome == "failed"]
    meant = [a for a in bad if a.role != "exch-root"] or bad
    return max(meant, key=lambda a: (ORDER.index(a.failed_at or "dns"), a.first_time_ns))


def _after(attempt: Attempt, blocker: Attempt) -> bool:
    return attempt.last_time_ns >= blocker.first_time_ns


def _open_failure(service: list[Attempt]) -> Attempt | None:
    """A failure at the service that no later success at the same name, or over another family or port, makes good.

    A connection that was open already makes good what could not be opened beside it, but not what the service answered.
    """
    opened: dict[str | None, int] = {}
    used: dict[str | None, int] = {}
    for attempt in service:
        if attempt.outcome == "ok":
            for key in (attempt.name, attempt.role):
                opened[key] = max(opened.get(key, 0), attempt.first_time_ns)
                used[key] = max(used.get(key, 0), attempt.last_time_ns)
    for attempt in reversed(service):
        worked = opened if attempt.failed_at == "http" else used
        if attempt.outcome == "failed" and max(worked.get(attempt.name, 0), worked.get(attempt.role, 0)) < attempt.first_time_ns:
            return attempt
    return None


def _stage(attempt: Attempt) -> Stage | None:
    """Layer, and ``service`` where it was the service that said no."""
    if attempt.failed_at == "http" and attempt.role in SERVICE:
        return "service"
    return attempt.failed_at


def _say(attempt: Attempt) -> str:
    where = attempt.name or attempt.address or "the server"
    if attempt.connection is not None and attempt.server and attempt.server != where:
        where = f"{where} ({attempt.server})"
    return f"{where}: {attempt.reason or 'no reason to be seen'}"


def _told_everything(session: SessionCase) -> bool:
    """A readable answer gave the service's URLs, and nothing after it failed."""
    for attempt in session.attempts:
        for exchange in attempt.exchanges:
            answer = exchange.answer
            if isinstance(answer, ExchangeAnswer) and answer.action == "settings":
                return True
            if isinstance(answer, LyncAnswer) and answer.resource in ("user", "applications"):
                return True
    return False


def _succeed(session: SessionCase, discovery: list[Attempt]) -> None:
    luck = _luck(discovery)
    last = next((a for a in reversed(session.attempts) if a.outcome == "ok"), None)
    reached = f"{last.name or last.address} was reached" if last else "discovery was answered"
    if luck:
        _end(session, "degraded", None, f"{reached}, although {luck}")
    else:
        _end(session, "succeeded", None, reached)


def _luck(discovery: list[Attempt]) -> str | None:
    """What should have worked and did not, or should not have been in the clear."""
    for attempt in discovery:
        silent = attempt.role in ("exch-root", "exch-srv") or (
            attempt.failed_at == "dns" and attempt.role in ("discover-internal", "exch-autodiscover")
        )
        if attempt.outcome != "failed" or silent:
            continue
        beside = [a for a in discovery if a is not attempt and a.name == attempt.name and a.outcome == "ok"]
        if not any(a.port == 443 or (attempt.port == 443 and not _in_clear(a)) for a in beside):
            return _say(attempt)
    clear = next((a for a in discovery if _in_clear(a)), None)
    return f"{clear.name} answered in clear text" if clear else None


def _in_clear(attempt: Attempt) -> bool:
    """Clear HTTP that gave more than the way to https."""
    for exchange in attempt.exchanges:
        answer = exchange.answer
        if exchange.secure or exchange.response is None or exchange_fault(exchange) or is_challenge(exchange):
            continue
        if isinstance(answer, LyncAnswer) and any(link.token.lower() != "redirect" for link in answer.links):
            return True
        if isinstance(answer, ExchangeAnswer) and answer.action == "settings":
            return True
    return False


def _stop(session: SessionCase, discovery: list[Attempt], service: list[Attempt], blocker: Attempt | None) -> None:
    """Nothing failed for good, and the end is not there."""
    answered = next((a for a in reversed(discovery) if a.outcome == "ok"), None)
    luck = _luck(discovery)
    if answered is not None and luck and _in_clear(answered):
        _end(session, "degraded", None, f"{answered.name} answered, although {luck}" if blocker else f"{answered.name} answered in clear text")
    elif answered is not None and luck:
        _end(session, "degraded", None, f"{answered.name} answered, although {luck}")
    elif answered is not None:
        _end(session, "incomplete", None, f"{answered.name} answered, and the capture shows nothing of the service")
    elif service:
        _end(session, "incomplete", None, _say(service[-1]))
    elif session.attempts:
        _end(session, "incomplete", None, _say(session.attempts[-1]))
    else:
        _end(session, "incomplete", None, "only look-ups are in the capture")

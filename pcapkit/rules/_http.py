"""HTTP exchanges that matter: shared by the rules on fallback, redirects, errors and credentials (docs/domain.md, 7)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

from pcapkit_dissectors.autodiscover_paths import service_of
from pcapkit_dissectors.messages import ExchangeAnswer, HttpResponse, LyncAnswer

from pcapkit.rules._api import Note
from pcapkit.sessions.roles import organisational_domain
from pcapkit.sessions.scene import Attempt, Exchange, Scene, SessionCase

DISCOVERY = ("lync-discovery", "exchange-discovery")
SERVICE = ("webticket", "mcx", "ucwa", "activesync")


class Placed(NamedTuple):
    """An exchange with the session and attempt it belongs to."""

    session: SessionCase
    attempt: Attempt
    exchange: Exchange


def exchanges(scene: Scene) -> Iterator[Placed]:
    """Every exchange of every session, in order."""
    for session in scene.sessions:
        for attempt in session.attempts:
            for exchange in attempt.exchanges:
                yield Placed(session, attempt, exchange)


def host_of(placed: Placed) -> str:
    """Host asked, lower case, without port."""
    request = placed.exchange.request
    host = (request.host if request else None) or placed.attempt.name or placed.attempt.address or ""
    return host.lower().rsplit(":", 1)[0] if host.count(":") == 1 else host.lower()


def service(placed: Placed) -> str | None:
    """Which service the request speaks to, None for the rest of the web."""
    return service_of(placed.exchange.path, host_of(placed)) if placed.exchange.request else None


def url_of(placed: Placed) -> str:
    """The URL asked for, without query (which may hold secrets)."""
    scheme = "https" if placed.exchange.secure or placed.attempt.port == 443 else "http"
    return f"{scheme}://{host_of(placed)}{placed.exchange.sent_path}"


def split_url(url: str) -> SplitResult:
    """The parts of a URL, all empty for what is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def shown_url(url: str) -> str:
    """A URL without user information and query, which may hold secrets."""
    parts = split_url(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def header(response: HttpResponse | None, name: str) -> str | None:
    """A header of the response, by its lower-case name."""
    if response is None:
        return None
    return next((value for key, value in response.raw_headers if key.lower() == name), None)


def asked(placed: Placed) -> list[Note]:
    """The request, as evidence."""
    request, ref = placed.exchange.request, placed.exchange.request_ref
    return [(ref, f"{request.method} {url_of(placed)}")] if request and ref else []


def answered(placed: Placed) -> list[Note]:
    """The response, as evidence."""
    response, ref = placed.exchange.response, placed.exchange.response_ref
    if response is None or ref is None:
        return []
    diagnostics = header(response, "x-ms-diagnostics")
    return [(ref, f"{response.status} {response.reason}".strip() + (f", X-Ms-diagnostics {diagnostics[:120]}" if diagnostics else ""))]


def is_step_one(placed: Placed) -> bool:
    """Exchange's first guess, the bare domain: its failures alone are normal (docs/domain.md, 3)."""
    return placed.attempt.role == "exch-root"


def redirect_target(placed: Placed) -> str | None:
    """Absolute URL that the answer sends the client to: a 3xx, a Lync Redirect link, or an Exchange redirectUrl. None also for what is no URL."""
    target = _told_target(placed)
    if target is None:
        return None
    try:
        base = ("https" if placed.exchange.secure else "http") + f"://{host_of(placed)}{placed.exchange.sent_path}"
        url = urljoin(base, target)
        urlsplit(url)
    except ValueError:
        return None
    return url


def _told_target(placed: Placed) -> str | None:
    response, answer = placed.exchange.response, placed.exchange.answer
    if response is not None and 300 <= response.status < 400 and response.location:
        return response.location
    if isinstance(answer, LyncAnswer):
        return next((link.href for link in answer.links if link.token.lower() == "redirect"), None)
    if isinstance(answer, ExchangeAnswer) and answer.action == "redirect_url":
        return answer.redirect
    return None


def bare(url: str) -> str:
    """Scheme, host and path in lower case: what makes two redirects the same."""
    parts = split_url(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}".lower().rstrip("/")


IDENTITY = frozenset({"microsoftonline.com", "windows.net", "live.com"})
"""Sign-in pages of the cloud are no portals."""
PORTAL_WORDS = ("portal", "login", "hotspot", "captive", "guest", "splash")


def portal_answered(placed: Placed) -> bool:
    """A 511 (RFC 6585, 6), or a discovery URL answered with a redirect to a login page in another domain."""
    response = placed.exchange.response
    if response is None or service(placed) is None:
        return False
    if response.status == 511:
        return True
    target = redirect_target(placed)
    if not target or not 300 <= response.status < 400:
        return False
    there = organisational_domain((split_url(target).hostname or "").lower()) or ""
    login = any(word in target.lower() for word in PORTAL_WORDS)
    return login and there != organisational_domain(host_of(placed)) and there not in IDENTITY

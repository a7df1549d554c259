"""What in an HTTP exchange would be a secret on a clear wire. Never the value: only that it is there, and under which name (docs/security.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from pcapkit_dissectors.messages import HttpRequest

from pcapkit.sessions.scene import Exchange

COOKIE_MIN: Final = 16
"""Shorter values do not sign anybody in (docs/domain.md, 7)."""
AFFINITY: Final = frozenset({"ms-wsman", "bigipserver", "arraffinity", "arraffinitysamesite", "serverid", "x-backendcookie"})


class Credential(NamedTuple):
    """Where a secret stands and of what kind: ``header`` and ``scheme``."""

    header: str
    scheme: str


def clear_credentials(exchange: Exchange) -> list[Credential]:
    """Secrets that the request of this exchange carries."""
    return list(_find(exchange)) if exchange.request else []


def tries_to_sign_in(exchange: Exchange) -> bool:
    """The request bears what a 401 to it refuses. A cookie does not count: a load balancer's is sent along with no credentials at all."""
    request = exchange.request
    if request is None:
        return False
    return any(name.lower() in ("authorization", "x-ms-webticket") for name, _ in request.raw_headers) or _grants_by_password(request)


def _find(exchange: Exchange) -> Iterator[Credential]:
    request = exchange.request
    if request is None:
        return
    for name, value in request.raw_headers:
        low = name.lower()
        if low in ("authorization", "proxy-authorization"):
            scheme = value.strip().split(" ", 1)[0].split(",", 1)[0]
            if scheme.lower() in ("basic", "digest", "ntlm", "negotiate", "bearer"):
                yield Credential(name, scheme)
        elif low == "x-ms-webticket":
            yield Credential(name, "web ticket")
        elif low == "cookie":
            yield from (Credential(name, f"cookie {key}") for key in _signing_cookies(value))
    if _grants_by_password(request):
        yield Credential("body", "grant_type=password")


def _grants_by_password(request: HttpRequest) -> bool:
    """A user's password in the body (RFC 6749, 4.3.2)."""
    return request.method == "POST" and b"grant_type=password" in (request.raw_body or b"")[:4096].lower()


def _signing_cookies(value: str) -> Iterator[str]:
    for pair in value.split(";"):
        key, _, secret = pair.strip().partition("=")
        low = key.lower()
        if len(secret) >= COOKIE_MIN and low not in AFFINITY and not low.startswith("bigipserver"):
            yield key

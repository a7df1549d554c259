"""Which HTTP exchanges a verdict may rest on, and whose bodies are worth keeping; the same for HTTP/1 and HTTP/2."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pcapkit_dissectors._text import media_type
from pcapkit_dissectors.autodiscover_paths import is_discovery_host, is_discovery_type, is_probe, service_of

_SIGNED: Final = frozenset({"authorization", "proxy-authorization", "x-ms-webticket"})
_MARKS: Final = frozenset({"x-ms-server-fqdn", "x-ms-webticketurl", "x-ms-location", "x-ms-diagnostics"})
_STATUS: Final = frozenset({101, 401, 407, 451, 511})
_DOCUMENTS: Final = frozenset({"text/xml", "application/xml", "application/json", "text/json", "text/html"})


def request_matters(target: str, host: str | None, header_names: Iterable[str]) -> bool:
    """Discovery, a service, a captive portal's probe, credentials, or a proxy that leads anywhere. ``header_names`` in lower case."""
    if service_of(target, host) is not None or is_discovery_host(host) or is_probe(target, host):
        return True
    return not target.startswith("/") or not _SIGNED.isdisjoint(header_names)


def response_matters(status: int, content_type: str | None, header_names: Iterable[str]) -> bool:
    """A challenge, a portal's own status, or the marks of a discovery server. ``header_names`` in lower case."""
    return status in _STATUS or is_discovery_type(content_type) or not _MARKS.isdisjoint(header_names)


def keeps_bodies(target: str, host: str | None) -> bool:
    """Bodies that somebody reads: of discovery, sign-in and portal probes; not mail, which ActiveSync carries."""
    service = service_of(target, host)
    return (service is not None and service != "activesync") or is_probe(target, host)


def keeps_body_of_type(content_type: str | None) -> bool:
    """Bodies that may be a discovery document, where the request is not known."""
    return is_discovery_type(content_type) or media_type(content_type) in _DOCUMENTS

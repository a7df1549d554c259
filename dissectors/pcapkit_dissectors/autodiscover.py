"""Discovery documents out of HTTP exchanges: which ones are, and what they say.

The body decides, not the label: servers call XML text/html and JSON text/plain. What had to be tolerated is told in ``faults``.
"""

from __future__ import annotations

from pcapkit_dissectors._api import DissectError
from pcapkit_dissectors._text import media_type, parameter
from pcapkit_dissectors.autodiscover_exchange import exchange_from_json, exchange_from_xml, request_from_target, request_from_xml
from pcapkit_dissectors.autodiscover_json import parse_json
from pcapkit_dissectors.autodiscover_lync import lync_from_json, lync_from_xml
from pcapkit_dissectors.autodiscover_paths import is_discovery_type, service_of
from pcapkit_dissectors.autodiscover_xml import looks_like_html, parse_xml
from pcapkit_dissectors.messages import ExchangeAnswer, ExchangeRequest, HttpRequest, HttpResponse, LyncAnswer, Unreadable

Answer = LyncAnswer | ExchangeAnswer | Unreadable


def is_discovery(request_path: str, host: str | None, content_type: str | None = None) -> bool:
    """True for a request that asks for a discovery document, or a content type that only such documents have."""
    return service_of(request_path, host) in ("lync-discovery", "exchange-discovery") or is_discovery_type(content_type)


def read_request(request: HttpRequest) -> ExchangeRequest | None:
    """What an Exchange discovery request asks for; None for other requests, and for what cannot be read."""
    if service_of(request.uri, request.host) != "exchange-discovery":
        return None
    asked = request_from_target(request.uri)
    if asked is not None or not request.raw_body:
        return asked
    try:
        return request_from_xml(parse_xml(request.raw_body, parameter(request.content_type, "charset"))[0])
    except DissectError:
        return None


def read_answer(request: HttpRequest | None, response: HttpResponse) -> Answer | None:
    """What a response says as a discovery document.

    None for anything else: other requests, interim and empty error responses, and bodies whose request is not known unless they are such a document.
    ``Unreadable`` only for a 200 to a known discovery request.
    """
    expected = request is not None and is_discovery(request.uri, request.host) and request.method in ("GET", "POST")
    if response.status < 200 or (request is not None and not expected and not is_discovery_type(response.content_type)):
        return None
    body = response.raw_body
    try:
        found = _read(body, response.content_type) if body else None
        reason = "not a discovery document" if body else "empty body"
    except DissectError as error:
        found, reason = None, error.reason
    if found is not None:
        return found if expected or _certain(found, response.content_type) else None
    if not expected or response.status != 200:
        return None
    if response.body_sha256 is None and (response.body_len or response.body_note):
        reason = response.body_note or reason
    return Unreadable(reason, html=_is_page(body or b"", response.content_type))


def _certain(found: Answer, content_type: str | None) -> bool:
    """The document is a discovery document even though nobody saw what was asked: not merely one that could be."""
    if is_discovery_type(content_type):
        return True
    if isinstance(found, LyncAnswer):
        known = ("autodiscoverservice.svc", "/ucwa/")
        return found.form != "hal" or any(mark in link.href.lower() for link in found.links for mark in known)
    return isinstance(found, ExchangeAnswer) and (found.form.startswith("pox") or found.action == "settings")


def _is_page(body: bytes, content_type: str | None) -> bool:
    return looks_like_html(body[:2048].decode("latin-1")) or media_type(content_type) in ("text/html", "application/xhtml+xml")


def _read(body: bytes, content_type: str | None) -> Answer | None:
    """Read a body by its first character that says something.

    Raises:
        DissectError: neither XML nor JSON, or beyond the bounds.
    """
    charset = parameter(content_type, "charset")
    begin = body[:1024].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1]
    if begin == b"<":
        if looks_like_html(body[:2048].decode("latin-1")):
            return None
        tree, faults = parse_xml(body, charset)
        faults = (*faults, *_wrong_type(content_type))
        return lync_from_xml(tree, faults) or exchange_from_xml(tree, faults)
    if begin == b"{":
        data, faults = parse_json(body, charset)
        faults = (*faults, *_wrong_type(content_type))
        return lync_from_json(data, faults) or exchange_from_json(data, faults)
    raise DissectError("neither XML nor JSON")


def _wrong_type(content_type: str | None) -> tuple[str, ...]:
    """A content type by which a strict client would not read the body at all."""
    kind = media_type(content_type)
    return () if not kind or "xml" in kind or "json" in kind else (f"content type {kind}",)

"""Discovery documents out of HTTP exchanges: which ones are, and what they say.

The body decides, not the label: servers call XML text/html and JSON text/plain. What had to be tolerated is told in ``faults``. The readers of XML and
JSON are loaded with the first document.
"""

from __future__ import annotations

from pcapkit_dissectors._api import DissectError
from pcapkit_dissectors.autodiscover_paths import is_discovery_type, service_of
from pcapkit_dissectors.messages import ExchangeAnswer, ExchangeRequest, HttpRequest, HttpResponse, LyncAnswer, Unreadable

Answer = LyncAnswer | ExchangeAnswer | Unreadable


def is_discovery(request_path: str, host: str | None, content_type: str | None = None) -> bool:
    """True for a request that asks for a discovery document, or a content type that only such documents have."""
    return service_of(request_path, host) in ("lync-discovery", "exchange-discovery") or is_discovery_type(content_type)


def read_request(request: HttpRequest) -> ExchangeRequest | None:
    """What an Exchange discovery request asks for; None for other requests, and for what cannot be read."""
    if service_of(request.uri, request.host) != "exchange-discovery":
        return None
    from pcapkit_dissectors.autodiscover_documents import asked_by

    return asked_by(request)


def read_answer(request: HttpRequest | None, response: HttpResponse) -> Answer | None:
    """What a response says as a discovery document.

    None for anything else: other requests, interim and empty error responses, and bodies whose request is not known unless they are such a document.
    ``Unreadable`` only for a 200 to a known discovery request.
    """
    expected = request is not None and is_discovery(request.uri, request.host) and request.method in ("GET", "POST")
    unasked = request is not None and not expected and not is_discovery_type(response.content_type)
    if response.status < 200 or unasked:
        return None
    found, reason = _document(response)
    if found is not None:
        return found if expected or _certain(found, response.content_type) else None
    return _unreadable(response, reason) if expected and response.status == 200 else None


def _document(response: HttpResponse) -> tuple[Answer | None, str]:
    """The document in a response, or why there is none."""
    if not response.raw_body:
        return None, "empty body"
    from pcapkit_dissectors.autodiscover_documents import read_document

    try:
        return read_document(response.raw_body, response.content_type), "not a discovery document"
    except DissectError as error:
        return None, error.reason


def _unreadable(response: HttpResponse, reason: str) -> Unreadable:
    from pcapkit_dissectors.autodiscover_documents import is_page

    if response.body_sha256 is None and (response.body_len or response.body_note):
        reason = response.body_note or reason
    return Unreadable(reason, html=is_page(response.raw_body or b"", response.content_type))


def _certain(found: Answer, content_type: str | None) -> bool:
    """The document is a discovery document even though nobody saw what was asked: not merely one that could be."""
    if is_discovery_type(content_type):
        return True
    if isinstance(found, LyncAnswer):
        known = ("autodiscoverservice.svc", "/ucwa/")
        return found.form != "hal" or any(mark in link.href.lower() for link in found.links for mark in known)
    return isinstance(found, ExchangeAnswer) and (found.form.startswith("pox") or found.action == "settings")

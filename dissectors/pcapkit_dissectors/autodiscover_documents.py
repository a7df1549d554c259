"""Bodies of discovery exchanges, read by what they are."""

from __future__ import annotations

from pcapkit_dissectors._api import DissectError
from pcapkit_dissectors._text import media_type, parameter
from pcapkit_dissectors.autodiscover_exchange import exchange_from_json, exchange_from_xml, request_from_target, request_from_xml
from pcapkit_dissectors.autodiscover_json import parse_json
from pcapkit_dissectors.autodiscover_lync import lync_from_json, lync_from_xml
from pcapkit_dissectors.autodiscover_xml import looks_like_html, parse_xml
from pcapkit_dissectors.messages import ExchangeAnswer, ExchangeRequest, HttpRequest, LyncAnswer


def asked_by(request: HttpRequest) -> ExchangeRequest | None:
    """What an Exchange discovery request asks for, in its target or its body; None for what cannot be read."""
    asked = request_from_target(request.uri)
    if asked is not None or not request.raw_body:
        return asked
    try:
        return request_from_xml(parse_xml(request.raw_body, parameter(request.content_type, "charset"))[0])
    except DissectError:
        return None


def read_document(body: bytes, content_type: str | None) -> LyncAnswer | ExchangeAnswer | None:
    """Read a body by its first character that says something; None for a web page and for other documents.

    Raises:
        DissectError: neither XML nor JSON, or beyond the bounds.
    """
    charset = parameter(content_type, "charset")
    begin = body[:1024].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1]
    if begin == b"<":
        if _begins_page(body):
            return None
        tree, faults = parse_xml(body, charset)
        faults = (*faults, *_wrong_type(content_type))
        return lync_from_xml(tree, faults) or exchange_from_xml(tree, faults)
    if begin == b"{":
        data, faults = parse_json(body, charset)
        faults = (*faults, *_wrong_type(content_type))
        return lync_from_json(data, faults) or exchange_from_json(data, faults)
    raise DissectError("neither XML nor JSON")


def is_page(body: bytes, content_type: str | None) -> bool:
    """A web page, by its beginning or its label."""
    return _begins_page(body) or media_type(content_type) in ("text/html", "application/xhtml+xml")


def _begins_page(body: bytes) -> bool:
    return looks_like_html(body[:2048].decode("latin-1"))


def _wrong_type(content_type: str | None) -> tuple[str, ...]:
    """A content type by which a strict client would not read the body at all."""
    kind = media_type(content_type)
    return () if not kind or "xml" in kind or "json" in kind else (f"content type {kind}",)

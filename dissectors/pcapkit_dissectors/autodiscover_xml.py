"""XML of hostile origin, read within bounds into a tree whose names have no namespaces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from pcapkit_dissectors._api import DissectError
from pcapkit_dissectors._limits import DOC_BYTES, XML_DEPTH, XML_NODES
from pcapkit_dissectors._text import document, straight_quotes

_LABEL: Final = re.compile(rb"<\?xml[^>]{0,100}?encoding\s{0,8}=\s{0,8}[\"']([A-Za-z0-9._-]{1,40})[\"']")
_ROOT: Final = re.compile(r"<[A-Za-z_]")
_HTML: Final = re.compile(r"\s{0,1000}(?:<\?xml[^>]{0,200}>\s{0,100})?(?:<!doctype\s{1,10}html|<html|<head|<body|<script)", re.IGNORECASE)


class _Bounded(TreeBuilder):
    """Builds a tree of local names, and no larger than the bounds."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._nodes = 0

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self._depth += 1
        self._nodes += 1
        if self._depth > XML_DEPTH:
            raise DissectError(f"more than {XML_DEPTH} levels")
        if self._nodes > XML_NODES:
            raise DissectError(f"more than {XML_NODES} elements")
        return super().start(_local(tag), {_local(name): value for name, value in attrs.items()})

    def end(self, tag: str) -> Element:
        self._depth -= 1
        return super().end(_local(tag))


def _local(name: str) -> str:
    """A name without its namespace: those of autodiscover differ between versions and documents."""
    return name.rpartition("}")[2]


def looks_like_html(text: str) -> bool:
    """True for a web page."""
    return _HTML.match(text) is not None


def charset_of(data: bytes) -> str | None:
    """The encoding that an XML declaration names."""
    found = _LABEL.match(data[:200].lstrip())
    return found[1].decode("ascii") if found else None


def parse_xml(data: bytes, charset: str | None) -> tuple[Element, tuple[str, ...]]:
    """Parse a document, with typographic quotes made straight if it cannot be read otherwise; and what was tolerated, in words.

    Raises:
        DissectError: not well-formed, with a document type (which could define entities), or beyond ``DOC_BYTES``, ``XML_DEPTH`` or ``XML_NODES``.
    """
    if len(data) > DOC_BYTES:
        raise DissectError(f"more than {DOC_BYTES} bytes")
    text, faults = document(data, charset or charset_of(data))
    text = text.strip()
    root = _ROOT.search(text)
    if "<!doctype" in text[: root.start() if root else None].lower():
        raise DissectError("has a document type")
    try:
        return _parse(text), faults
    except ParseError as error:
        straight = straight_quotes(text)
        if straight == text:
            raise DissectError(f"not well-formed: {error}") from None
    try:
        return _parse(straight), (*faults, "typographic quotes")
    except ParseError as error:
        raise DissectError(f"not well-formed: {error}") from None


def _parse(text: str) -> Element:
    parser = DefusedXMLParser(target=_Bounded(), forbid_dtd=True)
    try:
        parser.feed(text)
        tree: Element = parser.close()
    except DefusedXmlException as error:
        raise DissectError(f"refused: {type(error).__name__}") from None
    return tree


def child(node: Element | None, *path: str) -> Element | None:
    """The first element at a path of names below a node, compared without case."""
    for name in path:
        if node is None:
            return None
        node = next(children(node, name), None)
    return node


def children(node: Element, name: str) -> Iterator[Element]:
    """All direct children of a name, compared without case."""
    return (each for each in node if each.tag.lower() == name.lower())


def words(node: Element | None, *path: str) -> str | None:
    """The text of the element at a path, None if there is no such element or no text in it."""
    found = child(node, *path)
    return (found.text or "").strip() or None if found is not None else None


def attribute(node: Element, name: str) -> str | None:
    """An attribute, compared without case; their order is free."""
    return next((value for key, value in node.attrib.items() if key.lower() == name.lower()), None)

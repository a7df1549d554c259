"""Answers of Lync and Skype for Business discovery, in all three forms (MS-OCDISCWS 2.2.5, 3.1.5; UCWA)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from xml.etree.ElementTree import Element

from pcapkit_dissectors._limits import DOC_LINKS
from pcapkit_dissectors.autodiscover_json import Object, clean, member
from pcapkit_dissectors.autodiscover_json import words as json_words
from pcapkit_dissectors.autodiscover_paths import split_target
from pcapkit_dissectors.autodiscover_xml import attribute, child
from pcapkit_dissectors.messages import Link, LyncAnswer

Access = tuple[str, str, int | None]

_RESOURCES: Final = ("Root", "Domain", "User")
_SIP: Final = ("SipServerInternalAccess", "SipServerExternalAccess", "SipClientInternalAccess", "SipClientExternalAccess")
_SECURE: Final = frozenset({"internal/mcx", "external/mcx", "internal/ucwa", "external/ucwa", "ucwa", "applications"})
"""Tokens of the mobility services, which clients reach by https only."""


def lync_from_xml(root: Element, faults: tuple[str, ...]) -> LyncAnswer | None:
    """Read ``AutodiscoverResponse``; None if it is another document."""
    if root.tag.lower() != "autodiscoverresponse":
        return None
    name = next((name for name in _RESOURCES if child(root, name) is not None), None)
    node = child(root, name) if name else root
    nodes = [each for each in (node if node is not None else ()) if isinstance(each.tag, str)]
    links = [Link(attribute(each, "token") or "", attribute(each, "href") or "") for each in nodes if each.tag.lower() == "link"]
    sip = [_access(kind, attribute(each, "fqdn"), attribute(each, "port")) for each in nodes for kind in _SIP if each.tag.lower() == kind.lower()]
    return _answer("xml", attribute(root, "AccessLocation"), name.lower() if name else None, links, sip, faults)


def lync_from_json(root: Object, faults: tuple[str, ...]) -> LyncAnswer | None:
    """Read the JSON of 2010, or HAL; None if it is another document."""
    if isinstance(member(root, "_links"), dict):
        return _from_hal(root, faults)
    name = next((name for name in _RESOURCES if isinstance(member(root, name), dict)), None)
    location = json_words(root, "AccessLocation")
    if name is None and location is None:
        return None
    node = member(root, name) if name else None
    listed = member(node, "Links")
    links = (
        [Link(json_words(each, "token") or "", json_words(each, "href") or "") for each in listed[: DOC_LINKS + 1]]
        if isinstance(listed, list)
        else []
    )
    sip = [_access(kind, json_words(member(node, kind), "fqdn"), json_words(member(node, kind), "port")) for kind in _SIP]
    return _answer("json", location, name.lower() if name else None, links, sip, faults)


def _from_hal(root: Object, faults: tuple[str, ...]) -> LyncAnswer:
    """``_links``: a relation with a link, or several (HAL; UCWA, "Root URL")."""
    relations = member(root, "_links")
    pairs = relations.items() if isinstance(relations, dict) else ()
    links = [
        Link(clean(relation), json_words(each, "href") or "") for relation, value in pairs for each in (value if isinstance(value, list) else [value])
    ]
    names = {link.token.lower() for link in links}
    resource = "applications" if "applications" in names else "root" if names & {"user", "redirect"} else None
    return _answer("hal", json_words(root, "AccessLocation"), resource, links, (), faults)


def _access(kind: str, fqdn: str | None, port: str | None) -> Access:
    number = int(port) if port and port.isascii() and port.isdigit() and len(port) <= 5 else None
    return kind, fqdn or "", number


def _answer(form: str, location: str | None, resource: str | None, links: list[Link], sip: Iterable[Access], faults: tuple[str, ...]) -> LyncAnswer:
    """The answer with what is wrong in it; entries without a name, which are reserved, are left out."""
    told = list(faults)
    if len(links) > DOC_LINKS:
        told.append(f"more than {DOC_LINKS} links")
    kept = tuple(links[:DOC_LINKS])
    told += dict.fromkeys(_missing(form, resource, kept))
    told += dict.fromkeys(fault for link in kept for fault in _faults_of_link(link))
    return LyncAnswer(form, location, resource, kept, tuple(entry for entry in sip if entry[1]), tuple(told))


def _missing(form: str, resource: str | None, links: tuple[Link, ...]) -> Iterator[str]:
    """What an answer must have: a Root one Redirect, or User and Domain (MS-OCDISCWS 3.1.5.2)."""
    names = {link.token.lower() for link in links}
    if form == "hal":
        if resource is None:
            yield "no link to user, redirect or applications"
    elif resource is None:
        yield "no Root, Domain or User"
    elif not links:
        yield f"{resource.capitalize()} without links"
    elif resource == "root" and "redirect" not in names and not {"user", "domain"} <= names:
        yield "Root without Redirect, or User and Domain"


def _faults_of_link(link: Link) -> Iterator[str]:
    """What no client could follow, or should not."""
    scheme, colon, _ = link.href.partition("://")
    if not link.token:
        yield "link without token"
    if not link.href:
        yield f"{link.token}: empty href"
    elif not colon:
        if not link.href.startswith("/"):
            yield f"{link.token}: href without scheme"
    elif "." not in (host := split_target(link.href)[0]) and ":" not in host:
        yield f"{link.token}: single-label host {host}" if host else f"{link.token}: href without host"
    elif scheme.lower() == "http" and link.token.lower() in _SECURE:
        yield f"{link.token}: http instead of https"

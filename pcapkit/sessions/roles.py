"""Names and what they are for: by the name itself, by what an answer said, by an option, or guessed."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from pcapkit_dissectors.messages import ExchangeAnswer, LyncAnswer

from pcapkit.model import Service
from pcapkit.sessions.scene import Role

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

PREFIXES: Final[dict[str, tuple[Role, Service]]] = {
    "lyncdiscoverinternal": ("discover-internal", "lync"),
    "lyncdiscover": ("discover-external", "lync"),
    "autodiscover": ("exch-autodiscover", "exchange"),
}
SIP_HOSTS: Final = frozenset({"sip", "sipinternal", "sipexternal"})
SIP_SERVICES: Final = ("_sipinternaltls._tcp.", "_sipinternal._tcp.", "_sip._tls.", "_sipfederationtls._tcp.")
SRV_EXCHANGE: Final = "_autodiscover._tcp."
IDENTITY_PROVIDERS: Final = frozenset(
    {"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "login.live.com", "sts.windows.net", "device.login.microsoftonline.com"}
)
FEDERATION_HOSTS: Final = frozenset({"sts", "adfs", "fs"})
DISCOVERY: Final[tuple[Role, ...]] = ("discover-internal", "discover-external", "exch-autodiscover", "exch-srv")
SERVICES: Final[tuple[Role, ...]] = ("web-external", "web-internal", "webticket", "mobility")
WEAK_TOKENS: Final = frozenset({"internal/mcx", "redirect", "domain", "user", "oauth"})
"""Links that tell a role by their context only."""
STARTERS: Final[tuple[Role, ...]] = DISCOVERY + SERVICES
"""Roles of a known name that may begin a session; ``idp``, ``edge`` and guesses never do."""


@lru_cache(maxsize=1)
def _rules() -> dict[str, list[str]]:
    """The lines of the public suffix list by top-level domain: reading all of it as rules would cost more than a small capture does."""
    from publicsuffixlist import PSLFILE

    found: dict[str, list[str]] = {}
    with open(PSLFILE, encoding="utf-8") as lines:
        for line in lines:
            if line[0] not in "/\n":
                found.setdefault(line.rstrip().rpartition(".")[2].lower(), []).append(line)
    return found


@lru_cache(maxsize=1_024)
def _suffixes(top: str) -> PublicSuffixList:
    """The rules below one top-level domain (as in names: ``xn--…``)."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList([*_rules().get(top, ()), *_rules().get(_readable(top), ())])


def _readable(label: str) -> str:
    """An A-label as the list writes it (RFC 5890, 2.3.2.1)."""
    if not label.startswith("xn--") or len(label) > 63:
        return label
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label


@lru_cache(maxsize=16_384)
def organisational_domain(name: str) -> str | None:
    """The registrable domain of a name (``contoso.co.uk`` of ``a.b.contoso.co.uk``), None for public suffixes, addresses and single labels."""
    name = name.lower().rstrip(".")
    if not name or is_address(name):
        return None
    found = _suffixes(name.rpartition(".")[2]).privatesuffix(name)
    return str(found) if found else None


def is_public_suffix(name: str) -> bool:
    """Names directly below are anybody's: ``com``, ``co.uk``."""
    name = name.lower().rstrip(".")
    return bool(name) and not is_address(name) and _suffixes(name.rpartition(".")[2]).publicsuffix(name) == name


def is_address(text: str) -> bool:
    """An IP literal, not a name."""
    return ":" in text or text.replace(".", "").isdigit()


class Asked(NamedTuple):
    """What a name says by itself. ``domain``: the SIP or SMTP domain it stands for."""

    role: Role
    service: Service
    domain: str


@lru_cache(maxsize=16_384)
def by_name(name: str) -> Asked | None:
    """Role of a discovery name (lower case), None for any other. Names without a domain (a search suffix is still to come) have none."""
    if name.startswith("_"):
        return _service_record(name)
    first, _, domain = name.partition(".")
    if not domain:
        return None
    if first in PREFIXES:
        return Asked(*PREFIXES[first], domain)
    return Asked("edge", "lync", domain) if first in SIP_HOSTS else None


def _service_record(name: str) -> Asked | None:
    if name.startswith(SRV_EXCHANGE):
        return Asked("exch-srv", "exchange", name.removeprefix(SRV_EXCHANGE))
    for prefix in SIP_SERVICES:
        if name.startswith(prefix):
            return Asked("edge", "lync", name.removeprefix(prefix))
    return None


def by_path(path: str) -> tuple[Role, Service] | None:
    """What a request path (lower case, without query) asks for: discovery or service, None if neither."""
    if path.startswith("/autodiscover/autodiscoverservice.svc"):
        return "discover-external", "lync"
    if path.startswith("/autodiscover/autodiscover."):
        return "exch-autodiscover", "exchange"
    if path.startswith("/microsoft-server-activesync"):
        return "mobility", "exchange"
    if path.startswith("/webticket/"):
        return "webticket", "lync"
    if path.startswith(("/mcx/", "/ucwa/", "/reach/")):
        return "mobility", "lync"
    return None


def search_suffix_of(name: str, asked: frozenset[str] | set[str], search_domains: tuple[str, ...] = ()) -> str | None:
    """The name that a resolver's search suffix was appended to, None if ``name`` is one of its own.

    ``asked`` holds the names that the same device asked for. ``contoso.com.contoso.com`` speaks for itself.
    """
    for domain in search_domains:
        base = name.removesuffix("." + domain)
        if base != name and "." in base and (base in asked or _complete(base)):
            return base
    labels = name.split(".")
    for cut in range(2, len(labels)):
        base, suffix = ".".join(labels[:cut]), ".".join(labels[cut:])
        if base in asked or ("." in suffix and (base.endswith("." + suffix) or base == suffix)):
            return base
    return None


def _complete(base: str) -> bool:
    """A discovery name that already ends in a registrable domain under a known suffix."""
    told = by_name(base)
    return told is not None and "." in told.domain


def host_of(href: str) -> str | None:
    """Lower-case host of a URL, also of one without scheme, None without."""
    text = href.strip()
    if "://" not in text:
        text = "//" + text
    try:
        host = urlsplit(text).hostname
    except ValueError:
        return None
    return host.rstrip(".").lower() if host else None


class Told(NamedTuple):
    """A host that an answer names, and for what. ``weak``: another link's word counts more."""

    host: str
    role: Role
    service: Service
    because: str
    weak: bool = False


def told_by_lync(answer: LyncAnswer) -> list[Told]:
    """Hosts of a Lync answer (docs/domain.md, 2). ``Internal/Mcx`` and ``Internal/Ucwa`` say nothing about the inside."""
    inside = (answer.access_location or "").lower() == "internal"
    found: list[Told] = []
    for link in answer.links:
        host = host_of(link.href)
        role = _role_of_token(link.token.lower(), inside)
        if host and role:
            found.append(Told(host, role, "lync", f"{link.token} link", weak=link.token.lower() in WEAK_TOKENS))
    for name, fqdn, _ in answer.sip:
        host = host_of(fqdn) if fqdn else None
        if host and name == "SipClientInternalAccess":
            found.append(Told(host, "web-internal", "lync", name, weak=True))
        elif host and name == "SipClientExternalAccess":
            found.append(Told(host, "edge", "lync", name, weak=True))
    return found


def _role_of_token(token: str, inside: bool) -> Role | None:
    if token in ("internal/ucwa", "hybrid", "xframe", "self"):
        return None
    if token.startswith("external/") or token in ("ucwa", "applications", "internal/mcx"):
        return "web-external"
    if token.startswith("internal/"):
        return "web-internal"
    if token in ("domain", "user", "oauth", "redirect"):
        return "web-internal" if inside else "web-external"
    return None


def told_by_exchange(answer: ExchangeAnswer) -> list[Told]:
    """Hosts of an Exchange answer: service URLs, and the next discovery URL."""
    found = [Told(host, "mobility", "exchange", f"{kind} URL") for kind, url in answer.urls if (host := host_of(url))]
    target = host_of(answer.redirect) if answer.redirect and answer.action == "redirect_url" else None
    if target:
        found.append(Told(target, "exch-autodiscover", "exchange", "redirect"))
    return found

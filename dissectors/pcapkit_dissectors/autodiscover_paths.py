"""Which service a request is for, by its path and host, and which conversations can matter at all."""

from __future__ import annotations

from typing import Final, Literal

Service = Literal["lync-discovery", "webticket", "mcx", "ucwa", "exchange-discovery", "activesync"]

_PREFIXES: Final[tuple[tuple[str, Service], ...]] = (
    ("/autodiscover/autodiscoverservice.svc", "lync-discovery"),
    ("/autodiscover/autodiscover.svc/root", "lync-discovery"),
    ("/autodiscover", "exchange-discovery"),
    ("/webticket", "webticket"),
    ("/mcx", "mcx"),
    ("/ucwa", "ucwa"),
    ("/microsoft-server-activesync", "activesync"),
)
"""Paths in lower case (IIS compares so), the longer first. The second is a misprint of the product's documentation that people follow."""

_LYNC_HOSTS: Final = ("lyncdiscover.", "lyncdiscoverinternal.")

_PROBE_HOSTS: Final = frozenset({
    "captive.apple.com", "www.airport.us", "www.appleiphonecell.com", "connectivitycheck.gstatic.com", "connectivitycheck.android.com",
    "clients1.google.com", "clients3.google.com", "connect.rom.miui.com", "www.msftconnecttest.com", "ipv6.msftconnecttest.com",
    "www.msftncsi.com", "ipv6.msftncsi.com", "detectportal.firefox.com", "connectivity-check.ubuntu.com", "nmcheck.gnome.org",
    "network-test.debian.org",
})  # fmt: skip
_PROBE_PATHS: Final = frozenset({
    "/hotspot-detect.html", "/library/test/success.html", "/generate_204", "/gen_204", "/connecttest.txt", "/ncsi.txt",
})  # fmt: skip


def split_target(target: str, host: str | None = None) -> tuple[str, str]:
    """Host and path, both in lower case, of a request target in any of its forms (RFC 9112, 3.2); query and port left out."""
    rest = target.partition("?")[0].partition("#")[0].lower()
    authority = host or ""
    if not rest.startswith("/") and "://" in rest:
        authority, slash, path = rest.partition("://")[2].partition("/")
        rest = slash + path or "/"
    return _host(authority), rest


def _host(authority: str) -> str:
    """The host of ``user@host:port``, IPv6 without brackets."""
    name = authority.lower().rpartition("@")[2].strip()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].rstrip(".")


def service_of(path: str, host: str | None = None) -> Service | None:
    """The service that a request target is for; a discovery host speaks Lync discovery at any other path."""
    name, rest = split_target(path, host)
    for prefix, service in _PREFIXES:
        if rest.startswith(prefix) and rest[len(prefix) : len(prefix) + 1] in ("", "/"):
            return service
    return "lync-discovery" if name.startswith(_LYNC_HOSTS) else None


def is_probe(path: str, host: str | None = None) -> bool:
    """True for a request by which a system asks whether it is behind a captive portal."""
    name, rest = split_target(path, host)
    return name in _PROBE_HOSTS or rest in _PROBE_PATHS


def is_discovery_host(host: str | None) -> bool:
    """True for ``lyncdiscover*`` and ``autodiscover`` names."""
    return _host(host or "").startswith((*_LYNC_HOSTS, "autodiscover."))


def is_discovery_type(content_type: str | None) -> bool:
    """True for the content types that only discovery answers have (MS-OCDISCWS 2.2.1)."""
    return "vnd.microsoft.rtc.autodiscover" in (content_type or "").lower()

"""What tells one platform from another (docs/domain.md, 8), as data."""

from __future__ import annotations

from typing import Final, NamedTuple


class Hint(NamedTuple):
    """An observation: its kind and what was seen."""

    kind: str
    value: str


HABITS: Final[dict[str, str]] = {
    "gateway.icloud.com": "dns-apple",
    "mask.icloud.com": "dns-apple",
    "mask-h2.icloud.com": "dns-apple",
    "captive.apple.com": "dns-apple",
    "gdmf.apple.com": "dns-apple",
    "*.icloud.com": "dns-apple",
    "mtalk.google.com": "dns-android",
    "time.android.com": "dns-android",
    "connectivitycheck.gstatic.com": "dns-android",
    "connectivitycheck.android.com": "dns-android",
    "android.clients.google.com": "dns-android",
    "settings-win.data.microsoft.com": "dns-windows",
    "www.msftconnecttest.com": "dns-windows",
    "www.msftncsi.com": "dns-windows",
    "dns.msftncsi.com": "dns-windows",
    "ctldl.windowsupdate.com": "dns-windows",
    "*.windowsupdate.com": "dns-windows",
    "connectivity-check.ubuntu.com": "dns-linux",
    "detectportal.firefox.com": "dns-any",
}
"""Names that one platform asks for: exact, or ``*.`` and the last two labels."""

PROBES: Final[dict[tuple[str, str], str]] = {
    ("captive.apple.com", "/hotspot-detect.html"): "probe-apple",
    ("www.apple.com", "/library/test/success.html"): "probe-apple",
    ("connectivitycheck.gstatic.com", "/generate_204"): "probe-android",
    ("connectivitycheck.android.com", "/generate_204"): "probe-android",
    ("clients3.google.com", "/generate_204"): "probe-android",
    ("www.google.com", "/gen_204"): "probe-android",
    ("www.msftconnecttest.com", "/connecttest.txt"): "probe-windows",
    ("www.msftncsi.com", "/ncsi.txt"): "probe-windows",
}
"""Requests that look for a captive portal, by host and path."""

PROBE_HOSTS: Final = frozenset(host for host, _ in PROBES)

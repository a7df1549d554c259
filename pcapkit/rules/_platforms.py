"""What each platform does with a fault, whatever the devices of this capture did (docs/domain.md, 6): ``facts.platforms``.

Keys: ``ios``, ``android-up-to-6``, ``android-from-7`` (apps that target API 24 or later), ``windows-phone``, ``windows``. Codes without an entry are
treated alike by all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pcapkit.model import Json

NAMES: Final[Mapping[str, str]] = {
    "ios": "iOS",
    "android-up-to-6": "Android ≤ 6",
    "android-from-7": "Android ≥ 7",
    "windows-phone": "Windows Phone",
    "windows": "Windows",
}

_REFUSES: Final = "refuses"


def _all(ios: str, android_old: str, android_new: str, phone: str, windows: str) -> dict[str, str]:
    return dict(zip(NAMES, (ios, android_old, android_new, phone, windows), strict=True))


_BY_CODE: Final[Mapping[str, Mapping[str, str]]] = {
    "untrusted-private-ca": _all(
        "refuses without asking, cannot connect; works once the root is fully trusted: roots by MDM at once, a profile by hand only after "
        "Settings › General › About › Certificate Trust Settings",
        "asks the user, who may go on; a root in the user's store is accepted",
        "refuses: apps trust the system's store only, so a root added by the user or by MDM helps only apps that opt in",
        "7 falls back to the external name without a word; 8 and 10 are unknown",
        "accepts where the root is in the store of machine or user (domain members get it by group policy), else refuses",
    ),
    "untrusted-self-signed": _all(
        "refuses without asking; works only if this very certificate is installed and fully trusted",
        "asks the user, who may go on",
        "refuses: apps trust the system's store only",
        "7 falls back to the external name without a word; 8 and 10 are unknown",
        "refuses unless the certificate stands among the trusted roots",
    ),
    "untrusted-incomplete-chain": _all(
        "may fetch the issuer by the address in the certificate, but old versions failed in the field",
        "does not fetch issuers: refuses, or asks the user",
        "does not fetch issuers: refuses unless it still knows the issuer from elsewhere",
        "passed in the field (fetches or knows the issuer)",
        "fetches the issuer by the address in the certificate, or knows it",
    ),
    "cert-expired": _all(_REFUSES, "asks the user, or refuses", _REFUSES, "refuses; 7 falls back to the external name", _REFUSES),
    "cert-not-yet-valid": _all(_REFUSES, "asks the user, or refuses", _REFUSES, "refuses; 7 falls back to the external name", _REFUSES),
    "cert-expiring": _all(*["accepts until the last day"] * 5),
    "cert-name-mismatch": _all(_REFUSES, "asks the user, or refuses", _REFUSES, _REFUSES, _REFUSES),
    "cert-no-san": _all(
        "refuses since iOS 13: the common name does not count",
        "accepts the common name",
        "refuses in current apps; the browser since version 58",
        "accepts the common name",
        "accepts the common name in Windows' own client, not in Chrome and Edge",
    ),
    "cert-no-server-auth": _all(
        "refuses since iOS 13 if issued after 2019-07-01", "refuses a usage that excludes servers", "refuses a usage that excludes servers",
        "refuses a usage that excludes servers", "refuses a usage that excludes servers",
    ),
    "cert-lifetime-too-long": _all(
        "refuses since iOS 13: more than 825 days from any CA, more than 398 days (200 from 2026-03-15) from public ones",
        "accepts",
        "apps accept; Chrome refuses more than 398 days (200 from 2026-03-15) from public CAs",
        "accepts",
        "accepts; Chrome and Edge as on Android",
    ),
    "cert-weak-signature": _all(
        "refuses since iOS 13", "accepts SHA-1, refuses MD5 from 4.4 on", "refuses SHA-1 of public CAs in current versions", "accepts SHA-1",
        "refuses SHA-1 of public CAs since 2017, accepts it of private ones",
    ),
    "cert-weak-key": _all(
        "refuses RSA below 2048 bits since iOS 13", "accepts 1024 bits", "refuses below 1024 bits", "accepts 1024 bits", "refuses RSA below 1024 bits",
    ),
    "http-fallback": _all(
        "apps of iOS 9 and later block plain HTTP unless they except the name", "tries HTTP beside HTTPS, uses what answers",
        "apps that target API 28 or later block plain HTTP unless they opt in", "tries HTTP beside HTTPS, uses what answers",
        "tries HTTP beside HTTPS, uses what answers",
    ),
}  # fmt: skip


def in_words(code: str) -> dict[str, str]:
    """The same for people: by the platform's name."""
    return {NAMES[key]: text for key, text in _BY_CODE.get(code, {}).items()}


def with_platforms(code: str) -> dict[str, Json]:
    """The fact that a finding of this code carries; none where the platforms do not differ."""
    return {"platforms": dict(_BY_CODE[code])} if code in _BY_CODE else {}


FACT: Final = "what each platform does with it: ios, android-up-to-6, android-from-7, windows-phone, windows"
"""Documentation of the fact."""

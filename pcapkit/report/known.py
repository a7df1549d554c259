"""Names and addresses that belong to everybody: they identify nobody, and a report without them says less."""

from __future__ import annotations

import re
from typing import Final

from pcapkit.rules.dns_bypass import RESOLVERS
from pcapkit.sessions.hints import HABITS
from pcapkit.sessions.interest import STATIC

CLOUD: Final = frozenset(("autodiscover-s.outlook.com", "outlook.office365.com", "prod-autodetect.outlookmobile.com", "webdir.online.lync.com"))

OF_CERTIFICATES: Final = re.compile(r"(?:ocsp|crls?|aia|cacerts?|certs?|pki)\d{0,2}\.")
"""Where certificates point to; replaced in them, the signatures of public CAs would break."""


def is_known_name(name: str) -> bool:
    """A name (lower case) that any device may ask for: sign-in, captive portal checks, public resolvers."""
    return name in STATIC or name in HABITS or name in CLOUD or OF_CERTIFICATES.match(name) is not None


def is_known_address(address: str) -> bool:
    """A public resolver."""
    return address in RESOLVERS

"""Wording that rules share: devices, servers, times, TLS numbers in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pcapkit.sessions.scene import DeviceCase

SENTENCES: Final = 3
"""Sentences that a finding's detail repeats; the rest is counted."""
ALERTS: Final = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure", 41: "no_certificate",
    42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
    47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error", 60: "export_restriction",
    70: "protocol_version", 71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback", 90: "user_canceled",
    100: "no_renegotiation", 109: "missing_extension", 110: "unsupported_extension", 112: "unrecognized_name",
    113: "bad_certificate_status_response", 115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip
"""IANA TLS Alerts registry."""
VERSIONS: Final = {0x0200: "SSL 2.0", 0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}


def who(device: DeviceCase) -> str:
    """The device by the best name it has."""
    return device.hostname or device.mac or (device.addresses[0] if device.addresses else device.id)


def alert_name(description: int) -> str:
    """``alert 48 unknown_ca``; unknown ones by number."""
    name = ALERTS.get(description)
    return f"alert {description} {name}" if name else f"alert {description}"


def version_name(version: int) -> str:
    """``TLS 1.2``; unknown ones in hex."""
    return VERSIONS.get(version, f"0x{version:04x}")


def listed(items: Sequence[str], limit: int = 4) -> str:
    """``a, b and 3 more``."""
    shown = ", ".join(items[:limit])
    more = len(items) - limit
    return shown if more <= 0 else f"{shown} and {more} more"


def tell(sentences: Iterable[tuple[str | None, str]]) -> str:
    """A finding's detail: its sentences, equal ones once, the rest counted."""
    said = tuple(dict.fromkeys(sentence for _, sentence in sentences))
    more = len(said) - SENTENCES
    return " ".join(said if more <= 0 else (*said[:SENTENCES], f"The same in {more} more case{'s' if more > 1 else ''}."))

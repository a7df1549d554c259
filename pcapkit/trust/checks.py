"""The checks of a chain, one by one: name, dates, issuer, hash, key, purpose, lifetime (docs/trust.md; docs/domain.md, 6). Plain data in and out."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pcapkit.trust.verdict import CertInfo, Fault, Status

SERVER_AUTH: Final = "1.3.6.1.5.5.7.3.1"
DAY_NS: Final = 86_400 * 10**9
WEAK_HASHES: Final = frozenset(("md2", "md4", "md5", "sha1"))
NAMES_TOLD: Final = 8
MIN_RSA: Final = 2048
MIN_EC: Final = 256
UNTRUSTED: Final = {"private": "untrusted-private-ca", "self-signed": "untrusted-self-signed", "incomplete": "untrusted-incomplete-chain"}


def _day(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 10**9


APPLE_RULES_NS: Final = _day(2019, 7, 1)
"""Certificates issued from here on fall under Apple's rules for all TLS servers, private CAs included (support.apple.com 103769)."""
ANY_CA_DAYS: Final = 825
PUBLIC_DAYS: Final = (
    (_day(2029, 3, 15), 47),
    (_day(2027, 3, 15), 100),
    (_day(2026, 3, 15), 200),
    (_day(2020, 9, 1), 398),
)
"""Longest lifetime by day of issue, public CAs only (Apple 102028; CA/Browser Forum ballot SC-081v3)."""


NO_CLOCK_NS: Final = _day(1995, 1, 1)
"""Before this day nobody spoke TLS: the capturing machine's clock was never set (access points without NTP begin in 1970), and dates prove nothing."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked. ``path`` leaf first; ``sent``: hashes of the message; ``public``: the anchor is of the public store."""

    path: tuple[CertInfo, ...]
    sent: frozenset[str]
    anchored: bool
    public: bool
    name: str | None
    at_ns: int

    @property
    def leaf(self) -> CertInfo:
        return self.path[0]

    @property
    def below_root(self) -> tuple[CertInfo, ...]:
        """Certificates whose signature somebody has to check: all but the anchor, or the root at the end. A leaf always."""
        ends_at_root = self.anchored or self.path[-1].self_signed
        return self.path[:1] if len(self.path) == 1 else self.path[:-1] if ends_at_root else self.path


def faults_of(subject: Subject, status: Status, reason: str) -> tuple[Fault, ...]:
    """All faults, the first ranked first."""
    untrusted = UNTRUSTED.get(status)
    faults = [*_name(subject), *_dates(subject)]
    if untrusted:
        faults.append(Fault(untrusted, subject.leaf.sha256, reason))
    for check in CHECKS:
        faults += check(subject)
    return tuple(faults)


# ---------------------------------------------------------------- name (RFC 9525, 6)


def name_covered(leaf: CertInfo, name: str) -> bool:
    """A dNSName of the leaf, or for an address an iPAddress, covers the name. The common name does not count (RFC 9525, 6.3)."""
    if address := _address(name):
        return any(_address(other.removeprefix("ip:")) == address for other in leaf.san_other if other.startswith("ip:"))
    return any(matches(pattern, name) for pattern in leaf.san_dns)


def matches(pattern: str, name: str) -> bool:
    """``*`` stands for exactly one left-most label (RFC 9525, 6.3)."""
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if not pattern.startswith("*."):
        return pattern == name
    first, _, rest = name.partition(".")
    return bool(first) and rest == pattern[2:] and "." in rest


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def _name(subject: Subject) -> Iterator[Fault]:
    leaf, name = subject.leaf, subject.name
    by_common_name = bool(name and leaf.common_name and matches(leaf.common_name, name))
    if not leaf.extensions_read:
        return
    if not leaf.san_dns and not leaf.san_other:
        yield Fault("cert-no-san", leaf.sha256, f"no subject alternative name, only the common name {leaf.common_name or '(none)'}")
        if by_common_name:
            return
    if name and not name_covered(leaf, name):
        names = (*leaf.san_dns, *leaf.san_other)
        more = f" and {len(names) - NAMES_TOLD} more" if len(names) > NAMES_TOLD else ""
        named = ", ".join(names[:NAMES_TOLD]) + more if names else leaf.common_name or "nothing"
        yield Fault("cert-name-mismatch", leaf.sha256, f"{name} is not among the names of the certificate: {named}")


# ---------------------------------------------------------------- dates


def day_of(ns: int | None) -> str:
    """``2026-11-17`` in UTC; words where a time is absurd or missing."""
    if ns is None:
        return "an unknown day"
    try:
        return datetime.fromtimestamp(ns // 10**9, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return "an impossible day"


def is_expired(info: CertInfo, at_ns: int) -> bool:
    """Past its last second: notAfter is inclusive (RFC 5280, 4.1.2.5)."""
    return info.not_after_ns is not None and at_ns >= info.not_after_ns + 10**9


def _dates(subject: Subject) -> Iterator[Fault]:
    if subject.at_ns < NO_CLOCK_NS:
        return
    for info in subject.path:
        if info.sha256 not in subject.sent:
            continue
        if is_expired(info, subject.at_ns):
            yield Fault("cert-expired", info.sha256, f"{_called(info)} expired on {day_of(info.not_after_ns)}")
        elif info.not_before_ns is not None and subject.at_ns < info.not_before_ns:
            yield Fault("cert-not-yet-valid", info.sha256, f"{_called(info)} is valid from {day_of(info.not_before_ns)} only")


def _called(info: CertInfo) -> str:
    return info.common_name or info.subject or "a certificate without a name"


# ---------------------------------------------------------------- hash, key, purpose, lifetime


def _signatures(subject: Subject) -> Iterator[Fault]:
    for info in subject.below_root:
        if info.signature_hash in WEAK_HASHES:
            yield Fault("cert-weak-signature", info.sha256, f"{_called(info)} is signed with {_hash_name(info.signature_hash)}")


def _hash_name(name: str) -> str:
    return "SHA-1" if name == "sha1" else name.upper()


def weak_key(info: CertInfo) -> str | None:
    """Why the key is too weak (support.apple.com 103769; RFC 8446 has no DSA), or None."""
    bits = info.key_bits or 0
    if info.key_type == "RSA" and bits < MIN_RSA:
        return f"RSA {bits}"
    if info.key_type == "EC" and bits < MIN_EC:
        return f"EC {bits}"
    return f"DSA {bits}" if info.key_type == "DSA" else None


def _keys(subject: Subject) -> Iterator[Fault]:
    issuers = subject.path[1:2] + subject.below_root[2:]
    for info in (subject.leaf, *issuers):
        if weakness := weak_key(info):
            yield Fault("cert-weak-key", info.sha256, f"{_called(info)} has the key {weakness}")


def _purpose(subject: Subject) -> Iterator[Fault]:
    leaf = subject.leaf
    if leaf.eku is not None and SERVER_AUTH not in leaf.eku:
        yield Fault("cert-no-server-auth", leaf.sha256, "the extended key usage does not allow server authentication")
    elif leaf.eku is None and leaf.extensions_read and (leaf.not_before_ns or 0) >= APPLE_RULES_NS:
        yield Fault("cert-no-server-auth", leaf.sha256, f"no extended key usage, though issued on {day_of(leaf.not_before_ns)}")


def lifetime_ns(info: CertInfo) -> int | None:
    """Both ends included (RFC 5280, 4.1.2.5): notAfter - notBefore + 1 s."""
    if info.not_before_ns is None or info.not_after_ns is None:
        return None
    return info.not_after_ns - info.not_before_ns + 10**9


def longest_days(issued_ns: int, public: bool) -> int | None:
    """The longest lifetime that devices accept for a certificate issued then, None without a limit."""
    by_day = next((days for since, days in PUBLIC_DAYS if issued_ns >= since), None) if public else None
    return by_day or (ANY_CA_DAYS if issued_ns >= APPLE_RULES_NS else None)


def _lifetime(subject: Subject) -> Iterator[Fault]:
    leaf = subject.leaf
    lifetime = lifetime_ns(leaf)
    limit = longest_days(leaf.not_before_ns or 0, subject.public)
    if lifetime is not None and limit is not None and lifetime > limit * DAY_NS:
        days = -(-lifetime // DAY_NS)
        yield Fault("cert-lifetime-too-long", leaf.sha256, f"valid for {days} days, {limit} allowed when issued on {day_of(leaf.not_before_ns)}")


CHECKS: Final[tuple[Callable[[Subject], Iterator[Fault]], ...]] = (_signatures, _keys, _purpose, _lifetime)

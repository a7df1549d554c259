"""What is said of a certificate chain: plain records, made once from the DER bytes, without a library object in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Status = Literal[
    "public",        # ends at a root of the public store (retired ones until they were retired)
    "trusted",       # ends at a root given with --trust or --system-trust
    "private",       # ends at a root that nobody gave, or its issuer is unknown and shows no sign of a public CA
    "self-signed",   # the leaf signed itself, and is no anchor
    "incomplete",    # an issuer was not sent; the chain would end at an anchor
    "undecided",     # only the last issuer is unknown, and there are signs of a public CA: may be a root we do not have
    "unverifiable",  # limits reached, unknown algorithms
    "unparseable",   # the leaf cannot be read
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CertInfo:
    """A certificate, read once, each attribute in its own guard: what cannot be read is None and told in ``faults``. Times ns since the epoch."""

    sha256: str
    size: int
    subject: str
    issuer: str
    common_name: str | None
    organization: str | None
    san_dns: tuple[str, ...]
    san_other: tuple[str, ...]
    serial: str
    not_before_ns: int | None
    not_after_ns: int | None
    key_type: str | None
    key_bits: int | None
    signature_hash: str | None
    signature_algorithm: str | None
    eku: tuple[str, ...] | None
    is_ca: bool | None
    ski: str | None
    aki: str | None
    has_sct: bool
    policies: tuple[str, ...]
    self_issued: bool
    self_signed: bool
    faults: tuple[str, ...] = ()

    @property
    def extensions_read(self) -> bool:
        """One bad extension makes the library give up on all: what is missing then may be there."""
        return not any(fault.startswith("extensions") for fault in self.faults)


class Fault(NamedTuple):
    """One failed check: a finding code (``cert-expired``, …), the certificate at fault and a sentence."""

    code: str
    sha256: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a chain for a name at a time. ``path`` from the leaf up, as far as it could be built; ``anchor_source``: public, retired, trust, system.

    ``missing_issuer``: name of the first issuer that could not be found. ``faults`` in the order of docs/trust.md.
    ``name_ok`` None: no name to compare. ``expired_extra``: expired certificates that were sent but are not on the path.
    ``low_confidence``: why the status is less sure than usual, or None. ``by_names``: names inside the certificates were replaced (a redacted cut),
    so that no signature shows the path.
    """

    status: Status
    sent: tuple[CertInfo, ...]
    path: tuple[CertInfo, ...]
    anchor: str | None
    anchor_source: str | None
    missing_issuer: str | None
    reason: str
    name: str | None
    name_ok: bool | None
    faults: tuple[Fault, ...] = ()
    expired_extra: tuple[str, ...] = ()
    low_confidence: str | None = None
    by_names: bool = False
    undated: bool = False
    """The packet's time is none: dates were not judged."""

    @property
    def leaf(self) -> CertInfo | None:
        return self.sent[0] if self.sent else None

    @property
    def anchored(self) -> bool:
        return self.status in ("public", "trusted")

"""DER bytes to plain records: each attribute read once, in its own guard, because ``cryptography`` raises lazily and with unrelated types.

Hostile certificates of any kind never raise here: what cannot be read is None, and told in ``CertInfo.faults``.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtensionOID, NameOID

from pcapkit.limits import TLS_CERT_BYTES
from pcapkit.trust.signature import Signed, signed_by
from pcapkit.trust.verdict import CertInfo

T = TypeVar("T")
NameKey = tuple[frozenset[tuple[str, str]], ...] | bytes
"""A name to compare by: case and runs of spaces do not count, nor the string type (RFC 5280, 7.1). Bytes where it cannot be read."""

PARSED: Final = 4096
"""Certificates kept parsed. A capture holds tens of different ones."""
NAMES: Final = 256
"""Alternative names kept of one certificate."""
_ATTRIBUTE: Final = re.compile(rb"\x06\x03\x55\x04.\x13[\x01-\x7f]", re.DOTALL)
"""A name attribute (2.5.4.x) with the tag of a PrintableString, and its length."""
_ASCII: Final = re.compile(rb"[\x20-\x7e]*")
_CA_BIT: Final = re.compile(rb"\x06\x03\x55\x1d\x13(?:\x01\x01\xff)?\x04.\x30.\x01\x01\xff", re.DOTALL)
"""Extension 2.5.29.19, critical or not: OCTET STRING, SEQUENCE, BOOLEAN true."""
_PRINTABLE: Final = re.compile(rb"[A-Za-z0-9 '()+,./:=?-]*")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SHORT: Final = {
    "2.5.4.3": "CN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street", "2.5.4.10": "O", "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID", "1.2.840.113549.1.9.1": "emailAddress",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Cert:
    """A certificate as the path builder needs it: the record, comparable names and the library's object (None if it did not parse)."""

    der: bytes
    info: CertInfo
    subject: NameKey
    issuer: NameKey
    x509: x509.Certificate | None

    @property
    def sha256(self) -> str:
        return self.info.sha256

    @property
    def body(self) -> bytes:
        """What its signature covers."""
        return body_of(self.der)

    @property
    def readable(self) -> bool:
        return self.x509 is not None


def sha256_of(der: bytes) -> str:
    """The name of a certificate everywhere: lower-case hex."""
    return hashlib.sha256(der).hexdigest()


def info_of(der: bytes) -> CertInfo:
    """The record of one certificate."""
    return read(der).info


@lru_cache(maxsize=PARSED)
def read(der: bytes) -> Cert:
    """Read a certificate. Never raises: one that does not parse gives a record with its hash, its size and the reason."""
    faults: list[str] = []
    certificate = _guarded(faults, "certificate", lambda: _load(der), None)
    if certificate is None and (mended := with_legal_strings(der)) != der:
        certificate = _guarded([], "certificate", lambda: _load(mended), None)
        faults = ["names: characters that a PrintableString may not hold"] if certificate else faults
    if certificate is None:
        return Cert(der, _unreadable(der, tuple(faults)), b"", b"", None)
    return _Reading(der, certificate, faults).cert()


@lru_cache(maxsize=PARSED)
def subject_of(der: bytes) -> NameKey:
    """The subject alone, to index a store quickly. Empty bytes if it cannot be read."""
    nothing: NameKey = b""
    return _guarded([], "subject", lambda: name_key(_load(der).subject), nothing)


def looks_like_ca(der: bytes) -> bool:
    """Basic constraints with the CA bit stand in it, by their bytes: enough to keep a certificate until it is needed."""
    return _CA_BIT.search(der) is not None


def _load(der: bytes) -> x509.Certificate:
    if len(der) > TLS_CERT_BYTES:
        raise ValueError("larger than any certificate")
    return x509.load_der_x509_certificate(der)


def with_legal_strings(der: bytes) -> bytes:
    """The certificate with name attributes that are no legal PrintableString (X.680, 41.4) called UTF8String, which has the same layout.

    Public CAs wrote ``*.example.com`` so for years, every client reads it, and the library refuses the whole certificate.
    """
    mended = bytearray(der)
    for found in _ATTRIBUTE.finditer(der):
        start, size = found.end(), der[found.end() - 1]
        if _ASCII.fullmatch(der, start, start + size) and not _PRINTABLE.fullmatch(der, start, start + size):
            mended[start - 2] = 0x0C
    return bytes(mended)


def body_of(der: bytes) -> bytes:
    """What the signature covers (tbsCertificate), as it was sent."""
    start = header_size(der, 0)
    return der[start : start + header_size(der, start) + content_size(der, start)]


def header_size(der: bytes, at: int) -> int:
    """Octets of tag and length (X.690, 8.1.3) of the value at ``at``."""
    return 2 + (der[at + 1] & 0x7F if der[at + 1] & 0x80 else 0)


def content_size(der: bytes, at: int) -> int:
    """The length that is written there."""
    first = der[at + 1]
    return int.from_bytes(der[at + 2 : at + 2 + (first & 0x7F)], "big") if first & 0x80 else first


def _guarded(faults: list[str], what: str, get: Callable[[], T], default: T) -> T:
    """``get()``, or ``default`` and a fault. BaseException: a panic of the library's native half is none of Exception."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return get()
    except (KeyboardInterrupt, SystemExit):
        raise
    except x509.ExtensionNotFound:
        return default
    except BaseException as error:
        faults.append(f"{what}: {type(error).__name__}")
        return default


def _unreadable(der: bytes, faults: tuple[str, ...]) -> CertInfo:
    return CertInfo(
        sha256=sha256_of(der), size=len(der), subject="", issuer="", common_name=None, organization=None, san_dns=(), san_other=(), serial="",
        not_before_ns=None, not_after_ns=None, key_type=None, key_bits=None, signature_hash=None, signature_algorithm=None, eku=None, is_ca=None,
        ski=None, aki=None, has_sct=False, policies=(), self_issued=False, self_signed=False, faults=faults,
    )  # fmt: skip


class _Reading:
    """One pass over a certificate's attributes."""

    def __init__(self, der: bytes, certificate: x509.Certificate, faults: list[str]) -> None:
        self.der = der
        self.certificate = certificate
        self.faults = faults
        nothing: list[x509.Extension[x509.ExtensionType]] = []
        self.extensions = {e.oid.dotted_string: e for e in self.get("extensions", lambda: list(certificate.extensions), nothing)}

    def get(self, what: str, read_it: Callable[[], T], default: T) -> T:
        return _guarded(self.faults, what, read_it, default)

    def extension(self, oid: x509.ObjectIdentifier) -> x509.ExtensionType | None:
        found = self.extensions.get(oid.dotted_string)
        return found.value if found else None

    def cert(self) -> Cert:
        c = self.certificate
        subject = self.get("subject", lambda: c.subject, x509.Name([]))
        issuer = self.get("issuer", lambda: c.issuer, x509.Name([]))
        none: NameKey = b""
        keys = (self.get("subject", lambda: name_key(subject), none), self.get("issuer", lambda: name_key(issuer), none))
        return Cert(self.der, self.info(subject, issuer, keys), *keys, c)

    def info(self, subject: x509.Name, issuer: x509.Name, keys: tuple[NameKey, NameKey]) -> CertInfo:
        c = self.certificate
        san_dns, san_other = self.alternative_names()
        key_type, key_bits = self.key()
        self_issued = bool(keys[0]) and keys[0] == keys[1]
        return CertInfo(
            sha256=sha256_of(self.der),
            size=len(self.der),
            subject=name_text(subject),
            issuer=name_text(issuer),
            common_name=first_of(subject, NameOID.COMMON_NAME),
            organization=first_of(subject, NameOID.ORGANIZATION_NAME),
            san_dns=san_dns,
            san_other=san_other,
            serial=self.get("serial number", lambda: f"{c.serial_number:x}", ""),
            not_before_ns=self.get("not before", lambda: _ns(c.not_valid_before_utc), None),
            not_after_ns=self.get("not after", lambda: _ns(c.not_valid_after_utc), None),
            key_type=key_type,
            key_bits=key_bits,
            signature_hash=self.get("signature algorithm", self.signature_hash, None),
            signature_algorithm=self.get("signature algorithm", lambda: c.signature_algorithm_oid.dotted_string, None),
            eku=self.eku(),
            is_ca=self.is_ca(),
            ski=self.key_identifier(ExtensionOID.SUBJECT_KEY_IDENTIFIER),
            aki=self.key_identifier(ExtensionOID.AUTHORITY_KEY_IDENTIFIER),
            has_sct=ExtensionOID.PRECERT_SIGNED_CERTIFICATE_TIMESTAMPS.dotted_string in self.extensions,
            policies=self.policies(),
            self_issued=self_issued,
            self_signed=self_issued and self.get("own signature", lambda: signed_by(c, body_of(self.der), c) is Signed.YES, False),
            faults=tuple(dict.fromkeys(self.faults)),
        )

    def alternative_names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """dNSName entries in lower case, and the others as ``ip:…``, ``email:…``, ``uri:…``."""
        value = self.extension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
        if not isinstance(value, x509.SubjectAlternativeName):
            return (), ()
        dns, other = [], []
        for name in list(value)[:NAMES]:
            if isinstance(name, x509.DNSName):
                dns.append(name.value.lower())
            elif isinstance(name, x509.IPAddress):
                other.append(f"ip:{name.value}")
            elif isinstance(name, x509.RFC822Name):
                other.append(f"email:{name.value}")
            elif isinstance(name, x509.UniformResourceIdentifier):
                other.append(f"uri:{name.value}")
        return tuple(dns), tuple(other)

    def key(self) -> tuple[str | None, int | None]:
        key = self.get("public key", self.certificate.public_key, None)
        if isinstance(key, rsa.RSAPublicKey):
            return "RSA", key.key_size
        if isinstance(key, ec.EllipticCurvePublicKey):
            return "EC", key.key_size
        if isinstance(key, dsa.DSAPublicKey):
            return "DSA", key.key_size
        if isinstance(key, ed25519.Ed25519PublicKey):
            return "Ed25519", 256
        if isinstance(key, ed448.Ed448PublicKey):
            return "Ed448", 456
        return (type(key).__name__.removesuffix("PublicKey"), None) if key is not None else (None, None)

    def signature_hash(self) -> str | None:
        """Lower-case name of the hash (``sha256``), None where the algorithm has none (Ed25519)."""
        found = self.certificate.signature_hash_algorithm
        return found.name if found else None

    def eku(self) -> tuple[str, ...] | None:
        value = self.extension(ExtensionOID.EXTENDED_KEY_USAGE)
        return tuple(oid.dotted_string for oid in value) if isinstance(value, x509.ExtendedKeyUsage) else None

    def is_ca(self) -> bool | None:
        value = self.extension(ExtensionOID.BASIC_CONSTRAINTS)
        return value.ca if isinstance(value, x509.BasicConstraints) else None

    def key_identifier(self, oid: x509.ObjectIdentifier) -> str | None:
        value = self.extension(oid)
        found = (
            value.digest
            if isinstance(value, x509.SubjectKeyIdentifier)
            else value.key_identifier
            if isinstance(value, x509.AuthorityKeyIdentifier)
            else None
        )
        return found.hex() if found else None

    def policies(self) -> tuple[str, ...]:
        value = self.extension(ExtensionOID.CERTIFICATE_POLICIES)
        return tuple(p.policy_identifier.dotted_string for p in value) if isinstance(value, x509.CertificatePolicies) else ()


def _ns(moment: datetime) -> int:
    """Exact ns since the epoch (``timestamp()`` rounds)."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 10**9


def name_key(name: x509.Name) -> NameKey:
    """What a name is compared by."""
    return tuple(frozenset((a.oid.dotted_string, " ".join(_text(a.value).casefold().split())) for a in rdn) for rdn in name.rdns)


def name_text(name: x509.Name) -> str:
    """The name as people read it: ``CN=…, O=…``, most specific part first (the order of RFC 4514), unknown attributes by their number."""
    parts = ["+".join(f"{_SHORT.get(a.oid.dotted_string, a.oid.dotted_string)}={_text(a.value)}" for a in rdn) for rdn in reversed(name.rdns)]
    return ", ".join(parts)


def first_of(name: x509.Name, oid: x509.ObjectIdentifier) -> str | None:
    """The most specific attribute of this kind."""
    found = [_text(a.value) for a in name if a.oid == oid]
    return found[-1] if found else None


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.hex()

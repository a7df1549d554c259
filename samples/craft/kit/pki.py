"""Certificates that are the same each time: keys derived from integers, signatures without chance (RFC 6979), dates around the samples' day.

Two authorities: one that plays a public CA (its root stands in ``samples/roots/public.pem``, for ``--trust``), and the company's own. What
``cryptography`` makes no more (SHA-1, RSA with 1024 bits) was made once by ``data/make_old.py`` and is read from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kit.noise import noise, number
from kit.tape import SECOND, START

DATA: Final = Path(__file__).parent.parent / "data"
TODAY: Final = datetime.fromtimestamp(START // SECOND, UTC).replace(hour=0, minute=0)
SCT_LIST: Final = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
ORGANISATION_VALIDATED: Final = x509.ObjectIdentifier("2.23.140.1.2.2")
"""Policy of the CA/Browser Forum: only public CAs write it."""

Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Chain:
    """What a server sends, leaf first, DER. ``key`` is None where nobody kept it: then the key exchange must do without (RSA)."""

    certs: tuple[bytes, ...]
    key: Key | None

    def only(self, count: int) -> Chain:
        """The first certificates alone."""
        return Chain(self.certs[:count], self.key)

    @property
    def key_bytes(self) -> int:
        """Length of the leaf's key."""
        public = x509.load_der_x509_certificate(self.certs[0]).public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
        return public.key_size // 8


@dataclass(frozen=True)
class Authority:
    """A certificate authority."""

    cert: x509.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        return self.cert.public_bytes(Encoding.DER)


def key_of(label: str) -> Key:
    """The private key of a label."""
    return ec.derive_private_key(number("key", label, bits=255), ec.SECP256R1())


def name(common: str, organisation: str | None = None, *, domain: tuple[str, ...] = ()) -> x509.Name:
    """A subject: country and organisation, or the parts of a directory domain."""
    parts = [x509.NameAttribute(NameOID.DOMAIN_COMPONENT, part) for part in domain]
    if organisation:
        parts += [x509.NameAttribute(NameOID.COUNTRY_NAME, "US"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def builder(subject: x509.Name, issuer: Authority | None, key: Key, start: float, days: float) -> x509.CertificateBuilder:
    """What every certificate has. ``start``: days from the samples' day."""
    begin = TODAY + timedelta(days=start)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.cert.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(number("serial", subject.rfc4514_string(), start, days, bits=126))
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days, seconds=-1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
    return made


def signed(made: x509.CertificateBuilder, by: Key) -> x509.Certificate:
    """Signed without chance."""
    return made.sign(by, hashes.SHA256(), ecdsa_deterministic=True)


def authority(subject: x509.Name, issuer: Authority | None, start: float, days: float) -> Authority:
    """A root, or a CA below ``issuer``."""
    key = key_of(subject.rfc4514_string())
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = builder(subject, issuer, key, start, days).add_extension(x509.BasicConstraints(True, None), critical=True)
    return Authority(signed(made.add_extension(usage, critical=True), issuer.key if issuer else key), key)


@cache
def public_root() -> Authority:
    """The root that plays a public one."""
    return authority(name("Example Trust Services Root R1", "Example Trust Services"), None, -4000, 9000)


@cache
def public_ca() -> Authority:
    """The CA below it that signs servers."""
    return authority(name("Example Trust Services TLS CA 3", "Example Trust Services"), public_root(), -700, 3650)


@cache
def private_root() -> Authority:
    """The company's own root."""
    return authority(name("Contoso Enterprise Root CA", domain=("com", "contoso")), None, -3000, 7300)


@cache
def private_ca() -> Authority:
    """The company's CA that signs servers."""
    return authority(name("Contoso Issuing CA 1", domain=("com", "contoso")), private_root(), -1500, 3650)


def leaf(
    subject: x509.Name,
    issuer: Authority | None,
    names: tuple[str, ...],
    start: float,
    days: float,
    *,
    purpose: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.SERVER_AUTH,
    public: bool = False,
) -> tuple[bytes, Key]:
    """A server's certificate, signed by itself without ``issuer``. ``public``: with the signs of a public CA."""
    key = key_of(f"{subject.rfc4514_string()} {names}")
    made = builder(subject, issuer, key, start, days).add_extension(x509.BasicConstraints(False, None), critical=True)
    if names:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False)
    if purpose:
        made = made.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if public:
        policy = x509.PolicyInformation(ORGANISATION_VALIDATED, None)
        made = made.add_extension(x509.CertificatePolicies([policy]), critical=False)
        made = made.add_extension(x509.UnrecognizedExtension(SCT_LIST, timestamps(names)), critical=False)
    return signed(made, issuer.key if issuer else key).public_bytes(Encoding.DER), key


def timestamps(names: tuple[str, ...]) -> bytes:
    """An SCT list with one entry of a log that nobody runs (RFC 6962, 3.3), in its OCTET STRING."""
    random = noise("sct", names)
    entry = b"\x00" + random.randbytes(32) + (START // 10**6).to_bytes(8, "big") + b"\x00\x00" + b"\x04\x03\x00\x40" + random.randbytes(64)
    listed = (len(entry) + 2).to_bytes(2, "big") + len(entry).to_bytes(2, "big") + entry
    return bytes([0x04, len(listed)]) + listed


def public(*names: str, start: float = -30, days: float = 90) -> Chain:
    """A chain of the public CA: leaf and intermediate, as it should be sent."""
    der, key = leaf(name(names[0], "Contoso Ltd"), public_ca(), names, start, days, public=True)
    return Chain((der, public_ca().der), key)


def private(
    *names: str, common: str = "", start: float = -100, days: float = 365, purpose: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.SERVER_AUTH
) -> Chain:
    """A chain of the company's own CA, as Windows servers send it: leaf, intermediate, root."""
    der, key = leaf(name(common or names[0], "Contoso Ltd"), private_ca(), names, start, days, purpose=purpose)
    return Chain((der, private_ca().der, private_root().der), key)


def self_signed(*names: str, start: float = -100, days: float = 365) -> Chain:
    """A certificate that signed itself."""
    der, key = leaf(name(names[0]), None, names, start, days)
    return Chain((der,), key)


def stored(file: str) -> Chain:
    """A chain of ``data/``, whose keys nobody kept."""
    found = x509.load_pem_x509_certificates((DATA / file).read_bytes())
    return Chain(tuple(c.public_bytes(Encoding.DER) for c in found), None)


def pem(*certs: x509.Certificate) -> bytes:
    """Certificates as a PEM file."""
    return b"".join(c.public_bytes(Encoding.PEM) for c in certs)

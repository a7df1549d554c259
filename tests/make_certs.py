"""Real certificates for tests, made by ``cryptography`` in a moment: authorities, leaves, and what hostile or old servers send.

    root = authority("CN=Contoso Root CA,DC=contoso,DC=com")
    issuing = root.authority("CN=Contoso Issuing CA,DC=contoso,DC=com")
    leaf = issuing.leaf("lyncdiscoverinternal.contoso.com")
    chain = (leaf, issuing.der)

Times are ns since the epoch. Certificates begin 100 days before ``NOW`` and end 200 days after it unless told otherwise.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa

NS = 10**9
DAY = 86_400 * NS
NOW = 1_790_000_000 * NS
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
_SERIAL = itertools.count(1000)
_OLD = {"sha1": (b"\x05", hashes.SHA1()), "md5": (b"\x04", hashes.MD5())}
_SHA256_RSA = bytes.fromhex("06092a864886f70d01010b")


@cache
def key(kind: str = "ec", number: int = 0):
    """A private key: ``ec``, ``rsa2048``, ``rsa1024``, ``dsa``, ``ed25519``. ``number`` tells several apart."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind == "dsa":
        return dsa.generate_private_key(1024)
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1() if kind == "ec" else ec.SECP192R1())


def tiny_rsa_public(bits: int = 512):
    """A public key that nobody has the other half of (the library makes none so short)."""
    return rsa.RSAPublicNumbers(65537, (1 << (bits - 1)) | 0x10001).public_key()


@dataclass(frozen=True)
class Issuer:
    """A certificate with its key."""

    der: bytes
    key: object
    name: x509.Name

    def authority(self, name: str, number: int | None = None, **options) -> Issuer:
        """A CA below this one."""
        mine = key("ec", next(_SERIAL)) if number is None else key("ec", number)
        der = make(name, mine.public_key(), self.key, self.name, ca=True, issuer_ski=ski_of(self.key.public_key()), **options)
        return Issuer(der, mine, x509.Name.from_rfc4514_string(name))

    def leaf(self, *names: str, subject: str | None = None, kind: str = "ec", public=None, **options) -> bytes:
        """A server's certificate for these names."""
        public = public or key(kind).public_key()
        subject = subject or f"CN={names[0] if names else 'nobody'}"
        return make(subject, public, self.key, self.name, san=names, issuer_ski=ski_of(self.key.public_key()), **options)


def authority(name: str, kind: str = "ec", number: int | None = None, **options) -> Issuer:
    """A root."""
    mine = key(kind, next(_SERIAL) if number is None else number)
    subject = x509.Name.from_rfc4514_string(name)
    return Issuer(make(name, mine.public_key(), mine, subject, ca=True, **options), mine, subject)


def self_signed(*names: str, kind: str = "ec", **options) -> bytes:
    """A server's certificate that signed itself."""
    mine = key(kind, 7)
    subject = f"CN={names[0]}"
    return make(subject, mine.public_key(), mine, x509.Name.from_rfc4514_string(subject), san=names, **options)


def make(
    subject, public, signer, issuer, *, san=(), ca=False, start=NOW - 100 * DAY, end=NOW + 200 * DAY, eku=(SERVER_AUTH,), digest="sha256", sct=False,
    policies=(), issuer_ski=None, identifiers=True, basic=True, extra=(),
) -> bytes:  # fmt: skip
    """A certificate, DER. ``digest`` sha1 and md5 need an RSA signer; ``extra``: more extensions."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string(subject) if isinstance(subject, str) else subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(next(_SERIAL))
        .not_valid_before(moment(start))
        .not_valid_after(moment(end))
    )
    extensions = list(extra)
    if basic:
        extensions.append(x509.BasicConstraints(ca, None))
    if san and not ca:
        extensions.append(x509.SubjectAlternativeName([general_name(n) for n in san]))
    if eku and not ca:
        extensions.append(x509.ExtendedKeyUsage([x509.ObjectIdentifier(o) for o in eku]))
    if policies:
        extensions.append(x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(p), None) for p in policies]))
    if sct:
        extensions.append(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), b"\x04\x02\x00\x00"))
    if identifiers:
        extensions.append(x509.SubjectKeyIdentifier(ski_of(public)))
        if issuer_ski:
            extensions.append(x509.AuthorityKeyIdentifier(issuer_ski, None, None))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints | x509.KeyUsage))
    if digest in _OLD:
        return resigned(builder.sign(signer, hashes.SHA256()), signer, digest)
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(signer, algorithm).public_bytes(serialization.Encoding.DER)


def resigned(certificate: x509.Certificate, signer, digest: str) -> bytes:
    """The certificate signed with a hash that the library signs with no more: the algorithm's last octet changed, the body signed anew."""
    octet, algorithm = _OLD[digest]
    old = _SHA256_RSA[:-1] + octet
    body = certificate.tbs_certificate_bytes.replace(_SHA256_RSA, old)
    der = certificate.public_bytes(serialization.Encoding.DER)
    signature = signer.sign(body, padding.PKCS1v15(), algorithm)
    return der.replace(certificate.tbs_certificate_bytes, body).replace(_SHA256_RSA, old).replace(certificate.signature, signature)


def ski_of(public) -> bytes:
    return x509.SubjectKeyIdentifier.from_public_key(public).digest


def general_name(name: str) -> x509.GeneralName:
    import ipaddress

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def moment(ns: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=ns // NS)


def pem(*ders: bytes) -> bytes:
    """PEM of these certificates."""
    return b"".join(x509.load_der_x509_certificate(d).public_bytes(serialization.Encoding.PEM) for d in ders)

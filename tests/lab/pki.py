"""Certificates of the lab: a "public" CA with an intermediate, a corporate CA, and every way in which a server's chain can be wrong."""

from __future__ import annotations

import datetime as dt
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = dt.timedelta(days=1)


@dataclass
class Issuer:
    cert: x509.Certificate
    key: Key


def _name(cn: str, org: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, org), x509.NameAttribute(NameOID.COMMON_NAME, cn)])


def _key(kind: str) -> Key:
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:] or 2048))
    return ec.generate_private_key(ec.SECP256R1())


def issue(
    cn: str,
    org: str,
    issuer: Issuer | None,
    *,
    sans: tuple[str, ...] = (),
    ca: bool = False,
    start: float = -30,
    days: float = 300,
    key: str = "ec",
    eku: bool | None = True,
) -> Issuer:
    """A certificate that is valid from ``start`` days from now for ``days``. ``eku`` None: wrong usage, False: none."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    private = _key(key)
    subject = _name(cn, org)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.cert.subject if issuer else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + start * DAY)
        .not_valid_after(now + (start + days) * DAY)
        .add_extension(x509.BasicConstraints(ca, None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), False)
    )
    if issuer:
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), False)
    if sans:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(s) for s in sans]), False)
    if not ca and eku is not False:
        usage = ExtendedKeyUsageOID.SERVER_AUTH if eku else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
    return Issuer(builder.sign(issuer.key if issuer else private, hashes.SHA256()), private)


def dh_group(folder: Path) -> Path:
    """A group for DHE (RFC 7919)."""
    path = folder / "ffdhe2048.pem"
    if not path.exists():
        argv = ["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", str(path)]
        subprocess.run(argv, check=True, capture_output=True)
    return path


def truststore(pem: Path) -> Path:
    """The same roots as Java reads them."""
    path = pem.with_suffix(".p12")
    if not path.exists():
        roots = [pkcs12.PKCS12Certificate(cert, None) for cert in x509.load_pem_x509_certificates(pem.read_bytes())]
        path.write_bytes(pkcs12.serialize_java_truststore(roots, serialization.BestAvailableEncryption(b"changeit")))
    return path


class Pki:
    """All CAs of one run; ``chain(kind, names)`` gives a server's certificate file and key file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.root = issue("Lab Public Root R1", "Lab Public Trust", None, ca=True, days=3650)
        self.sub = issue("Lab Public TLS Issuing CA", "Lab Public Trust", self.root, ca=True, days=1800)
        self.corp_root = issue("contoso-ROOT-CA", "Contoso Corporation", None, ca=True, days=3650)
        self.corp_sub = issue("contoso-ISSUING-CA", "Contoso Corporation", self.corp_root, ca=True, days=1800)
        self.inspection = issue("Secure Web Gateway CA", "Inspection Appliance", None, ca=True, days=1800)
        self.public_roots = self._pem("public-roots.pem", [self.root])
        self.all_roots = self._pem("all-roots.pem", [self.root, self.corp_root])
        self.inspected_roots = self._pem("inspected-roots.pem", [self.root, self.inspection])
        self._made: dict[tuple[str, tuple[str, ...]], tuple[Path, Path]] = {}

    def _pem(self, name: str, items: list[Issuer]) -> Path:
        path = self.folder / name
        path.write_bytes(b"".join(i.cert.public_bytes(serialization.Encoding.PEM) for i in items))
        return path

    def chain(self, kind: str, names: tuple[str, ...]) -> tuple[Path, Path]:
        """Files (chain, key) of one kind; the same names and kind give the same certificate."""
        if (kind, names) not in self._made:
            leaf, extra = self._leaf(kind, names)
            stem = f"{kind}-{names[0]}"
            chain = self._pem(f"{stem}.crt", [leaf, *extra])
            key = self.folder / f"{stem}.key"
            key.write_bytes(
                leaf.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
            )
            self._made[kind, names] = chain, key
        return self._made[kind, names]

    def _leaf(self, kind: str, names: tuple[str, ...]) -> tuple[Issuer, list[Issuer]]:
        cn, org = names[0], "Contoso"
        sub, corp = [self.sub], [self.corp_sub, self.corp_root]
        match kind:
            case "ok":
                return issue(cn, org, self.sub, sans=names, days=90), sub
            case "ok-rsa":
                return issue(cn, org, self.sub, sans=names, days=90, key="rsa2048"), sub
            case "inspected":
                return issue(cn, "Inspection Appliance", self.inspection, sans=names, days=90), [self.inspection]
            case "private-ca":
                return issue(cn, org, self.corp_sub, sans=names, days=300), corp
            case "private-ca-leaf-only":
                return issue(cn, org, self.corp_sub, sans=names, days=300), []
            case "self-signed":
                return issue(cn, org, None, sans=names, days=300), []
            case "incomplete":
                return issue(cn, org, self.sub, sans=names, days=90), []
            case "expired":
                return issue(cn, org, self.sub, sans=names, start=-120, days=100), sub
            case "not-yet":
                return issue(cn, org, self.sub, sans=names, start=5, days=90), sub
            case "expiring":
                return issue(cn, org, self.sub, sans=names, start=-85, days=90), sub
            case "mismatch":
                return issue("www.contoso.com", org, self.sub, sans=("www.contoso.com", "contoso.com"), days=90), sub
            case "no-san":
                return issue(cn, org, self.corp_sub, days=300), corp
            case "no-server-auth":
                return issue(cn, org, self.corp_sub, sans=names, days=300, eku=None), corp
            case "long":
                return issue(cn, org, self.corp_sub, sans=names, days=1200), corp
            case "weak-key":
                return issue(cn, org, self.corp_sub, sans=names, days=300, key="rsa1024"), corp
            case "weak-signature":
                return self._signed_with_sha1(cn, org, names), corp
        raise ValueError(kind)

    def _signed_with_sha1(self, cn: str, org: str, names: tuple[str, ...]) -> Issuer:
        """By the openssl program: cryptography signs no SHA-1 any more."""
        leaf = issue(cn, org, self.corp_sub, sans=names, key="rsa2048")
        work = self.folder / "sha1"
        work.mkdir(exist_ok=True)
        plain = serialization.NoEncryption()
        for stem, item in (("ca", self.corp_sub), ("leaf", leaf)):
            (work / f"{stem}.key").write_bytes(item.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
            (work / f"{stem}.crt").write_bytes(item.cert.public_bytes(serialization.Encoding.PEM))
        (work / "ext").write_text(
            f"subjectAltName={','.join('DNS:' + n for n in names)}\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n"
        )
        run = ["openssl", "x509", "-req", "-sha1", "-days", "200", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "ext", "-in", "leaf.csr",
               "-out", "out.crt"]  # fmt: skip
        subprocess.run(
            ["openssl", "req", "-new", "-key", "leaf.key", "-subj", f"/O={org}/CN={cn}", "-out", "leaf.csr"],
            cwd=work,
            check=True,
            capture_output=True,
        )
        subprocess.run(run, cwd=work, check=True, capture_output=True)
        return Issuer(x509.load_pem_x509_certificate((work / "out.crt").read_bytes()), leaf.key)

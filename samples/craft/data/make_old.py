"""Makes ``weak-key.pem``, ``weak-signature.pem`` and their root ``../../roots/old.pem`` anew: certificates of former days, by the openssl program.

``cryptography`` neither signs with SHA-1 nor makes RSA keys of 1024 bits any more. The keys are thrown away, so each run gives other bytes: run it only
if the files have to change, and make the samples anew after it.

    python samples/craft/data/make_old.py
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
CONFIG: Final = """
[ca]
default_ca = old
[old]
database = index.txt
serial = serial
new_certs_dir = .
policy = any
unique_subject = no
[any]
commonName = supplied
organizationName = optional
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:lyncdiscoverinternal.contoso.com, DNS:webint.contoso.com
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""
ROOT_DATES: Final = ("20080101000000Z", "20331231235959Z")
LEAF_DATES: Final = ("20260301000000Z", "20270228235959Z")


def main() -> None:
    """Everything, in a folder that goes away again."""
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "ca.cnf").write_text(CONFIG)
        (Path(work) / "index.txt").write_text("")
        (Path(work) / "serial").write_text("4B2C7D10\n")
        request(work, "root", "/O=Contoso Ltd/CN=Contoso Root Authority", 2048)
        issue(work, "root", "sha256", ROOT_DATES, "root", "-selfsign")
        for stem, bits, digest in (("weak-key", 1024, "sha256"), ("weak-signature", 2048, "sha1")):
            request(work, stem, "/O=Contoso Ltd/CN=lyncdiscoverinternal.contoso.com", bits)
            issue(work, stem, digest, LEAF_DATES, "server")
        root = (Path(work) / "root.crt").read_text()
        (HERE.parent.parent / "roots" / "old.pem").write_text(root)
        for stem in ("weak-key", "weak-signature"):
            (HERE / f"{stem}.pem").write_text((Path(work) / f"{stem}.crt").read_text() + root)


def request(work: str, stem: str, subject: str, bits: int) -> None:
    """A key, and the wish for a certificate."""
    run(work, "req", "-new", "-newkey", f"rsa:{bits}", "-nodes", "-keyout", f"{stem}.key", "-out", f"{stem}.csr", "-subj", subject)


def issue(work: str, stem: str, digest: str, dates: tuple[str, str], section: str, *more: str) -> None:
    """The certificate, with dates of our choice (which only ``openssl ca`` takes)."""
    signer = ("-keyfile", "root.key") if more else ("-keyfile", "root.key", "-cert", "root.crt")
    run(
        work, "ca", "-batch", "-config", "ca.cnf", "-notext", "-in", f"{stem}.csr", "-out", f"{stem}.crt", "-md", digest,
        "-startdate", dates[0], "-enddate", dates[1], "-extensions", section, *signer, *more,
    )  # fmt: skip


def run(work: str, *arguments: str) -> None:
    """The openssl program."""
    subprocess.run(["openssl", *arguments], cwd=work, check=True, capture_output=True)


if __name__ == "__main__":
    main()

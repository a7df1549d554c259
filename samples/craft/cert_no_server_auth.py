"""A certificate from the template for computers: its usage is client authentication. The root is known (--trust); an Android app takes it."""

from cryptography.x509.oid import ExtendedKeyUsageOID
from kit import Company, Tape, pki
from kit.company import FRONT_END

NAMES = ("lyncdiscoverinternal.contoso.com", "webint.contoso.com")


def craft() -> Tape:
    site = Company()
    phone = site.android()
    site.chains[FRONT_END] = pki.private(*NAMES, purpose=ExtendedKeyUsageOID.CLIENT_AUTH)
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.android()
    site.chains[FRONT_END] = pki.private(*NAMES)
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

"""The front end shows a certificate that it signed itself, as installers leave it."""

from kit import Company, Tape, pki
from kit.company import FRONT_END


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    site.chains[FRONT_END] = pki.self_signed("lyncdiscoverinternal.contoso.com", "webint.contoso.com")
    phone.joins()
    phone.refuses("lyncdiscoverinternal")
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

"""The certificate that was put in place today is valid from next week on."""

from kit import Company, Tape, pki
from kit.company import FRONT_END


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    site.chains[FRONT_END] = pki.public("lyncdiscoverinternal.contoso.com", "webint.contoso.com", start=7)
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

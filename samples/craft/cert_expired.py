"""The front end's certificate ran out three days ago."""

from kit import Company, Tape, pki
from kit.company import FRONT_END


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    site.chains[FRONT_END] = pki.public("lyncdiscoverinternal.contoso.com", "webint.contoso.com", start=-93)
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

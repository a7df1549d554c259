"""A certificate of the company's CA for five years: an iPhone refuses it although the root is installed and trusted (--trust)."""

from kit import Company, Tape, pki
from kit.company import FRONT_END

NAMES = ("lyncdiscoverinternal.contoso.com", "webint.contoso.com")


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    site.chains[FRONT_END] = pki.private(*NAMES, days=1826)
    phone.joins()
    phone.refuses("lyncdiscoverinternal")
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    site.chains[FRONT_END] = pki.private(*NAMES)
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

"""A certificate of the company's CA with a common name and no alternative names. The root is known (--trust); an old phone accepts it."""

from kit import Company, Tape, pki
from kit.company import FRONT_END


def craft() -> Tape:
    site = Company()
    phone = site.android()
    site.chains[FRONT_END] = pki.private(common="lyncdiscoverinternal.contoso.com")
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.android()
    site.chains[FRONT_END] = pki.private("lyncdiscoverinternal.contoso.com", "webint.contoso.com")
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

"""An iPhone without the company's root: it tries twice, refuses each time, and knows no other way."""

from kit import Company, Tape, pki
from kit.company import FRONT_END


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    site.chains[FRONT_END] = pki.private("lyncdiscoverinternal.contoso.com", "webint.contoso.com", common="fe01.contoso.com")
    phone.joins()
    phone.refuses("lyncdiscoverinternal")
    site.tape.wait(1.5)
    phone.refuses("lyncdiscoverinternal", lookup=False)
    return site.tape

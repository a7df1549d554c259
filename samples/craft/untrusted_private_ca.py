"""The front end has a certificate of the company's own CA. A Windows Phone without that root refuses it without a word and goes on to the external name:
its user notices nothing."""

from kit import Company, Tape, pki
from kit.company import FRONT_END


def craft() -> Tape:
    site = Company()
    phone = site.windows_phone()
    site.chains[FRONT_END] = pki.private("lyncdiscoverinternal.contoso.com", "webint.contoso.com", common="fe01.contoso.com")
    phone.joins()
    phone.refuses("lyncdiscoverinternal", alert=48)
    phone.asks_root("lyncdiscover", "External")
    phone.signs_in()
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.windows_phone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

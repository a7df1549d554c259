"""Neither of the two discovery names exists: nothing was ever published for this SIP domain."""

from kit import Company, Tape


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    site.zone |= {"lyncdiscoverinternal.contoso.com": None, "lyncdiscover.contoso.com": None}
    phone.joins()
    phone.resolves("lyncdiscoverinternal")
    phone.resolves("lyncdiscover")
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

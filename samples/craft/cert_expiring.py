"""The proxy's certificate runs out in five days; everything works still."""

from kit import Company, Tape, pki


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    site.chains[site.proxy.ip] = pki.public("webext.contoso.com", "lyncdiscover.contoso.com", start=-85)
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

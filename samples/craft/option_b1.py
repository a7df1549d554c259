"""Both discovery names lead to the reverse proxy, whose public certificate lists them. Its external web site answers, which is right for phones."""

from kit import Company, Tape, pki

NAME = "lyncdiscoverinternal.contoso.com"


def craft() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    site.zone[NAME] = site.proxy.ip
    site.chains[site.proxy.ip] = pki.public("webext.contoso.com", "lyncdiscover.contoso.com", NAME)
    phone.joins()
    phone.asks_root(access="External")
    phone.signs_in()
    return site.tape

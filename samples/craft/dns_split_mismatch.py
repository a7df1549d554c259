"""Two resolvers hold different views: one sends lyncdiscoverinternal to the front end, the other to the public address."""

from kit import Company, Tape, pki

NAME = "lyncdiscoverinternal.contoso.com"


def craft() -> Tape:
    site = Company()
    first, second = site.iphone(), site.android()
    second.resolver = site.host("10.0.0.54")
    site.chains[site.proxy.ip] = pki.public("webext.contoso.com", "lyncdiscover.contoso.com", NAME)
    first.joins()
    first.asks_root()
    first.signs_in()
    site.zone[NAME] = site.proxy.ip
    second.joins()
    second.asks_root()
    second.signs_in()
    return site.tape


def healthy() -> Tape:
    site = Company()
    first, second = site.iphone(), site.android()
    second.resolver = site.host("10.0.0.54")
    for phone in (first, second):
        phone.joins()
        phone.asks_root()
        phone.signs_in()
    return site.tape

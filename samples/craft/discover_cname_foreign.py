"""lyncdiscover is an alias for a hoster's name, and the phone goes there with HTTPS: the certificate would have to list both."""

from kit import Company, Tape, pki

NAME = "lyncdiscover.contoso.com"


def craft() -> Tape:
    site = Company()
    phone = site.android()
    hoster = site.host("198.51.100.25", hops=11, rtt=0.018)
    site.zone |= {"lyncdiscoverinternal.contoso.com": None, NAME: ("lync.hoster.example", hoster.ip)}
    site.chains[hoster.ip] = pki.public("lync.hoster.example", NAME)
    phone.joins()
    phone.resolves("lyncdiscoverinternal")
    phone.asks_root("lyncdiscover", "External")
    phone.signs_in()
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.android()
    site.zone |= {"lyncdiscoverinternal.contoso.com": None, NAME: ("webext.contoso.com", site.proxy.ip)}
    phone.joins()
    phone.resolves("lyncdiscoverinternal")
    phone.asks_root("lyncdiscover", "External")
    phone.signs_in()
    return site.tape

"""The same with a TTL of 30 s: worth knowing, no more."""

from kit import Company, Tape, pki
from kit.company import PROXY


def craft() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    site.zone["webext.contoso.com"] = PROXY
    site.host(PROXY)
    site.chains[PROXY] = pki.public("webext.contoso.com", "lyncdiscover.contoso.com")
    phone.joins()
    phone.asks_root()
    phone.signs_in(ttl=30)
    return site.tape

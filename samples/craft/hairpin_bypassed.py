"""Internal DNS answers the external name with the proxy's private address, for an hour: no U-turn is needed, and roaming hiccups."""

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
    phone.signs_in(ttl=3600)
    return site.tape


def healthy() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in(ttl=3600)
    return site.tape

"""The proxy hands requests from the internet to the internal web site (443 and 80 instead of 4443 and 8080). Captured on the proxy's outside."""

from kit import Company, Tape


def craft() -> Tape:
    site = Company(keys=True)
    phone = site.roaming_phone()
    phone.asks_root("lyncdiscover", access="Internal", lookup=False)
    return site.tape


def healthy() -> Tape:
    site = Company(keys=True)
    phone = site.roaming_phone()
    phone.asks_root("lyncdiscover", access="External", lookup=False)
    return site.tape

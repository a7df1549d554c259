"""The record leads to an address that no host has: the router next to it says host unreachable (ICMP type 3 code 1)."""

from kit import Company, Tape


def craft() -> Tape:
    site = Company()
    phone = site.android()
    router = site.host("10.0.0.1", hops=0)
    router.mac = site.gateway.mac
    phone.joins()
    phone.resolves("lyncdiscoverinternal")
    for _ in range(2):
        quoted = phone.dials(site.front_end).syn()
        site.icmp(router, quoted, kind=3, code=1, after=3.06)
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

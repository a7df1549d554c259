"""The resolver cannot reach the servers of the zone, and answers SERVFAIL."""

from kit import Company, Tape


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    for _ in range(2):
        phone.resolves("lyncdiscoverinternal", rcode="SERVFAIL")
        site.tape.wait(2)
    phone.resolves("lyncdiscover", rcode="SERVFAIL")
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

"""lyncdiscoverinternal ends on the external web site of the front end (8080): an inside client is told that it is outside."""

from kit import Company, Tape


def craft() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    phone.asks_root(access="External")
    phone.signs_in()
    return site.tape


def healthy() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

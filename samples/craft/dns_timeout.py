"""UDP port 53 to the resolver is filtered: questions, the same again, and no answer."""

from kit import Company, Tape


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    for pause in (1, 3, 5):
        phone.resolves("lyncdiscoverinternal", answered=False)
        site.tape.wait(pause)
    phone.resolves("lyncdiscover", answered=False)
    site.tape.wait(1)
    phone.resolves("lyncdiscover", answered=False)
    site.tape.wait(6)
    phone.looks_for(site.gateway)
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.resolves("lyncdiscoverinternal", answered=False)
    site.tape.wait(1)
    phone.asks_root()
    phone.signs_in()
    return site.tape

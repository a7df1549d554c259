"""The way to the internet is down: nothing outside answers anybody, and the own public address is no exception."""

from kit import Company, Tape


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    for last in (80, 81, 82):
        with site.tape.meanwhile():
            phone.dials(f"198.51.100.{last}").unanswered((1, 2, 3))
        site.tape.wait(0.4)
    phone.resolves("webext")
    phone.dials(site.proxy).unanswered((1, 2, 3))
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    with site.tape.meanwhile():
        phone.dials("198.51.100.81").unanswered((1, 2, 3))
    phone.signs_in()
    site.tape.wait(4)
    return site.tape

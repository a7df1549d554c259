"""The web services of the front end are stopped: its port 443 refuses."""

from kit import Company, Tape


def craft() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    phone.resolves("lyncdiscoverinternal")
    for _ in range(2):
        talk = phone.dials(site.front_end)
        talk.syn()
        talk.reset("server")
        site.tape.wait(1)
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

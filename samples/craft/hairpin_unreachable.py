"""A filter rule of the gateway prohibits the U-turn and says so: ICMP type 3 code 13 that quotes the SYN."""

from kit import Company, Tape


def craft() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    phone.asks_root()
    phone.resolves("webext")
    for _ in range(2):
        quoted = phone.dials(site.proxy).syn()
        site.icmp(site.gateway, quoted, kind=3, code=13)
        site.tape.wait(1)
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

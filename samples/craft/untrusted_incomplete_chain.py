"""The listener sends its certificate alone: phones that do not fetch the intermediate themselves cannot build the path to the public root."""

from kit import Company, Tape
from kit.company import FRONT_END


def craft() -> Tape:
    site = Company()
    phone = site.android()
    site.chains[FRONT_END] = site.chains[FRONT_END].only(1)
    phone.joins()
    phone.refuses("lyncdiscoverinternal")
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

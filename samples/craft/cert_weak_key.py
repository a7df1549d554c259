"""An RSA key of 1024 bits below a root that is known (--trust): the iPhone refuses it."""

from kit import Company, Tape, pki
from kit.company import FRONT_END


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    site.chains[FRONT_END] = pki.stored("weak-key.pem")
    phone.joins()
    phone.refuses("lyncdiscoverinternal")
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

"""A certificate signed with SHA-1 below a root that is known (--trust); an old phone accepts it."""

from kit import Company, Tape, pki
from kit.company import FRONT_END


def craft() -> Tape:
    site = Company()
    phone = site.windows_phone()
    site.chains[FRONT_END] = pki.stored("weak-signature.pem")
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.windows_phone()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

"""The binding for this name is missing on the listener: the server answers the ClientHello with unrecognized_name."""

from kit import Company, Tape
from kit.tls import Tls12


def craft() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    phone.resolves("lyncdiscoverinternal")
    for _ in range(2):
        talk = phone.connects(site.front_end)
        secure = phone.starts_tls(talk, "lyncdiscoverinternal")
        assert isinstance(secure, Tls12)
        secure.alert(112, "server")
        talk.close("server", after=0.0001)
        site.tape.wait(0.5)
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    return site.tape

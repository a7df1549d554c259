"""An old Android offers TLS 1.0 at most; the front end speaks 1.2 and says protocol_version."""

from kit import Company, Tape
from kit.tls import Tls12
from kit.tls_bytes import TLS10


def craft() -> Tape:
    site = Company()
    phone = site.android()
    phone.joins()
    phone.resolves("lyncdiscoverinternal")
    for _ in range(2):
        talk = phone.connects(site.front_end)
        secure = phone.starts_tls(talk, "lyncdiscoverinternal", highest=TLS10)
        assert isinstance(secure, Tls12)
        secure.alert(70, "server")
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

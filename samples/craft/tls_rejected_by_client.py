"""Over TLS 1.3 the certificate is hidden; that the iPhone refused it shows by an encrypted alert where its Finished would stand, twice."""

from kit import Company, Tape
from kit.tls import Tls13
from kit.tls_bytes import TLS13


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.resolves("lyncdiscoverinternal")
    for _ in range(2):
        talk = phone.connects(site.front_end)
        secure = phone.starts_tls(talk, "lyncdiscoverinternal", version=TLS13)
        assert isinstance(secure, Tls13)
        secure.flight()
        secure.refuse()
        talk.close(after=0.0002)
        site.tape.wait(0.4)
    return site.tape


def healthy() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    phone.asks_root(version=TLS13)
    phone.signs_in(version=TLS13)
    return site.tape

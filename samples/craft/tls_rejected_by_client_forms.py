"""Three libraries refuse over TLS 1.3, each in its way: Java pads its encrypted alert to 35 bytes, OpenSSL sends it in clear, Node.js just closes."""

from kit import Company, Tape
from kit.tls import Tls13
from kit.tls_bytes import ALERT, TLS13, record

UNKNOWN_CA = b"\x02\x30"


def craft() -> Tape:
    site = Company()
    phones = (site.iphone(), site.android(), site.desktop())
    for number, phone in enumerate(phones):
        phone.joins()
        phone.resolves("lyncdiscoverinternal")
        for _ in range(2):
            talk = phone.connects(site.front_end)
            secure = phone.starts_tls(talk, "lyncdiscoverinternal", version=TLS13)
            assert isinstance(secure, Tls13)
            secure.flight()
            if number == 0:
                secure.refuse(35)
            elif number == 1:
                talk.say(record(ALERT, UNKNOWN_CA))
            talk.close(after=0.0002)
            site.tape.wait(0.4)
    return site.tape

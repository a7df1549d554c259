"""An old Android asks its user: the first connection waits at the certificate and is closed, the next one carries data."""

from kit import Company, Tape, pki
from kit.company import FRONT_END


def craft() -> Tape:
    site = Company()
    phone = site.android()
    site.chains[FRONT_END] = pki.private("lyncdiscoverinternal.contoso.com", "webint.contoso.com", common="fe01.contoso.com")
    phone.joins()
    phone.resolves("lyncdiscoverinternal")
    talk = phone.connects(site.front_end)
    phone.starts_tls(talk, "lyncdiscoverinternal").flight()
    talk.close(after=6.2)
    phone.asks_root(lookup=False)
    phone.signs_in()
    return site.tape
